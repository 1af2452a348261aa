//! A factor: other units, turned polarity, a correction from a calibration.
//!
//! `y[n] = factor * x[n]`, in f64, rounded once. No delay.

use plugin_api::{Built, ConfigError, simple_stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Multiplies every channel by a factor.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GainDesc {
    /// The factor; -1 turns the polarity round.
    pub factor: f64,
}

#[derive(Debug)]
struct Gain(f64);

simple_stage! {
    GainDesc as "gain" => Gain, example: Self { factor: 2.0 };
    build(desc, inputs) {
        let input = inputs.microvolts()?;
        ConfigError::require(desc.factor.is_finite(), "factor", "a finite number", desc.factor)?;
        Ok(Built::same(Gain(desc.factor), input))
    }
    process(stage, packet, ctx) {
        packet.map_samples(ctx, |microvolts| {
            for x in microvolts {
                *x = (stage.0 * f64::from(*x)) as f32;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::StageInitCtx;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    #[test]
    fn a_factor_of_ten_is_twenty_decibels_at_every_frequency() {
        for hz in [0.5, 10.0, 100.0] {
            assert!((gain_db(&GainDesc { factor: -10.0 }, 250.0, hz) - 20.0).abs() < 1e-6);
        }
    }

    #[test]
    fn no_number_is_no_factor() {
        for factor in [f64::NAN, f64::INFINITY] {
            let built = Harness::new(
                &GainDesc { factor },
                microvolt_spec(1, 250.0),
                &StageInitCtx::in_folder("."),
            );
            assert_eq!(built.err().unwrap()[0].param(), Some("factor"));
        }
    }
}
