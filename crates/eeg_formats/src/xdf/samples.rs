//! Where the next sample of a stream is, and what it says.

use super::Tag;
use super::header::Value;
use super::scan::{ChunkAt, Walk, Walked, sample_count};
use super::source::{READ_BYTES, Source};
use std::io;

/// A step in the time stamps of a stream that drops no samples is jitter unless it is longer than this: as pyxdf.
const BREAK_S: f64 = 1.0;
const BREAK_SAMPLES: f64 = 500.0;

/// How a stream's samples lie in its chunks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    pub(super) id: u32,
    pub(super) value: Value,
    pub(super) channels: usize,
    pub(super) rate_hz: f64,
    pub(super) can_drop_samples: bool,
}

impl Form {
    pub(super) fn sample_bytes(self) -> usize {
        self.value.bytes() * self.channels
    }

    /// Whether a chunk can hold so many samples: each has a byte, eight more for its time or not, and its values.
    pub(super) fn fits(self, count: u64, bytes: u64) -> bool {
        let Some(least) = count.checked_mul(1 + self.sample_bytes() as u64) else { return false };
        bytes.checked_sub(least).is_some_and(|times| times % 8 == 0 && times / 8 <= count)
    }

    /// Samples missing between two that are `step_s` apart.
    fn lost_in(self, step_s: f64) -> u64 {
        let longest_jitter_s =
            if self.can_drop_samples { 0.0 } else { BREAK_S.max(BREAK_SAMPLES / self.rate_hz) };
        if !step_s.is_finite() || step_s <= longest_jitter_s {
            return 0;
        }
        // A cast from f64 stays within the integer's range.
        ((step_s * self.rate_hz).round() as u64).saturating_sub(1)
    }
}

/// A place in a stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor {
    walk: Walk,
    /// Next sample of the chunk at hand, samples left in it, and its end.
    at: u64,
    left: u64,
    end: u64,
    /// Time of the sample before.
    last_s: Option<f64>,
    pub(super) index: u64,
    pub(super) read: u64,
    pub(super) backwards: u64,
}

/// Where a sample is.
#[derive(Debug, Clone, Copy)]
pub(super) struct SampleAt {
    /// First byte of its values.
    pub(super) values: u64,
    /// Samples missing before it.
    pub(super) lost: u64,
    time_s: f64,
    end: u64,
}

impl Cursor {
    pub(super) fn new() -> Self {
        Self {
            walk: Walk::new(),
            at: 0,
            left: 0,
            end: 0,
            last_s: None,
            index: 0,
            read: 0,
            backwards: 0,
        }
    }

    /// The next sample, which stays the next one until it is [`taken`](Self::take). `None` at the end.
    pub(super) fn peek(&mut self, source: &mut Source, form: Form) -> io::Result<Option<SampleAt>> {
        loop {
            while self.left == 0 {
                if !self.next_chunk(source, form)? {
                    return Ok(None);
                }
            }
            let head = source.bytes(self.at, 9, READ_BYTES)?;
            let (time_s, values) = match head {
                [0, ..] => (None, self.at + 1),
                [_, time @ ..] if time.len() == 8 => {
                    (time.first_chunk().map(|time| f64::from_le_bytes(*time)), self.at + 9)
                }
                _ => (None, u64::MAX),
            };
            let end = values.saturating_add(form.sample_bytes() as u64);
            if end > self.end {
                // The chunk is damaged, or the file ends in this sample: the next chunk may be sound.
                self.left = 0;
                continue;
            }
            let step_s = match (time_s, self.last_s) {
                (Some(time_s), Some(last_s)) => time_s - last_s,
                _ => 0.0,
            };
            let lost = form.lost_in(step_s);
            let deduced_s = self.last_s.map_or(0.0, |last_s| last_s + 1.0 / form.rate_hz);
            return Ok(Some(SampleAt { values, lost, time_s: time_s.unwrap_or(deduced_s), end }));
        }
    }

    /// Goes past a sample.
    pub(super) fn take(&mut self, sample: SampleAt) {
        self.backwards += u64::from(self.last_s.is_some_and(|last_s| sample.time_s < last_s));
        self.at = sample.end;
        self.left -= 1;
        self.last_s = Some(sample.time_s);
        self.index = self.index.saturating_add(sample.lost).saturating_add(1);
        self.read += 1;
    }

    /// To the next chunk of the stream.
    fn next_chunk(&mut self, source: &mut Source, form: Form) -> io::Result<bool> {
        while let Some(step) = self.walk.next(source)? {
            let chunk = match step {
                Walked::Chunk(chunk) | Walked::Torn { chunk: Some(chunk), .. } => chunk,
                Walked::Damage { .. } | Walked::Torn { chunk: None, .. } => continue,
            };
            if let Some((first, count)) = samples_of(source, form, chunk)? {
                self.at = first;
                self.left = count;
                self.end = chunk.end.min(source.length());
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// First sample and number of samples of a chunk, if it is of this stream and sound.
pub(super) fn samples_of(
    source: &mut Source,
    form: Form,
    chunk: ChunkAt,
) -> io::Result<Option<(u64, u64)>> {
    if chunk.tag != Tag::Samples || chunk.stream != form.id {
        return Ok(None);
    }
    let Some((count, first)) = sample_count(source, chunk)? else { return Ok(None) };
    Ok(form.fits(count, chunk.end - first).then_some((first, count)))
}

/// Whole samples of a chunk that the file ends in.
pub(super) fn whole_samples(
    source: &mut Source,
    form: Form,
    mut at: u64,
    count: u64,
) -> io::Result<u64> {
    let mut whole = 0;
    while whole < count {
        let Some(&first) = source.bytes(at, 1, READ_BYTES)?.first() else { break };
        at += if first == 0 { 1 } else { 9 } + form.sample_bytes() as u64;
        if at > source.length() {
            break;
        }
        whole += 1;
    }
    Ok(whole)
}
