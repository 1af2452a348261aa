//! Reads a CSV file that a sink wrote: `sample` tells gaps, `time_s` the rate; values come as `f32`.
//!
//! The first row is the recording's first sample, whatever its `sample`: a recording may begin in the middle of a stream.

use crate::lines::{Line, Lines, Place};
use crate::open::ReadSeek;
use crate::openbci::exg_channel;
use crate::recording::Reader;
use crate::{
    Annotations, Chunk, Format, FormatError, RecordingInfo, SampleKind, StreamInfo, kind, labels,
};
use std::io;

/// An open CSV file.
pub(crate) struct CsvReader {
    lines: Lines,
    info: RecordingInfo,
    rows: Place,
    file_bytes: u64,
    next_index: u64,
    /// `sample` of the first row.
    first: Option<u64>,
    row: Vec<f32>,
    /// `row` holds a row that has not been handed out, with this `sample`.
    waiting: Option<u64>,
    bad_rows: u64,
    first_bad: u64,
    looked_at: u64,
}

impl CsvReader {
    pub(crate) fn open(source: Box<dyn ReadSeek>, name: &str) -> Result<Self, FormatError> {
        let failed = |source| read_error(name, 1, source);
        let mut lines = Lines::new(source);
        lines.next().map_err(failed)?;
        let header = String::from_utf8_lossy(lines.text()).into_owned();
        let mut channels: Vec<_> = fields(&header).skip(2).map(exg_channel).collect();
        let fault = |problem: &str, advice| FormatError::Text {
            name: name.to_owned(),
            problem: problem.to_owned(),
            advice,
        };
        if channels.is_empty() {
            return Err(fault(
                "its first line names no channels",
                "it should be `sample,time_s` and a label for each channel",
            ));
        }
        let of_channels: Vec<&str> =
            channels.iter().map(|channel| channel.label.as_str()).collect();
        let names = labels::unique_names(&of_channels);
        for (channel, name) in channels.iter_mut().zip(names) {
            channel.name = name;
        }
        let rows = lines.place();
        let rate_hz = rate_of(&mut lines).map_err(failed)?.ok_or_else(|| {
            fault("no row tells its rate", "a recording needs a row with `sample` above 0")
        })?;
        lines.go_to(rows).map_err(failed)?;
        let file_bytes = lines.file_bytes().map_err(failed)?;
        let stream = StreamInfo {
            name: format!("{rate_hz}Hz"),
            is_eeg: channels.iter().any(kind::is_eeg),
            rate_hz,
            channels,
            frames: None,
            sample_kind: SampleKind::Microvolts,
        };
        Ok(Self {
            row: vec![0.0; stream.channels.len()],
            lines,
            rows,
            file_bytes,
            next_index: 0,
            first: None,
            waiting: None,
            bad_rows: 0,
            first_bad: 0,
            looked_at: 0,
            info: RecordingInfo {
                name: name.to_owned(),
                format: Format::Csv,
                start: None,
                patient: String::new(),
                recording: String::new(),
                streams: vec![stream],
                duration_s: None,
                warnings: Vec::new(),
            },
        })
    }

    /// Reads the next row into `self.row`; gives its index in the recording. `None` at the end.
    fn next_row(&mut self) -> Result<Option<u64>, FormatError> {
        loop {
            let number = self.lines.place().line();
            let line = self.lines.next().map_err(|e| read_error(&self.info.name, number, e))?;
            let Some(line) = line else { return Ok(None) };
            let sample = parse_row(line, self.lines.text(), &mut self.row);
            let index =
                sample.and_then(|sample| sample.checked_sub(*self.first.get_or_insert(sample)));
            match index.filter(|&index| index >= self.next_index) {
                Some(index) => return Ok(Some(index)),
                None if line.number > self.looked_at => {
                    self.looked_at = line.number;
                    self.bad_rows += 1;
                    if self.bad_rows == 1 {
                        self.first_bad = line.number;
                    }
                }
                None => {}
            }
        }
    }
}

/// The `sample` of a whole row, its values in place.
fn parse_row(line: Line, text: &[u8], values: &mut [f32]) -> Option<u64> {
    if !line.terminated || line.cut {
        return None;
    }
    let mut fields = std::str::from_utf8(text).ok()?.split(',');
    let sample = fields.next()?.trim().parse().ok()?;
    fields.next()?;
    for value in values.iter_mut() {
        *value = fields.next()?.trim().parse().ok()?;
    }
    fields.next().is_none().then_some(sample)
}

/// The rate, from the first row with a `sample` above 0: `sample / time_s`, without the noise of a decimal.
fn rate_of(lines: &mut Lines) -> io::Result<Option<f64>> {
    while lines.next()?.is_some() {
        let text = String::from_utf8_lossy(lines.text()).into_owned();
        let mut numbers = text.split(',').map(|field| field.trim().parse::<f64>().ok());
        let (Some(Some(sample)), Some(Some(time_s))) = (numbers.next(), numbers.next()) else {
            continue;
        };
        if sample > 0.0 && time_s > 0.0 {
            let exact = sample / time_s;
            let simple = format!("{exact:.11e}").parse().unwrap_or(exact);
            return Ok(Some(if sample / simple == time_s { simple } else { exact }));
        }
    }
    Ok(None)
}

/// Fields of a line, quotes taken off (RFC 4180).
fn fields(line: &str) -> impl Iterator<Item = String> {
    let (mut all, mut field, mut inside) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if inside && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => inside = !inside,
            ',' if !inside => all.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    all.push(field);
    all.into_iter()
}

