//! From the file's channel after channel to frames: little-endian codes, interleaved.

/// Frames worked on at a time, so that the rows written stay in the first-level cache.
const TILE_FRAMES: usize = 64;

/// Bytes of one channel that start at `starts(channel)` go to `out`, interleaved `[frame][channel]`.
///
/// `out` holds whole frames; there is one channel for each place in a frame.
pub(super) fn interleave(
    bytes: &[u8],
    sample_bytes: usize,
    channels: usize,
    starts: impl Fn(usize) -> usize,
    out: &mut [i32],
) {
    if sample_bytes == 3 {
        tiles::<3>(bytes, channels, starts, out, |b| {
            i32::from_le_bytes([0, b[0], b[1], b[2]]) >> 8
        });
    } else {
        tiles::<2>(bytes, channels, starts, out, |b| i32::from(i16::from_le_bytes(b)));
    }
}

fn tiles<const N: usize>(
    bytes: &[u8],
    channels: usize,
    starts: impl Fn(usize) -> usize,
    out: &mut [i32],
    code: impl Fn([u8; N]) -> i32,
) {
    for (tile, rows) in out.chunks_mut(TILE_FRAMES * channels).enumerate() {
        let frames = rows.len() / channels;
        for channel in 0..channels {
            let from = starts(channel) + tile * TILE_FRAMES * N;
            let (samples, _) = bytes[from..from + frames * N].as_chunks::<N>();
            for (row, &sample) in rows.chunks_exact_mut(channels).zip(samples) {
                row[channel] = code(sample);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_bits_with_sign() {
        let mut out = [0; 4];
        interleave(&[1, 0, 0xFF, 0xFF, 0, 0x80, 0xFF, 0x7F], 2, 2, |c| c * 4, &mut out);
        assert_eq!(out, [1, -32768, -1, 32767]);
    }

    #[test]
    fn twenty_four_bits_with_sign_over_several_tiles() {
        let frames = 2 * TILE_FRAMES + 5;
        let code = |channel: usize, frame: usize| {
            (frame as i32 * 60_000 - 8_000_000) * if channel == 1 { -1 } else { 1 }
        };
        let mut bytes = Vec::new();
        for channel in 0..3 {
            for frame in 0..frames {
                bytes.extend(&code(channel, frame).to_le_bytes()[..3]);
            }
        }
        let mut out = vec![0; 3 * frames];
        interleave(&bytes, 3, 3, |c| c * frames * 3, &mut out);
        for (i, &found) in out.iter().enumerate() {
            assert_eq!(found, code(i % 3, i / 3), "sample {i}");
        }
    }
}
