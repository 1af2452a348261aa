//! Reads the rows of an OpenBCI text file, finds lost samples, and skips, counted, what is no row.

use super::counter::{Counter, Step};
use super::header::Header;
use super::row::{Row, RowFormat};
use crate::lines::{Line, Lines, Place};
use crate::open::ReadSeek;
use crate::recording::Reader;
use crate::{
    Annotations, Chunk, Format, FormatError, RecordingInfo, SampleKind, Start, StreamInfo, kind,
    labels,
};
use std::io;

/// An open OpenBCI text file.
pub(crate) struct OpenBciReader {
    lines: Lines,
    info: RecordingInfo,
    format: RowFormat,
    rows: Place,
    file_bytes: u64,
    start_counter: Counter,
    cycle_s: f64,
    counter: Counter,
    /// Arrival of the row before, Unix seconds.
    arrival_s: Option<f64>,
    next_index: u64,
    row: Vec<f32>,
    /// `row` holds a row that has not been handed out; so many samples were lost before it.
    waiting: Option<u64>,
    oddities: Oddities,
}

/// What only reading shows; each line counts once, however often the file is played.
#[derive(Debug, Default)]
struct Oddities {
    counted_to_line: u64,
    bad_rows: u64,
    first_bad: Option<(u64, String)>,
    repeated: u64,
    clock_jumps: u64,
    torn_line: Option<u64>,
    maybe_cut: Option<u64>,
}

impl OpenBciReader {
    pub(crate) fn open(source: Box<dyn ReadSeek>, name: &str) -> Result<Self, FormatError> {
        let mut lines = Lines::new(source);
        let mut header = Header::read(&mut lines, name)?;
        let file_bytes = lines.file_bytes().map_err(|source| read_error(name, 1, source))?;
        let label_refs: Vec<&str> =
            header.channels.iter().map(|channel| channel.label.as_str()).collect();
        for (channel, unique) in labels::unique_names(&label_refs).into_iter().enumerate() {
            header.channels[channel].name = unique;
        }
        let stream = StreamInfo {
            name: format!("{}Hz", header.rate_hz),
            is_eeg: header.channels.iter().any(kind::is_eeg),
            rate_hz: header.rate_hz,
            channels: header.channels,
            frames: None,
            sample_kind: SampleKind::Microvolts,
        };
        let counter = Counter::new(header.rule);
        Ok(Self {
            lines,
            row: vec![0.0; header.format.exg.len()],
            format: header.format,
            rows: header.rows,
            file_bytes,
            start_counter: counter,
            cycle_s: header.rule.samples_in_cycle() as f64 / header.rate_hz,
            counter,
            arrival_s: None,
            next_index: 0,
            waiting: None,
            oddities: Oddities::default(),
            info: RecordingInfo {
                name: name.to_owned(),
                format: Format::OpenBciText,
                start: header.start_ns.map(|ns| Start::Unix { ns }),
                patient: String::new(),
                recording: header.board,
                streams: vec![stream],
                duration_s: None,
                warnings: header.warnings,
            },
        })
    }

    /// Reads the next row into `self.row`; says how many samples were lost before it. `None` at the end.
    fn next_row(&mut self) -> Result<Option<u64>, FormatError> {
        loop {
            let place = self.lines.place();
            let line = self
                .lines
                .next()
                .map_err(|source| read_error(&self.info.name, place.line(), source))?;
            let Some(line) = line else { return Ok(None) };
            let text = std::str::from_utf8(self.lines.text()).unwrap_or("\u{fffd}");
            if text.trim().is_empty() || text.starts_with('%') {
                continue;
            }
            let row = if line.cut { None } else { self.format.parse(text, &mut self.row) };
            let new = line.number > self.oddities.counted_to_line;
            if !line.terminated && row.is_none_or(|row| row.fields < self.format.columns) {
                self.oddities.torn_line = Some(line.number);
                continue;
            }
            let Some(row) = row else {
                if new {
                    self.oddities.note_bad(line, text);
                }
                continue;
            };
            if !line.terminated && self.format.exg.last() == Some(&(row.fields - 1)) {
                self.oddities.maybe_cut = Some(line.number);
            }
            self.oddities.counted_to_line = self.oddities.counted_to_line.max(line.number);
            return Ok(Some(self.lost_before(row, new)));
        }
    }

