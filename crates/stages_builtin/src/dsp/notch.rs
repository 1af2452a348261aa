//! Notch against mains hum, equal to `scipy.signal.iirnotch`.
//!
//! ```text
//!            1 - 2 cos(w0) z^-1 + z^-2
//! H(z) = g --------------------------------------,  g = 1 / (1 + tan(w0 / 2Q)),  w0 = 2 pi hz / rate
//!           1 - 2 g cos(w0) z^-1 + (2 g - 1) z^-2
//! ```
//!
//! (Orfanidis, *Introduction to Signal Processing*, 1996, eq. 11.3.4 to 11.3.7.) The gain is 0 at `hz` and -3 dB at the edges
//! of a band of about `hz / q` around it; the filter rings for about `q / (pi hz)` seconds.

use std::f64::consts::PI;

use super::error::{DesignError, Rule, inside_band, positive, whole_number};
use super::sos::Sos;

/// Most harmonics of one notch.
pub const MAX_HARMONICS: u32 = 64;

/// A notch at `hz` with quality `q` for samples at `rate_hz`: `scipy.signal.iirnotch(hz, q, fs=rate_hz)`.
///
/// # Errors
/// If `hz` is not between 0 and half the rate, or `q` or the rate is not above 0.
pub fn iirnotch(hz: f64, q: f64, rate_hz: f64) -> Result<Sos, DesignError> {
    inside_band("hz", hz, rate_hz)?;
    positive("q", q)?;
    let fraction = 2.0 * hz / rate_hz;
    let width = fraction / q * PI;
    // Beyond this the bandwidth passes half the rate, and tan() with it its pole.
    if width >= PI {
        return Err(DesignError { param: "q", value: q, rule: Rule::Precise { rate_hz } });
    }
    let gain = 1.0 / (1.0 + (width / 2.0).tan());
    let cos = (fraction * PI).cos();
    let section = Sos {
        b0: gain,
        b1: gain * (-2.0 * cos),
        b2: gain,
        a1: -2.0 * gain * cos,
        a2: 2.0 * gain - 1.0,
    };
    // A quality of 1e15 puts the poles on the unit circle.
    if section.a2 < 1.0 {
        Ok(section)
    } else {
        Err(DesignError { param: "q", value: q, rule: Rule::Precise { rate_hz } })
    }
}

/// The opposite of a notch, a peak at `hz`: `scipy.signal.iirpeak(hz, q, fs=rate_hz)`.
///
/// ```text
///              (1 - g) (1 - z^-2)
/// H(z) = --------------------------------------,  g and w0 as for the notch: peak and notch add up to 1
///         1 - 2 g cos(w0) z^-1 + (2 g - 1) z^-2
/// ```
///
/// # Errors
/// As [`iirnotch`].
pub fn iirpeak(hz: f64, q: f64, rate_hz: f64) -> Result<Sos, DesignError> {
    let notch = iirnotch(hz, q, rate_hz)?;
    let b0 = 1.0 - notch.b0;
    Ok(Sos { b0, b1: 0.0, b2: -b0, ..notch })
}

/// Notches at `hz`, `2 hz`, ... `harmonics * hz`, each `iirnotch(k * hz, q)`; `harmonics` of 1 is the fundamental alone.
///
/// The same quality for all, because a mains frequency that is off by 0.1 Hz is off by 0.3 Hz at its third harmonic.
///
/// # Errors
/// As [`iirnotch`]; `harmonics` must be at least 1 and the highest one below half the rate.
pub fn notch(hz: f64, q: f64, harmonics: u32, rate_hz: f64) -> Result<Vec<Sos>, DesignError> {
    inside_band("hz", hz, rate_hz)?;
    let below_nyquist = ((rate_hz / 2.0 / hz).ceil() - 1.0).clamp(1.0, f64::from(MAX_HARMONICS));
    whole_number("harmonics", harmonics, 1, below_nyquist as u32)?;
    (1..=harmonics).map(|k| iirnotch(f64::from(k) * hz, q, rate_hz)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::complex::Complex;
    use super::super::sos::Cascade;
    use super::*;

    #[test]
    fn removes_its_frequency_and_nothing_far_from_it() {
        let filter = Cascade::new(vec![iirnotch(50.0, 30.0, 250.0).unwrap()]);
        assert!(filter.gain_db(50.0, 250.0) < -250.0);
        assert!(filter.gain_db(10.0, 250.0).abs() < 0.01);
        assert!(filter.gain_db(0.0, 250.0).abs() < 1e-12);
    }

    #[test]
    fn a_peak_is_what_the_notch_takes_away() {
        let peak = Cascade::new(vec![iirpeak(10.0, 5.0, 250.0).unwrap()]);
        assert!(peak.gain_db(10.0, 250.0).abs() < 1e-12);
        assert!(peak.gain_db(0.0, 250.0) < -250.0);
        let notch = Cascade::new(vec![iirnotch(10.0, 5.0, 250.0).unwrap()]);
        for hz in [1.0, 9.5, 11.0, 60.0] {
            let sum = peak.response(hz, 250.0) + notch.response(hz, 250.0);
            assert!((sum - Complex::ONE).abs() < 1e-12, "{hz} Hz");
        }
    }

    #[test]
    fn half_power_band_is_frequency_over_q() {
        // At 16 kHz the bilinear transform hardly bends the axis: the edges lie at 60 Hz +- 1 Hz for Q 30.
        let filter = Cascade::new(vec![iirnotch(60.0, 30.0, 16_000.0).unwrap()]);
        let edges = [
            60.0 * ((1.0 + 1.0 / 3600.0_f64).sqrt() - 1.0 / 60.0),
            60.0 * ((1.0 + 1.0 / 3600.0_f64).sqrt() + 1.0 / 60.0),
        ];
        for hz in edges {
            assert!(
                (filter.gain_db(hz, 16_000.0) + 3.0103).abs() < 0.001,
                "{hz} Hz: {} dB",
                filter.gain_db(hz, 16_000.0)
            );
        }
    }

    #[test]
    fn harmonics_stop_below_nyquist() {
        assert_eq!(notch(50.0, 30.0, 2, 250.0).unwrap().len(), 2);
        let err = notch(50.0, 30.0, 3, 250.0).unwrap_err();
        assert_eq!(err.to_string(), "`harmonics` must be a whole number from 1 to 2, not 3");
        // 125 Hz is half the rate itself: not below it.
        assert_eq!(notch(62.5, 30.0, 2, 250.0).unwrap_err().param, "harmonics");
        assert_eq!(notch(50.0, 30.0, 0, 250.0).unwrap_err().param, "harmonics");
        let sections = notch(50.0, 30.0, 2, 250.0).unwrap();
        assert_eq!(sections[1], iirnotch(100.0, 30.0, 250.0).unwrap());
    }

    #[test]
    fn refuses_what_cannot_be() {
        for hz in [0.0, 125.0, -50.0, f64::NAN, f64::INFINITY] {
            assert_eq!(iirnotch(hz, 30.0, 250.0).unwrap_err().param, "hz");
        }
        for q in [0.0, -1.0, f64::NAN, 1e-9, 1e17] {
            assert_eq!(iirnotch(50.0, q, 250.0).unwrap_err().param, "q", "q {q}");
        }
        assert_eq!(iirnotch(50.0, 30.0, f64::NAN).unwrap_err().param, "rate_hz");
    }
}
