//! Low-pass: removes what lies above a frequency (Butterworth, causal).
//!
//! `scipy.signal.butter(order, hz, "lowpass", output="sos")`, run as `sosfilt` runs it.

use super::sections::{self, StartFrom, default_order};
use crate::dsp::{Band, butterworth};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Low-pass: removes what lies above a frequency (Butterworth, causal).
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LowpassDesc {
    /// -3 dB edge in Hz, below half the rate.
    pub hz: f64,
    /// Order as `scipy.signal.butter` counts it, 1 to 10.
    #[serde(default = "default_order")]
    pub order: u32,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for LowpassDesc {
    const KIND: &'static str = "lowpass";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: 40.0, order: default_order(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let band = Band::LowPass { hz: self.hz };
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
    fn removes_muscle_and_keeps_alpha() {
        let desc = LowpassDesc::example();
        assert!(gain_db(&desc, 1000.0, 10.0).abs() < 0.01);
        assert!((gain_db(&desc, 1000.0, 40.0) + 3.01).abs() < 0.05);
        assert!((gain_db(&desc, 1000.0, 160.0) + 50.0).abs() < 2.0);
    }
}