    fn lost_before(&mut self, row: Row, new: bool) -> u64 {
        let waited_s = self.arrival_s.zip(row.arrival_s).map_or(0.0, |(before, now)| now - before);
        self.arrival_s = row.arrival_s;
        let step = self.counter.advance(row.counter);
        if new {
            self.oddities.repeated += u64::from(step == Step::Repeated);
            self.oddities.clock_jumps += u64::from(waited_s > self.cycle_s);
        }
        match step {
            Step::Lost(samples) => samples,
            Step::Repeated => 0,
        }
    }
}

impl Reader for OpenBciReader {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read_codes(&mut self, _: usize, _: &mut [i32]) -> Result<Option<Chunk>, FormatError> {
        unreachable!(
            "every stream here holds microvolts, and `Recording` checks the kind before it asks"
        )
    }

    fn read_microvolts(&mut self, _: usize, out: &mut [f32]) -> Result<Option<Chunk>, FormatError> {
        let channels = self.row.len();
        let mut chunk = Chunk { first_index: self.next_index, lost_before: 0, frames: 0 };
        for frame in out.chunks_exact_mut(channels) {
            let lost = match self.waiting.take() {
                Some(lost) => lost,
                None => match self.next_row()? {
                    Some(lost) => lost,
                    None => break,
                },
            };
            if lost > 0 {
                if chunk.frames > 0 {
                    self.waiting = Some(lost);
                    break;
                }
                chunk.lost_before = lost;
                self.next_index = self.next_index.saturating_add(lost);
                chunk.first_index = self.next_index;
            }
            frame.copy_from_slice(&self.row);
            chunk.frames += 1;
            self.next_index += 1;
        }
        Ok((chunk.frames > 0).then_some(chunk))
    }

    fn rewind(&mut self) -> Result<(), FormatError> {
        self.lines
            .go_to(self.rows)
            .map_err(|source| read_error(&self.info.name, self.rows.line(), source))?;
        self.counter = self.start_counter;
        self.arrival_s = None;
        self.next_index = 0;
        self.waiting = None;
        Ok(())
    }

    fn warnings_from_reading(&self) -> Vec<String> {
        self.oddities.warnings(self.cycle_s)
    }

    fn fraction_read(&self, _: usize) -> f64 {
        if self.file_bytes == 0 {
            1.0
        } else {
            (self.lines.offset() as f64 / self.file_bytes as f64).min(1.0)
        }
    }

    fn buffered_bytes(&self) -> usize {
        self.lines.capacity() + self.row.capacity() * size_of::<f32>()
    }

    fn annotations(&mut self) -> Annotations<'_> {
        Annotations::none()
    }
}

impl Oddities {
    fn note_bad(&mut self, line: Line, text: &str) {
        self.counted_to_line = line.number;
        self.bad_rows += 1;
        self.first_bad.get_or_insert_with(|| (line.number, text.chars().take(60).collect()));
    }

    fn warnings(&self, cycle_s: f64) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Some((line, text)) = &self.first_bad {
            warnings.push(format!(
                "{} lines are no rows of numbers and were left out; the first is line {line}: {text:?}",
                self.bad_rows
            ));
        }
        if let Some(line) = self.torn_line {
            warnings.push(format!(
                "the last line ({line}) is torn and was left out: the recording was cut off"
            ));
        }
        if let Some(line) = self.maybe_cut {
            warnings.push(format!(
                "the last line ({line}) has no line end: its last value may be cut short"
            ));
        }
        if self.repeated > 0 {
            warnings.push(format!(
                "{} rows repeat the sample counter of the row before: read as the next sample",
                self.repeated
            ));
        }
        if self.clock_jumps > 0 {
            warnings.push(format!(
                "{} rows arrived more than {cycle_s:.2} s after the row before, longer than the sample counter can count: \
                 more samples may be lost than it shows",
                self.clock_jumps
            ));
        }
        warnings
    }
}

fn read_error(name: &str, line: u64, source: io::Error) -> FormatError {
    FormatError::Io { name: name.to_owned(), doing: format!("read line {line}"), source }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
