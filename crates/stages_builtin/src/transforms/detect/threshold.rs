//! Threshold: tells when a channel passes a level, and gives out a stream that is 1 while it does.
//!
//! A detection begins with the first of `min_s rate` (at least 1) consecutive samples past the level, is known with the last of them, and
//! lasts while samples are past it; in the `pause_s` after its end no other one begins. Out comes one channel for each that is
//! watched, labelled `Fp1.above`: 1 from the sample with which a detection is known to the last past the level, else 0. Each is also told as
//! an event (`detection`) with sample and time of its beginning, for recordings and live clients. The signal itself is not touched.

use super::{detection, flag_channel, samples};
use crate::dsp::{Detector, Excursion, Side};
use crate::transforms::channels::labels;
use crate::transforms::channels::sensor::DerivedSensor;
use crate::transforms::continuity::Continuity;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket, SensorMeta,
    StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Which side of the level counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum When {
    /// Above the level.
    #[default]
    Above,
    /// Below it.
    Below,
    /// Further from 0 than it.
    Beyond,
}

impl When {
    const fn name(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
            Self::Beyond => "beyond",
        }
    }
}

/// Tells when a channel passes a level; a stream of 0 and 1, and an event each time.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThresholdDesc {
    /// The level in microvolts (in the unit of the input, behind a stage that gives another).
    pub level_uv: f64,
    /// Which side counts: `above`, `below`, or `beyond`, further from 0.
    #[serde(default)]
    when: When,
    /// Labels of the channels that are watched; without it, all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// How long the signal must stay past the level, in seconds.
    #[serde(default)]
    pub min_s: f64,
    /// How long after a detection none begins, in seconds.
    #[serde(default = "default_pause_s")]
    pub pause_s: f64,
}

const fn default_pause_s() -> f64 {
    0.2
}

impl StageDesc for ThresholdDesc {
    const KIND: &'static str = "threshold";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self {
            level_uv: 100.0,
            when: When::Beyond,
            channels: None,
            min_s: 0.0,
            pause_s: default_pause_s(),
        }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let input = inputs.microvolts()?;
        let level = self.level_uv;
        let finite = level.is_finite() && (self.when != When::Beyond || level >= 0.0);
        let rule = "a finite number, and with `beyond` 0 or more";
        let level = ConfigError::require(finite, "level_uv", rule, level).map(|()| level);
        let least = samples("min_s", self.min_s, input.rate_hz);
        let pause = samples("pause_s", self.pause_s, input.rate_hz);
        let chosen = match &self.channels {
            Some(channels) => labels::indices(input, "channels", channels)?,
            None => (0..input.channels()).collect(),
        };
        let (level, least_samples, pause_samples) = match (level, least, pause) {
            (Ok(level), Ok(least), Ok(pause)) => (level, least.max(1), pause),
            (level, least, pause) => {
                return Err([level.err(), least.err(), pause.err()]
                    .into_iter()
                    .flatten()
                    .collect());
            }
        };
        if chosen.is_empty() {
            let message = "`channels` must name a channel or more";
            return Err(ConfigError::param_message("channels", message).into());
        }
        let side = match self.when {
            When::Above => Side::Above,
            When::Below => Side::Below,
            When::Beyond => Side::Beyond,
        };
        let when = self.when;
        let sensor = DerivedSensor::new(&input.sensor, |from| derived(from, &chosen, when));
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            sensor: Arc::clone(sensor.output()),
            ..input.clone()
        };
        let stage = Threshold {
            excursion: Excursion { side, level, least_samples, pause_samples },
            when,
            detectors: vec![Detector::default(); input.channels()].into(),
            channels: chosen.into(),
            continuity: Continuity::new(input, 0),
            sensor,
        };
        Ok(Built::transform(stage, input, output, 0.0))
    }
}

fn derived(from: &SensorMeta, channels: &[usize], when: When) -> SensorMeta {
    let label = |channel: &usize| format!("{}.{}", from.channels[*channel].label, when.name());
    let channels = channels.iter().map(|channel| flag_channel(label(channel))).collect();
    SensorMeta { channels, ..from.clone() }
}

#[derive(Debug)]
struct Threshold {
    excursion: Excursion,
    when: When,
    channels: Box<[usize]>,
    /// One for each channel of the input.
    detectors: Box<[Detector]>,
    continuity: Continuity,
    sensor: DerivedSensor,
}

impl Threshold {
    #[cold]
    fn text(&self, label: &str) -> String {
        format!("{label} {} {} uV", self.when.name(), self.excursion.level)
    }
}

