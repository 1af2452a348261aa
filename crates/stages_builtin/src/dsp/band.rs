//! From an analogue low-pass prototype to a filter for a band: the part that all classic IIR designs share.
//!
//! Edges are pre-warped by `tan(pi hz / rate)`, so that the digital filter has at each edge exactly the gain that the
//! prototype has at 1 rad/s. As in scipy, a band-pass or band-stop of order N has 2N poles.

use std::f64::consts::PI;

use super::complex::Complex;
use super::design::Zpk;
use super::error::{DesignError, Rule, inside_band};
use super::sos::{Cascade, Sos};

/// What a filter lets through. What the gain is at an edge is the design's: -3 dB for Butterworth.
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

/// Second-order sections of the filter whose low-pass with its edge at 1 rad/s is `prototype`.
///
/// # Errors
/// If an edge is not between 0 and half the rate, the lower edge is not below the upper one, or the band is so extreme
/// that rounding would spoil the filter.
pub(super) fn from_prototype(
    prototype: Zpk,
    band: Band,
    rate_hz: f64,
) -> Result<Vec<Sos>, DesignError> {
    let edge_db = 20.0 * prototype.at(Complex::new(0.0, 1.0)).abs().log10();
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
    match band.edges().find(|(_, hz)| !is_precise(&cascade, *hz, rate_hz, edge_db)) {
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

/// Whether the rounded coefficients still are the filter that was asked for: stable, and within 0.5 dB of the prototype at an edge.
///
/// `1 + a1 + a2` is the squared distance of the poles from z = 1, about `(2 pi hz / rate)^2`: from 1e-16 on f64 loses it.
fn is_precise(cascade: &Cascade, edge_hz: f64, rate_hz: f64, edge_db: f64) -> bool {
    let off_db = (cascade.gain_db(edge_hz, rate_hz) - edge_db).abs();
    // Written so that NaN fails.
    cascade.largest_pole_radius() < 1.0 && off_db < 0.5
}
