//! Linear-phase low-pass by windowed sinc, equal to `scipy.signal.firwin(taps, cutoff_hz, window=("kaiser", beta), fs=rate_hz)`.
//!
//! ```text
//! h[k] = sinc(c (k - m)) w[k] / sum,   c = cutoff / (rate / 2),   m = (taps - 1) / 2
//! w[k] = I0(beta sqrt(1 - ((k - m) / m)^2)) / I0(beta)
//! ```
//!
//! The sum makes the gain at 0 Hz exactly 1. Kaiser's formulas (*Nonrecursive digital filter design using the I0-sinh window
//! function*, ISCAS 1974; Oppenheim and Schafer, 3rd ed., section 7.6) turn an attenuation and a transition width into
//! `beta` and a length. The delay is `(taps - 1) / 2` samples at every frequency.

use std::f64::consts::PI;

use super::error::{DesignError, Rule, inside_band};

/// Symmetric taps of a low-pass with gain 1/2 at `cutoff_hz`; `taps` must be odd, so that the delay is whole samples.
///
/// # Errors
/// If `taps` is even, the cut-off is not between 0 and half the rate, or `beta` is negative or no number.
pub fn firwin_lowpass_kaiser(
    taps: usize,
    cutoff_hz: f64,
    beta: f64,
    rate_hz: f64,
) -> Result<Vec<f64>, DesignError> {
    if taps.is_multiple_of(2) {
        return Err(DesignError { param: "taps", value: taps as f64, rule: Rule::Odd });
    }
    if !(0.0..=700.0).contains(&beta) {
        return Err(DesignError { param: "beta", value: beta, rule: Rule::Positive });
    }
    let cutoff = inside_band("cutoff_hz", cutoff_hz, rate_hz)? / (rate_hz / 2.0);
    let middle = taps / 2;
    let half: Vec<f64> = (0..=middle)
        .map(|k| {
            let from_middle = (middle - k) as f64;
            let along = if middle == 0 { 0.0 } else { from_middle / middle as f64 };
            cutoff * sinc(cutoff * from_middle) * bessel_i0(beta * (1.0 - along * along).sqrt())
                / bessel_i0(beta)
        })
        .collect();
    let sum = 2.0 * half[..middle].iter().sum::<f64>() + half[middle];
    // The second half mirrors the first, bit for bit: the phase is exactly linear.
    Ok(half.iter().chain(half[..middle].iter().rev()).map(|h| h / sum).collect())
}

/// Shape of the window that attenuates by `attenuation_db` (above 50): `scipy.signal.kaiser_beta`.
pub fn kaiser_beta(attenuation_db: f64) -> f64 {
    0.1102 * (attenuation_db - 8.7)
}

/// Taps, less one, that reach `attenuation_db` within a transition `width` (1 = half the sampling rate).
pub fn kaiser_length(attenuation_db: f64, width: f64) -> f64 {
    (attenuation_db - 7.95) / (2.285 * width * PI)
}

/// `sin(pi x) / (pi x)`, 1 at 0.
fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) }
}

/// Modified Bessel function of the first kind, order 0: `sum (x/2)^2k / k!^2`, every term positive, so nothing cancels.
fn bessel_i0(x: f64) -> f64 {
    let square = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON / 4.0 {
        term *= square / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_agrees_with_its_table() {
        // Abramowitz and Stegun, table 9.8.
        for (x, i0) in [
            (0.0, 1.0),
            (1.0, 1.266_065_877_752_008_4),
            (5.0, 27.239_871_823_604_442),
            (10.0, 2_815.716_628_466_254),
        ] {
            assert!((bessel_i0(x) / i0 - 1.0).abs() < 1e-14, "I0({x}) = {}", bessel_i0(x));
        }
    }

    #[test]
    fn gain_is_one_at_dc_and_half_at_the_cutoff() {
        let taps = firwin_lowpass_kaiser(101, 30.0, kaiser_beta(80.0), 250.0).unwrap();
        assert!((taps.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        let at_cutoff: f64 = taps
            .iter()
            .enumerate()
            .map(|(k, h)| h * (2.0 * PI * 30.0 / 250.0 * (k as f64 - 50.0)).cos())
            .sum();
        assert!((at_cutoff - 0.5).abs() < 1e-3, "{at_cutoff}");
        assert!(taps.iter().eq(taps.iter().rev()), "not symmetric");
    }

    #[test]
    fn refuses_what_cannot_be() {
        let param = |taps, cutoff, beta, rate| {
            firwin_lowpass_kaiser(taps, cutoff, beta, rate).unwrap_err().param
        };
        assert_eq!(param(100, 30.0, 8.0, 250.0), "taps");
        assert_eq!(param(0, 30.0, 8.0, 250.0), "taps");
        assert_eq!(param(101, 125.0, 8.0, 250.0), "cutoff_hz");
        assert_eq!(param(101, f64::NAN, 8.0, 250.0), "cutoff_hz");
        assert_eq!(param(101, 30.0, f64::NAN, 250.0), "beta");
        assert_eq!(param(101, 30.0, 8.0, 0.0), "rate_hz");
        assert_eq!(firwin_lowpass_kaiser(1, 30.0, 8.0, 250.0).unwrap(), [1.0]);
    }
}
