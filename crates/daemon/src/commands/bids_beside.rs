//! What stands beside a recording in a BIDS dataset: sidecar, table of channels, table of events.

use crate::commands::Failed;
use crate::commands::recordings::failed;
use crate::document::Document;
use crate::studies::SessionMeta;
use eeg_formats::{Gap, GapKind, Origin, Recording, SampleBlock, StreamInfo};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Frames read at a time.
const FRAMES: usize = 4096;
/// From this part of the ADC's range on a sample is at a rail.
const RAIL: f64 = 0.95;
/// A channel at a rail for more than this part of the time is bad.
const MOST_AT_RAIL: f64 = 0.5;

/// What only the lab knows, as far as it was told.
#[derive(Debug, Clone, Default)]
pub(in crate::commands) struct Told {
    pub(in crate::commands) reference: Option<String>,
    pub(in crate::commands) power_line_hz: Option<f64>,
}

impl Told {
    /// With what the pipeline of a study tells: the reference of its boards, the mains that it filters out or looks for.
    pub(super) fn or_from(&self, pipeline: Option<&Document>) -> Self {
        let stages = || pipeline.into_iter().flat_map(|document| document.stages.values());
        let mains = |hz: &f64| [50.0, 60.0].contains(hz);
        let number = |kind: &str, param: &str| {
            let of_kind = stages().filter(|stage| stage.kind == kind);
            of_kind.filter_map(|stage| stage.params.get(param)?.as_f64()).find(mains)
        };
        let boards = || pipeline.and_then(|document| document.sensors.as_object());
        let reference = || {
            boards().into_iter().flat_map(|boards| boards.values()).find_map(|board| {
                Some(match board.get("reference")?.as_str()? {
                    "pairs" => {
                        "none: each channel is the difference between two electrodes of its own"
                    }
                    "srb1" => "the electrode at SRB1",
                    "srb2" => "the electrode at SRB2",
                    _ => return None,
                })
            })
        };
        Self {
            reference: self.reference.clone().or_else(|| reference().map(str::to_owned)),
            power_line_hz: self
                .power_line_hz
                .or_else(|| number("notch", "hz"))
                .or_else(|| number("quality", "mains_hz")),
        }
    }
}

/// What a recording holds, all of it read once.
pub(super) struct Held {
    pub(super) stream: StreamInfo,
    /// Samples from the first to the last that was measured, lost ones counted.
    length: u64,
    channels: Vec<Extremes>,
    measured: u64,
}

#[derive(Debug, Clone, Copy)]
struct Extremes {
    least: i32,
    most: i32,
    at_rail: u64,
}

impl Held {
    pub(super) fn of(recording: &mut Recording) -> Result<Self, Failed> {
        let stream = recording.info().streams[0].clone();
        recording.leave_out_filler(0).map_err(failed)?;
        let none = Extremes { least: i32::MAX, most: i32::MIN, at_rail: 0 };
        let (mut channels, mut block) = (vec![none; stream.channels.len()], SampleBlock::new());
        let (mut length, mut measured) = (0, 0);
        let rail = (RAIL * f64::from(1 << 23)) as u32;
        while let Some(chunk) = recording.read(0, FRAMES, &mut block).map_err(failed)? {
            length = chunk.first_index + chunk.frames as u64;
            measured += chunk.frames as u64;
            for frame in block.codes.chunks_exact(channels.len()) {
                for (channel, code) in channels.iter_mut().zip(frame) {
                    channel.least = channel.least.min(*code);
                    channel.most = channel.most.max(*code);
                    channel.at_rail += u64::from(code.unsigned_abs() >= rail);
                }
            }
        }
        Ok(Self { stream, length, channels, measured })
    }

