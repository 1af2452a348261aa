//! CSV as the sinks write it: `sample`, `time_s`, then one column a channel; beside it, a table of events.
//!
//! `sample` counts what was lost too, so a gap shows as a jump, and `time_s` is `sample / rate`. Values are microvolts in the
//! shortest decimal that is the same `f32` again, or codes.

mod events;
mod reader;
mod writer;

pub use events::{EventRow, EventsWriter};
pub(crate) use reader::CsvReader;
pub use writer::CsvWriter;

/// How every such file begins.
pub(crate) const START: &[u8] = b"sample,time_s";
