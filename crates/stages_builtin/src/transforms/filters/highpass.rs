//! High-pass: removes offset and drift below a frequency (Butterworth, causal).
//!
//! `scipy.signal.butter(order, hz, "highpass", output="sos")`, run as `sosfilt` runs it. Settles in about `1 / hz` seconds.

use super::sections::{self, StartFrom, default_order};
use crate::dsp::{Band, butterworth};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// High-pass: removes offset and drift below a frequency (Butterworth, causal).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HighpassDesc {
    /// -3 dB edge in Hz, below half the rate.
    pub hz: f64,
    /// Order as `scipy.signal.butter` counts it, 1 to 10.
    #[serde(default = "default_order")]
    pub order: u32,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for HighpassDesc {
    const KIND: &'static str = "highpass";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: 0.5, order: default_order(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let band = Band::HighPass { hz: self.hz };
        sections::build(inputs, &[("hz", self.hz)], self.init, |rate_hz| {
            butterworth(self.order, band, rate_hz)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::gain_db;

    #[test]
    fn removes_drift_and_keeps_alpha() {
        let desc = HighpassDesc { hz: 1.0, ..HighpassDesc::example() };
        assert!(gain_db(&desc, 250.0, 10.0).abs() < 0.01);
        assert!((gain_db(&desc, 250.0, 1.0) + 3.01).abs() < 0.05);
        assert!((gain_db(&desc, 250.0, 0.25) + 48.2).abs() < 0.5);
    }
}
