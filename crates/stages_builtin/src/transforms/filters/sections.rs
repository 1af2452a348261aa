//! What every recursive filter shares: building, running (two at once where that is faster), starting anew after a gap, handing over its state.

use crate::dsp::{Cascade, DesignError, Init, Rule, Sos, SosState};
use crate::transforms::continuity::{Continuity, Memory};
use crate::transforms::response::Response;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, RtPacket, StageCtx, StageImpl, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// What a filter takes for its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::transforms) enum StartFrom {
    /// Silence: an electrode offset then makes a step, and the filter rings.
    Zero,
    /// The first sample, as if it had always been there (`sosfilt_zi(sos) * x[0]`).
    #[default]
    Step,
}

impl From<StartFrom> for Init {
    fn from(start: StartFrom) -> Self {
        match start {
            StartFrom::Zero => Self::Zero,
            StartFrom::Step => Self::Step,
        }
    }
}

pub(super) const fn default_order() -> u32 {
    4
}

/// Builds a filter for the stage's one input, which must hold microvolts.
///
/// `frequencies` are the parameters that must lie below half the rate.
pub(in crate::transforms) fn build(
    inputs: &Inputs<'_>,
    frequencies: &[(&str, f64)],
    init: StartFrom,
    design: impl FnOnce(f64) -> Result<Vec<Sos>, DesignError>,
) -> Result<Built, Vec<ConfigError>> {
    let sections = designed(inputs, frequencies, design)?;
    let input = inputs.only();
    let filter = IirFilter::new(sections, input, init);
    let response = Response { filter: filter.cascade.clone(), rate_hz: input.rate_hz };
    Ok(Built::same(filter, input).with_response(response))
}

/// What a design makes for the stage's one input, which must hold microvolts; or all that is wrong with it.
pub(in crate::transforms) fn designed<T>(
    inputs: &Inputs<'_>,
    frequencies: &[(&str, f64)],
    design: impl FnOnce(f64) -> Result<T, DesignError>,
) -> Result<T, Vec<ConfigError>> {
    let wrong_kind = inputs.microvolts().err();
    let input = inputs.only();
    let mut mistakes: Vec<ConfigError> = wrong_kind.into_iter().collect();
    mistakes.extend(
        frequencies.iter().filter_map(|(param, hz)| input.require_below_nyquist(param, *hz).err()),
    );
    match design(input.rate_hz) {
        Ok(designed) if mistakes.is_empty() => Ok(designed),
        Ok(_) => Err(mistakes),
        Err(error) => {
            // A frequency that is out of range has been reported with more to say.
            if !mistakes.iter().any(|m| m.param() == Some(error.param)) {
                mistakes.push(config_error(error));
            }
            Err(mistakes)
        }
    }
}

pub(in crate::transforms) fn config_error(error: DesignError) -> ConfigError {
    let (param, message) = (error.param.to_owned(), error.to_string());
    match error.rule {
        Rule::InsideBand { .. } | Rule::Precise { .. } => {
            ConfigError::ParamForInput { param, message }
        }
        _ => ConfigError::Param { param, message },
    }
}

impl Memory for SosState {
    fn restart(&mut self) {
        self.reset();
    }

    fn restart_channel(&mut self, channel: usize) {
        SosState::restart_channel(self, channel);
    }
}

/// A cascade of second-order sections at work on all channels.
///
/// A retune to as many sections goes on from the same state, with its steady part in the size of the newest sample exchanged
/// for that of the new coefficients: in scipy, `zi = zf + (sosfilt_zi(new) - sosfilt_zi(old)) * x[-1]`. So neither the signal nor an
/// electrode offset makes a step. With another number of sections it starts anew. Both are flagged as settling.
#[derive(Debug)]
pub(in crate::transforms) struct IirFilter {
    cascade: Cascade,
    state: SosState,
    continuity: Continuity,
    /// The last frame of input; empty before the first.
    newest: Vec<f32>,
}

impl IirFilter {
    pub(in crate::transforms) fn new(
        sections: Vec<Sos>,
        input: &StreamSpec,
        init: StartFrom,
    ) -> Self {
        let cascade = Cascade::new(sections);
        let state = SosState::new(&cascade, input.channels(), init.into());
        let continuity = Continuity::new(input, cascade.settling_samples());
        Self { cascade, state, continuity, newest: Vec::with_capacity(input.channels()) }
    }

