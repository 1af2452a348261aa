//! Reads the samples of an EDF or BDF file, block by block, and finds its gaps.

use super::annotations::EdfAnnotations;
use super::clock::{overlaps, samples_in_gap};
use super::decode::interleave;
use super::header::Header;
use super::layout::Layout;
use super::tal;
use super::window::Window;
use crate::open::ReadSeek;
use crate::recording::Reader;
use crate::{Annotations, Chunk, Format, FormatError, RecordingInfo, Start};
use std::io::{self, Read, SeekFrom};

/// Longest time-keeping list looked for at the start of a record's annotations, bytes.
const TIME_KEEPING_BYTES: u64 = 64;

/// An open EDF or BDF file.
pub(crate) struct EdfReader {
    pub(super) source: Box<dyn ReadSeek>,
    pub(super) layout: Layout,
    info: RecordingInfo,
    window: Window,
    cursors: Vec<Cursor>,
    /// The records say when they start, and may leave gaps (EDF+D, BDF+D).
    has_gaps: bool,
    /// Onset of the first record, ns after the start in the header: the sub-second part of the start.
    pub(super) first_onset_ns: i64,
    oddities: Oddities,
}

/// Where the next frame of a stream is.
#[derive(Debug, Clone, Copy, Default)]
struct Cursor {
    record: u64,
    frame: u64,
    index: u64,
    /// The record's onset has been looked at.
    entered: bool,
    /// When the record before this one ended, ns; unset before the first.
    previous_end_ns: Option<i64>,
}

/// What only reading shows, counted once a record.
#[derive(Debug, Default)]
struct Oddities {
    records_checked: u64,
    without_onset: u64,
    overlapping: u64,
    pub(super) bad_lists: u64,
    lists_checked: u64,
}

impl EdfReader {
    pub(crate) fn open(mut source: Box<dyn ReadSeek>, name: &str) -> Result<Self, FormatError> {
        let mut header = Header::read(&mut *source, name)?;
        let (layout, streams) = Layout::new(&mut header);
        let discontinuous =
            matches!(header.format, Format::EdfPlusDiscontinuous | Format::BdfPlusDiscontinuous);
        if discontinuous && layout.annotations.is_empty() {
            header.warnings.push(format!(
                "the header says {} but there is no annotation channel to tell the gaps: read as continuous",
                header.format
            ));
        }
        let info = RecordingInfo {
            name: name.to_owned(),
            format: header.format,
            start: header.start,
            patient: header.patient,
            recording: header.recording,
            streams,
            duration_s: Some(layout.records as f64 * (layout.duration_ns as f64 / 1e9)),
            warnings: header.warnings,
        };
        let mut reader = Self {
            source,
            has_gaps: discontinuous && !layout.annotations.is_empty(),
            cursors: vec![Cursor::default(); layout.streams.len()],
            window: Window::new(),
            layout,
            info,
            first_onset_ns: 0,
            oddities: Oddities::default(),
        };
        reader.read_first_and_last_onset()?;
        Ok(reader)
    }

    /// The first onset completes the start; the last one tells how long a file with gaps is.
    fn read_first_and_last_onset(&mut self) -> Result<(), FormatError> {
        let records = self.layout.records;
        if records == 0 || self.layout.annotations.is_empty() {
            return Ok(());
        }
        self.first_onset_ns = self.record_onset_ns(0)?.unwrap_or(0);
        if let Some(Start::Local(civil)) = self.info.start {
            self.info.start =
                Some(Start::Local(civil.plus_ns(self.first_onset_ns).unwrap_or(civil)));
        }
        if self.has_gaps
            && let Some(last_ns) = self.record_onset_ns(records - 1)?
        {
            let length_ns = i128::from(last_ns) - i128::from(self.first_onset_ns)
                + i128::from(self.layout.duration_ns);
            self.info.duration_s =
                self.info.duration_s.map(|without_gaps| (length_ns as f64 / 1e9).max(without_gaps));
        }
        Ok(())
    }

    /// When a record starts, ns from the start in the header, as its first annotation list says.
    fn record_onset_ns(&mut self, record: u64) -> Result<Option<i64>, FormatError> {
        let Some(span) = self.layout.annotations.first().copied() else { return Ok(None) };
        let length = span.bytes.min(TIME_KEEPING_BYTES);
        if let Some(bytes) = self.window.record_part(&self.layout, record, span.offset, length) {
            return Ok(tal::time_keeping_ns(bytes));
        }
        let mut bytes = [0; TIME_KEEPING_BYTES as usize];
        let bytes = &mut bytes[..length as usize];
        self.read_at(self.layout.record_start(record) + span.offset, bytes, record)?;
        Ok(tal::time_keeping_ns(bytes))
    }

    /// Reads bytes at a place in the file; `record` is for the message.
    pub(super) fn read_at(
        &mut self,
        at: u64,
        bytes: &mut [u8],
        record: u64,
    ) -> Result<(), FormatError> {
        let result =
            self.source.seek(SeekFrom::Start(at)).and_then(|_| self.source.read_exact(bytes));
        result.map_err(|source| read_error(&self.info.name, record, source))
    }

