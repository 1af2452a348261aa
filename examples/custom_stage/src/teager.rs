//! Teager-Kaiser energy: large where the signal is both strong and fast, so that spikes stand out.
//!
//! `y[n] = x[n-1]^2 - x[n] x[n-2]` (J. F. Kaiser, "On a simple algorithm to calculate the energy of a signal",
//! ICASSP 1990); for a sine of amplitude A and angular frequency w per sample it is `A^2 sin^2 w`. Comes one sample late.

use plugin_api::{Built, simple_stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Teager-Kaiser energy of the signal, in uV^2.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TeagerDesc {
    /// Multiplies the energy.
    #[serde(default = "one")]
    pub gain: f32,
}

const fn one() -> f32 {
    1.0
}

/// The last two samples of every channel.
#[derive(Debug)]
struct Teager {
    gain: f32,
    past: Vec<[f32; 2]>,
}

simple_stage! {
    TeagerDesc as "teager" => Teager, example: Self { gain: one() }, LINEAR_PHASE: false;
    build(desc, inputs) {
        let input = inputs.microvolts()?;
        let stage = Teager { gain: desc.gain, past: vec![[0.0; 2]; input.channels()] };
        Ok(Built::transform(stage, input, input.clone(), 1.0))
    }
    process(stage, packet, ctx) {
        packet.map_samples(ctx, |uv| {
            for frame in uv.chunks_exact_mut(stage.past.len()) {
                for (x, [x1, x2]) in frame.iter_mut().zip(&mut stage.past) {
                    let energy = *x1 * *x1 - *x * *x2;
                    (*x2, *x1) = (*x1, *x);
                    *x = stage.gain * energy;
                }
            }
        })
    }
    reset(stage) {
        stage.past.fill([0.0; 2]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::StageInitCtx;
    use plugin_api::testing::{Harness, microvolt_spec};

    #[test]
    fn a_sine_has_the_energy_that_kaiser_gives_it() {
        let ctx = StageInitCtx::in_folder(".");
        let mut harness =
            Harness::new(&TeagerDesc { gain: 1.0 }, microvolt_spec(1, 250.0), &ctx).unwrap();
        let w = std::f32::consts::TAU * 10.0 / 250.0;
        let sine: Vec<f32> = (0..500).map(|n| 20.0 * (w * n as f32).sin()).collect();
        let expected = 400.0 * w.sin().powi(2);
        assert!(harness.run(&sine, 50)[2..].iter().all(|y| (y - expected).abs() < 0.01));
    }
}
