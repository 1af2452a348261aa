//! The annotations of EDF+ and BDF+, read record by record as the iterator goes.

use super::reader::EdfReader;
use super::tal::{Annotation, Tal, lists};
use crate::FormatError;
use std::collections::VecDeque;

/// Most annotation bytes of one record that are read, a bound on memory: files have some hundred.
const MAX_BYTES: u64 = 1 << 24;

/// The annotations of a recording, in the order of the file. Memory is that of one record's annotations.
pub struct Annotations<'a> {
    reader: Option<&'a mut EdfReader>,
    record: u64,
    bytes: Vec<u8>,
    waiting: VecDeque<Annotation>,
}

impl std::fmt::Debug for Annotations<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Annotations").field("record", &self.record).finish_non_exhaustive()
    }
}

impl<'a> Annotations<'a> {
    pub(super) fn of(reader: &'a mut EdfReader) -> Self {
        Self { reader: Some(reader), ..Self::none() }
    }

    /// For a format without annotations.
    pub(crate) fn none() -> Self {
        Self { reader: None, record: 0, bytes: Vec::new(), waiting: VecDeque::new() }
    }

    /// Reads the annotations of the next record; `false` after the last.
    fn read_record(&mut self) -> Result<bool, FormatError> {
        let Some(reader) = self.reader.as_deref_mut() else { return Ok(false) };
        if reader.layout.annotations.is_empty() || self.record >= reader.layout.records {
            return Ok(false);
        }
        let mut bad = 0;
        for signal in 0..reader.layout.annotations.len() {
            let span = reader.layout.annotations[signal];
            self.bytes.resize(span.bytes.min(MAX_BYTES) as usize, 0);
            let at = reader.layout.record_start(self.record) + span.offset;
            reader.read_at(at, &mut self.bytes, self.record)?;
            for list in lists(&self.bytes) {
                let Some(tal) = Tal::parse(list) else {
                    bad += 1;
                    continue;
                };
                let onset_ns = i128::from(tal.onset_ns) - i128::from(reader.first_onset_ns);
                self.waiting.extend(tal.texts().map(|text| Annotation {
                    onset_s: onset_ns as f64 / 1e9,
                    duration_s: tal.duration_ns.map(|ns| ns as f64 / 1e9),
                    text,
                }));
            }
        }
        reader.note_bad_lists(self.record, bad);
        self.record += 1;
        Ok(true)
    }
}

impl Iterator for Annotations<'_> {
    type Item = Result<Annotation, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(annotation) = self.waiting.pop_front() {
                return Some(Ok(annotation));
            }
            match self.read_record() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    // One error, then the end: the next record would most likely fail as well.
                    self.reader = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
