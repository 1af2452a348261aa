//! Samples from a board: the one that `sensors:` describes under its number.

mod account;
mod ads1299;
mod cyton;
mod sensor;
mod simulated;
mod source;

use super::{frames_per_packet, require_packet_frames};
use eeg_boards::ads1299::settings::{Channel, Gain, Input, LeadOff};
use eeg_boards::ads1299::timing::GROUP_DELAY_SAMPLES;
use eeg_boards::ads1299::{GAINS, VREF_UV};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, PacketKind, Role, SensorMeta, StageDesc, StageInitCtx,
    StreamSpec,
};
use schemars::JsonSchema;
use sensor::Sensor;
use serde::{Deserialize, Serialize};
use source::BoardSource;

/// Samples from a board, in 24-bit codes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcquireDesc {
    /// Number of the board under `sensors:`.
    #[serde(default)]
    pub board: u32,
    /// Samples per second and channel: 250, 500, 1000, 2000, 4000, 8000 or 16000; 250 (or 125 with Daisy) for a Cyton; any rate up to 32000 for a
    /// simulated board.
    pub sps: f64,
    /// Gain of the input amplifiers: 1, 2, 4, 6, 8, 12 or 24.
    pub gain: u32,
    /// Gains of the channels, one for each, instead of `gain` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gains: Option<Vec<u32>>,
    /// What the channels measure.
    #[serde(default)]
    pub input: Input,
    /// A current through the electrodes, to see how good their contact is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_off: Option<LeadOff>,
    /// Which moment a sample's time is.
    #[serde(default)]
    pub time_of: TimeOf,
    /// A further channel, `edge_late`: by how many microseconds the kernel saw each conversion later than the time the sample bears;
    /// -838860.8 where it did not see it.
    #[serde(default)]
    pub edge_channel: bool,
    /// Frames in a packet; without it about 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_frames: Option<u32>,
}

/// Which moment a sample's time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TimeOf {
    /// When its conversion was complete. The ADC's filter delays the signal by one and a half samples: that is told as the stage's delay.
    #[default]
    Edge,
    /// When what it shows was at the electrodes: one and a half samples earlier.
    Input,
}

impl StageDesc for AcquireDesc {
    const KIND: &'static str = "acquire";
    const ROLE: Role = Role::Source;

    fn example() -> Self {
        Self {
            board: 0,
            sps: 500.0,
            gain: 24,
            gains: None,
            input: Input::Normal,
            lead_off: None,
            time_of: TimeOf::Edge,
            edge_channel: false,
            packet_frames: None,
        }
    }

    fn build(&self, _inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let gains = self.gains.iter().flatten().map(|value| ("gains", *value));
        let wrong_gain = [("gain", self.gain)]
            .into_iter()
            .chain(gains)
            .find(|(_, value)| !GAINS.contains(value))
            .map_or(Ok(()), |(param, value)| {
                ConfigError::require(false, param, &one_of(&GAINS), value)
            });
        ConfigError::all([
            ConfigError::require(
                self.sps > 0.0 && self.sps <= 1e6,
                "sps",
                "above 0 and at most 1000000",
                self.sps,
            ),
            wrong_gain,
            require_packet_frames(self.packet_frames),
        ])?;
        let sensor = Sensor::find(self.board, ctx)?;
        let channels = self.channels(sensor.channels())?;
        let (board, about) = sensor.board(self, &channels, ctx)?;
        let label = |n: usize| {
            sensor.labels().map_or_else(|| format!("ch{}", n + 1), |labels| labels[n].clone())
        };
        let mut metas: Vec<ChannelMeta> = channels
            .iter()
            .enumerate()
            .map(|(n, channel)| {
                ChannelMeta::adc24(label(n), VREF_UV, f64::from(channel.gain.value()))
            })
            .collect();
        if self.edge_channel {
            metas.push(source::edge_channel());
        }
        let meta = SensorMeta {
            sensor_id: self.board,
            meta_rev: 0,
            name: format!("board {} ({})", self.board, about.name),
            vref_uv: Some(VREF_UV),
            channels: metas,
        };
        let delay_s = GROUP_DELAY_SAMPLES / about.converts_at_hz;
        let spec = StreamSpec {
            kind: PacketKind::RawI32,
            rate_hz: self.sps,
            sensor: ctx.sensor(meta),
            max_frames: frames_per_packet(self.packet_frames, self.sps),
            delay_s: if self.time_of == TimeOf::Edge { delay_s } else { 0.0 },
            total_frames: None,
            live: true,
        };
        let earlier_ns = match self.time_of {
            TimeOf::Edge => 0,
            TimeOf::Input => (delay_s * 1e9).round() as i64,
        };
        let source = BoardSource::new(board, spec.clone(), earlier_ns, self.edge_channel);
        Ok(Built::source(source, spec))
    }
}

impl AcquireDesc {
    /// Gain and input of each channel.
    fn channels(&self, count: usize) -> Result<Vec<Channel>, ConfigError> {
        let gains = match &self.gains {
            None => vec![self.gain; count],
            Some(gains) if gains.len() == count => gains.clone(),
            Some(gains) => {
                let message = format!("{} gains for {count} channels", gains.len());
                return Err(ConfigError::param_message("gains", message));
            }
        };
        let gain = |value| Gain::from_value(value).unwrap_or(Gain::X24);
        let channel = |value| Channel { gain: gain(value), input: self.input };
        Ok(gains.into_iter().map(channel).collect())
    }

    /// The lead-off current, unless it is one that no person may feel and nobody has said that there is none.
    fn checked_lead_off(&self, lab_mode: bool) -> Result<Option<LeadOff>, ConfigError> {
        match self.lead_off {
            Some(lead_off) if !lead_off.current.is_for_people() && !lab_mode => {
                let message = "6 uA and 24 uA are not for people: `lab_mode: true` on the sensor says that no person is connected";
                Err(ConfigError::param_message("lead_off", message))
            }
            lead_off => Ok(lead_off),
        }
    }
}

fn one_of(values: &[u32]) -> String {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("one of {}", words.join(", "))
}
