//! An open recording: what it holds, its samples in blocks, its annotations.

use crate::filler::Filler;
use crate::{Annotations, Chunk, Format, FormatError, RecordingInfo, SampleBlock, SampleKind};

/// What each format implements. Positions are kept per stream, so streams may be read in turn.
pub(crate) trait Reader: Send {
    fn info(&self) -> &RecordingInfo;
    fn read_codes(&mut self, stream: usize, out: &mut [i32]) -> Result<Option<Chunk>, FormatError>;
    fn read_microvolts(
        &mut self,
        stream: usize,
        out: &mut [f32],
    ) -> Result<Option<Chunk>, FormatError>;
    fn rewind(&mut self) -> Result<(), FormatError>;
    /// What reading has shown to be odd since the header was read.
    fn warnings_from_reading(&self) -> Vec<String>;
    fn fraction_read(&self, stream: usize) -> f64;
    fn buffered_bytes(&self) -> usize;
    fn annotations(&mut self) -> Annotations<'_>;
}

/// An open recording. Memory does not grow with its length.
pub struct Recording {
    reader: Box<dyn Reader>,
    /// Where a stream is made up, once it is to be left out.
    filler: Option<Filler>,
}

impl std::fmt::Debug for Recording {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recording").field("info", self.info()).finish_non_exhaustive()
    }
}

impl Recording {
    pub(crate) fn new(reader: Box<dyn Reader>) -> Self {
        Self { reader, filler: None }
    }

    /// What the recording holds.
    pub fn info(&self) -> &RecordingInfo {
        self.reader.info()
    }

