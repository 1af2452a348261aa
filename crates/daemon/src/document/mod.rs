//! Pipeline files: text to a [`Document`], a document to a checked graph, and every mistake on the way with its line.
//!
//! ```text
//! bytes --yaml, toml, json--> tree with places --read--> Document + source map --build--> CheckedGraph
//! ```
//!
//! [`load`] reads a text, [`Loaded::set`] changes it, [`Loaded::build`] checks it and reports the mistakes of all three
//! in one go. Where there is no text (a patch), [`Document::from_json`] and [`build`] do the same by path alone.

mod build;
mod common;
mod format;
mod groups;
mod json;
mod list_form;
mod load;
mod merged_form;
mod mistake;
mod model;
mod read;
mod record;
mod scalar;
mod set;
mod toml;
mod tree;
mod values;
mod write;
mod yaml;

pub(crate) use build::unknown_kind;
pub use build::{Checked, build};
pub use format::Format;
pub(crate) use load::MAX_BYTES;
pub use load::{Loaded, load, open};
pub use mistake::Mistake;
pub use model::{Document, GroupDoc, StageDoc};
pub use record::StudyForm;
pub(crate) use set::parse as parse_set;
