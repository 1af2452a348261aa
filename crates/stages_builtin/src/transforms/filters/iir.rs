//! Recursive filter of a chosen design: Butterworth, Chebyshev of either type, or Bessel; any band; causal.
//!
//! `scipy.signal.butter`, `cheby1(order, ripple_db)`, `cheby2(order, stop_db)` or `bessel(order, norm="phase")` with `output="sos"`,
//! run as `sosfilt` runs it: second-order sections in f64. Where the edges lie differs by design: at -3 dB
//! (Butterworth), where the ripple is left at `-ripple_db` (Chebyshev 1), where the stop-band begins at `-stop_db` (Chebyshev 2), or at the
//! middle of the phase (Bessel: -3 to -15 dB, by order). The delay depends on frequency; least so with Bessel.

use super::edges::Edges;
use super::sections::{self, StartFrom, default_order};
use crate::dsp::{bessel, butterworth, chebyshev1, chebyshev2};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Families of filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Design {
    /// Flat in the pass-band.
    Butterworth,
    /// Steeper, with ripple in the pass-band.
    Chebyshev1,
    /// Steeper, with ripple in the stop-band.
    Chebyshev2,
    /// Nearly the same delay for all frequencies: keeps the shape of a wave.
    Bessel,
}

/// Recursive filter of a chosen design (causal); `bandpass` and its like are its Butterworth cases.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IirDesc {
    /// The design: `butterworth`, `chebyshev1`, `chebyshev2` or `bessel`.
    design: Design,
    /// Lower edge in Hz: what lies above it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low_hz: Option<f64>,
    /// Upper edge in Hz, below half the rate: what lies below it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high_hz: Option<f64>,
    /// Removes what lies between both edges instead of keeping it.
    #[serde(default)]
    pub stop: bool,
    /// Order as scipy counts it, 1 to 10; with two edges the filter has twice as many poles.
    #[serde(default = "default_order")]
    pub order: u32,
    /// Ripple of the pass-band in dB, for `chebyshev1`.
    #[serde(default = "default_ripple_db")]
    pub ripple_db: f64,
    /// Attenuation of the stop-band in dB, for `chebyshev2`.
    #[serde(default = "default_stop_db")]
    pub stop_db: f64,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

const fn default_ripple_db() -> f64 {
    0.5
}

const fn default_stop_db() -> f64 {
    40.0
}

impl StageDesc for IirDesc {
    const KIND: &'static str = "iir";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self {
            design: Design::Chebyshev2,
            low_hz: Some(1.0),
            high_hz: Some(40.0),
            stop: false,
            order: default_order(),
            ripple_db: default_ripple_db(),
            stop_db: default_stop_db(),
            init: StartFrom::Step,
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let edges = Edges { low_hz: self.low_hz, high_hz: self.high_hz, stop: self.stop };
        let band = edges.band()?;
        sections::build(inputs, &edges.named(), self.init, |rate_hz| {
            let sections = match self.design {
                Design::Butterworth => butterworth(self.order, band, rate_hz),
                Design::Chebyshev1 => chebyshev1(self.order, self.ripple_db, band, rate_hz),
                Design::Chebyshev2 => chebyshev2(self.order, self.stop_db, band, rate_hz),
                Design::Bessel => bessel(self.order, band, rate_hz),
            };
            sections.map_err(|error| edges.rename(error))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    fn iir(design: Design, low_hz: Option<f64>, high_hz: Option<f64>, stop: bool) -> IirDesc {
        IirDesc { design, low_hz, high_hz, stop, ..IirDesc::example() }
    }

    #[test]
    fn each_design_has_its_own_gain_at_the_edge() {
        for (design, db) in [
            (Design::Butterworth, -3.01),
            (Design::Chebyshev1, -0.5),
            (Design::Chebyshev2, -40.0),
            (Design::Bessel, -7.58),
        ] {
            let gain = gain_db(&iir(design, None, Some(30.0), false), 250.0, 30.0);
            assert!((gain - db).abs() < 0.2, "{design:?}: {gain} dB");
        }
    }

    #[test]
    fn a_stopped_band_is_gone_and_the_rest_is_there() {
        let desc = iir(Design::Chebyshev1, Some(45.0), Some(55.0), true);
        assert!(gain_db(&desc, 250.0, 50.0) < -60.0);
        assert!((-0.51..0.01).contains(&gain_db(&desc, 250.0, 10.0)));
    }

    #[test]
    fn mistakes_bear_the_names_of_the_parameters() {
        let param = |desc: &IirDesc| {
            let ctx = StageInitCtx::in_folder(".");
            let mistakes = Harness::new(desc, microvolt_spec(1, 250.0), &ctx).err().unwrap();
            assert_eq!(mistakes.len(), 1, "{mistakes:?}");
            mistakes[0].param().unwrap().to_owned()
        };
        assert_eq!(param(&iir(Design::Bessel, None, None, false)), "low_hz");
        assert_eq!(param(&iir(Design::Bessel, None, Some(125.0), false)), "high_hz");
        assert_eq!(param(&iir(Design::Bessel, Some(-1.0), None, false)), "low_hz");
        assert_eq!(param(&iir(Design::Bessel, Some(9.0), Some(8.0), true)), "low_hz");
        let ripple = IirDesc { ripple_db: 0.0, ..iir(Design::Chebyshev1, None, Some(9.0), false) };
        assert_eq!(param(&ripple), "ripple_db");
        assert_eq!(param(&IirDesc { stop_db: f64::NAN, ..IirDesc::example() }), "stop_db");
        assert_eq!(param(&IirDesc { order: 11, ..IirDesc::example() }), "order");
    }
}
