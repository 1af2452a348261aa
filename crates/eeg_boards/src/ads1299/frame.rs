//! From the bytes of a conversion to codes: 24 bits of status, then 24 bits a channel, most significant first (data sheet
//! section 9.4.4.2).

/// The bytes of one chip's conversion.
pub const fn bytes(channels: usize) -> usize {
    3 + 3 * channels
}

/// The 24 status bits: `1100`, the electrodes that are off, the general pins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status(pub u32);

impl Status {
    /// From the first three bytes of a conversion.
    pub const fn from_bytes(bytes: [u8; 3]) -> Self {
        Self(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]))
    }

    /// Whether the four constant bits are there: all the integrity a frame has, for it carries neither count nor checksum.
    pub const fn is_valid(self) -> bool {
        self.0 >> 20 == 0b1100
    }

    /// Positive electrodes that are off, bit 0 for channel 1. Means something only while the comparators are on.
    pub const fn off_positive(self) -> u8 {
        (self.0 >> 12) as u8
    }

    /// Negative electrodes that are off.
    pub const fn off_negative(self) -> u8 {
        (self.0 >> 4) as u8
    }

    /// The four general pins. The order within is not told clearly by the data sheet, and what they read depends on the board.
    pub const fn pins(self) -> u8 {
        (self.0 & 0x0F) as u8
    }
}

/// The code in three bytes: 24-bit two's complement, as an `i32`.
///
/// ```
/// use eeg_boards::ads1299::frame::code;
/// assert_eq!(code([0xFF, 0xFF, 0xFF]), -1);
/// ```
pub const fn code(bytes: [u8; 3]) -> i32 {
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0]) >> 8
}

/// Appends the codes that follow the status of one chip's conversion.
pub fn append_codes(frame: &[u8], codes: &mut Vec<i32>) {
    let (values, _) = frame.get(3..).unwrap_or_default().as_chunks::<3>();
    codes.extend(values.iter().map(|bytes| code(*bytes)));
}

/// Copies `out.len()` bytes that begin at bit `first_bit` of `bits`, most significant first: what a chip sends that is chained
/// behind another, whose data need not begin at a byte. Bits beyond the end are zero.
pub fn copy_bits(bits: &[u8], first_bit: usize, out: &mut [u8]) {
    let (from, shift) = (first_bit / 8, first_bit % 8);
    let at = |n: usize| u16::from(bits.get(n).copied().unwrap_or(0));
    for (n, byte) in out.iter_mut().enumerate() {
        let pair = at(from + n) << 8 | at(from + n + 1);
        *byte = (pair >> (8 - shift)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ads1299::{GAINS, step_uv};

    /// Codes and the bytes that stand for them: data sheet table 9.
    const GOLDEN: [([u8; 3], i32); 6] = [
        ([0x00, 0x00, 0x00], 0),
        ([0x00, 0x00, 0x01], 1),
        ([0xFF, 0xFF, 0xFF], -1),
        ([0xFF, 0xFF, 0xFE], -2),
        ([0x7F, 0xFF, 0xFF], 8_388_607),
        ([0x80, 0x00, 0x00], -8_388_608),
    ];

    /// Full scale and step in microvolts for each gain: equation 8, 4.5 V / gain / 2^23, worked out exactly.
    const STEPS_UV: [(u32, f64, f64); 7] = [
        (1, 4_500_000.0, 0.536_441_802_978_515_6),
        (2, 2_250_000.0, 0.268_220_901_489_257_8),
        (4, 1_125_000.0, 0.134_110_450_744_628_9),
        (6, 750_000.0, 0.089_406_967_163_085_94),
        (8, 562_500.0, 0.067_055_225_372_314_45),
        (12, 375_000.0, 0.044_703_483_581_542_97),
        (24, 187_500.0, 0.022_351_741_790_771_484),
    ];

    #[test]
    fn codes_are_twos_complement() {
        for (bytes, expected) in GOLDEN {
            assert_eq!(code(bytes), expected, "{bytes:02X?}");
        }
    }

    #[test]
    fn every_gain_has_its_exact_step() {
        assert_eq!(STEPS_UV.map(|(gain, ..)| gain), GAINS);
        for (gain, full_scale_uv, step) in STEPS_UV {
            let microvolts = |code: i32| f64::from(code) * step_uv(f64::from(gain));
            assert_eq!(step_uv(f64::from(gain)), step);
            assert_eq!([0, 1, -1, -2].map(microvolts), [0.0, step, -step, -2.0 * step]);
            assert_eq!(microvolts(-8_388_608), -full_scale_uv);
            assert_eq!(microvolts(8_388_607), full_scale_uv - step);
        }
    }

    #[test]
    fn neighbours_of_zero_are_one_step_apart() {
        // Scripts for PiEEG subtract 16777214 from negative codes, so that -1 becomes +1; BrainFlow's driver computes the same
        // without sign, so that it becomes huge; both scale by 2^24, so that everything is half.
        let around = [[0xFF, 0xFF, 0xFE], [0xFF, 0xFF, 0xFF], [0, 0, 0], [0, 0, 1]].map(code);
        assert_eq!(around, [-2, -1, 0, 1]);
        assert_eq!(f64::from(code([0x40, 0, 0])) * step_uv(1.0), 2_250_000.0);
    }

    #[test]
    fn a_gain_that_does_not_divide_4000_is_exact_too() {
        // The kernel's driver of the ADS1298 computes 4000 / 6 in whole numbers: 0.1 % too little.
        assert_eq!(step_uv(6.0) * 6.0, step_uv(1.0));
        assert_eq!(step_uv(12.0) * 12.0, step_uv(1.0));
    }

    #[test]
    fn status_is_judged_by_its_four_constant_bits_alone() {
        // C0 00 08 is what PiEEG boards send: their general pins are outputs. OpenBCI's firmware never looks.
        for good in [[0xC0, 0, 0], [0xC0, 0, 8], [0xCF, 0xF0, 0x0F]] {
            assert!(Status::from_bytes(good).is_valid(), "{good:02X?}");
        }
        for bad in [[0x00, 0, 0], [0xFF, 0xFF, 0xFF], [0x80, 0, 0], [0x60, 0, 0], [0xE0, 0, 0]] {
            assert!(!Status::from_bytes(bad).is_valid(), "{bad:02X?}");
        }
        let status = Status::from_bytes([0xCA, 0x55, 0xA3]);
        assert_eq!(
            (status.off_positive(), status.off_negative(), status.pins()),
            (0xA5, 0x5A, 0x3)
        );
    }

    #[test]
    fn bits_are_copied_from_anywhere() {
        let bits = [0b1010_1100, 0b0101_0011, 0b1111_0000];
        let mut out = [0; 2];
        for first_bit in 0..24 {
            copy_bits(&bits, first_bit, &mut out);
            let bit = |n: usize| bits.get(n / 8).map_or(0, |byte| byte >> (7 - n % 8) & 1);
            for n in 0..16 {
                assert_eq!(out[n / 8] >> (7 - n % 8) & 1, bit(first_bit + n), "{first_bit} {n}");
            }
        }
    }
}
