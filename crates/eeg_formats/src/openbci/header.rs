//! What stands above the rows, and what the first rows add to it.

use super::counter::Rule;
use super::row::{self, RowFormat};
use crate::lines::{Lines, Place};
use crate::{ChannelInfo, FormatError, Scaling, text};
use std::io;

/// Lines of `%` and blank lines allowed before the rows.
const MAX_HEADER_LINES: u64 = 1000;

/// Rows looked at to find separator, counter and time stamps: more than two turns of a counter.
const ROWS_LOOKED_AT: usize = 600;

#[derive(Debug)]
pub(super) struct Header {
    pub(super) board: String,
    pub(super) rate_hz: f64,
    pub(super) channels: Vec<ChannelInfo>,
    pub(super) format: RowFormat,
    pub(super) rule: Rule,
    /// Arrival of the first row, Unix ns.
    pub(super) start_ns: Option<i64>,
    /// Where the rows begin, after the row of zeros that some versions write first.
    pub(super) rows: Place,
    pub(super) warnings: Vec<String>,
}

/// An EXG channel of a text file: microvolts as they are.
pub(crate) fn exg_channel(label: String) -> ChannelInfo {
    ChannelInfo {
        name: label.clone(),
        label,
        unit: "uV".to_owned(),
        scaling: Scaling::IDENTITY,
        microvolts: Some(Scaling::IDENTITY),
        physical_min: f64::NEG_INFINITY,
        physical_max: f64::INFINITY,
        digital_min: 0,
        digital_max: 0,
        transducer: String::new(),
        prefilter: String::new(),
        gain: None,
    }
}

/// The lines of `%` and the column names.
#[derive(Default)]
struct Preamble {
    channels: Option<usize>,
    rate_hz: Option<f64>,
    board: String,
    columns: Vec<String>,
}

impl Header {
    /// Reads to the first row, looks at the first rows, and goes back to the first.
    pub(super) fn read(lines: &mut Lines, name: &str) -> Result<Self, FormatError> {
        let io_error = |source: io::Error| FormatError::Io {
            name: name.to_owned(),
            doing: "read the header".to_owned(),
            source,
        };
        let fault =
            |problem: String, advice| FormatError::Text { name: name.to_owned(), problem, advice };
        let mut preamble = Preamble::default();
        let mut rows = lines.place();
        while let Some(line) = lines.next().map_err(io_error)? {
            if line.number > MAX_HEADER_LINES {
                let problem = format!("the first {MAX_HEADER_LINES} lines hold no row of numbers");
                return Err(fault(problem, "is it a recording of the OpenBCI GUI?"));
            }
            let text =
                text::decode(lines.text().strip_prefix(b"\xEF\xBB\xBF").unwrap_or(lines.text()));
            if !preamble.take(&text) {
                break;
            }
            rows = lines.place();
        }
        let rate_hz = preamble.rate_hz.ok_or_else(|| {
            fault(
                "the header has no line `%Sample Rate = ...` with a rate above 0".to_owned(),
                "add it, for example `%Sample Rate = 250 Hz`, as the first line",
            )
        })?;

        lines.go_to(rows).map_err(io_error)?;
        let first = FirstRows::read(lines).map_err(io_error)?;
        let mut warnings = Vec::new();
        let format = preamble.row_format(&first, &mut warnings, fault)?;
        let mut header = Self {
            channels: preamble.channel_labels(&format).map(exg_channel).collect(),
            board: preamble.board,
            rate_hz,
            format,
            rule: Rule::Steps { step: 1, cycle: 256 },
            start_ns: None,
            rows,
            warnings,
        };
        header.look_at(&first, fault)?;
        lines.go_to(header.rows).map_err(io_error)?;
        Ok(header)
    }

    /// Counter, start and the row of zeros, from the first rows.
    fn look_at(
        &mut self,
        first: &FirstRows,
        fault: impl Fn(String, &'static str) -> FormatError,
    ) -> Result<(), FormatError> {
        let mut values = vec![0.0; self.format.exg.len()];
        let mut parsed = Vec::with_capacity(first.rows.len());
        for (i, (text, _, after)) in first.rows.iter().enumerate() {
            let Some(row) = self.format.parse(text, &mut values) else { continue };
            let is_filler = i == 0
                && first.rows.len() > 1
                && self.format.fields(text).all(|f| f.parse() == Ok(0.0_f64));
            if is_filler {
                self.rows = *after;
                self.warnings.push("the first row is nothing but zeros, written before the board sent anything: left out".to_owned());
            } else {
                parsed.push(row);
            }
        }
        if let (true, Some((text, number, _))) = (parsed.is_empty(), first.rows.first()) {
            let shown: String = text.chars().take(60).collect();
            let problem = format!(
                "line {number} is no row of a counter and {} numbers, and neither is any of the {} after it: {shown:?}",
                values.len(),
                first.rows.len() - 1
            );
            return Err(fault(problem, "is it a recording of the OpenBCI GUI?"));
        }
        let counters: Vec<u64> = parsed.iter().map(|row| row.counter).collect();
        self.rule = Rule::guess(&self.board, &counters);
        // An f64 of Unix seconds is good to a quarter of a microsecond.
        self.start_ns =
            parsed.first().and_then(|row| row.arrival_s).map(|s| (s * 1e6).round() as i64 * 1000);
        Ok(())
    }
}

impl Preamble {
    /// Takes a line that is not a row; `false` for the first row.
    fn take(&mut self, text: &str) -> bool {
        if let Some(comment) = text.strip_prefix('%') {
            if let Some((key, value)) = comment.split_once('=') {
                self.set(key.trim(), value.trim());
            }
            return true;
        }
        if text.is_empty() {
            return true;
        }
        let first_field = text.split(',').next().unwrap_or("").trim();
        if self.columns.is_empty()
            && first_field.parse::<f64>().is_err()
            && text.contains("Channel")
        {
            self.columns = text.split(',').map(|name| name.trim().to_owned()).collect();
            return true;
        }
        false
    }

