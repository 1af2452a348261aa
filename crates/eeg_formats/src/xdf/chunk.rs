//! Chunks: a length, a tag, a stream, a content.
//!
//! `[bytes of length: 1, 4 or 8][length][tag: u16][stream: u32, tags 2, 3, 4 and 6][content]`, little-endian; the length
//! counts everything after itself.

/// First bytes of a file.
pub(crate) const MAGIC: &[u8; 4] = b"XDF:";

/// Content of a boundary chunk: where to go on after damage.
pub(crate) const BOUNDARY: [u8; 16] = [
    0x43, 0xA5, 0x46, 0xDC, 0xCB, 0xF5, 0x41, 0x0F, 0xB3, 0x0E, 0xD5, 0x46, 0x73, 0x83, 0xCB, 0xE4,
];

/// What a chunk is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    FileHeader,
    StreamHeader,
    Samples,
    ClockOffset,
    Boundary,
    StreamFooter,
    /// Of a later version, or somebody's own.
    Unknown(u16),
}

impl Tag {
    pub(crate) fn from_number(number: u16) -> Self {
        match number {
            1 => Self::FileHeader,
            2 => Self::StreamHeader,
            3 => Self::Samples,
            4 => Self::ClockOffset,
            5 => Self::Boundary,
            6 => Self::StreamFooter,
            other => Self::Unknown(other),
        }
    }

    pub(crate) fn number(self) -> u16 {
        match self {
            Self::FileHeader => 1,
            Self::StreamHeader => 2,
            Self::Samples => 3,
            Self::ClockOffset => 4,
            Self::Boundary => 5,
            Self::StreamFooter => 6,
            Self::Unknown(number) => number,
        }
    }

    /// Whether its content begins with the number of a stream.
    pub(crate) fn has_stream(self) -> bool {
        matches!(self, Self::StreamHeader | Self::Samples | Self::ClockOffset | Self::StreamFooter)
    }
}

/// Bytes of a length: its own size, then itself. `None` where the first byte is none of 1, 4 and 8.
pub(crate) fn length_bytes(first: u8) -> Option<usize> {
    matches!(first, 1 | 4 | 8).then_some(usize::from(first))
}

/// A length of 1, 4 or 8 bytes.
pub(crate) fn length_of(bytes: &[u8]) -> u64 {
    let mut all = [0; 8];
    all[..bytes.len()].copy_from_slice(bytes);
    u64::from_le_bytes(all)
}

/// Begins a chunk with a length of four bytes, to be set by [`finish`].
pub(super) fn begin(out: &mut Vec<u8>, tag: Tag, stream: Option<u32>) {
    out.clear();
    out.extend([4, 0, 0, 0, 0]);
    out.extend(tag.number().to_le_bytes());
    if let Some(stream) = stream {
        out.extend(stream.to_le_bytes());
    }
}

/// Sets the length of a chunk whose content is complete.
pub(super) fn finish(out: &mut [u8]) {
    let length = (out.len() - 5) as u32;
    out[1..5].copy_from_slice(&length.to_le_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunk_says_its_length() {
        let mut out = vec![9];
        begin(&mut out, Tag::ClockOffset, Some(0x0102));
        out.extend([0; 16]);
        finish(&mut out);
        assert_eq!(out[..11], [4, 22, 0, 0, 0, 4, 0, 2, 1, 0, 0]);
        assert_eq!((length_bytes(4), length_bytes(0), length_bytes(2)), (Some(4), None, None));
        assert_eq!(length_of(&out[1..5]), 22);
        for number in 0..9 {
            assert_eq!(Tag::from_number(number).number(), number);
        }
    }
}
