//! A run of frames without a gap, and where it lies in the recording.

use crate::SampleKind;

/// Where the frames just read lie in their stream. They follow each other without a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// Index of the first frame, counted from 0 at the start of the recording, lost samples included.
    pub first_index: u64,
    /// Samples lost between the frame read before this one and the first frame here; 0 at the start.
    pub lost_before: u64,
    /// Number of frames.
    pub frames: usize,
}

/// A buffer that is filled again and again: once it has grown to the size asked for, it stays there.
#[derive(Debug, Clone, Default)]
pub struct SampleBlock {
    /// Codes, interleaved `[frame][channel]`; empty for a stream of microvolts.
    pub codes: Vec<i32>,
    /// Microvolts, interleaved `[frame][channel]`; empty for a stream of codes.
    pub microvolts: Vec<f32>,
    /// Which of the two is filled.
    pub kind: SampleKind,
    /// Samples in a frame.
    pub channels: usize,
}

impl SampleBlock {
    /// An empty block. It allocates when it is first filled.
    pub fn new() -> Self {
        Self::default()
    }

    /// Codes of one frame, or an empty slice where there is no such frame.
    pub fn frame_codes(&self, frame: usize) -> &[i32] {
        frame_of(&self.codes, self.channels, frame)
    }

    /// Microvolts of one frame, or an empty slice where there is no such frame.
    pub fn frame_microvolts(&self, frame: usize) -> &[f32] {
        frame_of(&self.microvolts, self.channels, frame)
    }
}

fn frame_of<T>(samples: &[T], channels: usize, frame: usize) -> &[T] {
    samples.get(frame * channels..(frame + 1) * channels).unwrap_or(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_interleaved() {
        let block = SampleBlock { codes: vec![1, 2, 3, 4], channels: 2, ..SampleBlock::new() };
        assert_eq!(block.frame_codes(1), [3, 4]);
        assert!(block.frame_codes(2).is_empty());
        assert!(block.frame_microvolts(0).is_empty());
    }
}
