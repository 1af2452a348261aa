//! Streaming readers for EEG recordings: EDF, EDF+, BDF, BDF+ and the text of the OpenBCI GUI.
//!
//! A recording is anything that can be read and sought. [`open`] looks at its content, not at its name, and
//! gives a [`Recording`]: what it holds ([`RecordingInfo`]), its samples block by block in memory that does
//! not grow with the recording, and its annotations. Lost samples are never filled in: the sample index jumps.
//!
//! Samples of EDF and BDF come as the integer codes that the file holds, with the scaling beside them
//! ([`ChannelInfo::scaling`]); OpenBCI text holds decimals and comes as `f32` microvolts.

#![forbid(unsafe_code)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod block;
mod edf;
mod error;
mod info;
mod kind;
mod labels;
mod open;
mod openbci;
mod recording;
mod scaling;
mod select;
mod text;
mod time;

pub use block::{Chunk, SampleBlock};
pub use edf::{Annotation, Annotations};
pub use error::FormatError;
pub use info::{ChannelInfo, Format, RecordingInfo, SampleKind, StreamInfo};
pub use open::{ReadSeek, open, open_path};
pub use recording::Recording;
pub use scaling::Scaling;
pub use time::{CivilDateTime, Start};
