//! One file of a recording, and what a format has to do to be recorded in.

use super::file::Made;
use eeg_formats::WriteError;
use plugin_api::{PacketKind, RtPacket, SensorMeta};
use std::ops::Range;
use std::sync::Arc;

/// What is known when a file begins.
#[derive(Debug, Clone)]
pub(crate) struct PartStart {
    pub(crate) sensor: Arc<SensorMeta>,
    pub(crate) kind: PacketKind,
    pub(crate) rate_hz: f64,
    /// Index of the first sample, as the source counts.
    pub(crate) first_sample: u64,
    /// Time of the first sample, nanoseconds since the Unix epoch.
    pub(crate) time_ns: i64,
    /// By how much local time is ahead of UTC.
    pub(crate) utc_offset_s: i32,
}

/// Something to be written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Note<'a> {
    /// Index of its sample in this file.
    pub(crate) index: u64,
    pub(crate) duration_samples: Option<u64>,
    /// What sort of thing.
    pub(crate) sort: &'a str,
    /// What happened.
    pub(crate) text: &'a str,
    /// Both in one line.
    pub(crate) line: &'a str,
}

/// A format that can be recorded in.
pub(crate) trait RecordingFormat: Send {
    /// Begins a file: its header.
    fn begin(&self, made: Made, start: &PartStart) -> Result<Box<dyn PartWriter>, WriteError>;

    /// What is being done when it fails: "write the recording".
    fn doing(&self) -> &'static str {
        "write the recording"
    }
}

/// A file being written. After an error it is whole, [`next_index`](Self::next_index) tells what was taken, and the same
/// call may be tried again for the rest.
pub(crate) trait PartWriter: Send {
    /// Index of the next sample in this file, lost ones counted.
    fn next_index(&self) -> u64;

    /// Adds some frames of a packet.
    fn append(&mut self, packet: &RtPacket, frames: Range<usize>) -> Result<(), WriteError>;

    /// So many samples were lost here.
    fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError>;

    /// Something happened.
    fn note(&mut self, note: &Note<'_>) -> Result<(), WriteError>;

    /// The host's clock at a sample, where it was measured.
    fn clock(&mut self, _index: u64, _time_ns: i64) -> Result<(), WriteError> {
        Ok(())
    }

    /// Hands everything to the system that can be.
    fn flush(&mut self) -> Result<(), WriteError> {
        Ok(())
    }

    /// Makes what is written outlast a power cut.
    fn sync(&mut self) -> Result<(), WriteError>;

    /// Frames taken that are not in the file yet.
    fn unwritten(&self) -> u64;

    /// Length of the file, bytes.
    fn file_bytes(&self) -> u64;

    /// Writes what waits and the end, and syncs.
    fn close(self: Box<Self>) -> Result<(), WriteError>;
}

/// Samples of some frames of a packet.
pub(crate) fn part_of<'s, S>(
    samples: &'s [S],
    packet: &RtPacket,
    frames: &Range<usize>,
) -> &'s [S] {
    let channels = packet.channels();
    samples.get(frames.start * channels..frames.end * channels).unwrap_or(&[])
}
