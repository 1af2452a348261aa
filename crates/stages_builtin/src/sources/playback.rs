//! Plays a recording as if it were live, or as fast as it can be read.

use super::clockwork::Clockwork;
use super::{frames_per_packet, rail_flag, require_packet_frames};
use eeg_formats::{ChannelInfo, Chunk, FormatError, Origin, Recording, SampleKind, StreamInfo};
use plugin_api::clock::monotonic_ns;
use plugin_api::{
    Built, ChannelMeta, ConfigError, Flags, FreshPacket, Gate, Inputs, LeadOff, Lockable,
    OpenError, PacketHeader, PacketKind, Role, SensorMeta, SourceImpl, SourceStep, StageCtx,
    StageDesc, StageError, StageInitCtx, StreamSpec,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Plays a recording (EDF, EDF+, BDF, BDF+, XDF, OpenBCI text) as if it were live.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlaybackDesc {
    /// The file, relative to the pipeline file.
    pub path: String,
    /// Times real time; 0 is as fast as possible.
    #[serde(default = "real_time")]
    pub speed: f64,
    /// Starts over at the end. `eegd process` plays once all the same.
    #[serde(default)]
    pub repeat: bool,
    /// Frames in a packet; without it about 10 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub packet_frames: Option<u32>,
    /// Name or number of the stream; without it the first EEG stream, else the one with the most data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<StreamChoice>,
}

/// A stream by name or by number.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum StreamChoice {
    /// Counted from 0.
    Number(u32),
    /// As the recording calls it.
    Name(String),
}

const fn real_time() -> f64 {
    1.0
}

impl StageDesc for PlaybackDesc {
    const KIND: &'static str = "playback";
    const ROLE: Role = Role::Source;

    fn example() -> Self {
        Self {
            path: "recording.bdf".to_owned(),
            speed: 1.0,
            repeat: false,
            packet_frames: None,
            stream: None,
        }
    }

    fn build(&self, _inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        ConfigError::all([
            ConfigError::require(
                self.speed >= 0.0 && self.speed <= 1e6,
                "speed",
                "0 or more",
                self.speed,
            ),
            require_packet_frames(self.packet_frames),
        ])?;
        let source = Box::new(ctx.input("path", &self.path)?);
        let refused = |param: &str| {
            let param = param.to_owned();
            move |error: FormatError| ConfigError::param_message(&param, error.to_string())
        };
        let mut recording = eeg_formats::open(source, &self.path).map_err(refused("path"))?;
        let origin = origin_of(&mut recording).map_err(refused("path"))?;
        let asked = self.stream.as_ref().map(|choice| match choice {
            StreamChoice::Number(number) => number.to_string(),
            StreamChoice::Name(name) => name.clone(),
        });
        let param = if asked.is_some() { "stream" } else { "path" };
        let number = recording.info().pick_stream(asked.as_deref()).map_err(refused(param))?;
        for warning in &recording.info().warnings {
            (ctx.warn)(format!("{}: {warning}", self.path));
        }
        let stream = &recording.info().streams[number];
        let repeat = self.repeat && !ctx.offline;
        let recorded_ns = match &origin {
            Some(origin) => origin.start_unix_ns,
            None => recording.info().start.map_or(0, eeg_formats::Start::unix_ns_as_utc),
        };
        let speed = if ctx.offline { 0.0 } else { self.speed };
        let clockwork = Clockwork::new(stream.rate_hz, speed, recorded_ns);
        let spec = StreamSpec {
            kind: match stream.sample_kind {
                SampleKind::Codes => PacketKind::RawI32,
                SampleKind::Microvolts => PacketKind::Voltage,
            },
            rate_hz: stream.rate_hz,
            sensor: ctx.sensor(sensor_of(&self.path, stream, origin)),
            max_frames: frames_per_packet(self.packet_frames, stream.rate_hz),
            delay_s: 0.0,
            total_frames: stream.frames.filter(|_| !repeat),
            live: clockwork.is_live(),
        };
        let playback = Playback {
            recording,
            stream: number,
            repeat,
            clockwork,
            spec: spec.clone(),
            began_at: 0,
            next: 0,
            held: None,
            gate: ctx.gate.clone(),
        };
        Ok(Built::source(playback, spec))
    }
}

/// Most annotations looked at for what the recorder said about itself: it is the first or second.
const FIRST_ANNOTATIONS: usize = 8;

/// What the recorder said about itself, where it was one of ours.
fn origin_of(recording: &mut Recording) -> Result<Option<Origin>, FormatError> {
    for annotation in recording.annotations().take(FIRST_ANNOTATIONS) {
        if let Some(origin) = Origin::parse(&annotation?.text) {
            return Ok(Some(origin));
        }
    }
    Ok(None)
}

/// The sensor as it was recorded, where the recording tells; else the file.
fn sensor_of(path: &str, stream: &StreamInfo, origin: Option<Origin>) -> SensorMeta {
    let channels = stream.channels.iter().map(channel_of).collect();
    match origin {
        Some(Origin { sensor_id, meta_rev, vref_uv, lead_off, sensor, .. }) => SensorMeta {
            sensor_id,
            meta_rev,
            name: sensor,
            vref_uv,
            lead_off: lead_off.map_or(LeadOff::Unknown, |word| LeadOff::parse(&word)),
            channels,
        },
        None => SensorMeta { name: path.to_owned(), channels, ..SensorMeta::default() },
    }
}