    fn set(&mut self, key: &str, value: &str) {
        let number = value.split_whitespace().next().unwrap_or("").replace(',', ".");
        let number = number.trim_end_matches(char::is_alphabetic);
        if key.eq_ignore_ascii_case("number of channels") {
            self.channels = text::parse_i64(number)
                .and_then(|n| usize::try_from(n).ok())
                .filter(|n| (1..=1024).contains(n));
        } else if key.eq_ignore_ascii_case("sample rate") {
            self.rate_hz = text::parse_f64(number).filter(|rate| (1e-3..1e6).contains(rate));
        } else if key.eq_ignore_ascii_case("board") {
            value.clone_into(&mut self.board);
        }
    }

    fn row_format(
        &self,
        first: &FirstRows,
        warnings: &mut Vec<String>,
        fault: impl Fn(String, &'static str) -> FormatError,
    ) -> Result<RowFormat, FormatError> {
        let named =
            |wanted: &str| self.columns.iter().position(|name| name.eq_ignore_ascii_case(wanted));
        let mut exg: Vec<usize> = (0..self.columns.len())
            .filter(|&i| self.columns[i].to_uppercase().starts_with("EXG CHANNEL"))
            .collect();
        let sample = first.typical();
        let decimal_comma =
            sample.is_some_and(|row| has_decimal_commas(row, self.channels.unwrap_or(1)));
        let mut format =
            RowFormat { decimal_comma, counter: 0, exg: Vec::new(), timestamp: None, columns: 0 };
        let fields: Vec<&str> = sample.map(|row| format.fields(row).collect()).unwrap_or_default();
        if exg.is_empty() {
            let channels = self.channels.or_else(|| channels_from_width(&format, &fields)).ok_or_else(|| {
                fault(
                    format!("neither a line `%Number of channels = ...` nor column names tell which of {} columns are EXG", fields.len()),
                    "add that line to the top of the file",
                )
            })?;
            exg = (1..=channels).collect();
        } else if let Some(stated) = self.channels.filter(|&n| n != exg.len()) {
            warnings.push(format!(
                "the header says {stated} channels, the column names have {}: the names are believed",
                exg.len()
            ));
        }
        format.counter = named("Sample Index").unwrap_or(0);
        exg.retain(|&column| column != format.counter);
        format.columns = if self.columns.is_empty() { fields.len() } else { self.columns.len() };
        let after_exg = exg.last().map_or(0, |last| last + 1);
        format.exg = exg;
        format.timestamp = named("Timestamp").or_else(|| {
            let is_time =
                |&column: &usize| format.number(fields[column]).and_then(row::unix_s).is_some();
            (after_exg..fields.len()).rev().find(is_time)
        });
        Ok(format)
    }

    fn channel_labels<'a>(
        &'a self,
        format: &'a RowFormat,
    ) -> impl Iterator<Item = String> + use<'a> {
        let numbered = self.columns.is_empty();
        format.exg.iter().enumerate().map(move |(i, &column)| {
            if numbered {
                format!("EXG Channel {i}")
            } else {
                self.columns.get(column).cloned().unwrap_or_default()
            }
        })
    }
}

/// `0, -187500,02, -187500,02`: split at comma and space, the channels read as numbers with a comma.
fn has_decimal_commas(row: &str, channels: usize) -> bool {
    let mut values = row.split(", ").skip(1).take(channels).peekable();
    values.peek().is_some()
        && values.all(|value| {
            value.split(',').count() == 2
                && !value.contains('.')
                && value.replace(',', ".").parse::<f64>().is_ok()
        })
}

/// Before v4 nothing says how many channels there are: counter, channels, three axes, then times.
fn channels_from_width(format: &RowFormat, fields: &[&str]) -> Option<usize> {
    let is_time =
        |field: &str| field.contains(':') || format.number(field).and_then(row::unix_s).is_some();
    let numbers = fields.iter().filter(|field| !is_time(field)).count();
    [4, 8, 16].into_iter().find(|channels| numbers == channels + 4 || numbers == channels + 1)
}

/// The first rows as text, with their line numbers and the place after each.
struct FirstRows {
    rows: Vec<(String, u64, Place)>,
}

impl FirstRows {
    fn read(lines: &mut Lines) -> io::Result<Self> {
        let mut rows = Vec::new();
        while rows.len() < ROWS_LOOKED_AT {
            let Some(line) = lines.next()? else { break };
            let text = String::from_utf8_lossy(lines.text());
            // A last line without end may be torn; it is judged when it is read.
            let looked_at = line.terminated || rows.is_empty();
            if looked_at && !line.cut && !text.trim().is_empty() && !text.starts_with('%') {
                rows.push((text.into_owned(), line.number, lines.place()));
            }
        }
        Ok(Self { rows })
    }

    /// A row to learn the form from: the second, as the first may be filler.
    fn typical(&self) -> Option<&str> {
        self.rows.get(1).or(self.rows.first()).map(|(text, ..)| text.as_str())
    }
}
