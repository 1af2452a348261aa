//! The header of a stream: what its channels are and how their samples are stored.

use super::xml::Element;
use crate::scaling::microvolts_per_unit;
use crate::{ChannelInfo, SampleKind, Scaling, StreamInfo, kind, labels};

/// Most channels of a stream.
const MAX_CHANNELS: usize = 9999;

/// How a value is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    I8,
    I16,
    I32,
    /// Read as `f32`, for 32 bits do not hold it.
    I64,
    F32,
    F64,
}

impl Value {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "int8" => Self::I8,
            "int16" => Self::I16,
            "int32" => Self::I32,
            "int64" => Self::I64,
            "float32" => Self::F32,
            "double64" => Self::F64,
            _ => return None,
        })
    }

    pub(super) fn bytes(self) -> usize {
        match self {
            Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::I64 | Self::F64 => 8,
        }
    }

    fn kind(self) -> SampleKind {
        match self {
            Self::I8 | Self::I16 | Self::I32 => SampleKind::Codes,
            Self::I64 | Self::F32 | Self::F64 => SampleKind::Microvolts,
        }
    }
}

/// What a stream holds.
#[derive(Debug)]
pub(super) enum Content {
    /// Numbers at a rate.
    Samples {
        value: Value,
        info: StreamInfo,
        /// What a value is multiplied by, for each channel; 1 for codes, whose scaling is beside them.
        factors: Vec<f32>,
        /// Time stamps are exact, and a step in them means that samples are missing.
        can_drop_samples: bool,
    },
    /// Strings, so many a sample, and seconds between samples where there is a rate.
    Text { strings: usize, interval_s: f64 },
    /// Neither, and why.
    Other(String),
}

/// Reads the XML of a stream header.
pub(super) fn parse(xml: &[u8]) -> Content {
    let Some(info) = Element::parse(xml) else {
        return Content::Other("a stream header is no XML".to_owned());
    };
    let name = info.text_of("name").to_owned();
    let channels = info.text_of("channel_count").parse().unwrap_or(0);
    if !(1..=MAX_CHANNELS).contains(&channels) {
        return Content::Other(format!("stream {name:?} has no usable channel count"));
    }
    let format = info.text_of("channel_format");
    if format == "string" {
        let rate_hz: f64 = info.text_of("nominal_srate").parse().unwrap_or(0.0);
        let interval_s = if rate_hz > 0.0 { 1.0 / rate_hz } else { 0.0 };
        return Content::Text { strings: channels, interval_s };
    }
    let Some(value) = Value::parse(format) else {
        return Content::Other(format!(
            "stream {name:?} has samples of an unknown form, {format:?}"
        ));
    };
    let rate_hz: f64 = info.text_of("nominal_srate").parse().unwrap_or(f64::NAN);
    if !(1e-4..=1e7).contains(&rate_hz) {
        return Content::Other(format!("stream {name:?} has no regular rate"));
    }
    samples(&info, name, value, channels, rate_hz)
}

fn samples(info: &Element, name: String, value: Value, count: usize, rate_hz: f64) -> Content {
    let none = Element::default();
    let list = info.at(&["desc", "channels"]).unwrap_or(&none);
    let described: Vec<&Element> =
        list.children.iter().filter(|child| child.name == "channel").take(count).collect();
    let at = |i: usize| described.get(i).copied().unwrap_or(&none);
    let texts: Vec<&str> = (0..count).map(|i| at(i).text_of("label")).collect();
    let names = labels::unique_names(&texts);
    let mut factors = Vec::with_capacity(count);
    let mut channels = Vec::with_capacity(count);
    for (i, unique) in names.into_iter().enumerate() {
        let (channel, factor) = channel(at(i), unique, value);
        channels.push(channel);
        factors.push(factor);
    }
    let kind = info.text_of("type");
    let is_eeg = if kind.is_empty() {
        channels.iter().any(kind::is_eeg)
    } else {
        kind.eq_ignore_ascii_case("EEG")
    };
    let can_drop_samples = info
        .at(&["desc", "synchronization", "can_drop_samples"])
        .is_some_and(|flag| flag.text.trim().eq_ignore_ascii_case("true"));
    let info =
        StreamInfo { name, is_eeg, rate_hz, channels, frames: None, sample_kind: value.kind() };
    Content::Samples { value, info, factors, can_drop_samples }
}

/// A channel, and what its values are multiplied by.
fn channel(element: &Element, name: String, value: Value) -> (ChannelInfo, f32) {
    let unit = element.text_of("unit").to_owned();
    let scale = element.text_of("scaling_factor").parse().ok();
    let scale = scale.filter(|scale: &f64| scale.is_finite() && *scale != 0.0).unwrap_or(1.0);
    let to_uv = microvolts_in(&unit);
    let is_code = value.kind() == SampleKind::Codes;
    let offset = element.text_of("scaling_offset").parse().ok();
    let offset = offset.filter(|offset: &f64| offset.is_finite()).unwrap_or(0.0);
    let scaling = if is_code { Scaling { scale, offset } } else { Scaling::IDENTITY };
    let digital = match value {
        Value::I8 => [-128, 127],
        Value::I16 => [-32_768, 32_767],
        Value::I32 => [i64::from(i32::MIN), i64::from(i32::MAX)],
        _ => [0, 0],
    };
    let channel = ChannelInfo {
        label: element.text_of("label").to_owned(),
        name,
        unit,
        scaling,
        microvolts: to_uv.map(|factor| if is_code { scaling.times(factor) } else { scaling }),
        physical_min: if is_code { digital[0] as f64 * scale } else { f64::NEG_INFINITY },
        physical_max: if is_code { digital[1] as f64 * scale } else { f64::INFINITY },
        digital_min: digital[0],
        digital_max: digital[1],
        transducer: String::new(),
        prefilter: String::new(),
        gain: element.text_of("gain").parse().ok().filter(|gain: &f64| gain.is_finite()),
    };
    let factor = if is_code { 1.0 } else { (scale * to_uv.unwrap_or(1.0)) as f32 };
    (channel, factor)
}

/// Microvolts in a unit, by its sign or, as LSL has it, by its name.
fn microvolts_in(unit: &str) -> Option<f64> {
    match unit.to_ascii_lowercase().trim_end_matches('s') {
        "microvolt" => Some(1.0),
        "millivolt" => Some(1e3),
        "volt" => Some(1e6),
        "nanovolt" => Some(1e-3),
        _ => microvolts_per_unit(unit),
    }
}
