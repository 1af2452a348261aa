//! Lower rate, anti-aliased: a linear-phase FIR low-pass and every nth sample of what it makes.
//!
//! `scipy.signal.lfilter(taps, 1, x)[::n]`: flat to 0.8 of half the new rate (within 0.001 dB), at least 80 dB down from half the new rate
//! on. Small factors n take one filter, `taps = firwin(58 n + 1, ..., window=("kaiser", beta))`, with a delay of 29 samples of the new rate; where
//! it saves work, two or three such filters lower the rate step by step, and `taps` are those of all together, which also
//! have linear phase. The delay is the same at every frequency, and declared. Another rate is another stream: such a change starts it anew.

use super::sections::{StartFrom, config_error};
use crate::dsp::{Decimator, DecimatorState, Fir};
use crate::transforms::continuity::{Continuity, Memory};
use crate::transforms::response::Response;
use plugin_api::{
    Built, ConfigError, Flags, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket,
    StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec, clock,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Lowers the rate by a whole factor, with an anti-alias filter of at least 80 dB.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DownsampleDesc {
    /// New rate in Hz; the old one must be a whole multiple of it.
    pub to: f64,
    /// What the filter takes for its past: the first sample (`step`) or silence (`zero`).
    #[serde(default)]
    init: StartFrom,
}

impl StageDesc for DownsampleDesc {
    const KIND: &'static str = "downsample";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self { to: 250.0, init: StartFrom::Step }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        ConfigError::require(
            self.to > 0.0 && self.to.is_finite(),
            "to",
            "a rate above 0 Hz",
            self.to,
        )?;
        let ratio = input.rate_hz / self.to;
        let factor = ratio.round();
        if (ratio - factor).abs() > 1e-9 * ratio || factor < 1.0 {
            let message = format!(
                "cannot go from {} to {} samples/s: the old rate must be a whole multiple of the new one",
                input.rate_hz, self.to
            );
            return Err(ConfigError::ParamForInput { param: "to".to_owned(), message }.into());
        }
        let decimator = Decimator::new(factor as u32).map_err(|error| {
            let message = config_error(error).to_string();
            ConfigError::ParamForInput { param: "to".to_owned(), message }
        })?;
        let state = DecimatorState::new(&decimator, input.channels(), self.init.into(), 0);
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            rate_hz: self.to,
            max_frames: input.max_frames.div_ceil(decimator.factor()),
            total_frames: input
                .total_frames
                .map(|frames| frames.div_ceil(decimator.factor() as u64)),
            ..input.clone()
        };
        let delay_samples = decimator.delay_samples() as f64;
        let response = Response { filter: Fir::new(decimator.taps()), rate_hz: input.rate_hz };
        let continuity = Continuity::new(input, decimator.settling_samples() as u64);
        let stage =
            Downsample { decimator, state, rate_hz: self.to, continuity, pending: Flags::NONE };
        let built = Built::transform(stage, input, output, delay_samples);
        Ok(built.with_response(response))
    }
}

#[derive(Debug)]
struct Downsample {
    decimator: Decimator,
    state: DecimatorState,
    rate_hz: f64,
    continuity: Continuity,
    /// Flags of packets since the last one that completed an output.
    pending: Flags,
}

/// Where it starts anew in the stream, the stage knows alone.
impl Memory for DecimatorState {
    fn restart(&mut self) {}

    fn restart_channel(&mut self, channel: usize) {
        Self::restart_channel(self, channel);
    }
}

impl Lockable for Downsample {}

