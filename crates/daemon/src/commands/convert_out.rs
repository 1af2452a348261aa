//! The new file of a conversion, in any of the formats that can be written.

use super::super::Failed;
use anyhow::anyhow;
use eeg_formats::{
    Annotation, ChannelInfo, CivilDateTime, CsvWriter, EdfChannel, EdfSpec, EdfWriter, Patient,
    SampleBlock, SampleKind, SampleWidth, Scaling, StreamId, StreamInfo, WriteError, XdfChannel,
    XdfFormat, XdfStream, XdfWriter,
};
use std::fs::File;

/// What the new file shall be.
pub(super) struct Plan<'a> {
    pub(super) format: &'a str,
    /// Time of the first sample, and by how much local time was ahead of UTC.
    pub(super) start_ns: (i64, i32),
    pub(super) patient: String,
    pub(super) range_uv: Option<f64>,
    pub(super) max_step_uv: f64,
    pub(super) stream: &'a StreamInfo,
}

/// The new file, being written.
pub(super) enum Out {
    Edf(EdfWriter<File>),
    Xdf { writer: XdfWriter<File>, stream: StreamId, start_s: f64, rate_hz: f64 },
    Csv { writer: CsvWriter<File>, values: Vec<f32> },
}

fn failed(error: WriteError) -> Failed {
    match error {
        WriteError::Io { .. } => Failed::Other(anyhow!(error)),
        error => Failed::Input(error.to_string()),
    }
}

impl Out {
    pub(super) fn begin(file: File, plan: &Plan<'_>) -> Result<Self, Failed> {
        let Plan { stream, start_ns: (start_ns, offset_s), .. } = plan;
        let StreamInfo { rate_hz, channels, sample_kind, .. } = stream;
        match plan.format {
            "csv" => {
                let labels: Vec<&str> = channels.iter().map(|c| c.label.as_str()).collect();
                let writer = CsvWriter::create(file, *rate_hz, &labels).map_err(failed)?;
                Ok(Self::Csv { writer, values: Vec::new() })
            }
            "xdf" => {
                let civil = CivilDateTime::from_unix_ns(*start_ns, *offset_s);
                let zone = format!("{:+03}{:02}", offset_s / 3600, offset_s.abs() / 60 % 60);
                let mut writer =
                    XdfWriter::create(file, &format!("{civil}{zone}")).map_err(failed)?;
                let codes = *sample_kind == SampleKind::Codes;
                let spec = XdfStream {
                    name: stream.name.clone(),
                    kind: if stream.is_eeg { "EEG" } else { "" }.to_owned(),
                    rate_hz: *rate_hz,
                    format: if codes { XdfFormat::Int32 } else { XdfFormat::Float32 },
                    channels: channels.iter().map(|c| xdf_channel(c, codes)).collect(),
                    source_id: String::new(),
                    notes: Vec::new(),
                };
                let id = writer.add_stream(&spec).map_err(failed)?;
                let start_s = *start_ns as f64 * 1e-9;
                Ok(Self::Xdf { writer, stream: id, start_s, rate_hz: *rate_hz })
            }
            other => {
                let width = if other == "edf" { SampleWidth::Edf16 } else { SampleWidth::Bdf24 };
                let spec = EdfSpec {
                    patient: patient(&plan.patient),
                    ..EdfSpec::new(
                        width,
                        *rate_hz,
                        channels.iter().map(|c| edf_channel(c, plan, width)).collect(),
                        CivilDateTime::from_unix_ns(*start_ns, *offset_s),
                    )
                };
                EdfWriter::create(file, &spec).map(Self::Edf).map_err(failed)
            }
        }
    }

    pub(super) fn append(&mut self, block: &SampleBlock, info: &StreamInfo) -> Result<(), Failed> {
        let codes = block.kind == SampleKind::Codes;
        match self {
            Self::Edf(writer) if codes => writer.append(&block.codes),
            Self::Edf(writer) => writer.append_values(&block.microvolts),
            Self::Xdf { writer, stream, start_s, rate_hz } => {
                let time_s = *start_s + writer.next_index(*stream) as f64 / *rate_hz;
                if codes {
                    writer.append(*stream, time_s, &block.codes)
                } else {
                    writer.append_values(*stream, time_s, &block.microvolts)
                }
            }
            Self::Csv { writer, values } if codes => {
                values.clear();
                for frame in block.codes.chunks_exact(info.channels.len()) {
                    values.extend(info.channels.iter().zip(frame).map(|(channel, code)| {
                        let uv = channel.microvolts_of(*code);
                        uv.unwrap_or_else(|| channel.physical(*code)) as f32
                    }));
                }
                writer.append_values(values)
            }
            Self::Csv { writer, .. } => writer.append_values(&block.microvolts),
        }
        .map_err(failed)
    }

