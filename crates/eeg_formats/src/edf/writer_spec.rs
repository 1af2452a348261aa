//! What an EDF+ or BDF+ file to be written shall be.

use super::writer_channel::{EdfChannel, SampleWidth};
use super::writer_header::{Patient, Session};
use crate::CivilDateTime;

/// When the header's record count is brought up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CountUpdate {
    /// After every record: a killed process loses at most one.
    #[default]
    EveryRecord,
    /// In [`EdfWriter::sync`](crate::EdfWriter::sync), once the records are on the disk: sound even where a power cut keeps the header's
    /// block and loses the records'. A killed process loses what came after the last sync.
    AfterSync,
}

/// A file to be written.
#[derive(Debug, Clone)]
pub struct EdfSpec {
    /// EDF+ or BDF+.
    pub width: SampleWidth,
    /// Samples per second and channel.
    pub rate_hz: f64,
    /// Channels, in order.
    pub channels: Vec<EdfChannel>,
    /// When the first sample was taken, local time. Below 100 ns it is cut off.
    pub start: CivilDateTime,
    /// Who was recorded.
    pub patient: Patient,
    /// Who recorded with what.
    pub session: Session,
    /// Code that stands where samples were lost; without it each channel's digital minimum.
    pub filler: Option<i32>,
    /// When the record count is brought up to date.
    pub count: CountUpdate,
}

impl EdfSpec {
    /// With nothing known about patient and session.
    pub fn new(
        width: SampleWidth,
        rate_hz: f64,
        channels: Vec<EdfChannel>,
        start: CivilDateTime,
    ) -> Self {
        let (patient, session) = (Patient::default(), Session::default());
        let count = CountUpdate::default();
        Self { width, rate_hz, channels, start, patient, session, filler: None, count }
    }
}