    /// `*_eeg.json`.
    pub(super) fn sidecar(&self, meta: &SessionMeta, told: &Told) -> Value {
        let sensor =
            meta.sensors.first().and_then(|sensor| sensor["name"].as_str()).unwrap_or("n/a");
        let voltages = self.stream.channels.iter().filter(|c| c.microvolts.is_some()).count();
        json!({
            "TaskName": meta.task,
            "EEGReference": told.reference.as_deref().unwrap_or("n/a"),
            "SamplingFrequency": self.stream.rate_hz,
            "PowerLineFrequency": told.power_line_hz.map_or(json!("n/a"), |hz| json!(hz)),
            // The ADC's codes as they came.
            "SoftwareFilters": "n/a",
            "HardwareFilters": "n/a",
            "ManufacturersModelName": sensor,
            "SoftwareVersions": meta.software,
            "EEGChannelCount": voltages,
            "MISCChannelCount": self.stream.channels.len() - voltages,
            "EOGChannelCount": 0,
            "ECGChannelCount": 0,
            "EMGChannelCount": 0,
            "TriggerChannelCount": 0,
            "RecordingDuration": self.length as f64 / self.stream.rate_hz,
            "RecordingType": "continuous",
        })
    }

    /// `*_channels.tsv`. A channel that shows nothing of anybody's brain is bad, and it says why.
    pub(super) fn channels(&self) -> String {
        let mut table =
            "name\ttype\tunits\tsampling_frequency\tstatus\tstatus_description\n".to_owned();
        for (channel, found) in self.stream.channels.iter().zip(&self.channels) {
            let kind = if channel.microvolts.is_some() { "EEG" } else { "MISC" };
            let unit = match channel.unit.as_str() {
                "" => "n/a",
                unit => unit,
            };
            let at_rail = found.at_rail as f64 / self.measured.max(1) as f64;
            let (status, why) = match kind {
                "EEG" if at_rail > MOST_AT_RAIL => (
                    "bad",
                    format!("at a rail of the ADC for {:.0} % of the time", at_rail * 100.0),
                ),
                "EEG" if found.least == found.most => {
                    ("bad", "flat: the same code from beginning to end".to_owned())
                }
                _ => ("good", "n/a".to_owned()),
            };
            let (name, rate_hz) = (&channel.name, self.stream.rate_hz);
            // Writing to a string cannot fail.
            let _ = writeln!(table, "{name}\t{kind}\t{unit}\t{rate_hz}\t{status}\t{why}");
        }
        table
    }
}

/// `*_events.tsv`: what happened, in order; `None` when nothing did. And what the recorder says about itself.
pub(super) fn events(
    recording: &mut Recording,
) -> Result<(Option<String>, Option<Origin>), Failed> {
    let rate_hz = recording.info().streams[0].rate_hz;
    let (mut rows, mut origin) = (Vec::new(), None);
    for annotation in recording.annotations() {
        let annotation = annotation.map_err(failed)?;
        if let Some(found) = Origin::parse(&annotation.text) {
            origin = Some(found);
            continue;
        }
        let gap = Gap::parse(&annotation.text);
        if gap.as_ref().is_some_and(|gap| gap.kind == GapKind::Padding) {
            continue;
        }
        let sort = if gap.is_some() { "gap" } else { "event" };
        let duration = annotation.duration_s.map_or("n/a".to_owned(), |s| s.to_string());
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let text: String = annotation.text.chars().map(plain).collect();
        let sample = (annotation.onset_s * rate_hz).round() as u64;
        let row = format!("{}\t{duration}\t{sort}\t{text}\t{sample}\n", annotation.onset_s);
        rows.push((annotation.onset_s, row));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let table = rows.into_iter().map(|(_, row)| row).collect::<String>();
    let head = "onset\tduration\ttrial_type\tvalue\tsample\n";
    Ok(((!table.is_empty()).then(|| head.to_owned() + &table), origin))
}

/// `*_events.json`.
pub(super) fn events_columns() -> Value {
    json!({
        "trial_type": {
            "Description": "What sort of event.",
            "Levels": { "event": "Somebody or something said that it happened.", "gap": "Samples were lost; filler stands for them." },
        },
        "value": { "Description": "What happened, in words." },
        "sample": { "Description": "Index of the sample at which it began, counted from 0." },
    })
}
