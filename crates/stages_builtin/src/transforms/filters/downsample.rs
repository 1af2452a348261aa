//! Lower rate, anti-aliased: a linear-phase FIR low-pass and every nth sample of what it makes.
//!
//! `scipy.signal.lfilter(taps, 1, x)[::n]` with `taps = firwin(58 n + 1, ..., window=("kaiser", beta))`: flat to 0.8 of
//! half the new rate, at least 80 dB down from half the new rate on. The delay is 29 samples of the new rate at
//! every frequency, and declared.

use super::sections::{StartFrom, config_error};
use crate::dsp::{Decimator, DecimatorState};
use crate::transforms::settling::{self, Settling};
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket, StageCtx,
    StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec, clock,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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
        let settling = Settling::new(decimator.settling_samples() as u64);
        let stage = Downsample { decimator, state, rate_hz: self.to, settling };
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

#[derive(Debug)]
struct Downsample {
    decimator: Decimator,
    state: DecimatorState,
    rate_hz: f64,
    settling: Settling,
}

impl Lockable for Downsample {}

impl StageImpl for Downsample {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let header = packet.header();
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        if settling::broken(&packet, ctx) || header.first_sample != self.state.next_index() {
            self.state.restart(header.first_sample);
            self.settling.restart();
        }
        self.settling.pass(&packet, ctx);
        let frames = self.state.output_frames(&self.decimator, packet.frames());
        let first_out = self.state.next_output_index(&self.decimator);
        let first_in = first_out * self.decimator.factor() as u64;
        let flags = header.flags | ctx.take_flags();
        let mut out = ctx.fresh(
            PacketHeader {
                first_sample: first_out,
                time_ns: header.time_ns
                    + clock::span_ns(first_in.saturating_sub(header.first_sample), header.rate_hz),
                rate_hz: self.rate_hz,
                flags,
                ..header.clone()
            },
            PacketKind::Voltage,
        );
        out.microvolts_mut().resize(frames * packet.channels(), 0.0);
        self.state.process(&self.decimator, packet.microvolts(), out.microvolts_mut());
        packet.recycle();
        let out = out.share();
        if frames == 0 {
            out.recycle();
            return Ok(None);
        }
        Ok(Some(out))
    }

    fn reset(&mut self) {
        self.state.restart(0);
        self.settling.restart();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
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
}
