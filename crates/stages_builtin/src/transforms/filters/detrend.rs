//! Detrend: subtracts the mean of the last seconds, so that the baseline is 0 whatever the electrode does.
//!
//! `y[n] = x[n] - (1 / N) sum_{k<N} x[n - k]` with `N = window_s rate`, in f64; before N samples, over those there are (so the first
//! sample becomes 0). pandas: `x - x.rolling(N, min_periods=1).mean()`. A FIR high-pass: -3 dB near `0.32 / window_s` Hz above which it
//! ripples by less than 2 dB around 1; no delay at `k / window_s` Hz. A step is forgotten after the window, to the last bit. A retune goes
//! on with the samples that the old window still has, and takes those before it for absent.

use crate::dsp::{Fir, MovingMean};
use crate::transforms::continuity::Continuity;
use crate::transforms::response::Response;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, Role, RtPacket, StageCtx, StageDesc, StageImpl,
    StageInitCtx, StageResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

use super::super::power::window_frames;

/// Subtracts the mean of the last seconds.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DetrendDesc {
    /// How far back the mean reaches, in seconds, up to 60.
    #[serde(default = "default_window_s")]
    pub window_s: f64,
}

const fn default_window_s() -> f64 {
    1.0
}

impl StageDesc for DetrendDesc {
    const KIND: &'static str = "detrend";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { window_s: default_window_s() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let frames = window_frames(self.window_s, input.rate_hz)?;
        let mean = MovingMean::new(frames, input.channels());
        let mut taps = vec![-1.0 / frames as f64; frames];
        taps[0] += 1.0;
        let response = Response { filter: Fir::new(taps), rate_hz: input.rate_hz };
        let stage = Detrend { mean, continuity: Continuity::new(input, frames as u64) };
        Ok(Built::same(stage, input).with_response(response))
    }
}

#[derive(Debug)]
struct Detrend {
    mean: MovingMean,
    continuity: Continuity,
}

impl Lockable for Detrend {}

impl StageImpl for Detrend {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        self.continuity.map(packet, ctx, &mut self.mean, |mean, microvolts| {
            mean.process(microvolts, |x| x, |x, mean| x - mean);
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
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    fn detrend(window_s: f64) -> Result<Harness, Vec<ConfigError>> {
        let ctx = StageInitCtx::in_folder(".");
        Harness::new(&DetrendDesc { window_s }, microvolt_spec(1, 100.0), &ctx)
    }

    #[test]
    fn a_step_of_the_electrode_is_forgotten_after_the_window() {
        let mut stage = detrend(0.5).unwrap();
        let mut signal = vec![187_000.0_f32; 100];
        signal.extend([-5000.0; 100]);
        let out = stage.run(&signal, 7);
        assert!(out[..100].iter().all(|uv| *uv == 0.0));
        assert_eq!(out[100], -192_000.0 * 49.0 / 50.0);
        assert!(out[149..].iter().all(|uv| *uv == 0.0), "{:?}", &out[145..155]);
    }

    #[test]
    fn gain_is_one_at_multiples_of_the_windows_rate() {
        let desc = DetrendDesc { window_s: 0.5 };
        assert!(gain_db(&desc, 100.0, 2.0).abs() < 1e-4);
        assert!(gain_db(&desc, 100.0, 0.05) < -20.0);
    }

    #[test]
    fn a_gap_starts_it_anew() {
        let mut stage = detrend(0.5).unwrap();
        let _ = stage.feed(&[100.0; 60], Flags::NONE).unwrap();
        let settled = stage.feed(&[100.0; 10], Flags::NONE).unwrap().unwrap();
        assert!(!settled.header.flags.contains(Flags::SETTLING));
        let after = stage.feed(&[700.0; 10], Flags::GAP).unwrap().unwrap();
        assert!(after.microvolts.iter().all(|uv| *uv == 0.0));
        assert!(after.header.flags.contains(Flags::SETTLING));
    }

    #[test]
    fn windows_that_make_no_sense_are_refused() {
        for window_s in [0.0, -1.0, 61.0, 0.001, f64::NAN] {
            assert_eq!(detrend(window_s).err().unwrap()[0].param(), Some("window_s"), "{window_s}");
        }
    }
}
