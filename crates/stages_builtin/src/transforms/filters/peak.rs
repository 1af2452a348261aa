//! Peak: keeps a narrow band around one frequency and removes the rest, the opposite of `notch`.
//!
//! One second-order section, `scipy.signal.iirpeak(hz, q)`:
//! `H(z) = (1 - g) (1 - z^-2) / (1 - 2 g cos w0 z^-1 + (2g - 1) z^-2)`, `g = 1 / (1 + tan(w0 / 2q))`, `w0 = 2 pi hz / rate`. Gain 1 at
//! `hz`, -3 dB at the edges of a band `hz / q` wide. It follows changes within about `q / (pi hz)` seconds.

use super::sections::{self, StartFrom};
use crate::dsp;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Keeps a narrow band around one frequency: a flicker response, a rhythm.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PeakDesc {
    /// Centre frequency in Hz, below half the rate.
    pub hz: f64,
    /// Centre frequency over -3 dB bandwidth; higher is narrower and slower to settle.
    #[serde(default = "default_q")]
    pub q: f64,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

const fn default_q() -> f64 {
    10.0
}

impl StageDesc for PeakDesc {
    const KIND: &'static str = "peak";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: 12.0, q: default_q(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        sections::build(inputs, &[("hz", self.hz)], self.init, |rate_hz| {
            Ok(vec![dsp::iirpeak(self.hz, self.q, rate_hz)?])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::gain_db;

    #[test]
    fn keeps_its_frequency_and_little_else() {
        let desc = PeakDesc::example();
        assert!(gain_db(&desc, 1000.0, 12.0).abs() < 0.001);
        // Half power at 12 sqrt(1 + 1/400) +- 0.6 Hz, but for the bend of the bilinear transform.
        for hz in [11.415, 12.615] {
            assert!((gain_db(&desc, 1000.0, hz) + 3.01).abs() < 0.02, "{hz} Hz");
        }
        assert!(gain_db(&desc, 1000.0, 50.0) < -30.0);
    }
}
