//! Writes XDF chunk by chunk, so that the file is whole at every instant.
//!
//! A chunk is written with 0 as its first byte, which no chunk has, and the byte is set when all of it is there. Readers
//! stop at such a byte as at the end of the file, so a chunk cut off by a crash is never taken for a whole one.

use super::chunk::{self, BOUNDARY, MAGIC, Tag};
use super::writer_stream::Stream;
use super::writer_xml::{XdfFormat, XdfStream, file_xml, footer_xml, markers_xml};
use crate::{Gap, GapKind, Target, WriteError};

/// Seconds between boundary chunks.
const BOUNDARY_S: f64 = 10.0;

/// Samples are written when this much has come together.
const CHUNK_S: f64 = 0.5;

/// Bytes after which a chunk is written however short it is.
const CHUNK_BYTES: usize = 1 << 20;

/// Name of the stream of markers.
const MARKERS: &str = "markers";

/// A stream of an [`XdfWriter`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamId(usize);

/// A file being written. Dropping it leaves the file whole, without what had not yet made a chunk.
pub struct XdfWriter<T: Target> {
    target: T,
    /// Length of the whole chunks.
    end: u64,
    streams: Vec<Stream>,
    markers: Stream,
    /// Time of the last boundary, in the streams' time.
    boundary_s: Option<f64>,
    /// Time and offset of the clock, for the footers: 12 KB an hour at one every 5 s.
    offsets: Vec<(f64, f64)>,
    bytes: Vec<u8>,
}

impl<T: Target> std::fmt::Debug for XdfWriter<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("XdfWriter").field("end", &self.end).finish_non_exhaustive()
    }
}

