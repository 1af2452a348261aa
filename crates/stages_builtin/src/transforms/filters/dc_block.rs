//! DC block: takes the electrode offset out with one pole, the gentlest of high-passes.
//!
//! ```text
//! y[n] = g (x[n] - x[n-1]) + r y[n-1],    g = 1 / (1 + t),  r = (1 - t) / (1 + t),  t = tan(pi hz / rate)
//! ```
//!
//! which is `scipy.signal.butter(1, hz, "highpass", output="sos")`: -3 dB at `hz`, 6 dB per octave below, an offset forgotten to
//! 1 % after `4.6 / (2 pi hz)` seconds. Phase leads near `hz` and is flat ten times above it.

use super::sections::{self, StartFrom};
use crate::dsp::{Band, butterworth};
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Takes offset and slow drift out with one pole.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DcBlockDesc {
    /// -3 dB edge in Hz.
    #[serde(default = "default_hz")]
    pub hz: f64,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

const fn default_hz() -> f64 {
    0.1
}

impl StageDesc for DcBlockDesc {
    const KIND: &'static str = "dc_block";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: default_hz(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        sections::build(inputs, &[("hz", self.hz)], self.init, |rate_hz| {
            butterworth(1, Band::HighPass { hz: self.hz }, rate_hz)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    #[test]
    fn the_offset_goes_and_alpha_stays() {
        let desc = DcBlockDesc { hz: 0.5, init: StartFrom::Zero };
        assert!(gain_db(&desc, 250.0, 10.0).abs() < 0.02);
        assert!((gain_db(&desc, 250.0, 0.5) + 3.01).abs() < 0.02);
        // 5 mV decay as e^(-2 pi 0.5 t): to 1 % after 1.466 s.
        let input = microvolt_spec(1, 250.0);
        let mut block = Harness::new(&desc, input, &StageInitCtx::in_folder(".")).unwrap();
        let out = block.run(&[5000.0; 500], 40);
        let at_1_percent = out.iter().position(|uv| *uv < 50.0).unwrap();
        assert!((at_1_percent as f64 / 250.0 - 1.466).abs() < 0.01, "{at_1_percent} samples");
    }
}
