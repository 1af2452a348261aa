//! Samples from a board: the one that `sensors:` describes under its number.
//!
//! For now the only driver is `simulated`, a board made of arithmetic.

use super::clockwork::Clockwork;
use super::sensor::Sensor;
use super::simulated::Simulated;
use super::{frames_per_packet, require_packet_frames};
use eeg_boards::ads1299::{GAINS, RATES_SPS, VREF_UV};
use eeg_boards::{Signal, SimulatedBoard};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, PacketKind, Role, SensorMeta, StageDesc, StageInitCtx,
    StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Samples from a board, in 24-bit codes.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcquireDesc {
    /// Number of the board under `sensors:`.
    #[serde(default)]
    pub board: u32,
    /// Samples per second and channel: 250, 500, 1000, 2000, 4000, 8000 or 16000; any rate for a simulated board.
    pub sps: f64,
    /// Gain of the input amplifiers: 1, 2, 4, 6, 8, 12 or 24.
    pub gain: u32,
    /// Frames in a packet; without it about 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_frames: Option<u32>,
}

impl StageDesc for AcquireDesc {
    const KIND: &'static str = "acquire";
    const ROLE: Role = Role::Source;

    fn example() -> Self {
        Self { board: 0, sps: 500.0, gain: 24, packet_frames: None }
    }

    fn build(&self, _inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        ConfigError::all([
            ConfigError::require(
                self.sps > 0.0 && self.sps <= 1e6,
                "sps",
                &one_of(&RATES_SPS),
                self.sps,
            ),
            ConfigError::require(GAINS.contains(&self.gain), "gain", &one_of(&GAINS), self.gain),
            require_packet_frames(self.packet_frames),
        ])?;
        let sensor = Sensor::find(self.board, ctx)?;
        let label = |n: usize| {
            sensor.labels.as_ref().map_or_else(|| format!("ch{}", n + 1), |l| l[n].clone())
        };
        let channel = |n| ChannelMeta::adc24(label(n), VREF_UV, f64::from(self.gain));
        let meta = SensorMeta {
            sensor_id: self.board,
            meta_rev: 0,
            name: format!("board {} (simulated)", self.board),
            vref_uv: Some(VREF_UV),
            channels: (0..sensor.channels).map(channel).collect(),
        };
        let spec = StreamSpec {
            kind: PacketKind::RawI32,
            rate_hz: self.sps,
            sensor: ctx.sensor(meta),
            max_frames: frames_per_packet(self.packet_frames, self.sps),
            delay_s: 0.0,
            total_frames: None,
            live: true,
        };
        let signals = sensor.signals.unwrap_or_else(Signal::eeg_like);
        let board = SimulatedBoard::new(
            sensor.channels,
            self.sps,
            f64::from(self.gain),
            sensor.seed,
            signals,
        );
        let clockwork = Clockwork::new(self.sps, 1.0, 0);
        Ok(Built::source(Simulated::new(board, clockwork, spec.clone()), spec))
    }
}

fn one_of(values: &[u32]) -> String {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("one of {}", words.join(", "))
}
