//! What all recordings have in common: one writer thread a file behind a bounded queue, whatever the format.
//!
//! | part | what |
//! |---|---|
//! | `stage` | the sink itself: takes packets and notes, never waits for a disk |
//! | `queue` | what lies between the two, and what both may look at |
//! | `writer` | the thread: from packets to parts, retries, fsync |
//! | `rails` | when channels were at a rail of the ADC |
//! | `room` | the disk's room, and when to end before there is none |
//! | `part` | one file, and what a format has to do |
//! | `path`, `file` | what a file is called and how it is made |
//! | `late` | recordings whose disk does not answer when they are to be closed |
//! | `settings` | the parameters that every recorder has |
//! | `books` | what is in each file, and what the ledger says in it |
//! | `words` | how an event reads in a recording |

mod books;
mod file;
mod late;
mod part;
mod path;
mod queue;
mod rails;
mod room;
pub(super) mod settings;
mod stage;
#[cfg(test)]
mod tests;
mod time;
mod words;
mod writer;

pub(super) use file::{EVENTS, Made, sidecar};
pub use late::wait_for_late_recordings;
pub(super) use part::{Note, PartStart, PartWriter, RecordingFormat, part_of};
pub(super) use settings::{Limits, Settings, recording_desc};
pub(super) use stage::Recorder;
pub(super) use time::iso_local;
pub(super) use words::origin;
