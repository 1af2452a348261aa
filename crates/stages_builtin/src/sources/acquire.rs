//! Samples from a board: the one that `sensors:` describes under its number.
//!
//! For now the only driver is `simulated`, a board made of arithmetic.

use super::clockwork::Clockwork;
use super::{frames_per_packet, require_packet_frames};
use eeg_boards::ads1299::{GAINS, RATES_SPS, VREF_UV};
use eeg_boards::{Signal, SimulatedBoard};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Flags, Inputs, Lockable, PacketKind, Role, SensorMeta,
    SourceImpl, SourceStep, StageCtx, StageDesc, StageError, StageInitCtx, StreamSpec, nearest,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;

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

/// One entry of `sensors:`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SensorDesc {
    driver: String,
    #[serde(default = "eight")]
    channels: usize,
    labels: Option<Vec<String>>,
    #[serde(default)]
    seed: u64,
    signals: Option<Vec<Signal>>,
}

const fn eight() -> usize {
    8
}

impl SensorDesc {
    /// What `sensors:` says about a board. Without any `sensors:`, board 0 is simulated, and its name says so.
    fn find(board: u32, ctx: &StageInitCtx) -> Result<Self, ConfigError> {
        let described = ctx.sensors.as_object().filter(|map| !map.is_empty());
        let Some(described) = described else {
            if board == 0 {
                (ctx.warn)(
                    "board 0 is simulated: there is no `sensors:` to say what is connected"
                        .to_owned(),
                );
                return Ok(Self {
                    driver: "simulated".to_owned(),
                    channels: 8,
                    labels: None,
                    seed: 0,
                    signals: None,
                });
            }
            return Err(ConfigError::param_message(
                "board",
                format!("there is no board {board}: describe it under `sensors:`"),
            ));
        };
        let Some(entry) = described.get(&board.to_string()) else {
            let known: Vec<&str> = described.keys().map(String::as_str).collect();
            let message =
                format!("there is no board {board} under `sensors:`, only {}", known.join(", "));
            return Err(ConfigError::param_message("board", message));
        };
        let sensor = Self::parse(board, entry)?;
        if sensor.driver != "simulated" {
            let hint = nearest(&sensor.driver, ["simulated"])
                .map_or("", |_| "; did you mean `simulated`?");
            return Err(setting(
                &format!("{board}/driver"),
                format!("there is no driver `{}`{hint} (known: simulated)", sensor.driver),
            ));
        }
        if !(1..=64).contains(&sensor.channels) {
            let message = format!("`channels` must be from 1 to 64, not {}", sensor.channels);
            return Err(setting(&format!("{board}/channels"), message));
        }
        if let Some(labels) =
            sensor.labels.as_ref().filter(|labels| labels.len() != sensor.channels)
        {
            let message = format!("{} labels for {} channels", labels.len(), sensor.channels);
            return Err(setting(&format!("{board}/labels"), message));
        }
        Ok(sensor)
    }

    fn parse(board: u32, entry: &Value) -> Result<Self, ConfigError> {
        let known = ["driver", "channels", "labels", "seed", "signals"];
        if let Some(key) =
            entry.as_object().and_then(|map| map.keys().find(|key| !known.contains(&key.as_str())))
        {
            let hint = nearest(key, known)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(setting(
                &format!("{board}/{key}"),
                format!("a sensor has no `{key}`{hint}"),
            ));
        }
        serde_json::from_value(entry.clone())
            .map_err(|error| setting(&board.to_string(), error.to_string()))
    }
}

fn setting(below_sensors: &str, message: String) -> ConfigError {
    ConfigError::Setting { path: format!("/sensors/{below_sensors}"), message }
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
        let sensor = SensorDesc::find(self.board, ctx)?;
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
            sensor: Arc::new(meta),
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
        Ok(Built::source(
            Acquire {
                board,
                clockwork: Clockwork::new(self.sps, 1.0, 0),
                spec: spec.clone(),
                next: 0,
            },
            spec,
        ))
    }
}

fn one_of(values: &[u32]) -> String {
    let words: Vec<String> = values.iter().map(ToString::to_string).collect();
    format!("one of {}", words.join(", "))
}

#[derive(Debug)]
struct Acquire {
    board: SimulatedBoard,
    clockwork: Clockwork,
    spec: StreamSpec,
    next: u64,
}

impl Lockable for Acquire {}

impl SourceImpl for Acquire {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        let frames = self.spec.max_frames;
        if !self.clockwork.wait(frames, ctx) {
            return Ok(SourceStep::Idle);
        }
        let header = self.clockwork.header(&self.spec.sensor, self.next, frames, Flags::NONE);
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        self.board.read(self.next, frames, packet.codes_mut());
        self.next += frames as u64;
        Ok(SourceStep::Packet(packet.share()))
    }
}