    /// As [`process`](StageImpl::process), with `before` applied to the samples first.
    pub(in crate::transforms) fn process_after(
        &mut self,
        packet: Arc<RtPacket>,
        ctx: &mut StageCtx,
        before: impl Fn(&mut [f32]),
    ) -> StageResult {
        let Self { cascade, state, continuity, newest } = self;
        continuity.map(packet, ctx, state, |state, microvolts| {
            before(microvolts);
            keep_last(newest, microvolts, state.channels());
            state.process(cascade, microvolts);
        })
    }
}

fn keep_last(newest: &mut Vec<f32>, samples: &[f32], channels: usize) {
    newest.clear();
    newest.extend_from_slice(&samples[samples.len() - channels..]);
}

impl Lockable for IirFilter {}

impl StageImpl for IirFilter {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        self.process_after(packet, ctx, |_| {})
    }

    fn joins(&self, before: &dyn Any) -> bool {
        before.downcast_ref::<Self>().is_some_and(|before| {
            SosState::joins(&before.cascade, &self.cascade)
                && before.state.channels() == self.state.channels()
                && self.state.channels() > 0
        })
    }

    fn process_both(&mut self, before: &mut dyn Any, packet: &mut Arc<RtPacket>) -> bool {
        let Some(before) = before.downcast_mut::<Self>() else { return false };
        let calm = before.continuity.is_calm(packet) && self.continuity.is_calm(packet);
        let Some(samples) = packet.own_samples().filter(|own| calm && !own.is_empty()) else {
            return false;
        };
        let channels = self.state.channels();
        keep_last(&mut before.newest, samples, channels);
        self.newest.resize(channels, 0.0);
        self.state.process_both(
            &self.cascade,
            &mut before.state,
            &before.cascade,
            &mut self.newest,
            samples,
        );
        true
    }

    fn reset(&mut self) {
        self.state.reset();
        self.continuity.restart();
        self.newest.clear();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        let channels = self.state.channels();
        if !previous.state.fits(&self.cascade) || previous.state.channels() != channels {
            return;
        }
        let same = previous.cascade == self.cascade;
        let newest = &previous.newest;
        self.state.inherit(&mut previous.state, &previous.cascade, &self.cascade, newest);
        self.newest.clone_from(&previous.newest);
        self.continuity.inherit(&previous.continuity, same);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transforms::filters::highpass::HighpassDesc;
    use crate::transforms::filters::notch::NotchDesc;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};
    use plugin_api::{StageDesc, StageInitCtx};

    fn harness(params: serde_json::Value) -> Harness {
        let desc: NotchDesc = serde_json::from_value(params).unwrap();
        Harness::new(&desc, microvolt_spec(1, 250.0), &StageInitCtx::in_folder(".")).unwrap()
    }

    #[test]
    fn a_gap_starts_the_filter_anew_and_flags_it_as_settling() {
        let params = serde_json::json!({"hz": 50.0});
        let mut filter = harness(params.clone());
        let flat = |uv: f32| vec![uv; 250];
        for _ in 0..4 {
            let _ = filter.feed(&flat(100.0), Flags::NONE).unwrap();
        }
        let settled = filter.feed(&flat(100.0), Flags::NONE).unwrap().unwrap();
        assert!(!settled.header.flags.contains(Flags::SETTLING));
        // A jump without a gap rings; the same jump behind a gap does not, and is flagged.
        let rings = filter.feed(&flat(5000.0), Flags::NONE).unwrap().unwrap();
        assert!(rings.microvolts.iter().any(|x| (x - 5000.0).abs() > 50.0));
        let mut filter = harness(params);
        let _ = filter.feed(&flat(100.0), Flags::NONE).unwrap();
        let jumps = filter.feed(&flat(5000.0), Flags::GAP).unwrap().unwrap();
        assert!(jumps.microvolts.iter().all(|x| (x - 5000.0).abs() < 1e-2));
        assert!(jumps.header.flags.contains(Flags::SETTLING));
    }

    #[test]
    fn two_filters_at_once_give_the_same_bits_and_only_when_nothing_is_special() {
        let ctx = StageInitCtx::in_folder(".");
        let input = microvolt_spec(3, 250.0);
        let build = || {
            let notch: NotchDesc = serde_json::from_value(serde_json::json!({"hz": 50.0})).unwrap();
            let params = serde_json::json!({"hz": 1.0, "order": 2});
            let highpass: HighpassDesc = serde_json::from_value(params).unwrap();
            let inputs = [("above", input.clone())];
            let inputs = Inputs::new(&inputs);
            [notch.build(&inputs, &ctx), highpass.build(&inputs, &ctx)]
                .map(|built| built.unwrap().into_stage().unwrap())
        };
        let mut source = StageCtx::for_test(3 * 250);
        let mut packet = |n: u64, flags: Flags| {
            let header = plugin_api::PacketHeader {
                sensor: Arc::clone(&input.sensor),
                first_sample: n * 250,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: 250.0,
                frames: 0,
                flags,
            };
            let mut packet = source.fresh(header, input.kind);
            let samples = (0..3 * 250).map(|k| ((k as u64 + 7 * n) * 37 % 101) as f32 - 5000.0);
            packet.microvolts_mut().extend(samples);
            packet.share()
        };
        let ([mut notch, mut highpass], [mut first, mut second]) = (build(), build());
        let mut stage = StageCtx::for_test(3 * 250);
        let mut at_once = Vec::new();
        for n in 0..12 {
            let flags = if n == 8 { Flags::GAP } else { Flags::NONE };
            stage.prepare(0, 0);
            let between = notch.process(packet(n, flags), &mut stage).unwrap().unwrap();
            stage.prepare(0, 0);
            let expected = highpass.process(between, &mut stage).unwrap().unwrap();
            let mut both = packet(n, flags);
            let done = second.process_both(&mut *first, &mut both);
            at_once.push(done);
            if !done {
                stage.prepare(0, 0);
                let between = first.process(both, &mut stage).unwrap().unwrap();
                stage.prepare(0, 0);
                both = second.process(between, &mut stage).unwrap().unwrap();
            }
            assert_eq!(both.microvolts(), expected.microvolts());
            assert_eq!(both.header().flags, expected.header().flags);
        }
        // Not before both have settled, nor when a packet says that something is missing, nor while somebody else looks on.
        assert!(at_once.contains(&true) && !at_once[0] && !at_once[8], "{at_once:?}");
        let mut shared = packet(12, Flags::NONE);
        let _other = Arc::clone(&shared);
        assert!(!second.process_both(&mut *first, &mut shared));
    }

    #[test]
    fn a_retune_keeps_the_state_so_that_the_output_does_not_click() {
        let ctx = StageInitCtx::in_folder(".");
        let input = microvolt_spec(1, 250.0);
        let build = |hz: f64| {
            let params = serde_json::json!({"hz": hz, "order": 2, "init": "zero"});
            let desc: HighpassDesc = serde_json::from_value(params).unwrap();
            let inputs = [("above", input.clone())];
            desc.build(&Inputs::new(&inputs), &ctx).unwrap().into_stage().unwrap()
        };
        let (mut source, mut stage) = (StageCtx::for_test(2500), StageCtx::for_test(2500));
        let mut feed = |filter: &mut Box<dyn StageImpl>| {
            let header = plugin_api::PacketHeader {
                sensor: Arc::clone(&input.sensor),
                first_sample: 0,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: 250.0,
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = source.fresh(header, input.kind);
            packet.microvolts_mut().extend([30_000.0; 2500]);
            filter.process(packet.share(), &mut stage).unwrap().unwrap().microvolts().to_vec()
        };
        // An electrode offset of 30 mV, which the high-pass has forgotten after ten seconds.
        let mut old = build(1.0);
        let before = feed(&mut old)[2499];
        assert!(before.abs() < 1e-3, "{before}");
        let (mut kept, mut fresh) = (build(1.1), build(1.1));
        kept.inherit(&mut *old);
        let jump = |out: &[f32]| out.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        let (kept, fresh) = (jump(&feed(&mut kept)), jump(&feed(&mut fresh)));
        assert!(fresh > 29_000.0, "without its state the filter would jump by the offset: {fresh}");
        assert!(kept < 1e-2, "{kept}");
    }
}
