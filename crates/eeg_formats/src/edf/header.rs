//! The header of an EDF or BDF file: read, checked, its oddities turned into warnings.

use super::amplifier::Amplifier;
use super::fields::{self, FIXED_BYTES, HeaderBytes, fixed_error};
use super::start;
use crate::open::ReadSeek;
use crate::scaling::microvolts_per_unit;
use crate::{ChannelInfo, Format, FormatError, Scaling, Start, labels, text};
use std::io::{self, SeekFrom};

/// All that the header says, and the length of the file.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) format: Format,
    pub(super) sample_bytes: usize,
    pub(super) patient: String,
    pub(super) recording: String,
    pub(super) start: Option<Start>,
    /// Record duration, ns; 0 in a file of annotations alone.
    pub(super) duration_ns: i64,
    /// Number of records that the header promises; -1 when it was not known.
    pub(super) records: Option<i64>,
    pub(super) length_bytes: u64,
    pub(super) file_bytes: u64,
    pub(super) signals: Vec<Signal>,
    pub(super) warnings: Vec<String>,
}

/// One signal: a channel, or a place for annotations.
#[derive(Debug)]
pub(super) struct Signal {
    pub(super) samples_per_record: u64,
    /// `None` for annotations.
    pub(super) channel: Option<ChannelInfo>,
}

impl Header {
    pub(super) fn read(source: &mut dyn ReadSeek, name: &str) -> Result<Self, FormatError> {
        let io_error = |source: io::Error| FormatError::Io {
            name: name.to_owned(),
            doing: "read the header".to_owned(),
            source,
        };
        let file_bytes = source.seek(SeekFrom::End(0)).map_err(io_error)?;
        source.seek(SeekFrom::Start(0)).map_err(io_error)?;
        let short = |need_bytes: u64| FormatError::ShortHeader {
            name: name.to_owned(),
            need_bytes,
            have_bytes: file_bytes,
        };
        if file_bytes < FIXED_BYTES as u64 {
            return Err(short(FIXED_BYTES as u64));
        }
        let mut bytes = vec![0; FIXED_BYTES];
        source.read_exact(&mut bytes).map_err(io_error)?;

        // Four characters, so at most 9999 signals and 2.56 MB.
        let found = text::decode_number(&bytes[252..256]);
        let signals = text::parse_i64(&found)
            .and_then(|n| usize::try_from(n).ok())
            .filter(|n| (1..=9999).contains(n))
            .ok_or_else(|| {
                fixed_error(name, fields::SIGNALS, found, "a whole number from 1 to 9999")
            })?;
        let length_bytes = FIXED_BYTES * (signals + 1);
        if file_bytes < length_bytes as u64 {
            return Err(short(length_bytes as u64));
        }
        bytes.resize(length_bytes, 0);
        source.read_exact(&mut bytes[FIXED_BYTES..]).map_err(io_error)?;
        Self::parse(&HeaderBytes { name, bytes: &bytes, signals }, file_bytes)
    }

    fn parse(bytes: &HeaderBytes<'_>, file_bytes: u64) -> Result<Self, FormatError> {
        let mut warnings = Vec::new();
        // The first byte decides the width of a sample; the reserved field is often wrong about it.
        let is_bdf = bytes.bytes[0] == 0xFF;
        let reserved = text::decode(bytes.fixed(fields::RESERVED));
        let format = format_of(is_bdf, &reserved);
        if is_bdf && reserved.starts_with("EDF+") {
            warnings.push(format!(
                "the header says {reserved:?} in a BDF file: read with 24-bit samples"
            ));
        }

        let length_bytes = bytes.bytes.len() as u64;
        let stated = text::decode_number(bytes.fixed(fields::HEADER_BYTES));
        if text::parse_i64(&stated) != Some(length_bytes as i64) {
            warnings.push(format!(
                "the header gives its own length as {stated:?}; {length_bytes} bytes, for {} signals, are used",
                bytes.signals
            ));
        }

        let duration = text::decode_number(bytes.fixed(fields::DURATION));
        let duration_ns =
            text::parse_seconds_ns(&duration).filter(|&ns| ns >= 0).ok_or_else(|| {
                fixed_error(bytes.name, fields::DURATION, duration.clone(), "a number of seconds")
            })?;

        let signals = parse_signals(bytes, &mut warnings)?;
        if duration_ns == 0 && signals.iter().any(|s| s.channel.is_some()) {
            let wanted = "above 0, or the rate of the channels is unknown";
            return Err(fixed_error(bytes.name, fields::DURATION, duration, wanted));
        }

        let start = start::parse(
            &text::decode(bytes.fixed(fields::DATE)),
            &text::decode(bytes.fixed(fields::TIME)),
            &text::decode(bytes.fixed(fields::RECORDING)),
        );
        if start.is_none() {
            warnings.push(
                "the start date or time in the header is no date: the time of recording is unknown"
                    .to_owned(),
            );
        }
        Ok(Self {
            format,
            sample_bytes: if is_bdf { 3 } else { 2 },
            patient: text::decode(bytes.fixed(fields::PATIENT)),
            recording: text::decode(bytes.fixed(fields::RECORDING)),
            start: start.map(Start::Local),
            duration_ns,
            records: text::parse_i64(&text::decode_number(bytes.fixed(fields::RECORDS))),
            length_bytes,
            file_bytes,
            signals,
            warnings,
        })
    }
}

