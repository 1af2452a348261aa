//! What a recording holds, as far as its header tells.

use crate::{Scaling, Start};

/// The file format, found from the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// EDF: 16-bit samples, continuous, no annotations.
    Edf,
    /// EDF+C: as EDF, with annotations.
    EdfPlusContinuous,
    /// EDF+D: as EDF+C, with gaps.
    EdfPlusDiscontinuous,
    /// BDF: 24-bit samples, continuous, no annotations.
    Bdf,
    /// BDF+C: as BDF, with annotations.
    BdfPlusContinuous,
    /// BDF+D: as BDF+C, with gaps.
    BdfPlusDiscontinuous,
    /// Text of the OpenBCI GUI, versions 2 to 6.
    OpenBciText,
    /// XDF 1.0: streams with a time for each sample.
    Xdf,
    /// CSV with the columns `sample`, `time_s` and one a channel.
    Csv,
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Edf => "EDF",
            Self::EdfPlusContinuous => "EDF+C",
            Self::EdfPlusDiscontinuous => "EDF+D",
            Self::Bdf => "BDF",
            Self::BdfPlusContinuous => "BDF+C",
            Self::BdfPlusDiscontinuous => "BDF+D",
            Self::OpenBciText => "OpenBCI text",
            Self::Xdf => "XDF",
            Self::Csv => "CSV",
        })
    }
}

/// How the samples of a stream are stored, and so how they come out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SampleKind {
    /// Integer codes as stored; [`ChannelInfo::scaling`] makes physical values of them.
    #[default]
    Codes,
    /// Decimals in the file, `f32` microvolts here; in XDF, what is no voltage comes in its own unit. A value that the
    /// file gives as NaN stays NaN.
    Microvolts,
}

/// A recording, as far as its header tells.
#[derive(Debug, Clone)]
pub struct RecordingInfo {
    /// The name given when it was opened; only messages use it.
    pub name: String,
    /// The file format.
    pub format: Format,
    /// When the first sample was taken; `None` where the file does not say.
    pub start: Option<Start>,
    /// Who was recorded, as in the file (EDF: 80 characters, often `X X X X`); empty in OpenBCI text.
    pub patient: String,
    /// What was recorded, as in the file; the board's name in OpenBCI text.
    pub recording: String,
    /// Streams: channels that share a rate. EEG first, otherwise in the file's order.
    pub streams: Vec<StreamInfo>,
    /// From the first sample to the end of the last, gaps included, in seconds; `None` where only reading
    /// the whole file would tell (text).
    pub duration_s: Option<f64>,
    /// What is odd about the file and how it is read in spite of it, one sentence each.
    pub warnings: Vec<String>,
}

/// Channels that share a rate.
#[derive(Debug, Clone)]
pub struct StreamInfo {
    /// Its name among the streams: made of the rate, `250Hz`; in XDF its own.
    pub name: String,
    /// Whether labels, units and transducers look like EEG.
    pub is_eeg: bool,
    /// Samples per second and channel.
    pub rate_hz: f64,
    /// Its channels, in the file's order.
    pub channels: Vec<ChannelInfo>,
    /// Frames in the file, lost ones not counted; `None` where only reading would tell. In a damaged XDF file,
    /// reading may find fewer.
    pub frames: Option<u64>,
    /// How samples come out.
    pub sample_kind: SampleKind,
}

/// One channel.
#[derive(Debug, Clone)]
pub struct ChannelInfo {
    /// Label as in the file, without the padding around it.
    pub label: String,
    /// The label made unique in this recording: a second `Fp1` is `Fp1-2`, one without a label `channel 7`.
    pub name: String,
    /// Unit as in the file, without the padding.
    pub unit: String,
    /// From a code to the file's own unit; identity for a stream of microvolts.
    pub scaling: Scaling,
    /// From a code to microvolts, where the unit is a voltage (V, mV, uV, nV); `None` where it is not.
    pub microvolts: Option<Scaling>,
    /// Smallest physical value in the header (may be the greater of the two: a negative gain); minus infinity in text.
    pub physical_min: f64,
    /// Largest physical value in the header; infinity in text.
    pub physical_max: f64,
    /// Code that stands for `physical_min`; 0 in text.
    pub digital_min: i64,
    /// Code that stands for `physical_max`; 0 in text.
    pub digital_max: i64,
    /// Electrode or sensor, as in the file.
    pub transducer: String,
    /// Filters applied before recording, as in the file (`HP:0.1Hz LP:75Hz N:50Hz`).
    pub prefilter: String,
    /// Gain of the amplifier, where the file tells.
    pub gain: Option<f64>,
}

impl ChannelInfo {
    /// Physical value of a code, in the file's own unit.
    pub fn physical(&self, code: i32) -> f64 {
        self.scaling.apply(code)
    }

    /// Microvolts of a code, where the channel is a voltage.
    pub fn microvolts_of(&self, code: i32) -> Option<f64> {
        self.microvolts.map(|scaling| scaling.apply(code))
    }
}

impl StreamInfo {
    /// Position of a channel by its unique name, else by its label; upper and lower case are the same.
    pub fn channel(&self, name: &str) -> Option<usize> {
        let by = |text: fn(&ChannelInfo) -> &str| {
            self.channels.iter().position(|channel| text(channel).eq_ignore_ascii_case(name.trim()))
        };
        by(|channel| &channel.name).or_else(|| by(|channel| &channel.label))
    }
}
