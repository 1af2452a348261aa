//! Streaming readers and crash-safe writers for EEG recordings: EDF, EDF+, BDF, BDF+, XDF; reads the OpenBCI GUI's text.
//!
//! A recording is anything that can be read and sought. [`open`] looks at its content, not at its name, and
//! gives a [`Recording`]: what it holds ([`RecordingInfo`]), its samples block by block in memory that does
//! not grow with the recording, and its annotations. Lost samples are never filled in: the sample index jumps.
//!
//! Samples of EDF and BDF come as the integer codes that the file holds, with the scaling beside them
//! ([`ChannelInfo::scaling`]); OpenBCI text holds decimals and comes as `f32` microvolts; XDF holds either.
//!
//! [`EdfWriter`] and [`XdfWriter`] keep their file whole at every instant. [`recover`] mends what others left,
//! [`Inspection`] tells what is in a recording.

#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod annotations;
mod block;
mod csv;
mod edf;
mod error;
mod filler;
mod gap;
mod info;
mod inspect;
mod kind;
mod labels;
mod lines;
mod open;
mod openbci;
mod origin;
mod recording;
mod recover;
mod scaling;
mod select;
mod target;
mod text;
mod time;
mod write_error;
mod xdf;

pub use annotations::{Annotation, Annotations};
pub use block::{Chunk, SampleBlock};
pub use csv::{CsvWriter, EventRow, EventsWriter};
pub use edf::{CountUpdate, EdfChannel, EdfSpec, EdfWriter, Patient, SampleWidth, Session};
pub use error::FormatError;
pub use gap::{Gap, GapKind};
pub use info::{ChannelInfo, Format, RecordingInfo, SampleKind, StreamInfo};
pub use inspect::{Inspection, StreamInspection};
pub use open::{ReadSeek, open, open_path};
pub use origin::Origin;
pub use recording::Recording;
pub use recover::{Recovered, recover, recover_copy, recover_with};
pub use scaling::Scaling;
pub use target::Target;
pub use time::{CivilDateTime, Start};
pub use write_error::WriteError;
pub use xdf::{StreamId, XdfChannel, XdfFormat, XdfStream, XdfWriter};
