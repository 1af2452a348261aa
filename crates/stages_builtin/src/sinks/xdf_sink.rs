//! XDF: codes with their true scale, or microvolts, each sample at its time; what happened beside them in a stream of markers.
//!
//! Times are Unix seconds on the source's clock: the first sample's time and the nominal rate. How far that is from the
//! host's clock stands in clock offsets, by which readers correct. Nothing stands for lost samples: the times jump, and the
//! stream says that it can drop samples, so that readers do not draw one line through all of it.

use super::recorder::{
    Made, Note, PartStart, PartWriter, Recorder, RecordingFormat, iso_local, origin, part_of,
    recording_desc,
};
use eeg_formats::{StreamId, Target, WriteError, XdfChannel, XdfFormat, XdfStream, XdfWriter};
use plugin_api::{
    Built, ChannelMeta, ConfigError, Inputs, Role, RtPacket, StageDesc, StageInitCtx,
};
use std::fs::File;
use std::ops::Range;

recording_desc! {
    /// Records XDF below the data dir: raw codes with their scale, or microvolts, and a stream of markers.
    pub(crate) struct XdfSinkDesc {}
    path: "recording_{start}.xdf"
}

impl StageDesc for XdfSinkDesc {
    const KIND: &'static str = "xdf_sink";
    const ROLE: Role = Role::Sink;

    fn example() -> Self {
        Self::sample()
    }

    fn build(&self, inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        Ok(Built::sink(Recorder::new(self.settings(ctx)?, inputs.only(), Xdf)))
    }
}

struct Xdf;

impl RecordingFormat for Xdf {
    fn begin(&self, made: Made, start: &PartStart) -> Result<Box<dyn PartWriter>, WriteError> {
        let mut writer = XdfWriter::create(made.file, &iso_local(start.time_ns))?;
        let codes = start.kind.has_codes();
        let PartStart { sensor, rate_hz, .. } = start;
        let stream = writer.add_stream(&XdfStream {
            name: "eeg".to_owned(),
            kind: "EEG".to_owned(),
            rate_hz: *rate_hz,
            format: if codes { XdfFormat::Int32 } else { XdfFormat::Float32 },
            channels: sensor.channels.iter().map(|channel| channel_of(channel, codes)).collect(),
            source_id: sensor.name.clone(),
            notes: Vec::new(),
        })?;
        let start_s = start.time_ns as f64 * 1e-9;
        writer.marker(start_s, &origin(sensor, start.time_ns, start.utc_offset_s).to_string())?;
        Ok(Box::new(XdfPart { writer, stream, codes, start_s, rate_hz: *rate_hz }))
    }
}

fn channel_of(channel: &ChannelMeta, codes: bool) -> XdfChannel {
    let is_uv = channel.unit == "uV";
    XdfChannel {
        label: channel.label.clone(),
        unit: if is_uv { "microvolts".to_owned() } else { channel.unit.clone() },
        kind: if is_uv { "EEG" } else { "misc" }.to_owned(),
        unit_per_code: if codes { channel.unit_per_code } else { 1.0 },
        unit_offset: if codes { channel.unit_offset } else { 0.0 },
        gain: (channel.gain != 1.0).then_some(channel.gain),
    }
}

struct XdfPart {
    writer: XdfWriter<File>,
    stream: StreamId,
    codes: bool,
    start_s: f64,
    rate_hz: f64,
}

impl XdfPart {
    fn time_s(&self, index: u64) -> f64 {
        self.start_s + index as f64 / self.rate_hz
    }
}

impl PartWriter for XdfPart {
    fn next_index(&self) -> u64 {
        self.writer.next_index(self.stream)
    }

    fn append(&mut self, packet: &RtPacket, frames: Range<usize>) -> Result<(), WriteError> {
        let time_s = self.time_s(self.next_index());
        if self.codes {
            self.writer.append(self.stream, time_s, part_of(packet.codes(), packet, &frames))
        } else {
            let values = part_of(packet.microvolts(), packet, &frames);
            self.writer.append_values(self.stream, time_s, values)
        }
    }

    fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError> {
        let time_s = self.time_s(self.next_index());
        self.writer.gap(self.stream, time_s, count, cause)
    }

    fn note(&mut self, note: &Note<'_>) -> Result<(), WriteError> {
        // What the disk refuses waits in the writer, and is not to be given again.
        match self.writer.marker(self.time_s(note.index), note.line) {
            Err(WriteError::Io { .. }) => Ok(()),
            other => other,
        }
    }

    fn clock(&mut self, index: u64, time_ns: i64) -> Result<(), WriteError> {
        let own_s = self.time_s(index);
        self.writer.clock_offset(own_s, time_ns as f64 * 1e-9 - own_s)
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        // Chunks are of samples, not of time on a clock: the same samples make the same file.
        let synced = self.writer.target_mut().sync();
        synced.map_err(|source| WriteError::Io {
            doing: "write the recording to the disk".to_owned(),
            source,
        })
    }

    fn unwritten(&self) -> u64 {
        self.writer.unwritten(self.stream)
    }

    fn file_bytes(&self) -> u64 {
        self.writer.file_bytes()
    }

    fn close(self: Box<Self>) -> Result<(), WriteError> {
        self.writer.close().map(drop)
    }
}
