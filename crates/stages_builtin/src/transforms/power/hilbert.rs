//! Amplitude and phase of a rhythm, sample by sample: the analytic signal of a band.
//!
//! `z[n] = sum_k h[k] x[n - k]` with complex taps, a low-pass of half the band's width moved to its middle (`scipy.signal.firwin`, Blackman), whose
//! gain at 0 Hz is exactly 0 (in [`AnalyticFilter`] the formula); what `scipy.signal.hilbert` is to a band-passed recording, causal. Out come two channels for
//! each: `Fp1.amplitude` in its unit, and `Fp1.phase` in radians from -pi to pi, of a cosine. Edges are at -6 dB. The delay is `(taps - 1) / 2` samples,
//! and declared: phase and amplitude are those of that moment. Without `taps`, as many as make a transition of
//! `min(low_hz, high_hz - low_hz)`: `5.5 rate` over it, or a delay of 0.55 s for 8 to 13 Hz. A retune weighs the same past with the new taps.

use super::super::channels::sensor::DerivedSensor;
use super::super::filters::sections::designed;
use crate::dsp::{AnalyticFilter, AnalyticState};
use crate::transforms::continuity::{Continuity, Memory};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket,
    SensorMeta, StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Amplitude and phase of the rhythm in a band, two channels for each.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HilbertDesc {
    /// Lower -6 dB edge of the band in Hz.
    pub low_hz: f64,
    /// Upper -6 dB edge in Hz, below half the rate.
    pub high_hz: f64,
    /// Number of taps, odd, at most 20001: more are steeper, and later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taps: Option<u32>,
}

impl StageDesc for HilbertDesc {
    const KIND: &'static str = "hilbert";
    const ROLE: Role = Role::Transform;

    fn example() -> Self {
        Self { low_hz: 8.0, high_hz: 13.0, taps: None }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let edges = [("low_hz", self.low_hz), ("high_hz", self.high_hz)];
        let filter = designed(inputs, &edges, |rate_hz| {
            let taps = self.taps.map_or_else(|| self.usual_taps(rate_hz), |taps| taps as usize);
            AnalyticFilter::new(self.low_hz, self.high_hz, taps, rate_hz)
        })?;
        let input = inputs.only();
        let sensor = DerivedSensor::new(&input.sensor, derived);
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            sensor: Arc::clone(sensor.output()),
            ..input.clone()
        };
        let delay_samples = (filter.taps() - 1) as f64 / 2.0;
        let stage = Hilbert {
            state: AnalyticState::new(&filter, input.channels()),
            continuity: Continuity::new(input, filter.taps() as u64 - 1),
            filter,
            sensor,
        };
        Ok(Built::transform(stage, input, output, delay_samples))
    }
}

impl HilbertDesc {
    fn usual_taps(&self, rate_hz: f64) -> usize {
        let width_hz = self.low_hz.min(self.high_hz - self.low_hz);
        // Edges that cannot be are reported by the design, whatever the length.
        let length = 5.5 * rate_hz / width_hz;
        if length > 0.0 { (length.ceil().min(1e6) as usize | 1).max(3) } else { 3 }
    }
}

fn derived(from: &SensorMeta) -> SensorMeta {
    let pair = |channel: &ChannelMeta| {
        let named = |name: &str, unit: &str| ChannelMeta {
            unit: unit.to_owned(),
            ..ChannelMeta::microvolts(format!("{}.{name}", channel.label))
        };
        [named("amplitude", &channel.unit), named("phase", "rad")]
    };
    SensorMeta { channels: from.channels.iter().flat_map(pair).collect(), ..from.clone() }
}

impl Memory for AnalyticState {
    fn restart(&mut self) {
        self.reset();
    }

    fn restart_channel(&mut self, channel: usize) {
        Self::restart_channel(self, channel);
    }
}

#[derive(Debug)]
struct Hilbert {
    filter: AnalyticFilter,
    state: AnalyticState,
    continuity: Continuity,
    sensor: DerivedSensor,
}

impl Lockable for Hilbert {}

impl StageImpl for Hilbert {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let Self { filter, state, continuity, sensor } = self;
        if continuity.breaks(&packet, ctx, state, false)? {
            state.reset();
        }
        let header = packet.header();
        let sensor = sensor.of(&header.sensor, derived)?;
        let flags = header.flags | ctx.take_flags();
        let mut out =
            ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, PacketKind::Voltage);
        let microvolts = out.microvolts_mut();
        continuity.each_stretch_of(state, packet.microvolts(), |state, frames| {
            state.process(filter, frames, microvolts);
        });
        packet.recycle();
        Ok(Some(out.share()))
    }

    fn reset(&mut self) {
        self.state.reset();
        self.continuity.restart();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        if let Some(previous) = previous.downcast_mut::<Self>() {
            self.state.inherit(&previous.state);
            self.continuity.inherit(&previous.continuity, self.filter == previous.filter);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn build(desc: &HilbertDesc) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, microvolt_spec(1, 250.0), &StageInitCtx::in_folder("."))
    }

    #[test]
    fn the_amplitude_follows_after_the_declared_delay() {
        let mut stage = build(&HilbertDesc::example()).unwrap();
        let output = stage.output.clone().unwrap();
        let named: Vec<_> =
            output.sensor.channels.iter().map(|c| (c.label.as_str(), c.unit.as_str())).collect();
        assert_eq!(named, [("ch1.amplitude", "uV"), ("ch1.phase", "rad")]);
        assert!((output.delay_s - 0.548).abs() < 1e-9, "{}", output.delay_s);
        // Alpha that doubles at four seconds: half of the change is there a delay later.
        let sample = |n: usize| {
            let amplitude = if n < 1000 { 10.0 } else { 20.0 };
            (amplitude * (std::f64::consts::TAU * 10.5 * n as f64 / 250.0).sin()) as f32
        };
        let out = stage.run(&(0..2000).map(sample).collect::<Vec<_>>(), 33);
        let amplitude: Vec<f32> = out.iter().step_by(2).copied().collect();
        assert!((amplitude[999] - 10.0).abs() < 0.05 && (amplitude[1400] - 20.0).abs() < 0.05);
        assert!((amplitude[1000 + 137] - 15.0).abs() < 0.3, "{}", amplitude[1137]);
    }

    #[test]
    fn mistakes_name_their_parameter() {
        let param = |desc: HilbertDesc| build(&desc).err().unwrap()[0].param().unwrap().to_owned();
        let example = HilbertDesc::example;
        assert_eq!(param(HilbertDesc { low_hz: 0.0, ..example() }), "low_hz");
        assert_eq!(param(HilbertDesc { low_hz: 20.0, ..example() }), "low_hz");
        assert_eq!(param(HilbertDesc { high_hz: f64::NAN, ..example() }), "high_hz");
        assert_eq!(param(HilbertDesc { taps: Some(100), ..example() }), "taps");
    }
}
