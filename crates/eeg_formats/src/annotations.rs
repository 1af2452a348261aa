//! Annotations of any format, read piece by piece as the iterator goes.

use crate::FormatError;
use std::collections::VecDeque;

/// An event: when, how long, what.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Seconds from the first sample of the recording; lost samples count, so `onset_s * rate_hz` is a sample index.
    pub onset_s: f64,
    /// Seconds; `None` where the file gives none.
    pub duration_s: Option<f64>,
    /// What happened.
    pub text: String,
    /// End of the record that holds it, in seconds from the first sample, where the format has records: it was known by then.
    pub written_by_s: Option<f64>,
}

/// Where a format's annotations come from.
pub(crate) trait ReadAnnotations: Send {
    /// Adds those of the next piece of the file (a record, a chunk); `false` after the last.
    fn read_more(&mut self, waiting: &mut VecDeque<Annotation>) -> Result<bool, FormatError>;
}

/// The annotations of a recording, in the order of the file. Memory is that of one record's annotations.
pub struct Annotations<'a> {
    reader: Option<Box<dyn ReadAnnotations + 'a>>,
    waiting: VecDeque<Annotation>,
}

impl std::fmt::Debug for Annotations<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Annotations").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl<'a> Annotations<'a> {
    pub(crate) fn of(reader: impl ReadAnnotations + 'a) -> Self {
        Self { reader: Some(Box::new(reader)), waiting: VecDeque::new() }
    }

    /// For a format without annotations.
    pub(crate) fn none() -> Self {
        Self { reader: None, waiting: VecDeque::new() }
    }
}

impl Iterator for Annotations<'_> {
    type Item = Result<Annotation, FormatError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(annotation) = self.waiting.pop_front() {
                return Some(Ok(annotation));
            }
            match self.reader.as_mut()?.read_more(&mut self.waiting) {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    // One error, then the end: the next piece would most likely fail as well.
                    self.reader = None;
                    return Some(Err(error));
                }
            }
        }
    }
}
