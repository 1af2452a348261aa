//! Blink: tells when the eyes blink, from the electrodes above them; flags, and leaves the signal alone.
//!
//! `y = sosfilt(butter(2, [1, 10], "bandpass"), mean of the channels)` in f64; a blink is `|y| > level_uv` for 40 ms or more, and none begins
//! within 300 ms after another. Blinks last 100 to 400 ms, reach 75 to 200 uV at Fp1 and Fp2, and have their power from 1 to 10 Hz, where
//! `mne.preprocessing.find_eog_events` looks too. Out comes one channel, `blink`: 1 from the sample with which a blink is known (40 ms after it passes the
//! level) to the last past the level, else 0; each is also told as an event (`detection`). Large slow movements of the eyes
//! and a head that moves look like blinks: this is a flag to look at, not a proof.

use super::{detection, flag_channel};
use crate::dsp::{Band, Cascade, Detector, Excursion, Init, Side, SosState, butterworth};
use crate::transforms::channels::labels;
use crate::transforms::channels::sensor::DerivedSensor;
use crate::transforms::continuity::{Continuity, Memory};
use crate::transforms::filters::sections::designed;
use plugin_api::{
    Built, ConfigError, Inputs, Lockable, PacketHeader, PacketKind, Role, RtPacket, SensorMeta,
    StageCtx, StageDesc, StageError, StageImpl, StageInitCtx, StageResult, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::any::Any;
use std::sync::Arc;

/// Electrodes above the eyes.
const FRONTAL: [&str; 5] = ["fp1", "fpz", "fp2", "af7", "af8"];
/// Where the power of a blink is.
const BAND: Band = Band::BandPass { low_hz: 1.0, high_hz: 10.0 };
const ORDER: u32 = 2;
/// The shortest blink, past the level.
const LEAST_S: f64 = 0.04;
/// From the end of one to the next, at least.
const PAUSE_S: f64 = 0.3;

/// Tells when the eyes blink; a channel of 0 and 1, and an event each time.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlinkDesc {
    /// Labels of electrodes above the eyes; without it, those there are of Fp1, Fpz, Fp2, AF7 and AF8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channels: Option<Vec<String>>,
    /// How far from 0 a blink is, in microvolts, from 1 to 10 Hz.
    #[serde(default = "default_level_uv")]
    pub level_uv: f64,
}

const fn default_level_uv() -> f64 {
    75.0
}

impl StageDesc for BlinkDesc {
    const KIND: &'static str = "blink";
    const ROLE: Role = Role::Transform;
    const LINEAR_PHASE: bool = false;

    fn example() -> Self {
        Self { channels: None, level_uv: default_level_uv() }
    }

    fn build(&self, inputs: &Inputs<'_>, _ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let sections = designed(inputs, &[], |rate_hz| butterworth(ORDER, BAND, rate_hz));
        let input = inputs.only();
        let sections = sections.map_err(|mistakes| {
            if input.rate_hz > 20.0 {
                return mistakes;
            }
            let rate_hz = input.rate_hz;
            let message = format!("needs more than 20 samples/s to see a blink, not {rate_hz}");
            ConfigError::Input(message).into()
        })?;
        let level = self.level_uv;
        let fits = level > 0.0 && level.is_finite();
        ConfigError::require(fits, "level_uv", "a number above 0", level)?;
        let channels = self.electrodes(input)?;
        let cascade = Cascade::new(sections);
        let sensor = DerivedSensor::new(&input.sensor, derived);
        let output = StreamSpec {
            kind: PacketKind::Voltage,
            sensor: Arc::clone(sensor.output()),
            ..input.clone()
        };
        let samples = |time_s: f64| (time_s * input.rate_hz).round() as u64;
        let stage = Blink {
            continuity: Continuity::new(input, cascade.settling_samples()),
            eyes: Eyes {
                state: SosState::new(&cascade, 1, Init::Step),
                detector: Detector::default(),
                channels: channels.into(),
            },
            cascade,
            excursion: Excursion {
                side: Side::Beyond,
                level,
                least_samples: samples(LEAST_S),
                pause_samples: samples(PAUSE_S),
            },
            sensor,
            mean: Vec::with_capacity(input.max_frames),
        };
        Ok(Built::transform(stage, input, output, 0.0))
    }
}

impl BlinkDesc {
    fn electrodes(&self, input: &StreamSpec) -> Result<Vec<usize>, Vec<ConfigError>> {
        let Some(named) = &self.channels else {
            let channels = input.sensor.channels.iter().enumerate();
            let frontal = |label: &str| FRONTAL.contains(&labels::electrode(label).as_str());
            let found: Vec<usize> =
                channels.filter(|(_, c)| frontal(&c.label)).map(|(index, _)| index).collect();
            if !found.is_empty() {
                return Ok(found);
            }
            let message = "none of Fp1, Fpz, Fp2, AF7, AF8 is here: name electrodes above the eyes in `channels`";
            let param = "channels".to_owned();
            return Err(ConfigError::ParamForInput { param, message: message.to_owned() }.into());
        };
        let found = labels::indices(input, "channels", named)?;
        if found.is_empty() {
            let message = "`channels` must name an electrode or more";
            return Err(ConfigError::param_message("channels", message).into());
        }
        labels::one_unit(input, "channels", &found, "they have no mean")?;
        Ok(found)
    }
}

