//! Samples from a board: the one that `sensors:` describes under its number.

mod account;
mod ads1299;
mod cyton;
mod sensor;
mod simulated;
mod source;

use super::{frames_per_packet, require_packet_frames};
use eeg_boards::Board;
use eeg_boards::ads1299::settings::{self, Channel, Gain, Input, Reference, Side};
use eeg_boards::ads1299::timing::{GROUP_DELAY_SAMPLES, sinc3};
use eeg_boards::ads1299::{GAINS, VREF_UV};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, LeadOff, LeadOffDrive, PacketKind, Role, SensorMeta,
    StageDesc, StageInitCtx, StreamSpec,
};
use schemars::JsonSchema;
use sensor::{About, Sensor};
use serde::{Deserialize, Serialize};
use source::BoardSource;
use std::f64::consts::PI;

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
    pub lead_off: Option<settings::LeadOff>,
    /// Which moment a sample's time is.
    #[serde(default)]
    pub time_of: TimeOf,
    /// A further channel, `edge_late`: by how many microseconds the kernel saw each conversion later than the time that was fitted to
    /// it (or, with `time_of: input`, than the moment at the electrodes); -838860.8 where it did not see it.
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
        self.check_side(sensor.reference())?;
        let (board, about) = sensor.board(self, &channels, ctx)?;
        let label = |n: usize| {
            sensor.labels().map_or_else(|| format!("ch{}", n + 1), |labels| labels[n].clone())
        };
        let mut metas: Vec<ChannelMeta> = channels
            .iter()
            .enumerate()
            .map(|(n, channel)| channel_meta(label(n), *channel, sensor.reference()))
            .collect();
        if self.edge_channel {
            metas.push(source::edge_channel());
        }
        let (source, spec) = self.source(board, &about, metas, ctx);
        Ok(Built::source(source, spec))
    }
}

impl AcquireDesc {
    /// The board with what is asked of it, and the stream it makes.
    fn source(
        &self,
        board: Box<dyn Board>,
        about: &About,
        channels: Vec<ChannelMeta>,
        ctx: &StageInitCtx,
    ) -> (BoardSource, StreamSpec) {
        let meta = SensorMeta {
            sensor_id: self.board,
            meta_rev: 0,
            name: format!("board {} ({})", self.board, about.name),
            vref_uv: Some(VREF_UV),
            lead_off: self
                .lead_off
                .map_or(LeadOff::Off, |lead_off| LeadOff::On(self.drive(lead_off, about))),
            channels,
        };
        let delay_s = GROUP_DELAY_SAMPLES / about.converts_at_hz;
        let (delay_s, earlier_s) = match self.time_of {
            TimeOf::Edge => (delay_s, 0.0),
            TimeOf::Input => (0.0, delay_s),
        };
        let spec = StreamSpec {
            kind: PacketKind::RawI32,
            rate_hz: self.sps,
            sensor: ctx.sensor(meta),
            max_frames: frames_per_packet(self.packet_frames, self.sps),
            delay_s,
            total_frames: None,
            live: true,
        };
        let earlier_ns = (earlier_s * 1e9).round() as i64;
        (BoardSource::new(board, spec.clone(), earlier_ns, self.edge_channel), spec)
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

    /// The lead-off current as the stages behind see it.
    fn drive(&self, lead_off: settings::LeadOff, about: &About) -> LeadOffDrive {
        let conversions = about.conversions as f64;
        // By the nominal rate: clock and samples come from one oscillator.
        let cycles = lead_off
            .drive
            .clocks(about.clocks)
            .map_or(0.0, |clocks| about.clocks as f64 / clocks as f64);
        // The mean of two conversions is a filter of its own.
        let of_mean = if about.conversions == 2 { (PI * cycles).cos() } else { 1.0 };
        LeadOffDrive {
            amperes: lead_off.current.amperes(),
            hz: cycles * self.sps * conversions,
            electrodes: if lead_off.side == Side::Both { 2 } else { 1 },
            response: sinc3(cycles) * of_mean,
        }
    }

    /// The lead-off current, unless it is one that no person may feel and nobody has said that there is none.
    fn checked_lead_off(&self, lab_mode: bool) -> Result<Option<settings::LeadOff>, ConfigError> {
        match self.lead_off {
            Some(lead_off) if !lead_off.current.is_for_people() && !lab_mode => {
                let message = "6 uA and 24 uA are not for people: `lab_mode: true` on the sensor says that no person is connected";
                Err(ConfigError::param_message("lead_off", message))
            }
            lead_off => Ok(lead_off),
        }
    }

    /// The lead-off current has to flow through the electrodes that it is to tell of.
    fn check_side(&self, reference: Reference) -> Result<(), ConfigError> {
        if !self.lead_off.is_some_and(|lead_off| lead_off.flows_through_the_reference(reference)) {
            return Ok(());
        }
        let message = "with this `reference` on the sensor, the currents of all channels on that side add up in the reference electrode, \
                       and no impedance is right: leave `side` out, then each flows through its channel's own electrode";
        Err(ConfigError::param_message("lead_off/side", message))
    }
}

/// A channel whose microvolts are those of its electrode against the reference, whichever of the two is at the non-inverting input.
///
/// With SRB2 the reference is (data sheet SBAS499C, CHnSET): codes count reference minus electrode, so a step is negative. OpenBCI's firmware
/// and programs leave it at that, and say so ("Polarity of ERP signal", OpenBCI forum 2042; OpenBCI/Documentation issue 187).
fn channel_meta(label: String, channel: Channel, reference: Reference) -> ChannelMeta {
    let meta = ChannelMeta::adc24(label, VREF_UV, f64::from(channel.gain.value()));
    let upside_down = reference == Reference::Srb2 && channel.input == Input::Normal;
    let sign = if upside_down { -1.0 } else { 1.0 };
    ChannelMeta { unit_per_code: sign * meta.unit_per_code, ..meta }
}

fn one_of(values: &[u32]) -> String {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("one of {}", words.join(", "))
}

#[cfg(test)]
mod tests;