fn format_of(is_bdf: bool, reserved: &str) -> Format {
    let mark = reserved.get(..5).unwrap_or("");
    match (is_bdf, mark) {
        (true, "BDF+D" | "EDF+D") => Format::BdfPlusDiscontinuous,
        (true, "BDF+C" | "EDF+C") => Format::BdfPlusContinuous,
        (true, _) => Format::Bdf,
        (false, "EDF+D") => Format::EdfPlusDiscontinuous,
        (false, "EDF+C") => Format::EdfPlusContinuous,
        (false, _) => Format::Edf,
    }
}

fn parse_signals(
    bytes: &HeaderBytes<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Signal>, FormatError> {
    let signal_labels: Vec<String> =
        (0..bytes.signals).map(|i| bytes.text(fields::LABEL, i)).collect();
    let label_refs: Vec<&str> = signal_labels.iter().map(String::as_str).collect();
    let names = labels::unique_names(&label_refs);
    let mut signals = Vec::with_capacity(bytes.signals);
    for (i, (label, name)) in signal_labels.into_iter().zip(names).enumerate() {
        let samples = bytes.whole(fields::SAMPLES, i)?;
        let samples_per_record = u64::try_from(samples)
            .map_err(|_| bytes.error(fields::SAMPLES, i, samples.to_string(), "0 or more"))?;
        let is_annotations = matches!(label.as_str(), "EDF Annotations" | "BDF Annotations");
        let channel = if is_annotations {
            None
        } else {
            Some(parse_channel(bytes, i, label, name, warnings)?)
        };
        signals.push(Signal { samples_per_record, channel });
    }
    Ok(signals)
}

fn parse_channel(
    bytes: &HeaderBytes<'_>,
    signal: usize,
    label: String,
    name: String,
    warnings: &mut Vec<String>,
) -> Result<ChannelInfo, FormatError> {
    let unit = bytes.text(fields::UNIT, signal);
    let (pmin, pmax) =
        (bytes.number(fields::PHYSICAL_MIN, signal)?, bytes.number(fields::PHYSICAL_MAX, signal)?);
    let (dmin, dmax) =
        (bytes.whole(fields::DIGITAL_MIN, signal)?, bytes.whole(fields::DIGITAL_MAX, signal)?);
    let line = Scaling::from_ranges(pmin, pmax, dmin, dmax);
    if line.is_none() {
        warnings.push(format!(
            "channel {name:?}: physical {pmin} to {pmax} over digital {dmin} to {dmax} is no scale: its values are the \
             codes themselves, not {unit:?}"
        ));
    } else if dmin > dmax {
        warnings.push(format!(
            "channel {name:?}: digital minimum {dmin} is above the maximum {dmax}: read as the line through the two \
             points of the header"
        ));
    }
    let transducer = bytes.text(fields::TRANSDUCER, signal);
    let amplifier = Amplifier::parse(&transducer, &unit);
    let line = line.map(|line| amplifier.refine(line));
    Ok(ChannelInfo {
        microvolts: line.and_then(|line| Some(line.times(microvolts_per_unit(&unit)?))),
        scaling: line.unwrap_or(Scaling::IDENTITY),
        label,
        name,
        unit,
        physical_min: pmin,
        physical_max: pmax,
        digital_min: dmin,
        digital_max: dmax,
        transducer,
        prefilter: bytes.text(fields::PREFILTER, signal),
        gain: amplifier.gain,
    })
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
