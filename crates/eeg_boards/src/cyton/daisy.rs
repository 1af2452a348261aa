//! Sixteen channels from two packets: odd counters carry channels 1 to 8, even ones channels 9 to 16 of the daisy.
//!
//! Both chips convert 250 times a second, together. The firmware sends the mean of two successive conversions, of one chip in this packet
//! and of the other in the next, so that each channel has 125 values a second and channels 9 to 16 are 4 ms younger than
//! 1 to 8 in the same frame (firmware 3.1, `updateBoardData`, `updateDaisyData`). Two packets make a frame only when nothing is missing
//! between them: halves of different frames are never joined.

use super::packet::CHANNELS;

/// Waits for the other half.
#[derive(Debug, Clone, Copy, Default)]
pub struct Pairing {
    half: Option<(u64, [i32; CHANNELS])>,
}

impl Pairing {
    /// Takes packet `n`, whose lowest bit is that of its counter. The frame's number and its codes when this completes one.
    pub fn join(&mut self, n: u64, codes: [i32; CHANNELS]) -> Option<(u64, [i32; 2 * CHANNELS])> {
        if !n.is_multiple_of(2) {
            self.half = Some((n, codes));
            return None;
        }
        let (first_n, first) = self.half.take()?;
        if first_n + 1 != n {
            return None;
        }
        let mut frame = [0; 2 * CHANNELS];
        frame[..CHANNELS].copy_from_slice(&first);
        frame[CHANNELS..].copy_from_slice(&codes);
        Some((first_n / 2, frame))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_join_only_with_their_neighbour() {
        // BrainFlow joins by parity alone: after a loss, halves of different frames.
        let mut pairing = Pairing::default();
        let mut join = |n: u64| {
            pairing.join(n, [n as i32; 8]).map(|(frame, codes)| (frame, codes[0], codes[8]))
        };
        // The first even one has no other half: its values are invalid anyway.
        assert_eq!([join(0), join(1), join(2)], [None, None, Some((0, 1, 2))]);
        // 4 and 5 are lost: 3 must not be joined with 6.
        assert_eq!([join(3), join(6), join(7), join(8)], [None, None, None, Some((3, 7, 8))]);
        // 10 is lost: 9 gives way to 11.
        assert_eq!([join(9), join(11), join(12)], [None, None, Some((5, 11, 12))]);
    }
}