fn derived(from: &SensorMeta) -> SensorMeta {
    SensorMeta { channels: vec![flag_channel("blink".to_owned())], ..from.clone() }
}

/// What is remembered of the eyes.
#[derive(Debug)]
struct Eyes {
    channels: Box<[usize]>,
    state: SosState,
    detector: Detector,
}

impl Memory for Eyes {
    fn restart(&mut self) {
        self.state.reset();
        self.detector = Detector::default();
    }

    fn restart_channel(&mut self, channel: usize) {
        if self.channels.contains(&channel) {
            self.restart();
        }
    }
}

#[derive(Debug)]
struct Blink {
    cascade: Cascade,
    eyes: Eyes,
    excursion: Excursion,
    continuity: Continuity,
    sensor: DerivedSensor,
    /// Scratch: the mean of the channels, frame by frame.
    mean: Vec<f32>,
}

impl Lockable for Blink {}

impl StageImpl for Blink {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if !packet.kind().has_microvolts() {
            return Err(StageError::Data("the packet holds raw codes, not microvolts"));
        }
        let Self { cascade, eyes, excursion, continuity, sensor, mean } = self;
        let header = packet.header();
        if continuity.breaks(&packet, ctx, eyes, false)? {
            eyes.restart();
        }
        let sensor = sensor.of(&header.sensor, derived)?;
        let flags = header.flags | ctx.take_flags();
        let mut out =
            ctx.fresh(PacketHeader { sensor, flags, ..header.clone() }, PacketKind::Voltage);
        let (width, values) = (packet.channels().max(1), out.microvolts_mut());
        let count = eyes.channels.len() as f64;
        continuity.each_stretch_of(eyes, packet.microvolts(), |eyes, microvolts| {
            mean.clear();
            mean.extend(microvolts.chunks_exact(width).map(|frame| {
                (eyes.channels.iter().map(|c| f64::from(frame[*c])).sum::<f64>() / count) as f32
            }));
            eyes.state.process(cascade, mean);
            for x in &*mean {
                let ago = eyes.detector.push(excursion, f64::from(*x));
                if let Some(ago) = ago {
                    ctx.report(detection(header, values.len() as u64, ago, "blink"));
                }
                values.push(f32::from(u8::from(eyes.detector.is_active())));
            }
        });
        packet.recycle();
        Ok(Some(out.share()))
    }

    fn reset(&mut self) {
        self.eyes.restart();
        self.continuity.restart();
    }

    fn inherit(&mut self, previous: &mut dyn Any) {
        let Some(previous) = previous.downcast_mut::<Self>() else { return };
        if self.eyes.channels == previous.eyes.channels && self.cascade == previous.cascade {
            std::mem::swap(&mut self.eyes, &mut previous.eyes);
            self.continuity.inherit(&previous.continuity, true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::ChannelMeta;
    use plugin_api::testing::{Harness, microvolt_spec};

    fn build(labels: &[&str], desc: &BlinkDesc) -> Result<Harness, Vec<ConfigError>> {
        let channels = labels.iter().map(|label| ChannelMeta::microvolts(*label)).collect();
        let sensor = SensorMeta { channels, ..SensorMeta::default() };
        let input = StreamSpec { sensor: Arc::new(sensor), ..microvolt_spec(1, 250.0) };
        Harness::new(desc, input, &StageInitCtx::in_folder("."))
    }

    #[test]
    fn a_blink_is_found_once_and_alpha_is_none() {
        let mut stage = build(&["O1", "Fp1."], &BlinkDesc::example()).unwrap();
        // On an electrode offset: 20 uV of alpha, and half a sine of 200 uV for 250 ms at two seconds.
        let frame = |n: usize| {
            let t = n as f64 / 250.0;
            let blink = if (2.0..2.25).contains(&t) {
                (std::f64::consts::PI * (t - 2.0) / 0.25).sin()
            } else {
                0.0
            };
            let alpha = 20.0 * (std::f64::consts::TAU * 10.0 * t).sin();
            [9000.0 * t, 20_000.0 + alpha + 200.0 * blink].map(|x| x as f32)
        };
        let signal: Vec<f32> = (0..1000).flat_map(frame).collect();
        let out = stage.run(&signal, 40);
        let began: Vec<usize> =
            (1..out.len()).filter(|n| out[*n] == 1.0 && out[n - 1] == 0.0).collect();
        assert_eq!(began.len(), 1, "{began:?}");
        assert!((510..560).contains(&began[0]), "{began:?}");
    }

    #[test]
    fn without_eyes_it_says_what_to_do() {
        let said = |labels: &[&str], desc| build(labels, &desc).err().unwrap()[0].to_string();
        let example = BlinkDesc::example;
        assert_eq!(
            said(&["O1", "O2"], example()),
            "none of Fp1, Fpz, Fp2, AF7, AF8 is here: name electrodes above the eyes in `channels`"
        );
        let named = BlinkDesc { channels: Some(vec!["O3".to_owned()]), ..example() };
        assert_eq!(said(&["O1", "O2"], named), "there is no channel `O3`; did you mean `O1`?");
        assert_eq!(
            said(&["Fp1"], BlinkDesc { level_uv: 0.0, ..example() }),
            "`level_uv` must be a number above 0, not 0"
        );
    }
}