impl Lockable for Threshold {}

impl StageImpl for Threshold {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let header = packet.header();
        if self.continuity.breaks(&packet, ctx, &mut self.detectors, false)? {
            self.detectors.fill(Detector::default());
        }
        let derive = |from: &SensorMeta| derived(from, &self.channels, self.when);
        let sensor = self.sensor.of(&header.sensor, derive)?;
        let flags = header.flags | ctx.take_flags();
        let mut out =
            ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, PacketKind::Voltage);
        let width = packet.channels().max(1);
        for (n, frame) in packet.microvolts().chunks_exact(width).enumerate() {
            for channel in &self.channels {
                let detector = &mut self.detectors[*channel];
                let ago = detector.push(&self.excursion, f64::from(frame[*channel]));
                out.microvolts_mut().push(f32::from(u8::from(detector.is_active())));
                if let Some(ago) = ago {
                    let label = &header.sensor.channels[*channel].label;
                    let mut event = detection(header, n as u64, ago, &self.text(label));
                    event.channel = Some(label.clone());
                    ctx.report(event);
                }
            }
        }
        packet.recycle();
        Ok(Some(out.share()))
    }

    fn reset(&mut self) {
        self.detectors.fill(Detector::default());
        self.continuity.restart();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        if self.detectors.len() == previous.detectors.len() {
            self.detectors.copy_from_slice(&previous.detectors);
            self.continuity.inherit(&previous.continuity, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::Flags;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn build(desc: &ThresholdDesc) -> Result<Harness, Vec<ConfigError>> {
        Harness::new(desc, microvolt_spec(2, 100.0), &StageInitCtx::in_folder("."))
    }

    #[test]
    fn one_while_the_signal_is_past_the_level_for_long_enough() {
        let desc = ThresholdDesc {
            channels: Some(vec!["ch2".to_owned()]),
            min_s: 0.02,
            pause_s: 0.03,
            ..ThresholdDesc::example()
        };
        let mut stage = build(&desc).unwrap();
        let channel = &stage.output.as_ref().unwrap().sensor.channels[0];
        assert_eq!((channel.label.as_str(), channel.unit.as_str()), ("ch2.beyond", "1"));
        let signal = [0.0, 120.0, -120.0, 120.0, 0.0, 150.0, 150.0, 150.0, 150.0, 150.0, 90.0];
        let frames: Vec<f32> = signal.iter().flat_map(|x| [500.0, *x]).collect();
        let out = stage.run(&frames, 3);
        assert_eq!(out, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    }

    #[test]
    fn a_gap_begins_anew() {
        let desc = ThresholdDesc { min_s: 0.03, ..ThresholdDesc::example() };
        let mut stage = build(&desc).unwrap();
        let _ = stage.feed(&[200.0; 4], Flags::NONE).unwrap();
        let out = stage.feed(&[200.0; 6], Flags::GAP).unwrap().unwrap();
        assert_eq!(out.microvolts, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    }

    #[test]
    fn the_event_says_what_happened() {
        let stage = Threshold {
            excursion: Excursion {
                side: Side::Above,
                level: 75.5,
                least_samples: 1,
                pause_samples: 0,
            },
            when: When::Above,
            channels: [0].into(),
            detectors: [Detector::default()].into(),
            continuity: Continuity::new(&microvolt_spec(1, 100.0), 0),
            sensor: DerivedSensor::new(&microvolt_spec(1, 100.0).sensor, SensorMeta::clone),
        };
        assert_eq!(stage.text("Fp1"), "Fp1 above 75.5 uV");
    }

    #[test]
    fn mistakes_name_their_parameter() {
        let params = |desc: ThresholdDesc| -> Vec<String> {
            let mistakes = build(&desc).err().unwrap();
            mistakes.iter().map(|m| m.param().unwrap().to_owned()).collect()
        };
        let example = ThresholdDesc::example;
        let bad = ThresholdDesc { level_uv: -1.0, min_s: -1.0, pause_s: f64::NAN, ..example() };
        assert_eq!(params(bad), ["level_uv", "min_s", "pause_s"]);
        assert_eq!(params(ThresholdDesc { level_uv: f64::NAN, ..example() }), ["level_uv"]);
        let none = ThresholdDesc { channels: Some(vec![]), ..example() };
        assert_eq!(params(none), ["channels"]);
        let wrong = ThresholdDesc { channels: Some(vec!["Fp1".to_owned()]), ..example() };
        assert_eq!(params(wrong), ["channels/0"]);
    }
}
