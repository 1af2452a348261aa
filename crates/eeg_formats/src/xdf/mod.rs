//! XDF 1.0, the format of `LabRecorder`: chunks of several streams, each sample with its time.
//!
//! Source: <https://github.com/sccn/xdf/wiki/Specifications>; behaviour where it is silent is that of pyxdf.

mod annotations;
mod chunk;
mod clock;
mod datetime;
mod found;
mod header;
mod reader;
mod repair;
mod samples;
mod scan;
mod source;
mod writer;
mod writer_stream;
mod writer_xml;
mod xml;

pub(crate) use chunk::MAGIC;
use chunk::Tag;
pub(crate) use reader::XdfReader;
pub(crate) use repair::XdfRepair;
pub use writer::{StreamId, XdfWriter};
pub use writer_xml::{XdfChannel, XdfFormat, XdfStream};
