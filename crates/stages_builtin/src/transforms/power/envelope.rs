//! Envelope: the amplitude of an oscillation as it changes, by rectifying and smoothing.
//!
//! `y = (pi / 2) sosfilt(butter(order, hz, output="sos"), |x|)`, in f64: the mean of a rectified sine is 2 / pi of its amplitude, so a
//! steady sine comes out as its amplitude. Ripple of twice the signal's frequency f is left, `(hz / 2f)^order * 2/3` of it. The delay is
//! that of the low-pass at 0 Hz (order 2: `0.225 / hz` seconds), and declared. Band-pass the rhythm first.

use super::super::filters::sections::{IirFilter, StartFrom, designed};
use crate::dsp::{Band, Cascade, butterworth};
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, Role, RtPacket, StageCtx, StageDesc, StageImpl,
    StageInitCtx, StageResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::f64::consts::FRAC_PI_2;
use std::sync::Arc;

/// The amplitude of an oscillation as it changes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EnvelopeDesc {
    /// How fast the envelope may change: -3 dB edge of its low-pass in Hz, well below the rhythm itself.
    #[serde(default = "default_hz")]
    pub hz: f64,
    /// Order of the low-pass as `scipy.signal.butter` counts it, 1 to 10.
    #[serde(default = "default_order")]
    pub order: u32,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

const fn default_hz() -> f64 {
    2.0
}

const fn default_order() -> u32 {
    2
}

impl StageDesc for EnvelopeDesc {
    const KIND: &'static str = "envelope";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { hz: default_hz(), order: default_order(), init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let low_pass = Band::LowPass { hz: self.hz };
        let mut sections = designed(inputs, &[("hz", self.hz)], |rate_hz| {
            butterworth(self.order, low_pass, rate_hz)
        })?;
        let input = inputs.only();
        let delay = Cascade::new(sections.clone()).group_delay_samples(0.0, input.rate_hz);
        // The factor goes into the filter, so that samples are rounded once.
        if let Some(first) = sections.first_mut() {
            first.b0 *= FRAC_PI_2;
            first.b1 *= FRAC_PI_2;
            first.b2 *= FRAC_PI_2;
        }
        let smooth = IirFilter::new(sections, input, self.init);
        Ok(Built::transform(Envelope { smooth }, input, input.clone(), delay))
    }
}

#[derive(Debug)]
struct Envelope {
    smooth: IirFilter,
}

impl Lockable for Envelope {}

impl StageImpl for Envelope {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let rectify = |microvolts: &mut [f32]| microvolts.iter_mut().for_each(|x| *x = x.abs());
        self.smooth.process_after(packet, ctx, rectify)
    }

    fn reset(&mut self) {
        self.smooth.reset();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        if let Some(previous) = previous.downcast_mut::<Self>() {
            self.smooth.inherit(&mut previous.smooth);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};

    #[test]
    fn a_sine_comes_out_as_its_amplitude_and_a_change_after_the_declared_delay() {
        let input = microvolt_spec(1, 1000.0);
        let mut stage =
            Harness::new(&EnvelopeDesc::example(), input, &StageInitCtx::in_folder(".")).unwrap();
        let delay_s = stage.output.as_ref().unwrap().delay_s;
        assert!((delay_s - 0.225 / 2.0).abs() < 0.001, "{delay_s} s");
        let sine = |n: usize| {
            // 20 uV of 20 Hz, rising to 40 uV by 1 uV/s after five seconds: a ramp shows the delay.
            let t = n as f64 / 1000.0;
            let amplitude = 20.0 + (t - 5.0).max(0.0);
            (amplitude * (std::f64::consts::TAU * 20.0 * t).sin()) as f32
        };
        let signal: Vec<f32> = (0..20_000).map(sine).collect();
        let out = stage.run(&signal, 40);
        // Whole periods of the ripple, which is 25 samples long.
        let mean = |from: usize| {
            out[from..from + 500].iter().map(|uv| f64::from(*uv)).sum::<f64>() / 500.0
        };
        // 25 samples of a rectified half wave have a mean 0.13 % below 2 / pi.
        assert!((mean(4000) - 20.0).abs() < 0.04, "{}", mean(4000));
        let late_s = 20.0 + (15.2495 - 5.0) - mean(15_000);
        assert!((late_s - delay_s).abs() < 0.05, "{late_s} s late, declared {delay_s} s");
    }
}
