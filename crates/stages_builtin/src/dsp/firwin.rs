//! Linear-phase FIR for any band by windowed sinc, equal to `scipy.signal.firwin(taps, edges, window=, pass_zero=, fs=)`.
//!
//! ```text
//! h[k] = w[k] sum_bands (r sinc(r (k - m)) - l sinc(l (k - m))) / s,    m = (taps - 1) / 2
//! ```
//!
//! with `l` and `r` the edges of each band that passes, as parts of half the rate, and `s` such that the gain is exactly 1 at 0 Hz, at
//! half the rate (high-pass) or in the middle of the band (band-pass). The gain is 1/2 (-6 dB) at each edge. The
//! delay is `m` samples at every frequency.

use std::f64::consts::{PI, TAU};

use super::band::Band;
use super::error::{DesignError, Rule, inside_band};

/// Most taps.
pub const MAX_TAPS: usize = 20_001;

/// How the endless sinc is cut off: the transition is narrow or the stop-band deep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Window {
    /// 53 dB down, transition 3.3 rate / taps wide.
    #[default]
    Hamming,
    /// 44 dB down and falling, transition 3.1 rate / taps wide.
    Hann,
    /// 75 dB down, transition 5.5 rate / taps wide.
    Blackman,
}

impl Window {
    /// The symmetric window at tap `k` of `taps`.
    pub(super) fn at(self, k: usize, taps: usize) -> f64 {
        let turn = TAU * k as f64 / (taps - 1) as f64;
        match self {
            Self::Hamming => 0.54 - 0.46 * turn.cos(),
            Self::Hann => 0.5 - 0.5 * turn.cos(),
            Self::Blackman => 0.42 - 0.5 * turn.cos() + 0.08 * (2.0 * turn).cos(),
        }
    }

    /// Transition width times taps over rate (Oppenheim and Schafer, 3rd ed., table 7.2; as MNE counts it).
    pub const fn transition(self) -> f64 {
        match self {
            Self::Hamming => 3.3,
            Self::Hann => 3.1,
            Self::Blackman => 5.5,
        }
    }
}

/// Symmetric taps; `taps` must be odd, so that the delay is whole samples and a high-pass exists.
///
/// # Errors
/// If `taps` is even or not 3 to [`MAX_TAPS`], an edge is not between 0 and half the rate, or the lower edge not below the upper.
pub fn firwin(
    taps: usize,
    band: Band,
    window: Window,
    rate_hz: f64,
) -> Result<Vec<f64>, DesignError> {
    if taps.is_multiple_of(2) {
        return Err(DesignError { param: "taps", value: taps as f64, rule: Rule::Odd });
    }
    if !(3..=MAX_TAPS).contains(&taps) {
        let rule = Rule::WholeNumber { min: 3, max: MAX_TAPS as u32 };
        return Err(DesignError { param: "taps", value: taps as f64, rule });
    }
    let edge = |param, hz| Ok(inside_band(param, hz, rate_hz)? / (rate_hz / 2.0));
    // The bands that pass, and where the gain is made 1.
    let (bands, unity) = match band {
        Band::LowPass { hz } => (vec![(0.0, edge("hz", hz)?)], 0.0),
        Band::HighPass { hz } => (vec![(edge("hz", hz)?, 1.0)], 1.0),
        Band::BandPass { low_hz, high_hz } => {
            let (low, high): (f64, f64) = (edge("low_hz", low_hz)?, edge("high_hz", high_hz)?);
            (vec![(low, high)], low.midpoint(high))
        }
        Band::BandStop { low_hz, high_hz } => {
            (vec![(0.0, edge("low_hz", low_hz)?), (edge("high_hz", high_hz)?, 1.0)], 0.0)
        }
    };
    if let Band::BandPass { low_hz, high_hz } | Band::BandStop { low_hz, high_hz } = band
        && low_hz >= high_hz
    {
        let rule = Rule::Below { other: "high_hz", other_value: high_hz };
        return Err(DesignError { param: "low_hz", value: low_hz, rule });
    }
    let middle = taps / 2;
    let half: Vec<f64> = (0..=middle)
        .map(|k| {
            let from_middle = k as f64 - middle as f64;
            let ideal = |(left, right): &(f64, f64)| {
                right * sinc(right * from_middle) - left * sinc(left * from_middle)
            };
            window.at(k, taps) * bands.iter().map(ideal).sum::<f64>()
        })
        .collect();
    let gain_at = |k: usize| (PI * unity * (k as f64 - middle as f64)).cos() * half[k];
    let gain = 2.0 * (0..middle).map(gain_at).sum::<f64>() + half[middle];
    // The second half mirrors the first, bit for bit: the phase is exactly linear.
    Ok(half.iter().chain(half[..middle].iter().rev()).map(|h| h / gain).collect())
}

/// `sin(pi x) / (pi x)`, 1 at 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(taps: &[f64], hz: f64, rate_hz: f64) -> f64 {
        let middle = (taps.len() / 2) as f64;
        let angle = TAU * hz / rate_hz;
        taps.iter().enumerate().map(|(k, h)| h * (angle * (k as f64 - middle)).cos()).sum()
    }

    #[test]
    fn one_in_the_band_half_at_its_edges_nothing_outside() {
        let bands = [
            (Band::LowPass { hz: 40.0 }, vec![0.0, 20.0], vec![40.0], vec![60.0, 125.0]),
            (Band::HighPass { hz: 40.0 }, vec![125.0, 60.0], vec![40.0], vec![0.0, 20.0]),
            (
                Band::BandPass { low_hz: 30.0, high_hz: 60.0 },
                vec![45.0],
                vec![30.0, 60.0],
                vec![0.0, 10.0, 80.0, 125.0],
            ),
            (
                Band::BandStop { low_hz: 30.0, high_hz: 60.0 },
                vec![0.0, 10.0, 80.0, 125.0],
                vec![30.0, 60.0],
                vec![45.0],
            ),
        ];
        for window in [Window::Hamming, Window::Hann, Window::Blackman] {
            for (band, pass, half, stop) in &bands {
                let taps = firwin(101, *band, window, 250.0).unwrap();
                assert!(taps.iter().eq(taps.iter().rev()), "not symmetric");
                let near = |hz: &f64, expected: f64, off: f64| {
                    let gain = gain(&taps, *hz, 250.0);
                    assert!(
                        (gain - expected).abs() < off,
                        "{band:?}, {window:?}: {gain} at {hz} Hz"
                    );
                };
                near(&pass[0], 1.0, 0.003);
                pass.iter().for_each(|hz| near(hz, 1.0, 0.005));
                half.iter().for_each(|hz| near(hz, 0.5, 0.005));
                stop.iter().for_each(|hz| near(hz, 0.0, 0.005));
            }
        }
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        let param = |taps, band| firwin(taps, band, Window::Hamming, 250.0).unwrap_err().param;
        let low_pass = Band::LowPass { hz: 40.0 };
        for taps in [0, 1, 100, MAX_TAPS + 2] {
            assert_eq!(param(taps, low_pass), "taps");
        }
        assert_eq!(param(101, Band::LowPass { hz: 125.0 }), "hz");
        assert_eq!(param(101, Band::BandPass { low_hz: 40.0, high_hz: 1.0 }), "low_hz");
        assert_eq!(param(101, Band::BandStop { low_hz: 1.0, high_hz: f64::NAN }), "high_hz");
    }
}
