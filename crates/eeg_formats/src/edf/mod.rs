//! EDF, EDF+, BDF and BDF+: one layout, in 16-bit and 24-bit samples.
//!
//! Sources: <https://www.edfplus.info/specs/edf.html>, <https://www.edfplus.info/specs/edfplus.html>,
//! <https://www.biosemi.com/faq/file_format.htm>, <https://www.teuniz.net/edfbrowser/bdfplus%20format%20description.html>.

mod amplifier;
mod annotations;
mod clock;
mod decode;
mod fields;
mod header;
mod layout;
mod reader;
mod repair;
mod start;
#[cfg(test)]
#[path = "../../tests/common/mod.rs"]
mod synthetic;
mod tal;
mod window;
mod writer;
mod writer_channel;
mod writer_header;
mod writer_plan;
mod writer_record;
mod writer_spec;
mod writer_tal;

pub(crate) use reader::EdfReader;
pub(crate) use repair::EdfRepair;
pub use writer::EdfWriter;
pub use writer_channel::{EdfChannel, SampleWidth};
pub use writer_header::{Patient, Session};
pub use writer_spec::{CountUpdate, EdfSpec};
