//! What BDF+ and EDF+ recordings have in common: the header from the sensor, packets to records, notes to annotations.

use super::recorder::{Made, Note, PartStart, PartWriter, RecordingFormat, origin, part_of};
use eeg_formats::{
    CivilDateTime, EdfChannel, EdfSpec, EdfWriter, Patient, SampleWidth, Scaling, Session,
    WriteError,
};
use plugin_api::{ChannelMeta, ConfigError, RtPacket, SensorMeta, StageInitCtx, StreamSpec};
use std::fs::File;
use std::io::Cursor;
use std::ops::Range;

/// Most characters of who was recorded, of what for and of with what: the header has 80 for each line.
const CODE: usize = 40;
const TASK: usize = 20;
const EQUIPMENT: usize = 30;
/// Above it, eight characters do not hold a range in microvolts.
const MOST_UV: f64 = 9_999_999.0;

/// A recording in BDF+ or EDF+.
#[derive(Debug, Clone)]
pub(super) struct EdfFormat {
    pub(super) width: SampleWidth,
    /// Codes go in bit for bit. Without it, values or codes are converted to the range.
    pub(super) bit_for_bit: bool,
    /// Plus and minus what values can be recorded; without it the full scale of 24 bits.
    pub(super) range: Option<f64>,
    /// Coarsest step allowed, of channels in microvolts.
    pub(super) max_step_uv: Option<f64>,
    pub(super) participant: Option<String>,
    pub(super) task: Option<String>,
}

impl EdfFormat {
    /// Reports what the header cannot hold, and steps that are too coarse, before anything runs.
    pub(super) fn check(&self, input: &StreamSpec, param: &str) -> Result<(), ConfigError> {
        let start = PartStart {
            sensor: input.sensor.clone(),
            kind: input.kind,
            rate_hz: input.rate_hz,
            first_sample: 0,
            time_ns: 0,
            utc_offset_s: 0,
        };
        match EdfWriter::create(Cursor::new(Vec::new()), &self.spec(&start)) {
            Ok(_) => Ok(()),
            Err(error @ WriteError::Resolution { .. }) => {
                Err(ConfigError::param_message(param, error.to_string()))
            }
            Err(error) => Err(ConfigError::Input(format!("cannot be recorded: {error}"))),
        }
    }

    pub(super) fn in_study(self, ctx: &StageInitCtx) -> Self {
        let name = |name: &str, most| ctx.names.get(name).map(|text| shortened(text, most));
        Self { participant: name("participant", CODE), task: name("task", TASK), ..self }
    }

    fn spec(&self, start: &PartStart) -> EdfSpec {
        let civil = CivilDateTime::from_unix_ns(start.time_ns, start.utc_offset_s);
        let has_codes = start.kind.has_codes();
        let channels = start.sensor.channels.iter().map(|c| self.channel(c, has_codes)).collect();
        let equipment = Some(shortened(&start.sensor.name, EQUIPMENT)).filter(|s| !s.is_empty());
        EdfSpec {
            patient: Patient { code: self.participant.clone(), ..Patient::default() },
            session: Session { code: self.task.clone(), equipment, ..Session::default() },
            ..EdfSpec::new(self.width, start.rate_hz, channels, civil)
        }
    }

    fn channel(&self, meta: &ChannelMeta, has_codes: bool) -> EdfChannel {
        let full_scale = meta.unit_per_code.abs() * f64::from(1 << 23);
        let reach = self.range.unwrap_or(full_scale);
        let middle = if self.range.is_some() { 0.0 } else { meta.unit_offset };
        // A voltage too large for the header in microvolts goes in as millivolts.
        let (unit, factor) = match meta.unit.as_str() {
            "uV" if reach + middle.abs() > MOST_UV => ("mV", 1e-3),
            unit => (unit, 1.0),
        };
        let sign = meta.unit_per_code.signum();
        let ends = [middle - sign * reach, middle + sign * reach].map(|end| end * factor);
        let input = Scaling { scale: meta.unit_per_code, offset: meta.unit_offset };
        let is_uv = meta.unit == "uV";
        EdfChannel {
            input: (has_codes && !self.bit_for_bit).then(|| input.times(factor)),
            gain: (meta.gain != 1.0).then_some(meta.gain),
            step: (self.bit_for_bit && meta.unit_offset == 0.0)
                .then_some(meta.unit_per_code * factor),
            max_step: self.max_step_uv.filter(|_| is_uv).map(|step| step * factor),
            ..EdfChannel::range(&meta.label, unit, ends)
        }
    }
}

/// At most so many characters.
fn shortened(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

impl RecordingFormat for EdfFormat {
    fn begin(&self, made: Made, start: &PartStart) -> Result<Box<dyn PartWriter>, WriteError> {
        let mut writer = EdfWriter::create(made.file, &self.spec(start))?;
        let origin = origin(&start.sensor, start.time_ns, start.utc_offset_s);
        writer.annotate(0, None, &origin.to_string())?;
        Ok(Box::new(EdfPart { writer, takes_codes: start.kind.has_codes() }))
    }
}

struct EdfPart {
    writer: EdfWriter<File>,
    /// Codes come, to be converted or not; else microvolts.
    takes_codes: bool,
}

impl PartWriter for EdfPart {
    fn next_index(&self) -> u64 {
        self.writer.next_index()
    }

    fn append(&mut self, packet: &RtPacket, frames: Range<usize>) -> Result<(), WriteError> {
        if self.takes_codes {
            self.writer.append(part_of(packet.codes(), packet, &frames))
        } else {
            self.writer.append_values(part_of(packet.microvolts(), packet, &frames))
        }
    }

    fn gap(&mut self, count: u64, cause: &str) -> Result<(), WriteError> {
        self.writer.gap(count, cause)
    }

    fn note(&mut self, note: &Note<'_>) -> Result<(), WriteError> {
        self.writer.annotate(note.index, note.duration_samples, note.line)
    }

    fn sync(&mut self) -> Result<(), WriteError> {
        self.writer.sync()
    }

    fn unwritten(&self) -> u64 {
        self.writer.unwritten()
    }

    fn file_bytes(&self) -> u64 {
        self.writer.file_bytes()
    }

    fn close(self: Box<Self>) -> Result<(), WriteError> {
        self.writer.close().map(drop)
    }
}

/// That every label fits the header.
pub(super) fn labels_are_short(sensor: &SensorMeta) -> Result<(), ConfigError> {
    match sensor.channels.iter().find(|channel| channel.label.chars().count() > 16) {
        None => Ok(()),
        Some(channel) => Err(ConfigError::Input(format!(
            "cannot be recorded: the label {:?} has more than the 16 characters of the format: put `rename` before it",
            channel.label
        ))),
    }
}