    /// All that is odd about the recording: what the header showed, and what reading has shown so far (gaps
    /// that run backwards, rows that could not be read). Complete once everything has been read.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.info().warnings.clone();
        warnings.extend(self.reader.warnings_from_reading());
        warnings
    }

    /// From now on leaves out of a stream what was never measured: where a recording declares that filler stands for lost
    /// samples, the index jumps instead, and padding at the end is not there. Reads all annotations once, and goes back
    /// to the first sample.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn leave_out_filler(&mut self, stream: usize) -> Result<(), FormatError> {
        self.filler = match self.info().format {
            Format::EdfPlusContinuous | Format::BdfPlusContinuous => {
                Some(Filler::declared(stream, self.reader.annotations())?)
            }
            // Nothing stands for what was lost.
            _ => None,
        };
        self.rewind()
    }

    /// Reads the next frames of a stream, at most `max_frames`, into `block`, replacing what it held.
    ///
    /// Stops early at a gap, so that the frames of a block follow each other; the next block then says how
    /// many samples were lost. `None` at the end. Allocates only when the block has to grow.
    ///
    /// # Errors
    /// When there is no such stream or `max_frames` is 0, and when the source cannot be read.
    pub fn read(
        &mut self,
        stream: usize,
        max_frames: usize,
        block: &mut SampleBlock,
    ) -> Result<Option<Chunk>, FormatError> {
        let info =
            self.info().streams.get(stream).ok_or_else(|| no_such_stream(self.info(), stream))?;
        let (kind, channels) = (info.sample_kind, info.channels.len());
        if max_frames == 0 {
            return Err(FormatError::BufferTooSmall {
                name: self.info().name.clone(),
                stream,
                channels,
                room: 0,
            });
        }
        // Not more than the stream has: `usize::MAX` means "all of it" and must not be allocated.
        let frames_left =
            info.frames.map_or(max_frames, |n| usize::try_from(n).unwrap_or(usize::MAX).max(1));
        let samples =
            max_frames.min(frames_left).min(MAX_BLOCK_SAMPLES / channels.max(1)) * channels;
        block.kind = kind;
        block.channels = channels;
        let (codes, microvolts) = match kind {
            SampleKind::Codes => (samples, 0),
            SampleKind::Microvolts => (0, samples),
        };
        block.codes.resize(codes, 0);
        block.microvolts.resize(microvolts, 0.0);
        let chunk = match kind {
            SampleKind::Codes => self.codes(stream, channels, &mut block.codes),
            SampleKind::Microvolts => self.reader.read_microvolts(stream, &mut block.microvolts),
        };
        let frames = chunk.as_ref().map_or(0, |chunk| chunk.map_or(0, |chunk| chunk.frames));
        if frames > 0 {
            block.codes.truncate(frames * channels);
            block.microvolts.truncate(frames * channels);
        } else {
            block.codes.clear();
            block.microvolts.clear();
        }
        chunk
    }

    /// Reads the next codes of a stream into `out`, interleaved `[frame][channel]`, as many whole frames as
    /// fit, stopping early at a gap. `None` at the end. Never allocates once reading has begun.
    ///
    /// # Errors
    /// When there is no such stream, it holds microvolts, or `out` has no room for one frame; and when the
    /// source cannot be read.
    pub fn read_codes(
        &mut self,
        stream: usize,
        out: &mut [i32],
    ) -> Result<Option<Chunk>, FormatError> {
        let channels = self.check(stream, SampleKind::Codes, out.len())?;
        self.codes(stream, channels, out)
    }

    fn codes(
        &mut self,
        stream: usize,
        channels: usize,
        out: &mut [i32],
    ) -> Result<Option<Chunk>, FormatError> {
        match &mut self.filler {
            Some(filler) if filler.stream == stream => {
                let room = out.len() / channels;
                filler.read(room, |frames| {
                    self.reader.read_codes(stream, &mut out[..frames * channels])
                })
            }
            _ => self.reader.read_codes(stream, out),
        }
    }

    /// As [`read_codes`](Self::read_codes), for a stream of microvolts.
    ///
    /// # Errors
    /// When there is no such stream, it holds codes, or `out` has no room for one frame; and when the source
    /// cannot be read.
    pub fn read_microvolts(
        &mut self,
        stream: usize,
        out: &mut [f32],
    ) -> Result<Option<Chunk>, FormatError> {
        self.check(stream, SampleKind::Microvolts, out.len())?;
        self.reader.read_microvolts(stream, out)
    }

    /// Number of channels, if the stream can be read like this.
    fn check(&self, stream: usize, kind: SampleKind, room: usize) -> Result<usize, FormatError> {
        let info = self.info();
        let name = || info.name.clone();
        let found = info.streams.get(stream).ok_or_else(|| no_such_stream(info, stream))?;
        if found.sample_kind != kind {
            let (holds, instead) = match found.sample_kind {
                SampleKind::Codes => ("codes", "read_codes"),
                SampleKind::Microvolts => ("microvolts", "read_microvolts"),
            };
            return Err(FormatError::SampleKind { name: name(), stream, holds, instead });
        }
        let channels = found.channels.len();
        if room < channels {
            return Err(FormatError::BufferTooSmall { name: name(), stream, channels, room });
        }
        Ok(channels)
    }

    /// Goes back to the first sample of every stream.
    ///
    /// # Errors
    /// When the source cannot seek.
    pub fn rewind(&mut self) -> Result<(), FormatError> {
        if let Some(filler) = &mut self.filler {
            filler.rewind();
        }
        self.reader.rewind()
    }

    /// How much of a stream has been read, 0 to 1. For text, the share of the file's bytes.
    pub fn fraction_read(&self, stream: usize) -> f64 {
        self.reader.fraction_read(stream)
    }

    /// Bytes held by the buffers behind this recording: at most a few MiB, however long it is.
    pub fn buffered_bytes(&self) -> usize {
        self.reader.buffered_bytes()
    }

    /// The annotations in the order of the file, read as the iterator goes. Does not move the samples'
    /// position. OpenBCI text has none.
    pub fn annotations(&mut self) -> Annotations<'_> {
        self.reader.annotations()
    }
}

/// Most samples in one block, whatever is asked for: 4 Mi, 16 MiB of codes.
const MAX_BLOCK_SAMPLES: usize = 1 << 22;

fn no_such_stream(info: &RecordingInfo, stream: usize) -> FormatError {
    match info.pick_stream(Some(&stream.to_string())) {
        Err(error) => error,
        // A stream may be named `2`; a number beyond the end is still no stream.
        Ok(_) => FormatError::NoSuchStream {
            name: info.name.clone(),
            asked: stream.to_string(),
            available: format!("{} streams", info.streams.len()),
        },
    }
}
