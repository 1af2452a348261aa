//! Strings of XDF streams as annotations.

use super::Tag;
use super::chunk::{length_bytes, length_of};
use super::found::TextStream;
use super::reader::XdfReader;
use super::scan::{Walk, Walked, sample_count};
use super::source::HEAD_BYTES;
use crate::annotations::ReadAnnotations;
use crate::{Annotation, FormatError};
use std::collections::VecDeque;

/// Longest chunk of strings that is read, a bound on memory.
const MAX_CHUNK_BYTES: u64 = 1 << 20;

/// Goes through the chunks of a file.
pub(super) struct XdfAnnotations<'a> {
    reader: &'a mut XdfReader,
    walk: Walk,
    /// Time of the last string of each stream.
    last_s: Vec<f64>,
}

impl<'a> XdfAnnotations<'a> {
    pub(super) fn of(reader: &'a mut XdfReader) -> Self {
        let last_s = vec![0.0; reader.texts.len()];
        Self { reader, walk: Walk::new(), last_s }
    }
}

impl ReadAnnotations for XdfAnnotations<'_> {
    fn read_more(&mut self, waiting: &mut VecDeque<Annotation>) -> Result<bool, FormatError> {
        let reader = &mut *self.reader;
        let failed = |source| FormatError::Io {
            name: reader.info.name.clone(),
            doing: "read the markers".to_owned(),
            source,
        };
        let (zero_s, zero_clock) = (reader.zero_s, reader.zero_clock);
        let source = &mut reader.source;
        let Some(step) = self.walk.next(source).map_err(failed)? else { return Ok(false) };
        let (Walked::Chunk(chunk) | Walked::Torn { chunk: Some(chunk), .. }) = step else {
            return Ok(true);
        };
        let Some(number) = reader.texts.iter().position(|text| text.id == chunk.stream) else {
            return Ok(true);
        };
        if chunk.tag != Tag::Samples {
            return Ok(true);
        }
        let Some((count, first)) = sample_count(source, chunk).map_err(failed)? else {
            return Ok(true);
        };
        let length = (chunk.end.min(source.length()) - first).min(MAX_CHUNK_BYTES);
        let bytes = source.bytes(first, length as usize, HEAD_BYTES).map_err(failed)?;
        let text = &reader.texts[number];
        let last_s = &mut self.last_s[number];
        let mut strings = Strings { bytes, text, last_s };
        for _ in 0..count {
            let Some((time_s, text)) = strings.next() else { break };
            if !text.is_empty() {
                // On the clock of the stream that is played, counted from its first sample.
                let onset_s = zero_clock.to_own(strings.text.clock.to_common(time_s)) - zero_s;
                waiting.push_back(Annotation {
                    onset_s,
                    duration_s: None,
                    text,
                    written_by_s: None,
                });
            }
        }
        Ok(true)
    }
}

/// The strings of one chunk.
struct Strings<'a> {
    bytes: &'a [u8],
    text: &'a TextStream,
    last_s: &'a mut f64,
}

impl Strings<'_> {
    /// Time and text of the next sample; `None` where the bytes end.
    fn next(&mut self) -> Option<(f64, String)> {
        let time_s = match self.bytes(1)?[0] {
            0 => *self.last_s + self.text.interval_s,
            _ => f64::from_le_bytes(*self.bytes(8)?.first_chunk()?),
        };
        let mut parts = Vec::new();
        for _ in 0..self.text.strings {
            let size = length_bytes(self.bytes(1)?[0])?;
            let length = length_of(self.bytes(size)?);
            parts.push(crate::text::decode(self.bytes(usize::try_from(length).ok()?)?));
        }
        *self.last_s = time_s;
        parts.retain(|part| !part.is_empty());
        Some((time_s, parts.join(", ")))
    }

    fn bytes(&mut self, count: usize) -> Option<&[u8]> {
        let (taken, rest) = self.bytes.split_at_checked(count)?;
        self.bytes = rest;
        Some(taken)
    }
}
