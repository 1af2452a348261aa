//! The table beside a CSV file: what happened, and at which sample. Its columns are those of a BIDS `events.tsv`.

use crate::{Target, WriteError};

const COLUMNS: &str = "onset\tduration\tsample\ttrial_type\tvalue\n";

/// Something that happened.
#[derive(Debug, Clone, Copy)]
pub struct EventRow<'a> {
    /// Index of its sample in the file beside it.
    pub sample: u64,
    /// How many samples it lasted, where that is known.
    pub duration_samples: Option<u64>,
    /// What sort of thing: `marker`, `gap`.
    pub sort: &'a str,
    /// What happened.
    pub text: &'a str,
}

/// A table being written, a line at a time.
#[derive(Debug)]
pub struct EventsWriter<T: Target> {
    target: T,
    rate_hz: f64,
    end: u64,
}

impl<T: Target> EventsWriter<T> {
    /// Begins a table: the line with the names of the columns.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn create(target: T, rate_hz: f64) -> Result<Self, WriteError> {
        let mut writer = Self { target, rate_hz, end: 0 };
        writer.line(COLUMNS)?;
        Ok(writer)
    }

    /// Adds an event.
    ///
    /// # Errors
    /// [`WriteError::Io`]; the table then is whole without it.
    pub fn add(&mut self, row: &EventRow<'_>) -> Result<(), WriteError> {
        let EventRow { sample, duration_samples, sort, text } = *row;
        let seconds = |samples: u64| samples as f64 / self.rate_hz;
        let duration = duration_samples.map_or("n/a".to_owned(), |n| seconds(n).to_string());
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let value = if clean.trim().is_empty() { "n/a" } else { clean.trim() };
        self.line(&format!("{}\t{duration}\t{sample}\t{sort}\t{value}\n", seconds(sample)))
    }

    fn line(&mut self, line: &str) -> Result<(), WriteError> {
        if let Err(source) = self.target.write_at(self.end, line.as_bytes()) {
            let _ = self.target.cut(self.end);
            return Err(WriteError::Io { doing: "write the table of events".to_owned(), source });
        }
        self.end += line.len() as u64;
        Ok(())
    }

    /// Makes what is written outlast a power cut.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.target.sync().map_err(WriteError::io("write the table of events to the disk"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_row_has_one_line_whatever_its_text() {
        let mut writer = EventsWriter::create(Cursor::new(Vec::new()), 250.0).unwrap();
        let row =
            EventRow { sample: 25, duration_samples: Some(5), sort: "marker", text: "a\tb\n" };
        writer.add(&row).unwrap();
        writer.add(&EventRow { duration_samples: None, text: " ", ..row }).unwrap();
        assert_eq!(
            String::from_utf8(writer.target.into_inner()).unwrap(),
            "onset\tduration\tsample\ttrial_type\tvalue\n0.1\t0.02\t25\tmarker\ta b\n0.1\tn/a\t25\tmarker\tn/a\n"
        );
    }
}
