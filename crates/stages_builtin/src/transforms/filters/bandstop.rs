//! Band-stop: removes what lies between two frequencies (Butterworth, causal).
//!
//! `scipy.signal.butter(order, [low_hz, high_hz], "bandstop", output="sos")`, run as `sosfilt` runs it. For mains alone,
//! `notch` is narrower and settles sooner.

use super::sections::{self, StartFrom, default_order};
use crate::dsp::{Band, butterworth};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Band-stop: removes what lies between two frequencies (Butterworth, causal).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BandstopDesc {
    /// Lower -3 dB edge in Hz.
    pub low_hz: f64,
    /// Upper -3 dB edge in Hz, below half the rate.
    pub high_hz: f64,
    /// Order as `scipy.signal.butter` counts it, 1 to 10; the filter has twice as many poles.
    #[serde(default = "default_order")]
    pub order: u32,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for BandstopDesc {
    const KIND: &'static str = "bandstop";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { low_hz: 45.0, high_hz: 55.0, order: default_order(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let band = Band::BandStop { low_hz: self.low_hz, high_hz: self.high_hz };
        sections::build(
            inputs,
            &[("low_hz", self.low_hz), ("high_hz", self.high_hz)],
            self.init,
            |rate_hz| butterworth(self.order, band, rate_hz),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::gain_db;

    #[test]
    fn removes_the_band_and_keeps_the_rest() {
        let desc = BandstopDesc::example();
        assert!(gain_db(&desc, 250.0, 50.0) < -80.0);
        assert!((gain_db(&desc, 250.0, 45.0) + 3.01).abs() < 0.05);
        assert!(gain_db(&desc, 250.0, 10.0).abs() < 0.01);
    }
}