impl Reader for CsvReader {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read_codes(&mut self, _: usize, _: &mut [i32]) -> Result<Option<Chunk>, FormatError> {
        unreachable!("the stream holds values, and `Recording` checks the kind before it asks")
    }

    fn read_microvolts(&mut self, _: usize, out: &mut [f32]) -> Result<Option<Chunk>, FormatError> {
        let channels = self.row.len();
        let mut chunk = Chunk { first_index: self.next_index, lost_before: 0, frames: 0 };
        for place in out.chunks_exact_mut(channels) {
            let sample = match self.waiting.take() {
                Some(sample) => sample,
                None => match self.next_row()? {
                    Some(sample) => sample,
                    None => break,
                },
            };
            if sample > self.next_index {
                if chunk.frames > 0 {
                    self.waiting = Some(sample);
                    break;
                }
                chunk.lost_before = sample - self.next_index;
                chunk.first_index = sample;
            }
            place.copy_from_slice(&self.row);
            chunk.frames += 1;
            self.next_index = sample + 1;
        }
        Ok((chunk.frames > 0).then_some(chunk))
    }

    fn rewind(&mut self) -> Result<(), FormatError> {
        let name = &self.info.name;
        self.lines.go_to(self.rows).map_err(|source| read_error(name, 2, source))?;
        (self.next_index, self.waiting) = (0, None);
        Ok(())
    }

    fn warnings_from_reading(&self) -> Vec<String> {
        let Self { bad_rows, first_bad, .. } = self;
        match bad_rows {
            0 => Vec::new(),
            1 => vec![format!("line {first_bad} is no whole row, or out of order: left out")],
            _ => vec![format!(
                "{bad_rows} lines are no whole rows, or out of order, the first of them line {first_bad}: left out"
            )],
        }
    }

    fn fraction_read(&self, _: usize) -> f64 {
        self.lines.offset() as f64 / self.file_bytes.max(1) as f64
    }

    fn buffered_bytes(&self) -> usize {
        self.lines.capacity()
    }

    fn annotations(&mut self) -> Annotations<'_> {
        Annotations::none()
    }
}

fn read_error(name: &str, line: u64, source: io::Error) -> FormatError {
    FormatError::Io { name: name.to_owned(), doing: format!("read line {line}"), source }
}

#[cfg(test)]
mod tests {
    use crate::{CsvWriter, Recording, SampleBlock, open};
    use std::io::Cursor;

    fn read(recording: &mut Recording) -> Vec<(u64, u64, Vec<f32>)> {
        let (mut all, mut block) = (Vec::new(), SampleBlock::new());
        while let Some(chunk) = recording.read(0, 100, &mut block).unwrap() {
            all.push((chunk.first_index, chunk.lost_before, block.microvolts.clone()));
        }
        all
    }

    #[test]
    fn what_the_writer_wrote_is_read_again_twice() {
        let mut writer =
            CsvWriter::create(Cursor::new(Vec::new()), 333.3, &["Fp1, \"left\"", "Cz"]).unwrap();
        writer.append_values(&[0.1, -2.5, 1e-7, f32::MAX]).unwrap();
        writer.gap(10);
        writer.append_values(&[3.0, 4.0]).unwrap();
        let mut recording = open(Box::new(writer.close().unwrap()), "a.csv").unwrap();
        let stream = &recording.info().streams[0];
        assert_eq!(stream.rate_hz, 333.3);
        assert_eq!(stream.channels[0].label, "Fp1, \"left\"");
        for _ in 0..2 {
            let all = read(&mut recording);
            assert_eq!(all, [(0, 0, vec![0.1, -2.5, 1e-7, f32::MAX]), (12, 10, vec![3.0, 4.0])]);
            recording.rewind().unwrap();
        }
    }

    #[test]
    fn a_recording_may_begin_in_the_middle_of_a_stream() {
        let writer = CsvWriter::create(Cursor::new(Vec::new()), 250.0, &["Cz"]).unwrap();
        let mut writer = writer.starting_at(1000);
        writer.append_values(&[1.0, 2.0]).unwrap();
        writer.gap(3);
        writer.append_values(&[4.0]).unwrap();
        let bytes = writer.close().unwrap().into_inner();
        assert!(bytes.starts_with(b"sample,time_s,Cz\n1000,4,1\n1001,4.004,2\n1005,4.02,4\n"));
        let mut recording = open(Box::new(Cursor::new(bytes)), "a.csv").unwrap();
        assert_eq!(recording.info().streams[0].rate_hz, 250.0);
        for _ in 0..2 {
            assert_eq!(read(&mut recording), [(0, 0, vec![1.0, 2.0]), (5, 3, vec![4.0])]);
            recording.rewind().unwrap();
        }
    }

    #[test]
    fn torn_and_odd_lines_are_left_out_and_counted() {
        let text = "sample,time_s,Cz\n0,0,1\n1,0.004\nx\n2,0.008,2\n1,0.004,9\n3,0.012,3\n4,0.0";
        let mut recording = open(Box::new(Cursor::new(text.as_bytes())), "a.csv").unwrap();
        assert_eq!(recording.info().streams[0].rate_hz, 250.0);
        assert_eq!(read(&mut recording), [(0, 0, vec![1.0]), (2, 1, vec![2.0, 3.0])]);
        let warnings = recording.warnings();
        assert!(warnings[0].starts_with("4 lines are no whole rows"), "{warnings:?}");
        for bad in ["sample,time_s\n0,0\n1,0.1\n", "sample,time_s,Cz\n0,0,1\n"] {
            assert!(open(Box::new(Cursor::new(bad.as_bytes())), "a.csv").is_err(), "{bad}");
        }
    }
}