impl StageImpl for Downsample {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let Self { decimator, state, continuity, .. } = self;
        let header = packet.header();
        let elsewhere = header.first_sample != state.next_index();
        if continuity.breaks(&packet, ctx, state, elsewhere)? {
            state.restart(decimator, header.first_sample);
        }
        self.pending |= header.flags | ctx.take_flags();
        let first_out = state.next_output_index(decimator);
        if state.output_frames(decimator, packet.frames()) == 0 {
            let mut none = Vec::new();
            continuity.each_stretch_of(state, packet.microvolts(), |state, microvolts| {
                state.process(decimator, microvolts, &mut none);
            });
            packet.recycle();
            return Ok(None);
        }
        let first_in = first_out * decimator.factor() as u64;
        let late = first_in.saturating_sub(header.first_sample);
        let mut out = ctx.fresh(
            PacketHeader {
                first_sample: first_out,
                time_ns: header.time_ns + clock::span_ns(late, header.rate_hz),
                rate_hz: self.rate_hz,
                flags: std::mem::take(&mut self.pending),
                ..header.clone()
            },
            PacketKind::Voltage,
        );
        let microvolts = out.microvolts_mut();
        continuity.each_stretch_of(state, packet.microvolts(), |state, frames| {
            state.process(decimator, frames, microvolts);
        });
        packet.recycle();
        Ok(Some(out.share()))
    }

    fn reset(&mut self) {
        self.state.restart(&self.decimator, 0);
        self.continuity.restart();
        self.pending = Flags::NONE;
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        if self.decimator == previous.decimator {
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

    #[test]
    fn keeps_the_band_and_removes_what_would_alias() {
        let desc = DownsampleDesc::example();
        assert!(gain_db(&desc, 1000.0, 90.0).abs() < 0.01);
        for hz in [125.5, 160.0, 240.0, 260.0, 480.0] {
            assert!(gain_db(&desc, 1000.0, hz) < -80.0, "{hz} Hz");
        }
    }

    #[test]
    fn rates_that_are_no_multiples_are_refused() {
        let ctx = StageInitCtx::in_folder(".");
        for to in [300.0, 2000.0, 0.0, -1.0, f64::NAN, 0.5] {
            let desc = DownsampleDesc { to, ..DownsampleDesc::example() };
            let errors = Harness::new(&desc, microvolt_spec(1, 1000.0), &ctx).err().unwrap();
            assert_eq!(errors[0].param(), Some("to"), "{to}");
        }
    }

    #[test]
    fn after_a_gap_the_output_index_is_where_the_input_is() {
        let ctx = StageInitCtx::in_folder(".");
        let mut harness =
            Harness::new(&DownsampleDesc::example(), microvolt_spec(1, 1000.0), &ctx).unwrap();
        let first = harness.feed(&[1.0; 10], Flags::NONE).unwrap().unwrap();
        assert_eq!((first.header.first_sample, first.header.frames), (0, 3));
        harness.lose(91);
        let after = harness.feed(&[1.0; 10], Flags::GAP).unwrap().unwrap();
        // Samples 101 to 110: outputs 26 (104) and 27 (108), 3 ms after the packet began.
        assert_eq!((after.header.first_sample, after.header.frames), (26, 2));
        assert_eq!(after.header.time_ns, 104_000_000);
    }

    #[test]
    fn flags_of_packets_too_short_for_an_output_come_with_the_next_one() {
        let ctx = StageInitCtx::in_folder(".");
        let mut harness =
            Harness::new(&DownsampleDesc::example(), microvolt_spec(1, 1000.0), &ctx).unwrap();
        let _ = harness.feed(&[1.0; 5], Flags::NONE).unwrap().unwrap();
        harness.lose(4);
        // Samples 9 to 11 complete nothing; 12 does.
        assert!(harness.feed(&[1.0; 2], Flags::GAP).unwrap().is_none());
        assert!(harness.feed(&[1.0; 1], Flags::RAILED).unwrap().is_none());
        let first = harness.feed(&[1.0; 1], Flags::NONE).unwrap().unwrap();
        assert!(first.header.flags.contains(Flags::GAP | Flags::RAILED | Flags::SETTLING));
        let next = harness.feed(&[1.0; 4], Flags::NONE).unwrap().unwrap();
        assert!(!next.header.flags.contains(Flags::GAP));
    }
}
