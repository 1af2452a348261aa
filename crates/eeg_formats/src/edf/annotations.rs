//! The annotations of EDF+ and BDF+, read record by record.

use super::reader::EdfReader;
use super::tal::{Tal, lists};
use crate::annotations::ReadAnnotations;
use crate::{Annotation, FormatError};
use std::collections::VecDeque;

/// Most annotation bytes of one record that are read, a bound on memory: files have some hundred.
const MAX_BYTES: u64 = 1 << 24;

/// Goes through the records of a file.
pub(super) struct EdfAnnotations<'a> {
    reader: &'a mut EdfReader,
    record: u64,
    bytes: Vec<u8>,
}

impl<'a> EdfAnnotations<'a> {
    pub(super) fn of(reader: &'a mut EdfReader) -> Self {
        Self { reader, record: 0, bytes: Vec::new() }
    }
}

impl ReadAnnotations for EdfAnnotations<'_> {
    fn read_more(&mut self, waiting: &mut VecDeque<Annotation>) -> Result<bool, FormatError> {
        let reader = &mut *self.reader;
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
                let record_end =
                    i128::from(reader.layout.duration_ns) * i128::from(self.record + 1);
                let onset_ns = i128::from(tal.onset_ns) - i128::from(reader.first_onset_ns);
                waiting.extend(tal.texts().map(|text| Annotation {
                    onset_s: onset_ns as f64 / 1e9,
                    duration_s: tal.duration_ns.map(|ns| ns as f64 / 1e9),
                    text,
                    written_by_s: Some(record_end as f64 / 1e9),
                }));
            }
        }
        reader.note_bad_lists(self.record, bad);
        self.record += 1;
        Ok(true)
    }
}
