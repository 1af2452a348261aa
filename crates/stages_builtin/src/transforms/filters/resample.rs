//! Another rate, higher or lower, in a ratio of whole numbers: 250 to 256 samples/s, 1000 to 250.
//!
//! `scipy.signal.upfirdn(taps, x, up, down)` with `to / rate = up / down` in lowest terms (`resample_poly` with the same filter, but for its
//! shift): a polyphase Kaiser low-pass, flat to 0.8 of half the lower rate, at least 80 dB down from half the lower rate on. The delay is
//! the same at every frequency, whole samples of the new rate, and declared. By whole factors `downsample` costs less. Another rate is another
//! stream: such a change starts it anew.

use super::sections::{StartFrom, config_error};
use crate::dsp::{Resampler, ResamplerState};
use crate::transforms::continuity::{Continuity, Memory};
use plugin_api::{
    Built, ConfigError, Flags, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket,
    StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Changes the rate in any ratio of whole numbers up to 4000, anti-aliased by at least 80 dB.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResampleDesc {
    /// New rate in Hz.
    pub to: f64,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for ResampleDesc {
    const KIND: &'static str = "resample";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self { to: 256.0, init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let fits = self.to > 0.0 && self.to.is_finite();
        ConfigError::require(fits, "to", "a rate above 0 Hz", self.to)?;
        let wrong =
            |message: String| ConfigError::ParamForInput { param: "to".to_owned(), message };
        let Some((up, down)) = ratio(self.to / input.rate_hz) else {
            let message = format!(
                "cannot go from {} to {} samples/s: their ratio must be one of whole numbers up to {MOST}",
                input.rate_hz, self.to
            );
            return Err(wrong(message).into());
        };
        let resampler =
            Resampler::new(up, down).map_err(|error| wrong(config_error(error).to_string()))?;
        let (up, down) = resampler.ratio();
        let outputs = |frames: u64| (frames * up as u64).div_ceil(down as u64);
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            rate_hz: self.to,
            max_frames: outputs(input.max_frames as u64) as usize,
            total_frames: input.total_frames.map(outputs),
            ..input.clone()
        };
        let stage = Resample {
            state: ResamplerState::new(&resampler, input.channels(), self.init.into(), 0),
            continuity: Continuity::new(input, resampler.settling_samples() as u64),
            rate_hz: self.to,
            pending: Flags::NONE,
            resampler,
        };
        let delay_samples = stage.resampler.delay_samples();
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

/// Largest number of a ratio.
const MOST: u32 = crate::dsp::resample::MAX_RATIO;

/// The ratio of whole numbers that is meant, by its continued fraction.
fn ratio(value: f64) -> Option<(u32, u32)> {
    let (mut last, mut this) = ((0.0, 1.0), (1.0, 0.0));
    let mut rest = value;
    for _ in 0..20 {
        let whole = rest.floor();
        (last, this) = (this, (whole * this.0 + last.0, whole * this.1 + last.1));
        if this.0.max(this.1) > f64::from(MOST) {
            return None;
        }
        if this.0 >= 1.0 && (this.0 / this.1 - value).abs() < 1e-9 * value {
            return Some((this.0 as u32, this.1 as u32));
        }
        rest = 1.0 / (rest - whole);
    }
    None
}

#[derive(Debug)]
struct Resample {
    resampler: Resampler,
    state: ResamplerState,
    rate_hz: f64,
    continuity: Continuity,
    /// Flags of packets since the last one that completed an output.
    pending: Flags,
}

/// Where it starts anew in the stream, the stage knows alone.
impl Memory for ResamplerState {
    fn restart(&mut self) {}

    fn restart_channel(&mut self, channel: usize) {
        Self::restart_channel(self, channel);
    }
}

impl Lockable for Resample {}

impl StageImpl for Resample {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let Self { resampler, state, continuity, .. } = self;
        let header = packet.header();
        let elsewhere = header.first_sample != state.next_index();
        if continuity.breaks(&packet, ctx, state, elsewhere)? {
            state.restart(resampler, header.first_sample);
        }
        self.pending |= header.flags | ctx.take_flags();
        if state.output_frames(resampler, packet.frames()) == 0 {
            let mut none = Vec::new();
            continuity.each_stretch_of(state, packet.microvolts(), |state, microvolts| {
                state.process(resampler, microvolts, &mut none);
            });
            packet.recycle();
            return Ok(None);
        }
        let ahead_ns = state.ahead_samples(resampler) / header.rate_hz * 1e9;
        let mut out = ctx.fresh(
            PacketHeader {
                first_sample: state.next_output_index(),
                time_ns: header.time_ns + ahead_ns.round() as i64,
                rate_hz: self.rate_hz,
                flags: std::mem::take(&mut self.pending),
                ..header.clone()
            },
            PacketKind::Voltage,
        );
        let microvolts = out.microvolts_mut();
        continuity.each_stretch_of(state, packet.microvolts(), |state, frames| {
            state.process(resampler, frames, microvolts);
        });
        packet.recycle();
        Ok(Some(out.share()))
    }

    fn reset(&mut self) {
        self.state.restart(&self.resampler, 0);
        self.continuity.restart();
        self.pending = Flags::NONE;
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        if self.resampler == previous.resampler {
            self.state.inherit(&previous.state);
            self.continuity.inherit(&previous.continuity, true);
            self.pending = previous.pending;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, gain_db, microvolt_spec};

    fn resample(to: f64, rate_hz: f64) -> Result<Harness, Vec<ConfigError>> {
        let desc = ResampleDesc { to, ..ResampleDesc::example() };
        Harness::new(&desc, microvolt_spec(1, rate_hz), &StageInitCtx::in_folder("."))
    }

    #[test]
    fn keeps_the_band_and_removes_what_would_alias() {
        let desc = ResampleDesc { to: 160.0, ..ResampleDesc::example() };
        assert!(gain_db(&desc, 250.0, 60.0).abs() < 0.01);
        for hz in [80.5, 100.0, 120.0] {
            assert!(gain_db(&desc, 250.0, hz) < -80.0, "{hz} Hz");
        }
    }

    #[test]
    fn outputs_bear_the_time_between_the_inputs_at_which_they_lie() {
        let mut stage = resample(160.0, 250.0).unwrap();
        let first = stage.feed(&[1.0; 3], Flags::NONE).unwrap().unwrap();
        assert_eq!((first.header.first_sample, first.header.frames), (0, 2));
        // Output 2 lies at input 3.125: 12.5 ms.
        let second = stage.feed(&[1.0; 3], Flags::NONE).unwrap().unwrap();
        assert_eq!((second.header.first_sample, second.header.time_ns), (2, 12_500_000));
        stage.lose(1000);
        // Sample 1006 is first; output 644 lies at 1006.25.
        let after = stage.feed(&[1.0; 2], Flags::GAP).unwrap().unwrap();
        assert_eq!((after.header.first_sample, after.header.time_ns), (644, 4_025_000_000));
        assert!(after.header.flags.contains(Flags::GAP | Flags::SETTLING));
    }

    #[test]
    fn rates_in_no_simple_ratio_are_refused() {
        assert_eq!(ratio(256.0 / 250.0), Some((128, 125)));
        assert_eq!(ratio(1000.0 / 16_000.0), Some((1, 16)));
        for to in [0.0, -1.0, f64::NAN, 250.0 * std::f64::consts::SQRT_2, 0.01] {
            assert_eq!(resample(to, 250.0).err().unwrap()[0].param(), Some("to"), "{to}");
        }
    }
}
