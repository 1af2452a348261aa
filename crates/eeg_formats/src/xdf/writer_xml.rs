//! What an XDF stream says about itself, as XML.

use super::xml::escaped;
use std::fmt::Write;

/// How samples are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum XdfFormat {
    /// Codes, 32 bits.
    Int32,
    /// Values in the channel's unit.
    Float32,
}

impl XdfFormat {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Float32 => "float32",
        }
    }
}

/// A channel of a stream to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct XdfChannel {
    /// `Fp1`.
    pub label: String,
    /// Unit of the values, or of code times `unit_per_code`: `microvolts`.
    pub unit: String,
    /// `EEG`, `EOG`, `AUX`.
    pub kind: String,
    /// Units per code: the true scale, which BDF's header cannot hold exactly. 1 for values.
    pub unit_per_code: f64,
    /// Value of code 0; 0 for values.
    pub unit_offset: f64,
    /// Gain of the amplifier, where it is known.
    pub gain: Option<f64>,
}

/// A stream to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct XdfStream {
    /// Its name among the streams.
    pub name: String,
    /// `EEG` for EEG.
    pub kind: String,
    /// Samples per second and channel.
    pub rate_hz: f64,
    /// How samples are stored.
    pub format: XdfFormat,
    /// Channels, in order.
    pub channels: Vec<XdfChannel>,
    /// What tells this source apart from others, such as a serial number; may be empty.
    pub source_id: String,
    /// More to say: name and value, below `desc/recorder`.
    pub notes: Vec<(String, String)>,
}

impl XdfStream {
    pub(super) fn xml(&self) -> String {
        let mut channels = String::new();
        for channel in &self.channels {
            let gain = channel.gain.map_or(String::new(), |gain| format!("<gain>{gain}</gain>"));
            let offset = match channel.unit_offset {
                0.0 => String::new(),
                offset => format!("<scaling_offset>{offset}</scaling_offset>"),
            };
            // Writing to a string cannot fail.
            let _ = write!(
                channels,
                "<channel><label>{}</label><unit>{}</unit><type>{}</type><scaling_factor>{}</scaling_factor>{offset}{gain}</channel>",
                escaped(&channel.label),
                escaped(&channel.unit),
                escaped(&channel.kind),
                channel.unit_per_code
            );
        }
        let mut notes = String::new();
        for (name, value) in &self.notes {
            let name: String =
                name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
            let _ = write!(notes, "<note_{name}>{}</note_{name}>", escaped(value));
        }
        // Without `can_drop_samples` readers draw one line through all time stamps and smear what was lost.
        let desc = format!(
            "<channels>{channels}</channels><synchronization><can_drop_samples>true</can_drop_samples></synchronization>\
             <recorder>{notes}</recorder>"
        );
        info_xml(
            &self.name,
            &self.kind,
            self.channels.len(),
            self.rate_hz,
            self.format.name(),
            &self.source_id,
            &desc,
        )
    }
}

/// The marker stream.
pub(super) fn markers_xml(name: &str) -> String {
    info_xml(name, "Markers", 1, 0.0, "string", "", "")
}

fn info_xml(
    name: &str,
    kind: &str,
    channels: usize,
    rate_hz: f64,
    format: &str,
    source_id: &str,
    desc: &str,
) -> String {
    format!(
        "<?xml version=\"1.0\"?><info><name>{}</name><type>{}</type><channel_count>{channels}</channel_count>\
         <nominal_srate>{rate_hz}</nominal_srate><channel_format>{format}</channel_format><source_id>{}</source_id>\
         <version>1.0</version><desc>{desc}</desc></info>",
        escaped(name),
        escaped(kind),
        escaped(source_id),
    )
}

/// The file's own header.
pub(super) fn file_xml(datetime: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><info><version>1.0</version><datetime>{}</datetime></info>",
        escaped(datetime)
    )
}

/// A footer: first and last time, count, clock offsets.
pub(super) fn footer_xml(first_s: f64, last_s: f64, count: u64, offsets: &[(f64, f64)]) -> String {
    let mut list = String::new();
    for (time_s, offset_s) in offsets {
        let _ = write!(list, "<offset><time>{time_s}</time><value>{offset_s}</value></offset>");
    }
    format!(
        "<?xml version=\"1.0\"?><info><first_timestamp>{first_s}</first_timestamp><last_timestamp>{last_s}</last_timestamp>\
         <sample_count>{count}</sample_count><clock_offsets>{list}</clock_offsets></info>"
    )
}
