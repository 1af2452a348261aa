//! Butterworth filters, equal to `scipy.signal.butter(order, edges, btype, output="sos", fs=rate_hz)`.
//!
//! The prototype of order N has its poles on the left half of the unit circle,
//!
//! ```text
//! p_k = -e^(j pi m / 2N),  m = -N+1, -N+3 ... N-1,      |H(j w)|^2 = 1 / (1 + w^2N)
//! ```
//!
//! (Butterworth, *Wireless Engineer* 7, 1930, p. 536.) It is moved to the wanted band, with edges pre-warped by
//! `tan(pi hz / rate)`, and taken to the z plane by the bilinear transform: the gain is -3.01 dB at each edge exactly.
//! As in scipy, a band-pass or band-stop of order N has 2N poles.

use std::f64::consts::PI;

pub use super::band::Band;
use super::band::from_prototype;
use super::complex::Complex;
use super::design::Zpk;
use super::error::{DesignError, whole_number};
use super::sos::Sos;

/// Highest order.
pub const MAX_ORDER: u32 = 10;

/// Second-order sections of a Butterworth filter for samples at `rate_hz`.
///
/// # Errors
/// If the order is not 1 to [`MAX_ORDER`], an edge is not between 0 and half the rate, the lower edge is not
/// below the upper one, or the band is so extreme that rounding would spoil the filter.
pub fn butterworth(order: u32, band: Band, rate_hz: f64) -> Result<Vec<Sos>, DesignError> {
    whole_number("order", order, 1, MAX_ORDER)?;
    from_prototype(prototype(order), band, rate_hz)
}

/// Poles of the analogue low-pass with its edge at 1 rad/s.
fn prototype(order: u32) -> Zpk {
    let n = i32::try_from(order).expect("the order is at most MAX_ORDER");
    let angles = (0..n).map(|k| (PI * f64::from(2 * k + 1 - n)) * (1.0 / f64::from(2 * n)));
    Zpk { zeros: vec![], poles: angles.map(|angle| -Complex::unit(angle)).collect(), gain: 1.0 }
}

#[cfg(test)]
mod tests {
    use super::super::error::Rule;
    use super::super::sos::Cascade;
    use super::*;

    fn gain_db(order: u32, band: Band, rate_hz: f64, hz: f64) -> f64 {
        Cascade::new(butterworth(order, band, rate_hz).unwrap()).gain_db(hz, rate_hz)
    }

    #[test]
    fn every_edge_is_at_half_power_for_every_order_and_rate() {
        for order in 1..=MAX_ORDER {
            for rate_hz in [250.0, 4000.0, 16_000.0] {
                let (low_hz, high_hz) = (0.5, 40.0);
                let bands = [
                    (Band::LowPass { hz: 40.0 }, vec![40.0]),
                    (Band::HighPass { hz: 0.5 }, vec![0.5]),
                    (Band::BandPass { low_hz, high_hz }, vec![low_hz, high_hz]),
                    (Band::BandStop { low_hz, high_hz }, vec![low_hz, high_hz]),
                ];
                for (band, edges) in bands {
                    for hz in edges {
                        let db = gain_db(order, band, rate_hz, hz);
                        assert!(
                            (db + 3.0103).abs() < 2e-4,
                            "order {order}, {band:?}, {rate_hz}: {db} dB at {hz} Hz"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn falls_by_six_db_per_octave_and_order() {
        // Far below its edge a high-pass of order N has (hz / edge)^N.
        for order in 1..=MAX_ORDER {
            let db = gain_db(order, Band::HighPass { hz: 1.0 }, 1000.0, 0.125);
            let exact = -10.0 * (1.0 + 8.0_f64.powi(2 * order as i32)).log10();
            assert!((db - exact).abs() < 0.01, "order {order}: {db} dB, not {exact}");
        }
    }

    #[test]
    fn passes_what_it_should_even_at_extreme_ratios() {
        let rate_hz = 16_000.0;
        for order in [1, 2, 4, 10] {
            assert!(gain_db(order, Band::HighPass { hz: 0.05 }, rate_hz, 10.0).abs() < 1e-3);
            assert!(gain_db(order, Band::LowPass { hz: 0.05 }, rate_hz, 0.001).abs() < 2e-3);
            let band = Band::BandPass { low_hz: 0.05, high_hz: 100.0 };
            assert!(gain_db(order, band, rate_hz, 2.236).abs() < 0.01);
        }
    }

    #[test]
    fn a_high_pass_has_an_exact_zero_at_dc() {
        for order in 1..=MAX_ORDER {
            let sections = butterworth(order, Band::HighPass { hz: 0.05 }, 16_000.0).unwrap();
            assert!(sections.iter().any(|s| (s.b0 + s.b1 + s.b2) == 0.0), "order {order}");
            assert_eq!(sections.len(), order.div_ceil(2) as usize);
        }
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        let low_pass = |hz, rate_hz| butterworth(4, Band::LowPass { hz }, rate_hz);
        for hz in [0.0, -1.0, 125.0, 1e9, f64::NAN, f64::INFINITY] {
            assert_eq!(low_pass(hz, 250.0).unwrap_err().param, "hz");
        }
        for rate_hz in [0.0, f64::NAN, f64::INFINITY] {
            assert_eq!(low_pass(1.0, rate_hz).unwrap_err().param, "rate_hz");
        }
        for order in [0, 11, u32::MAX] {
            assert_eq!(
                butterworth(order, Band::LowPass { hz: 1.0 }, 250.0).unwrap_err().param,
                "order"
            );
        }
        let pass = |low_hz, high_hz| {
            butterworth(4, Band::BandPass { low_hz, high_hz }, 250.0).unwrap_err()
        };
        assert_eq!(
            pass(40.0, 1.0).to_string(),
            "`low_hz` must be below `high_hz`, which is 1, not 40"
        );
        assert_eq!(pass(40.0, 40.0).param, "low_hz");
        assert_eq!(pass(1.0, 125.0).param, "high_hz");
        assert_eq!(pass(f64::NAN, 40.0).param, "low_hz");
        assert_eq!(pass(1.0, f64::NAN).param, "high_hz");
    }

    #[test]
    fn refuses_what_rounding_would_spoil() {
        for hz in [1e-5, 1e-12, 1e-300, f64::MIN_POSITIVE] {
            for order in [2, 10] {
                let err = butterworth(order, Band::HighPass { hz }, 16_000.0).unwrap_err();
                assert!(matches!(err.rule, Rule::Precise { .. }), "{hz} Hz, order {order}: {err}");
            }
        }
        let err = butterworth(8, Band::BandPass { low_hz: 10.0, high_hz: 10.0 + 1e-13 }, 250.0)
            .unwrap_err();
        assert_eq!(err.param, "low_hz");
    }
}
