//! The chip's own noise, inputs shorted, by gain and rate (data sheet tables 1 to 4).

use super::settings::{Gain, Rate};

/// Microvolts rms at 250 samples a second, in the order of [`Gain::ALL`].
const AT_250_SPS_UV: [f64; 7] = [1.08, 0.57, 0.31, 0.23, 0.20, 0.16, 0.14];
/// At 16000 samples a second quantisation is added: what grows with the input range, and what does not.
const AT_16000_SPS_UV: (f64, f64) = (21.7, 1.39);

/// Microvolts rms, referred to the input: as the square root of the rate, but at the highest.
pub fn rms_uv(gain: Gain, rate: Rate) -> f64 {
    if rate == Rate::Sps16000 {
        let (range, floor) = AT_16000_SPS_UV;
        return (range / f64::from(gain.value())).hypot(floor);
    }
    AT_250_SPS_UV[gain as usize] * (f64::from(rate.sps()) / 250.0).sqrt()
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
}
