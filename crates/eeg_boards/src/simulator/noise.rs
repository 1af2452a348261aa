//! The chip's own noise, by gain and rate: data sheet tables 1 to 4, inputs shorted.

use crate::ads1299::settings::{Gain, Rate};

/// Microvolts rms at 250 samples a second, in the order of [`Gain::ALL`].
const AT_250_SPS_UV: [f64; 7] = [1.08, 0.57, 0.31, 0.23, 0.20, 0.16, 0.14];
/// At 16000 samples a second quantisation is added: what grows with the input range, and what does not.
const AT_16000_SPS_UV: (f64, f64) = (21.7, 1.39);

/// Microvolts rms, referred to the input: as the square root of the rate, but at the highest.
pub(super) fn rms_uv(gain: Gain, rate: Rate) -> f64 {
    if rate == Rate::Sps16000 {
        let (range, floor) = AT_16000_SPS_UV;
        return (range / f64::from(gain.value())).hypot(floor);
    }
    AT_250_SPS_UV[gain as usize] * (f64::from(rate.sps()) / 250.0).sqrt()
}

/// A number with a mean of 0 and an rms of 1 that depends on where it is alone: the sum of the four parts of a hash
/// (splitmix64, Steele et al. 2014), nearly Gaussian.
pub(super) fn unit(seed: u64, channel: u64, sample: u64) -> f64 {
    let mut x = seed
        .wrapping_add(channel.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add(sample.wrapping_mul(0xD1B5_4A32_D192_ED03));
    x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^= x >> 31;
    let sum = (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48);
    (sum as f64 - 131_070.0) / (65_536.0 / 3.0_f64.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_that_of_the_data_sheet() {
        // Tables 1 to 4: gain, rate, microvolts rms.
        let table = [
            (Gain::X24, Rate::Sps250, 0.14),
            (Gain::X24, Rate::Sps500, 0.20),
            (Gain::X24, Rate::Sps1000, 0.28),
            (Gain::X24, Rate::Sps2000, 0.40),
            (Gain::X24, Rate::Sps4000, 0.56),
            (Gain::X24, Rate::Sps8000, 0.80),
            (Gain::X24, Rate::Sps16000, 1.66),
            (Gain::X12, Rate::Sps500, 0.23),
            (Gain::X12, Rate::Sps4000, 0.65),
            (Gain::X12, Rate::Sps16000, 2.27),
            (Gain::X1, Rate::Sps250, 1.08),
            (Gain::X1, Rate::Sps16000, 21.7),
        ];
        for (gain, rate, expected) in table {
            let rms = rms_uv(gain, rate);
            assert!((rms / expected - 1.0).abs() < 0.03, "{gain:?} {rate:?}: {rms}");
        }
    }

    #[test]
    fn unit_noise_is_white_and_of_unit_power() {
        let x: Vec<f64> = (0..100_000).map(|n| unit(1, 3, n)).collect();
        let mean = x.iter().sum::<f64>() / 1e5;
        let power = x.iter().map(|x| x * x).sum::<f64>() / 1e5;
        let next = x.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (power - 1.0).abs() < 0.02 && next.abs() < 0.01);
        let other = (0..100_000).map(|n| unit(1, 4, n) * x[n as usize]).sum::<f64>() / 1e5;
        assert!(other.abs() < 0.01);
    }
}
