//! The record being filled: frames go in, channel after channel comes out.

use super::writer_plan::ANNOTATION_BYTES;

/// Frames worked on at a time, so that what is read of them stays in the first-level cache.
const TILE_FRAMES: usize = 64;

/// What conversion did to a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Exact,
    Clipped,
    NotANumber,
}

/// How many values conversion could not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Tally {
    pub(super) clipped: u64,
    pub(super) not_numbers: u64,
}

/// A record in the file's own bytes, annotations last.
#[derive(Debug)]
pub(super) struct Record {
    bytes: Vec<u8>,
    /// Bytes of a sample.
    width: usize,
    channels: usize,
    /// Frames in a whole record.
    samples: usize,
    /// Frames in it so far.
    filled: usize,
}

impl Record {
    pub(super) fn new(channels: usize, samples: usize, width: usize) -> Self {
        let bytes = vec![0; samples * channels * width + ANNOTATION_BYTES];
        Self { bytes, width, channels, samples, filled: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn annotations_mut(&mut self) -> &mut [u8] {
        let slot = self.bytes.len() - ANNOTATION_BYTES;
        &mut self.bytes[slot..]
    }

    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == self.samples
    }

    /// Starts over; the bytes are written over as it fills.
    pub(super) fn clear(&mut self) {
        self.filled = 0;
    }

    /// Takes as many frames as there is room for; gives the samples left.
    pub(super) fn put<'s, S: Copy>(
        &mut self,
        samples: &'s [S],
        tally: &mut Tally,
        code: impl Fn(usize, S) -> (i32, Outcome),
    ) -> &'s [S] {
        let frames = (self.samples - self.filled).min(samples.len() / self.channels);
        let (now, later) = samples.split_at(frames * self.channels);
        for tile in now.chunks(TILE_FRAMES * self.channels) {
            if self.width == 3 {
                self.put_tile::<3, S>(tile, tally, &code);
            } else {
                self.put_tile::<2, S>(tile, tally, &code);
            }
        }
        later
    }

    fn put_tile<const N: usize, S: Copy>(
        &mut self,
        tile: &[S],
        tally: &mut Tally,
        code: &impl Fn(usize, S) -> (i32, Outcome),
    ) {
        let frames = tile.len() / self.channels;
        for channel in 0..self.channels {
            let at = (channel * self.samples + self.filled) * N;
            let (places, _) = self.bytes[at..at + frames * N].as_chunks_mut::<N>();
            for (place, frame) in places.iter_mut().zip(tile.chunks_exact(self.channels)) {
                let (code, outcome) = code(channel, frame[channel]);
                tally.clipped += u64::from(outcome == Outcome::Clipped);
                tally.not_numbers += u64::from(outcome == Outcome::NotANumber);
                place.copy_from_slice(&code.to_le_bytes()[..N]);
            }
        }
        self.filled += frames;
    }
}
