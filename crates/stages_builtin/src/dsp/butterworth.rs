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

use super::complex::Complex;
use super::design::Zpk;
use super::error::{DesignError, Rule, inside_band, whole_number};
use super::sos::{Cascade, Sos};

/// Highest order.
pub const MAX_ORDER: u32 = 10;

/// What a filter lets through; edges are where the gain is -3 dB.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Band {
    /// Everything below `hz`.
    LowPass {
        /// Edge.
        hz: f64,
    },
    /// Everything above `hz`.
    HighPass {
        /// Edge.
        hz: f64,
    },
    /// Everything between the edges.
    BandPass {
        /// Lower edge.
        low_hz: f64,
        /// Upper edge.
        high_hz: f64,
    },
    /// Everything but what lies between the edges.
    BandStop {
        /// Lower edge.
        low_hz: f64,
        /// Upper edge.
        high_hz: f64,
    },
}

/// Second-order sections of a Butterworth filter for samples at `rate_hz`.
///
/// # Errors
/// If the order is not 1 to [`MAX_ORDER`], an edge is not between 0 and half the rate, the lower edge is not
/// below the upper one, or the band is so extreme that rounding would spoil the filter.
pub fn butterworth(order: u32, band: Band, rate_hz: f64) -> Result<Vec<Sos>, DesignError> {
    whole_number("order", order, 1, MAX_ORDER)?;
    let prototype = prototype(order);
    // The bilinear transform runs at a nominal rate of 2, where half the rate is 1 and an edge of w becomes 4 tan(pi w / 2).
    let warp =
        |name, hz| Ok(4.0 * (PI * (inside_band(name, hz, rate_hz)? / (rate_hz / 2.0)) / 2.0).tan());
    let warp_pair = |low_hz: f64, high_hz: f64| {
        let (low, high): (f64, f64) = (warp("low_hz", low_hz)?, warp("high_hz", high_hz)?);
        if low < high {
            Ok(((low * high).sqrt(), high - low))
        } else {
            let rule = Rule::Below { other: "high_hz", other_value: high_hz };
            Err(DesignError { param: "low_hz", value: low_hz, rule })
        }
    };
    let analogue = match band {
        Band::LowPass { hz } => prototype.to_low_pass(warp("hz", hz)?),
        Band::HighPass { hz } => prototype.to_high_pass(warp("hz", hz)?),
        Band::BandPass { low_hz, high_hz } => {
            let (centre, width) = warp_pair(low_hz, high_hz)?;
            prototype.to_band_pass(centre, width)
        }
        Band::BandStop { low_hz, high_hz } => {
            let (centre, width) = warp_pair(low_hz, high_hz)?;
            prototype.to_band_stop(centre, width)
        }
    };
    let cascade = Cascade::new(analogue.bilinear(2.0).to_sections());
    match band.edges().find(|(_, hz)| !is_precise(&cascade, *hz, rate_hz)) {
        None => Ok(cascade.sections().to_vec()),
        Some((param, value)) => Err(DesignError { param, value, rule: Rule::Precise { rate_hz } }),
    }
}

impl Band {
    /// Its edges, with the names of their parameters.
    fn edges(self) -> impl Iterator<Item = (&'static str, f64)> {
        let (first, second) = match self {
            Self::LowPass { hz } | Self::HighPass { hz } => (("hz", hz), None),
            Self::BandPass { low_hz, high_hz } | Self::BandStop { low_hz, high_hz } => {
                (("low_hz", low_hz), Some(("high_hz", high_hz)))
            }
        };
        std::iter::once(first).chain(second)
    }
}

/// Poles of the analogue low-pass with its edge at 1 rad/s.
fn prototype(order: u32) -> Zpk {
    let n = i32::try_from(order).expect("the order is at most MAX_ORDER");
    let angles = (0..n).map(|k| (PI * f64::from(2 * k + 1 - n)) * (1.0 / f64::from(2 * n)));
    Zpk { zeros: vec![], poles: angles.map(|angle| -Complex::unit(angle)).collect(), gain: 1.0 }
}

/// Whether the rounded coefficients still are the filter that was asked for: stable, and within 0.5 dB of -3 dB at an edge.
///
/// `1 + a1 + a2` is the squared distance of the poles from z = 1, about `(2 pi hz / rate)^2`: from 1e-16 on f64 loses it.
fn is_precise(cascade: &Cascade, edge_hz: f64, rate_hz: f64) -> bool {
    let off_db = (cascade.gain_db(edge_hz, rate_hz) + 3.0103).abs();
    // Written so that NaN fails.
    cascade.largest_pole_radius() < 1.0 && off_db < 0.5
}

#[cfg(test)]
mod tests {
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
