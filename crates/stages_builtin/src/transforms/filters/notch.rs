//! Mains notch: removes one frequency, and its harmonics if asked, and leaves the rest.
//!
//! Each harmonic k is one second-order section, `scipy.signal.iirnotch(k * hz, q)`:
//! `H(z) = b (1 - 2 cos w0 z^-1 + z^-2) / (1 - 2 b cos w0 z^-1 + (2b - 1) z^-2)`, `b = 1 / (1 + tan(w0 / 2q))`,
//! `w0 = 2 pi k hz / rate`. It rings for about `q / (pi hz)` seconds.

use super::sections::{self, StartFrom};
use crate::dsp;
use plugin_api::{Built, ConfigError, Inputs, Role, StageDesc, StageInitCtx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Removes one frequency, usually the mains at 50 or 60 Hz.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotchDesc {
    /// Centre frequency in Hz, below half the rate.
    pub hz: f64,
    /// Centre frequency over -3 dB bandwidth; higher is narrower and slower to settle.
    #[serde(default = "default_q")]
    pub q: f64,
    /// How many multiples of the frequency to remove, itself included.
    #[serde(default = "one")]
    pub harmonics: u32,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

const fn default_q() -> f64 {
    30.0
}

const fn one() -> u32 {
    1
}

impl StageDesc for NotchDesc {
    const KIND: &'static str = "notch";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: 50.0, q: default_q(), harmonics: one(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let design = |rate_hz| dsp::notch(self.hz, self.q, self.harmonics, rate_hz);
        sections::build(inputs, &[("hz", self.hz)], self.init, design)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    #[test]
    fn removes_mains_and_keeps_alpha() {
        let desc = NotchDesc { harmonics: 2, ..NotchDesc::example() };
        assert!(gain_db(&desc, 250.0, 50.0) < -60.0);
        assert!(gain_db(&desc, 250.0, 100.0) < -60.0);
        assert!(gain_db(&desc, 250.0, 10.0).abs() < 0.05);
    }

    #[test]
    fn refuses_what_no_filter_can_be_made_of() {
        let ctx = StageInitCtx::in_folder(".");
        let refused = |hz, q, harmonics| {
            let desc = NotchDesc { hz, q, harmonics, init: StartFrom::Step };
            let errors = Harness::new(&desc, microvolt_spec(1, 250.0), &ctx).err().unwrap();
            assert_eq!(errors.len(), 1, "{errors:?}");
            errors[0].param().unwrap().to_owned()
        };
        for hz in [0.0, 125.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(refused(hz, 30.0, 1), "hz");
        }
        assert_eq!(refused(50.0, 0.0, 1), "q");
        assert_eq!(refused(50.0, 30.0, 3), "harmonics");
    }
}
