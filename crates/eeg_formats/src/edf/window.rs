//! The one buffer between the file and the samples: whole records, or slices of a record that is too long.

use super::layout::Layout;
use crate::open::ReadSeek;
use std::io::{self, SeekFrom};

/// Most bytes held. Records above it are read in slices, channel by channel, so that a file whose whole
/// recording is one record takes no more memory than any other.
const WINDOW_BYTES: u64 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Nothing,
    /// Whole records.
    Records {
        first: u64,
        count: u64,
    },
    /// Frames of one stream within one record, channel after channel.
    Slice {
        stream: usize,
        record: u64,
        first_frame: u64,
        frames: u64,
    },
}

/// What of the file is in memory.
#[derive(Debug)]
pub(super) struct Window {
    bytes: Vec<u8>,
    held: Held,
}

/// Where to find frames in the window.
#[derive(Debug, Clone, Copy)]
pub(super) struct View {
    /// Frames from the one asked for to the end of what is held, within its record.
    pub(super) frames: u64,
    /// First byte of the frame asked for: of the record, or of the first channel in a slice.
    start: usize,
    /// Bytes from one channel to the next in a slice; `None` where the record's own layout holds.
    slice_stride: Option<usize>,
}

impl View {
    /// First byte of a channel, for the frame asked for.
    pub(super) fn channel_start(&self, channel: usize, offset_in_record: u64) -> usize {
        match self.slice_stride {
            Some(stride) => self.start + channel * stride,
            None => self.start + offset_in_record as usize,
        }
    }
}

impl Window {
    pub(super) fn new() -> Self {
        Self { bytes: Vec::new(), held: Held::Nothing }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Makes sure that a frame is in memory, and as many after it as fit.
    pub(super) fn load(
        &mut self,
        source: &mut dyn ReadSeek,
        layout: &Layout,
        stream: usize,
        record: u64,
        frame: u64,
    ) -> io::Result<View> {
        if layout.record_bytes > WINDOW_BYTES {
            return self.load_slice(source, layout, stream, record, frame);
        }
        self.load_records(source, layout, record)?;
        let Held::Records { first, .. } = self.held else {
            unreachable!("load_records has just set it")
        };
        let start = (record - first) * layout.record_bytes + frame * layout.sample_bytes as u64;
        let frames = layout.streams[stream].samples_per_record - frame;
        Ok(View { frames, start: start as usize, slice_stride: None })
    }

    fn load_records(
        &mut self,
        source: &mut dyn ReadSeek,
        layout: &Layout,
        record: u64,
    ) -> io::Result<()> {
        if let Held::Records { first, count } = self.held
            && (first..first + count).contains(&record)
        {
            return Ok(());
        }
        let count = (WINDOW_BYTES / layout.record_bytes).min(layout.records - record);
        self.fill(source, count * layout.record_bytes, |source, bytes| {
            source.seek(SeekFrom::Start(layout.record_start(record)))?;
            source.read_exact(bytes)
        })?;
        self.held = Held::Records { first: record, count };
        Ok(())
    }

    fn load_slice(
        &mut self,
        source: &mut dyn ReadSeek,
        layout: &Layout,
        stream: usize,
        record: u64,
        frame: u64,
    ) -> io::Result<View> {
        let width = layout.sample_bytes as u64;
        let StreamView { offsets, samples_per_record } = StreamView::of(layout, stream);
        let in_slice = |held: Held| match held {
            Held::Slice { stream: s, record: r, first_frame, frames }
                if s == stream && r == record =>
            {
                (first_frame..first_frame + frames)
                    .contains(&frame)
                    .then_some((first_frame, frames))
            }
            _ => None,
        };
        if in_slice(self.held).is_none() {
            let frames = (WINDOW_BYTES / (offsets.len() as u64 * width))
                .clamp(1, samples_per_record - frame);
            let channel_bytes = (frames * width) as usize;
            self.fill(source, channel_bytes as u64 * offsets.len() as u64, |source, bytes| {
                for (offset, part) in offsets.iter().zip(bytes.chunks_exact_mut(channel_bytes)) {
                    source.seek(SeekFrom::Start(
                        layout.record_start(record) + offset + frame * width,
                    ))?;
                    source.read_exact(part)?;
                }
                Ok(())
            })?;
            self.held = Held::Slice { stream, record, first_frame: frame, frames };
        }
        let (first_frame, frames) =
            in_slice(self.held).expect("the slice was loaded to hold this frame");
        let ahead = frame - first_frame;
        Ok(View {
            frames: frames - ahead,
            start: (ahead * width) as usize,
            slice_stride: Some((frames * width) as usize),
        })
    }

    fn fill(
        &mut self,
        source: &mut dyn ReadSeek,
        length: u64,
        read: impl FnOnce(&mut dyn ReadSeek, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        self.held = Held::Nothing;
        let length = length as usize;
        if self.bytes.len() < length {
            self.bytes.reserve_exact(length - self.bytes.len());
            self.bytes.resize(length, 0);
        }
        read(source, &mut self.bytes[..length])
    }

    /// Bytes at the start of a span in a record, if the record is in memory.
    pub(super) fn record_part(
        &self,
        layout: &Layout,
        record: u64,
        offset: u64,
        length: u64,
    ) -> Option<&[u8]> {
        let Held::Records { first, count } = self.held else { return None };
        if !(first..first + count).contains(&record) {
            return None;
        }
        let start = ((record - first) * layout.record_bytes + offset) as usize;
        self.bytes.get(start..start + length as usize)
    }
}

/// The parts of a stream's layout that a slice needs.
struct StreamView<'a> {
    offsets: &'a [u64],
    samples_per_record: u64,
}

impl<'a> StreamView<'a> {
    fn of(layout: &'a Layout, stream: usize) -> Self {
        let stream = &layout.streams[stream];
        Self { offsets: &stream.channel_offsets, samples_per_record: stream.samples_per_record }
    }
}
