//! Reads an XDF file: its streams by name, its strings as annotations.

use super::annotations::XdfAnnotations;
use super::chunk;
use super::clock::Clock;
use super::found::{Found, Numbers, TextStream};
use super::header::Value;
use super::samples::{Cursor, SampleAt};
use super::source::{READ_BYTES, Source};
use crate::open::ReadSeek;
use crate::recording::Reader;
use crate::{Annotations, Chunk, FormatError, RecordingInfo};

/// An open XDF file.
pub(crate) struct XdfReader {
    pub(super) source: Source,
    pub(super) info: RecordingInfo,
    pub(super) streams: Vec<Numbers>,
    pub(super) texts: Vec<TextStream>,
    /// First sample of the stream that is played when nothing else is asked for, and its clock.
    pub(super) zero_s: f64,
    pub(super) zero_clock: Clock,
}

impl XdfReader {
    pub(crate) fn open(source: Box<dyn ReadSeek>, name: &str) -> Result<Self, FormatError> {
        let failed = |source| FormatError::Io {
            name: name.to_owned(),
            doing: "read its chunks".to_owned(),
            source,
        };
        let mut source = Source::new(source).map_err(failed)?;
        let mut found = Found::default();
        found.walk(&mut source).map_err(failed)?;
        if !found.any_header {
            return Err(FormatError::Text {
                name: name.to_owned(),
                problem: "it is XDF, but describes no stream".to_owned(),
                advice: "it was cut off or is damaged: copy it again from its source",
            });
        }
        Ok(found.into_reader(source, name))
    }
}

impl XdfReader {
    /// Reads samples into place, each through `put(values, frame)`.
    fn read(
        &mut self,
        stream: usize,
        room: usize,
        mut put: impl FnMut(&[u8], usize, &Numbers),
    ) -> Result<Option<Chunk>, FormatError> {
        let name = &self.info.name;
        let failed = |source| FormatError::Io {
            name: name.clone(),
            doing: "read its samples".to_owned(),
            source,
        };
        let numbers = &mut self.streams[stream];
        let form = numbers.form;
        let bytes = form.value.bytes() * form.channels;
        let mut chunk = Chunk { first_index: numbers.cursor.index, lost_before: 0, frames: 0 };
        while chunk.frames < room {
            let next: Option<SampleAt> =
                numbers.cursor.peek(&mut self.source, form).map_err(failed)?;
            let Some(sample) = next else { break };
            if sample.lost > 0 {
                if chunk.frames > 0 {
                    break;
                }
                chunk.lost_before = sample.lost;
                chunk.first_index = chunk.first_index.saturating_add(sample.lost);
            }
            let values = self.source.bytes(sample.values, bytes, READ_BYTES).map_err(failed)?;
            put(values, chunk.frames, numbers);
            numbers.cursor.take(sample);
            chunk.frames += 1;
        }
        numbers.seen.0 = numbers.seen.0.max(numbers.cursor.read);
        numbers.seen.1 = numbers.seen.1.max(numbers.cursor.backwards);
        Ok((chunk.frames > 0).then_some(chunk))
    }
}

impl Reader for XdfReader {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read_codes(&mut self, stream: usize, out: &mut [i32]) -> Result<Option<Chunk>, FormatError> {
        let channels = self.streams[stream].form.channels;
        self.read(stream, out.len() / channels, |values, frame, numbers| {
            let places = &mut out[frame * channels..(frame + 1) * channels];
            let width = numbers.form.value.bytes();
            for (place, bytes) in places.iter_mut().zip(values.chunks_exact(width)) {
                *place = match numbers.form.value {
                    Value::I8 => i32::from(bytes[0] as i8),
                    Value::I16 => i32::from(i16::from_le_bytes([bytes[0], bytes[1]])),
                    _ => chunk::length_of(bytes) as u32 as i32,
                };
            }
        })
    }

    fn read_microvolts(
        &mut self,
        stream: usize,
        out: &mut [f32],
    ) -> Result<Option<Chunk>, FormatError> {
        let channels = self.streams[stream].form.channels;
        self.read(stream, out.len() / channels, |values, frame, numbers| {
            let places = &mut out[frame * channels..(frame + 1) * channels];
            let width = numbers.form.value.bytes();
            let all = places.iter_mut().zip(values.chunks_exact(width)).zip(&numbers.factors);
            for ((place, bytes), factor) in all {
                let bits = chunk::length_of(bytes);
                let value = match numbers.form.value {
                    Value::F32 => f32::from_bits(bits as u32),
                    Value::F64 => f64::from_bits(bits) as f32,
                    _ => bits as i64 as f32,
                };
                *place = if *factor == 1.0 { value } else { value * factor };
            }
        })
    }

    fn rewind(&mut self) -> Result<(), FormatError> {
        for stream in &mut self.streams {
            stream.cursor = Cursor::new();
        }
        Ok(())
    }

    fn warnings_from_reading(&self) -> Vec<String> {
        let backwards: u64 = self.streams.iter().map(|stream| stream.seen.1).sum();
        let mut warnings = Vec::new();
        if backwards > 0 {
            warnings.push(format!("{backwards} samples have a time before the one ahead of them: read as the next sample"));
        }
        warnings
    }

    fn fraction_read(&self, stream: usize) -> f64 {
        let Some(stream) = self.streams.get(stream) else { return 1.0 };
        if stream.frames == 0 { 1.0 } else { stream.cursor.read as f64 / stream.frames as f64 }
    }

    fn buffered_bytes(&self) -> usize {
        self.source.capacity()
    }

    fn annotations(&mut self) -> Annotations<'_> {
        Annotations::of(XdfAnnotations::of(self))
    }
}

#[cfg(test)]
#[path = "reader_tests.rs"]
mod tests;