    /// Goes into the record under the cursor: counts the samples lost before it.
    fn gap_before_record(&mut self, stream: usize) -> Result<(u64, i64), FormatError> {
        let cursor = self.cursors[stream];
        let expected = cursor.previous_end_ns.unwrap_or(self.first_onset_ns);
        let onset = self.record_onset_ns(cursor.record)?;
        let onset_ns = onset.unwrap_or(expected);
        let gap_ns = i128::from(onset_ns) - i128::from(expected);
        let samples = self.layout.streams[stream].samples_per_record;
        if cursor.record >= self.oddities.records_checked {
            self.oddities.records_checked = cursor.record + 1;
            self.oddities.without_onset += u64::from(onset.is_none());
            self.oddities.overlapping +=
                u64::from(overlaps(gap_ns, samples, self.layout.duration_ns));
        }
        Ok((
            samples_in_gap(gap_ns, samples, self.layout.duration_ns),
            onset_ns.saturating_add(self.layout.duration_ns),
        ))
    }

    /// Notes lists that could not be parsed, once a record however often the annotations are read.
    pub(super) fn note_bad_lists(&mut self, record: u64, bad: u64) {
        if record >= self.oddities.lists_checked {
            self.oddities.lists_checked = record + 1;
            self.oddities.bad_lists += bad;
        }
    }
}

impl Reader for EdfReader {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read_codes(&mut self, stream: usize, out: &mut [i32]) -> Result<Option<Chunk>, FormatError> {
        let channels = self.layout.streams[stream].channel_offsets.len();
        let room = out.len() / channels;
        let samples_per_record = self.layout.streams[stream].samples_per_record;
        let mut chunk =
            Chunk { first_index: self.cursors[stream].index, lost_before: 0, frames: 0 };
        while chunk.frames < room && self.cursors[stream].record < self.layout.records {
            if !self.cursors[stream].entered {
                if self.has_gaps {
                    let (lost, end_ns) = self.gap_before_record(stream)?;
                    if lost > 0 && chunk.frames > 0 {
                        break;
                    }
                    let cursor = &mut self.cursors[stream];
                    cursor.previous_end_ns = Some(end_ns);
                    cursor.index = cursor.index.saturating_add(lost);
                    chunk.lost_before += lost;
                    chunk.first_index = chunk.first_index.saturating_add(lost);
                }
                self.cursors[stream].entered = true;
            }
            let Cursor { record, frame, .. } = self.cursors[stream];
            let view = self
                .window
                .load(&mut *self.source, &self.layout, stream, record, frame)
                .map_err(|source| read_error(&self.info.name, record, source))?;
            let frames =
                (room - chunk.frames).min(usize::try_from(view.frames).unwrap_or(usize::MAX));
            let target = &mut out[chunk.frames * channels..(chunk.frames + frames) * channels];
            let offsets = &self.layout.streams[stream].channel_offsets;
            let start = |channel: usize| view.channel_start(channel, offsets[channel]);
            interleave(self.window.bytes(), self.layout.sample_bytes, channels, start, target);

            chunk.frames += frames;
            let cursor = &mut self.cursors[stream];
            cursor.frame += frames as u64;
            cursor.index = cursor.index.saturating_add(frames as u64);
            if cursor.frame == samples_per_record {
                *cursor = Cursor { record: record + 1, frame: 0, entered: false, ..*cursor };
            }
        }
        Ok((chunk.frames > 0).then_some(chunk))
    }

    fn read_microvolts(&mut self, _: usize, _: &mut [f32]) -> Result<Option<Chunk>, FormatError> {
        unreachable!(
            "every stream here holds codes, and `Recording` checks the kind before it asks"
        )
    }

    fn rewind(&mut self) -> Result<(), FormatError> {
        self.cursors.fill(Cursor::default());
        Ok(())
    }

    fn warnings_from_reading(&self) -> Vec<String> {
        let Oddities { without_onset, overlapping, bad_lists, .. } = self.oddities;
        let mut warnings = Vec::new();
        if without_onset > 0 {
            warnings.push(format!(
                "{without_onset} records do not say when they start: read as if without a gap"
            ));
        }
        if overlapping > 0 {
            warnings.push(format!(
                "{overlapping} records start before the one ahead of them ends: read in the file's order, without a gap"
            ));
        }
        if bad_lists > 0 {
            warnings.push(format!("{bad_lists} annotations could not be read and were left out"));
        }
        warnings
    }

    fn fraction_read(&self, stream: usize) -> f64 {
        let (Some(cursor), records) = (self.cursors.get(stream), self.layout.records) else {
            return 1.0;
        };
        if records == 0 {
            return 1.0;
        }
        let in_record = cursor.frame as f64 / self.layout.streams[stream].samples_per_record as f64;
        (cursor.record as f64 + in_record) / records as f64
    }

    fn buffered_bytes(&self) -> usize {
        self.window.capacity()
    }

    fn annotations(&mut self) -> Annotations<'_> {
        Annotations::of(EdfAnnotations::of(self))
    }
}

fn read_error(name: &str, record: u64, source: io::Error) -> FormatError {
    FormatError::Io { name: name.to_owned(), doing: format!("read record {}", record + 1), source }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
