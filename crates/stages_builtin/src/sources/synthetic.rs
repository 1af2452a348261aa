//! A deterministic test signal: the same samples on every machine, whatever the packet size.

use super::clockwork::Clockwork;
use super::{frames_per_packet, rail_flag, require_packet_frames};
use eeg_boards::ads1299::VREF_UV;
use eeg_boards::{Signal, Synthesizer};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Flags, Inputs, Lockable, PacketKind, Role, SensorMeta,
    SourceImpl, SourceStep, StageCtx, StageDesc, StageError, StageInitCtx, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gain of the imaginary amplifier; the step is then 0.02235 uV.
const GAIN: f64 = 24.0;

/// A deterministic test signal in 24-bit codes, as if live.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SyntheticDesc {
    /// Samples per second and channel.
    pub sps: f64,
    /// Number of channels.
    pub channels: u32,
    /// Another seed, another noise.
    #[serde(default)]
    pub seed: u64,
    /// What the channels show, added up; without it something that looks like EEG.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signals: Option<Vec<Signal>>,
    /// Ends after this many seconds; without it, never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<f64>,
    /// Frames in a packet; without it about 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_frames: Option<u32>,
}

impl StageDesc for SyntheticDesc {
    const KIND: &'static str = "synthetic";
    const ROLE: Role = Role::Source;

    fn example() -> Self {
        Self {
            sps: 250.0,
            channels: 8,
            seed: 1,
            signals: None,
            duration_s: Some(60.0),
            packet_frames: None,
        }
    }

    fn build(&self, _inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let duration_s = self.duration_s.unwrap_or(1.0);
        ConfigError::all([
            ConfigError::require(
                self.sps > 0.0 && self.sps <= 1e6,
                "sps",
                "above 0 and at most 1000000",
                self.sps,
            ),
            ConfigError::require(
                (1..=1024).contains(&self.channels),
                "channels",
                "from 1 to 1024",
                self.channels,
            ),
            ConfigError::require(
                duration_s > 0.0 && duration_s.is_finite(),
                "duration_s",
                "above 0",
                duration_s,
            ),
            require_packet_frames(self.packet_frames),
        ])?;
        if ctx.offline && self.duration_s.is_none() {
            let message = "`synthetic` never ends: give it `duration_s` for `eegd process`";
            return Err(ConfigError::param_message("duration_s", message).into());
        }
        let labels =
            (1..=self.channels).map(|n| ChannelMeta::adc24(format!("ch{n}"), VREF_UV, GAIN));
        let sensor = SensorMeta {
            name: "synthetic".to_owned(),
            vref_uv: Some(VREF_UV),
            channels: labels.collect(),
            ..SensorMeta::default()
        };
        let clockwork = Clockwork::new(self.sps, if ctx.offline { 0.0 } else { 1.0 }, 0);
        let spec = StreamSpec {
            kind: PacketKind::RawI32,
            rate_hz: self.sps,
            sensor: ctx.sensor(sensor),
            max_frames: frames_per_packet(self.packet_frames, self.sps),
            delay_s: 0.0,
            total_frames: self.duration_s.map(|s| (s * self.sps).round() as u64),
            live: clockwork.is_live(),
        };
        let signals = self.signals.clone().unwrap_or_else(Signal::eeg_like);
        let channels = self.channels as usize;
        let synthesizer = Synthesizer::new(channels, self.sps, GAIN, self.seed, signals);
        let source = Synthetic { synthesizer, clockwork, spec: spec.clone(), next: 0 };
        Ok(Built::source(source, spec))
    }
}

/// The signal, and the clockwork that says when its next packet is due.
#[derive(Debug)]
struct Synthetic {
    synthesizer: Synthesizer,
    clockwork: Clockwork,
    spec: StreamSpec,
    next: u64,
}

impl Lockable for Synthetic {}

impl SourceImpl for Synthetic {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        let left = self.spec.total_frames.map_or(u64::MAX, |total| total - self.next);
        let frames = (self.spec.max_frames as u64).min(left) as usize;
        if frames == 0 {
            return Ok(SourceStep::End);
        }
        if !self.clockwork.wait(frames, ctx) {
            return Ok(SourceStep::Idle);
        }
        let header = self.clockwork.header(&self.spec.sensor, self.next, frames, Flags::NONE);
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        self.synthesizer.read(self.next, frames, packet.codes_mut());
        let railed = rail_flag(packet.codes_mut(), &self.spec.sensor);
        packet.header_mut().flags |= railed;
        self.next += frames as u64;
        Ok(SourceStep::Packet(packet.share()))
    }
}