impl<T: Target> XdfWriter<T> {
    /// Begins a file: its header and the stream of markers. `datetime` is when the recording began, as ISO 8601
    /// with its zone: `2026-11-23T10:30:00.250+0100`.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn create(target: T, datetime: &str) -> Result<Self, WriteError> {
        let markers = Stream::new(1, XdfFormat::Int32, 1, 0.0);
        let mut writer = Self {
            target,
            end: 0,
            streams: Vec::new(),
            markers,
            boundary_s: None,
            offsets: Vec::new(),
            bytes: Vec::new(),
        };
        writer.target.write_at(0, MAGIC).map_err(WriteError::io("write the header"))?;
        writer.end = MAGIC.len() as u64;
        writer.write_text(Tag::FileHeader, None, &file_xml(datetime))?;
        writer.write_text(Tag::StreamHeader, Some(1), &markers_xml(MARKERS))?;
        Ok(writer)
    }

    /// Adds a stream; may be called at any time.
    ///
    /// # Errors
    /// [`WriteError::Spec`] for a rate or a number of channels that cannot be, [`WriteError::Io`].
    pub fn add_stream(&mut self, spec: &XdfStream) -> Result<StreamId, WriteError> {
        if !(spec.rate_hz > 0.0 && spec.rate_hz.is_finite()) {
            return Err(WriteError::spec("the rate in Hz", spec.rate_hz, "it must be above 0"));
        }
        if !(1..=9999).contains(&spec.channels.len()) {
            return Err(WriteError::spec(
                "the number of channels",
                spec.channels.len(),
                "a stream has 1 to 9999",
            ));
        }
        let id = self.streams.len() as u32 + 2;
        self.write_text(Tag::StreamHeader, Some(id), &spec.xml())?;
        self.streams.push(Stream::new(id, spec.format, spec.channels.len(), 1.0 / spec.rate_hz));
        Ok(StreamId(self.streams.len() - 1))
    }

    /// Adds frames of codes, interleaved, the first taken at `time_s`, the others one sample interval after each other.
    /// How they are cut into calls makes no difference to the file.
    ///
    /// # Errors
    /// [`WriteError::Misuse`] for a stream of values, [`WriteError::Frames`], and [`WriteError::Io`]: the file is whole,
    /// [`next_index`](Self::next_index) tells how many frames were taken, and the next call tries again to write them.
    pub fn append(
        &mut self,
        stream: StreamId,
        time_s: f64,
        codes: &[i32],
    ) -> Result<(), WriteError> {
        self.take(stream, XdfFormat::Int32, time_s, codes, i32::to_le_bytes)
    }

    /// As [`append`](Self::append), for a stream of values.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn append_values(
        &mut self,
        stream: StreamId,
        time_s: f64,
        values: &[f32],
    ) -> Result<(), WriteError> {
        self.take(stream, XdfFormat::Float32, time_s, values, f32::to_le_bytes)
    }

    fn take<S: Copy>(
        &mut self,
        StreamId(number): StreamId,
        format: XdfFormat,
        time_s: f64,
        samples: &[S],
        bytes: impl Fn(S) -> [u8; 4],
    ) -> Result<(), WriteError> {
        let stream = self.streams.get_mut(number).ok_or(NOT_OURS)?;
        if stream.format != format {
            return Err(WriteError::Misuse(
                "a stream of int32 takes codes, one of float32 takes values",
            ));
        }
        if !samples.len().is_multiple_of(stream.channels) {
            return Err(WriteError::Frames { samples: samples.len(), channels: stream.channels });
        }
        let (channels, interval_s) = (stream.channels, stream.interval_s);
        for (i, frame) in samples.chunks_exact(channels).enumerate() {
            // What could not be written an earlier time comes first; a frame is taken only when there is a place for it.
            self.write_if_due(number)?;
            let stream = self.streams.get_mut(number).ok_or(NOT_OURS)?;
            // One time a chunk, and where it is not one interval after the last.
            let at_s = time_s + i as f64 * interval_s;
            let expected_s = stream.last_s + interval_s;
            let jumps = stream.waiting_count == 0 || (at_s - expected_s).abs() > interval_s / 2.0;
            stream.stamp(jumps.then_some(at_s));
            frame.iter().for_each(|&sample| stream.waiting.extend(bytes(sample)));
        }
        self.write_if_due(number)
    }

    fn write_if_due(&mut self, number: usize) -> Result<(), WriteError> {
        let stream = &self.streams[number];
        let due = f64::from(stream.waiting_count) * stream.interval_s >= CHUNK_S;
        if due || stream.waiting.len() > CHUNK_BYTES {
            let last_s = stream.last_s;
            self.write_waiting(number)?;
            self.boundary_if_due(last_s)?;
        }
        Ok(())
    }

    /// Says that samples of a stream were lost: nothing stands for them, the times of what follows tell, and a marker at
    /// `time_s` says so.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn gap(
        &mut self,
        stream: StreamId,
        time_s: f64,
        count: u64,
        cause: &str,
    ) -> Result<(), WriteError> {
        // A chunk never spans a gap: then its first time and its count tell when it ends.
        if stream.0 < self.streams.len() {
            self.write_waiting(stream.0)?;
        }
        let found = self.streams.get_mut(stream.0).ok_or(NOT_OURS)?;
        let index = found.count + found.lost;
        found.lost += count;
        let gap = Gap { kind: GapKind::Lost, index, count, cause: cause.to_owned() };
        self.marker(time_s, &gap.to_string())
    }

    /// Notes an event. It is written at once.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn marker(&mut self, time_s: f64, text: &str) -> Result<(), WriteError> {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.markers.stamp(Some(time_s));
        self.markers.waiting.push(4);
        self.markers.waiting.extend((clean.len() as u32).to_le_bytes());
        self.markers.waiting.extend(clean.as_bytes());
        self.write_markers()
    }

    /// Notes how far the recorder's clock, which all streams share, is off: `offset_s` is to be added to their times,
    /// measured at `time_s`.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn clock_offset(&mut self, time_s: f64, offset_s: f64) -> Result<(), WriteError> {
        self.offsets.push((time_s, offset_s));
        let ids: Vec<u32> = self.streams.iter().chain([&self.markers]).map(|s| s.id).collect();
        for id in ids {
            chunk::begin(&mut self.bytes, Tag::ClockOffset, Some(id));
            self.bytes.extend(time_s.to_le_bytes());
            self.bytes.extend(offset_s.to_le_bytes());
            self.write_chunk()?;
        }
        Ok(())
    }

    /// Samples of a stream taken so far, lost ones included.
    pub fn next_index(&self, StreamId(number): StreamId) -> u64 {
        self.streams.get(number).map_or(0, |stream| stream.count + stream.lost)
    }

    /// Samples of a stream taken that are not in the file yet.
    pub fn unwritten(&self, StreamId(number): StreamId) -> u64 {
        self.streams.get(number).map_or(0, |stream| u64::from(stream.waiting_count))
    }

    /// Length of the file, bytes.
    pub fn file_bytes(&self) -> u64 {
        self.end
    }

    /// Writes what waits, as chunks.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn flush(&mut self) -> Result<(), WriteError> {
        (0..self.streams.len()).try_for_each(|number| self.write_waiting(number))?;
        self.write_markers()
    }

    /// Writes what waits, and makes all of it outlast a power cut.
    ///
    /// # Errors
    /// [`WriteError::Io`].
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.flush()?;
        self.target.sync().map_err(WriteError::io("write the recording to the disk"))
    }

    /// Where the file is written.
    pub fn target_mut(&mut self) -> &mut T {
        &mut self.target
    }

    /// Writes what waits and the footers, and syncs.
    ///
    /// # Errors
    /// [`WriteError::Io`]; the file then is whole without its end.
    pub fn close(mut self) -> Result<T, WriteError> {
        self.flush()?;
        let footer = |stream: &Stream| {
            let first_s = stream.first_s.unwrap_or(0.0);
            (stream.id, footer_xml(first_s, stream.last_s, stream.count, &self.offsets))
        };
        let footers: Vec<_> = self.streams.iter().chain([&self.markers]).map(footer).collect();
        for (id, xml) in footers {
            self.write_text(Tag::StreamFooter, Some(id), &xml)?;
        }
        self.target.sync().map_err(WriteError::io("write the recording to the disk"))?;
        Ok(self.target)
    }

    fn write_waiting(&mut self, number: usize) -> Result<(), WriteError> {
        let stream = &self.streams[number];
        if stream.waiting_count == 0 {
            return Ok(());
        }
        stream.chunk(&mut self.bytes);
        self.write_chunk()?;
        self.streams[number].written();
        Ok(())
    }

    fn write_markers(&mut self) -> Result<(), WriteError> {
        if self.markers.waiting_count == 0 {
            return Ok(());
        }
        self.markers.chunk(&mut self.bytes);
        self.write_chunk()?;
        self.markers.written();
        Ok(())
    }

    fn boundary_if_due(&mut self, time_s: f64) -> Result<(), WriteError> {
        let since_s = *self.boundary_s.get_or_insert(time_s);
        if time_s - since_s < BOUNDARY_S {
            return Ok(());
        }
        chunk::begin(&mut self.bytes, Tag::Boundary, None);
        self.bytes.extend(BOUNDARY);
        self.write_chunk()?;
        self.boundary_s = Some(time_s);
        Ok(())
    }

    fn write_text(&mut self, tag: Tag, stream: Option<u32>, xml: &str) -> Result<(), WriteError> {
        chunk::begin(&mut self.bytes, tag, stream);
        self.bytes.extend(xml.as_bytes());
        self.write_chunk()
    }

    /// The chunk in `bytes` to the end of the file: all of it, then the byte that makes it one.
    fn write_chunk(&mut self) -> Result<(), WriteError> {
        chunk::finish(&mut self.bytes);
        let mark = std::mem::replace(&mut self.bytes[0], 0);
        let all = self.target.write_at(self.end, &self.bytes);
        if let Err(source) = all.and_then(|()| self.target.write_at(self.end, &[mark])) {
            // What is there of it is no chunk. A disk that refuses this too leaves one that readers stop at.
            let _ = self.target.cut(self.end);
            return Err(WriteError::Io { doing: "write a chunk".to_owned(), source });
        }
        self.end += self.bytes.len() as u64;
        Ok(())
    }
}

/// A stream of another writer.
const NOT_OURS: WriteError = WriteError::Misuse("this stream belongs to another file");

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