/// Voltages come in microvolts whatever the file's unit; anything else keeps its own.
fn channel_of(channel: &ChannelInfo) -> ChannelMeta {
    let (unit, scaling) = match channel.microvolts {
        Some(scaling) => ("uV".to_owned(), scaling),
        None => (channel.unit.clone(), channel.scaling),
    };
    ChannelMeta {
        label: channel.name.clone(),
        unit,
        gain: channel.gain.unwrap_or(1.0),
        unit_per_code: scaling.scale,
        unit_offset: scaling.offset,
    }
}

/// Where the next packet comes from.
struct Playback {
    recording: Recording,
    stream: usize,
    repeat: bool,
    clockwork: Clockwork,
    spec: StreamSpec,
    /// Index at which the present round of a repeated recording began.
    began_at: u64,
    /// Index after the last sample.
    next: u64,
    /// Read, but not yet due: kept over an interrupted sleep.
    held: Option<FreshPacket>,
    gate: Option<Arc<Gate>>,
}

impl Playback {
    /// The packet held back, or the next one read: indices, frames and flags in its header. `None` at the end.
    fn read(&mut self, ctx: &mut StageCtx) -> Result<Option<FreshPacket>, StageError> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        let header = self.blank_header();
        let mut packet = ctx.fresh(header, self.spec.kind);
        let mut chunk = self.fill(&mut packet).map_err(|error| stage_error(&error))?;
        if chunk.is_none() && self.repeat && self.next > self.began_at {
            self.recording.rewind().map_err(|error| stage_error(&error))?;
            self.began_at = self.next;
            // Nothing is lost, but the signal jumps.
            packet.header_mut().flags |= Flags::GAP;
            chunk = self.fill(&mut packet).map_err(|error| stage_error(&error))?;
        }
        let Some(chunk) = chunk else { return Ok(None) };
        let samples = chunk.frames * self.spec.channels();
        packet.codes_mut().truncate(samples);
        packet.microvolts_mut().truncate(samples);
        let railed = rail_flag(packet.codes_mut(), &self.spec.sensor);
        let header = packet.header_mut();
        header.flags |= railed;
        header.first_sample = self.began_at + chunk.first_index;
        header.frames = chunk.frames as u32;
        if chunk.lost_before > 0 {
            header.flags |= Flags::GAP;
        }
        self.next = header.first_sample + chunk.frames as u64;
        Ok(Some(packet))
    }

    fn fill(&mut self, packet: &mut FreshPacket) -> Result<Option<Chunk>, FormatError> {
        let frames = self
            .gate
            .as_ref()
            .map_or(u64::MAX, |gate| gate.until().saturating_sub(self.next).max(1));
        let frames = usize::try_from(frames).unwrap_or(usize::MAX).min(self.spec.max_frames);
        let samples = frames * self.spec.channels();
        if self.spec.kind.has_codes() {
            packet.codes_mut().resize(samples, 0);
            self.recording.read_codes(self.stream, packet.codes_mut())
        } else {
            packet.microvolts_mut().resize(samples, 0.0);
            self.recording.read_microvolts(self.stream, packet.microvolts_mut())
        }
    }

    fn blank_header(&self) -> PacketHeader {
        PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: self.next,
            time_ns: 0,
            captured_ns: 0,
            rate_hz: self.spec.rate_hz,
            frames: 0,
            flags: Flags::NONE,
        }
    }
}

fn stage_error(error: &FormatError) -> StageError {
    match error {
        FormatError::Io { source, .. } => StageError::io("read the recording", source),
        _ => StageError::Data("the recording cannot be read any further"),
    }
}

/// Asks again soon: whoever holds the gate opens it when something is done.
fn wait_at_gate(ctx: &StageCtx) -> SourceStep {
    let _ = ctx.sleep_until(monotonic_ns() + 1_000_000);
    SourceStep::Idle
}

impl Lockable for Playback {}

impl SourceImpl for Playback {
    fn open(&mut self) -> Result<(), OpenError> {
        // What was filled in for lost samples is a jump of the index again, as it was live.
        self.recording.leave_out_filler(self.stream).map_err(|error| OpenError(error.to_string()))
    }

    fn remarks(&self) -> Vec<String> {
        let told = self.recording.info().warnings.len();
        self.recording.warnings().split_off(told)
    }

    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if self.held.is_none() && self.gate.as_ref().is_some_and(|gate| gate.stops(self.next)) {
            return Ok(wait_at_gate(ctx));
        }
        let Some(mut packet) = self.read(ctx)? else { return Ok(SourceStep::End) };
        let first = packet.header_mut().first_sample;
        if self.gate.as_ref().is_some_and(|gate| gate.stops(first)) {
            // What lies before it was lost, and the gate stands there.
            self.held = Some(packet);
            return Ok(wait_at_gate(ctx));
        }
        let frames = packet.header_mut().frames as usize;
        if !self.clockwork.wait(frames, ctx) {
            self.held = Some(packet);
            return Ok(SourceStep::Idle);
        }
        let (first_sample, flags) = (packet.header_mut().first_sample, packet.header_mut().flags);
        *packet.header_mut() =
            self.clockwork.header(&self.spec.sensor, first_sample, frames, flags);
        Ok(SourceStep::Packet(packet.share()))
    }
}
