//! Moving RMS: how strong the signal was over the last moments, muscle tone for one.
//!
//! `y[n] = sqrt((1 / N) sum_{k<N} x[n - k]^2)` with `N = window_s rate`, in f64; before N samples, over those there are.
//! pandas: `(x**2).rolling(N, min_periods=1).mean()**0.5`. The window's middle lies `(N - 1) / 2` samples back, which is the declared
//! delay. An offset counts as power: put `highpass` or `dc_block` before it.

use super::window_frames;
use crate::dsp::MovingMean;
use crate::transforms::continuity::Continuity;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, Role, RtPacket, StageCtx, StageDesc, StageImpl,
    StageInitCtx, StageResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Root of the mean square over the last moments.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RmsDesc {
    /// How far back the mean reaches, in seconds, up to 60.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
}

const fn default_window_s() -> f64 {
    0.25
}

impl StageDesc for RmsDesc {
    const KIND: &'static str = "rms";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { window_s: default_window_s() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let frames = window_frames(self.window_s, input.rate_hz)?;
        let mean = MovingMean::new(frames, input.channels());
        let stage = Rms { mean, continuity: Continuity::new(input, frames as u64) };
        Ok(Built::transform(stage, input, input.clone(), (frames - 1) as f64 / 2.0))
    }
}

#[derive(Debug)]
struct Rms {
    mean: MovingMean,
    continuity: Continuity,
}

impl Lockable for Rms {}

impl StageImpl for Rms {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        self.continuity.map(packet, ctx, &mut self.mean, |mean, microvolts| {
            mean.process(microvolts, |x| x * x, |_, mean| mean.sqrt());
        })
    }

    fn reset(&mut self) {
        self.mean.reset();
        self.continuity.restart();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        if let Some(previous) = previous.downcast_mut::<Self>() {
            let same = self.mean.window() == previous.mean.window();
            self.mean.inherit(&mut previous.mean);
            self.continuity.inherit(&previous.continuity, same);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn rms(window_s: f64) -> Harness {
        let ctx = StageInitCtx::in_folder(".");
        Harness::new(&RmsDesc { window_s }, microvolt_spec(1, 1000.0), &ctx).unwrap()
    }

    #[test]
    fn a_sine_has_its_amplitude_over_the_root_of_two() {
        let sine = |n: usize| 100.0 * (std::f64::consts::TAU * 10.0 * n as f64 / 1000.0).sin();
        let signal: Vec<f32> = (0..1000).map(|n| sine(n) as f32).collect();
        // Windows of whole periods from the first one on.
        let out = rms(0.2).run(&signal, 33);
        assert!(out[199..].iter().all(|uv| (uv - 70.710_68).abs() < 1e-3));
    }

    #[test]
    fn muscle_that_stops_is_gone_after_the_window() {
        let mut signal = vec![50.0_f32; 300];
        signal.extend([0.0; 300]);
        let out = rms(0.1).run(&signal, 40);
        assert!((out[349] - 50.0 * 0.5_f32.sqrt()).abs() < 1e-4, "half of the window");
        assert!(out[399..].iter().all(|uv| *uv == 0.0));
    }
}
