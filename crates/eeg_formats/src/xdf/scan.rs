//! From chunk to chunk through a file that may be damaged or cut off.

use super::chunk::{BOUNDARY, Tag, length_bytes, length_of};
use super::source::{HEAD_BYTES, Source};
use std::io;

/// Tags that a chunk not known here may have; anything above is taken for damage.
const HIGHEST_TAG: u16 = 255;

/// Length of a clock offset: two numbers.
const OFFSET_BYTES: u64 = 16;

/// Where a chunk lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkAt {
    pub(crate) start: u64,
    pub(crate) tag: Tag,
    /// 0 where the tag has no stream.
    pub(crate) stream: u32,
    /// First byte after the tag and the stream.
    pub(crate) content: u64,
    pub(crate) end: u64,
}

/// One step through the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walked {
    Chunk(ChunkAt),
    /// Bytes that are no chunk; it goes on after the boundary that follows them.
    Damage {
        from: u64,
        to: u64,
    },
    /// The file ends inside a chunk, whose head is known if it was written. Nothing follows.
    Torn {
        from: u64,
        chunk: Option<ChunkAt>,
    },
}

/// Goes from chunk to chunk.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Walk {
    at: u64,
}

impl Walk {
    /// From the first chunk.
    pub(crate) fn new() -> Self {
        Self { at: super::MAGIC.len() as u64 }
    }

    pub(crate) fn next(&mut self, source: &mut Source) -> io::Result<Option<Walked>> {
        let from = self.at;
        if from >= source.length() {
            return Ok(None);
        }
        let head = head(source, from)?;
        if let Some(chunk) = head
            && chunk.end <= source.length()
            && is_plausible(source, chunk)?
        {
            self.at = chunk.end;
            return Ok(Some(Walked::Chunk(chunk)));
        }
        if let Some(to) = source.after_boundary(from)? {
            self.at = to;
            return Ok(Some(Walked::Damage { from, to }));
        }
        self.at = source.length();
        let chunk = head.filter(|chunk| chunk.end > source.length());
        Ok(Some(Walked::Torn { from, chunk }))
    }
}

/// The head of a chunk, if these bytes can be one.
fn head(source: &mut Source, start: u64) -> io::Result<Option<ChunkAt>> {
    let bytes = source.bytes(start, 15, HEAD_BYTES)?;
    let parsed = || {
        let size = length_bytes(*bytes.first()?)?;
        let length = length_of(bytes.get(1..1 + size)?);
        let after = 1 + size;
        let tag = Tag::from_number(u16::from_le_bytes(*bytes.get(after..)?.first_chunk()?));
        let (stream, head) = if tag.has_stream() {
            (u32::from_le_bytes(*bytes.get(after + 2..)?.first_chunk()?), 6)
        } else {
            (0, 2)
        };
        let end = start.checked_add(after as u64)?.checked_add(length)?;
        let known = !matches!(tag, Tag::Unknown(number) if number == 0 || number > HIGHEST_TAG);
        let content = start + (after + head) as u64;
        (known && length >= head as u64).then_some(ChunkAt { start, tag, stream, content, end })
    };
    Ok(parsed())
}

/// Whether the content is of the form that the tag asks for, as far as a few bytes tell.
fn is_plausible(source: &mut Source, chunk: ChunkAt) -> io::Result<bool> {
    let length = chunk.end - chunk.content;
    Ok(match chunk.tag {
        Tag::Boundary => source.bytes(chunk.content, BOUNDARY.len(), HEAD_BYTES)? == BOUNDARY,
        Tag::ClockOffset => length == OFFSET_BYTES,
        Tag::Samples => sample_count(source, chunk)?.is_some(),
        _ => true,
    })
}

/// Samples that a chunk announces, and where the first begins.
pub(super) fn sample_count(source: &mut Source, chunk: ChunkAt) -> io::Result<Option<(u64, u64)>> {
    let bytes = source.bytes(chunk.content, 9, HEAD_BYTES)?;
    let count = bytes.first().and_then(|&first| length_bytes(first)).and_then(|size| {
        Some((length_of(bytes.get(1..1 + size)?), chunk.content + 1 + size as u64))
    });
    // Every sample has at least the byte that says whether its time follows.
    Ok(count.filter(|&(count, first)| first <= chunk.end && count <= chunk.end - first))
}