    pub(super) fn gap(&mut self, count: u64) -> Result<(), Failed> {
        let cause = "missing in the recording that was converted";
        match self {
            Self::Edf(writer) => writer.gap(count, cause),
            Self::Xdf { writer, stream, start_s, rate_hz } => {
                let time_s = *start_s + writer.next_index(*stream) as f64 / *rate_hz;
                writer.gap(*stream, time_s, count, cause)
            }
            Self::Csv { writer, .. } => {
                writer.gap(count);
                Ok(())
            }
        }
        .map_err(failed)
    }

    pub(super) fn note(
        &mut self,
        index: u64,
        note: &Annotation,
        rate_hz: f64,
    ) -> Result<(), Failed> {
        match self {
            Self::Edf(writer) => {
                let duration = note.duration_s.map(|s| (s * rate_hz).round().max(0.0) as u64);
                writer.annotate(index, duration, &note.text)
            }
            Self::Xdf { writer, start_s, .. } => {
                writer.marker(*start_s + index as f64 / rate_hz, &note.text)
            }
            // A table has no place for them.
            Self::Csv { .. } => Ok(()),
        }
        .map_err(failed)
    }

    pub(super) fn close(self) -> Result<(), Failed> {
        match self {
            Self::Edf(writer) => writer.close().map(drop),
            Self::Xdf { writer, .. } => writer.close().map(drop),
            Self::Csv { writer, .. } => writer.close().map(drop),
        }
        .map_err(failed)
    }
}

fn xdf_channel(channel: &ChannelInfo, codes: bool) -> XdfChannel {
    let scaling = channel.microvolts.unwrap_or(channel.scaling);
    let unit = if channel.microvolts.is_some() { "microvolts" } else { &channel.unit };
    XdfChannel {
        label: channel.label.clone(),
        unit: unit.to_owned(),
        kind: if channel.microvolts.is_some() { "EEG" } else { "misc" }.to_owned(),
        unit_per_code: if codes { scaling.scale } else { 1.0 },
        unit_offset: if codes { scaling.offset } else { 0.0 },
        gain: channel.gain,
    }
}

/// Codes that fit go in as they are, with the range that they had; anything else is converted to the range given.
fn edf_channel(channel: &ChannelInfo, plan: &Plan<'_>, width: SampleWidth) -> EdfChannel {
    let [least, greatest] = match width {
        SampleWidth::Edf16 => [-32_768, 32_767],
        SampleWidth::Bdf24 => [-8_388_608, 8_388_607],
    };
    let label = channel.label.chars().take(16).collect::<String>();
    let kept = plan.range_uv.is_none();
    if kept {
        // An int32 stream of XDF says nothing of how many bits it uses; a 24-bit ADC's are taken to be all.
        let wide = channel.digital_min < least || channel.digital_max > greatest;
        let digital =
            if wide { [least, greatest] } else { [channel.digital_min, channel.digital_max] };
        let physical = digital.map(|code| channel.scaling.apply(code as i32));
        let unit = if channel.unit.starts_with("microvolt") { "uV" } else { &channel.unit };
        let transducer = channel
            .transducer
            .split(' ')
            .filter(|word| !word.starts_with("gain=") && !word.starts_with("LSB="))
            .collect::<Vec<_>>()
            .join(" ");
        return EdfChannel {
            digital: Some(digital.map(|code| code as i32)),
            transducer,
            prefilter: channel.prefilter.clone(),
            gain: channel.gain,
            step: (channel.scaling.offset == 0.0).then_some(channel.scaling.scale),
            ..EdfChannel::range(&label, unit, physical)
        };
    }
    let reach = plan.range_uv.unwrap_or(1.0);
    let input = channel.microvolts.unwrap_or(channel.scaling);
    let is_codes = plan.stream.sample_kind == SampleKind::Codes;
    let unit = if channel.microvolts.is_some() { "uV" } else { &channel.unit };
    EdfChannel {
        input: is_codes.then_some(Scaling { scale: input.scale, offset: input.offset }),
        prefilter: channel.prefilter.clone(),
        gain: channel.gain,
        max_step: (width == SampleWidth::Edf16).then_some(plan.max_step_uv),
        ..EdfChannel::range(&label, unit, [-reach, reach])
    }
}

/// The subfields of an EDF+ header.
fn patient(text: &str) -> Patient {
    let mut fields =
        text.split(' ').map(|field| Some(field.to_owned()).filter(|field| field != "X"));
    let mut next = || fields.next().flatten();
    Patient { code: next(), sex: next(), birthdate: next(), name: next() }
}
