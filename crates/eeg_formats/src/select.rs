//! Which stream of a recording to play.

use crate::{FormatError, RecordingInfo, StreamInfo};

impl RecordingInfo {
    /// Number of the stream to play.
    ///
    /// With nothing asked for: the first EEG stream, else the one with the most samples. A request is a number
    /// (from 0, as listed), a stream's name (`250Hz`), or `eeg` for the first EEG stream.
    ///
    /// # Errors
    /// [`FormatError::NoSuchStream`], listing what there is, when the recording has no such stream or none at all.
    pub fn pick_stream(&self, asked: Option<&str>) -> Result<usize, FormatError> {
        let first_eeg = || self.streams.iter().position(|stream| stream.is_eeg);
        let picked = match asked.map(str::trim) {
            None => first_eeg().or_else(|| self.largest_stream()),
            Some(asked) => self
                .streams
                .iter()
                .position(|stream| stream.name.eq_ignore_ascii_case(asked))
                .or_else(|| {
                    asked.parse().ok().filter(|&number: &usize| number < self.streams.len())
                })
                .or_else(|| first_eeg().filter(|_| asked.eq_ignore_ascii_case("eeg"))),
        };
        picked.ok_or_else(|| FormatError::NoSuchStream {
            name: self.name.clone(),
            asked: asked.unwrap_or("to play").to_owned(),
            available: self.list_streams(),
        })
    }

    fn largest_stream(&self) -> Option<usize> {
        let size = |stream: &StreamInfo| stream.rate_hz * stream.channels.len() as f64;
        let mut best = None;
        for (i, stream) in self.streams.iter().enumerate() {
            // Of two that are equal, the first in the file.
            if best.is_none_or(|best: usize| size(stream) > size(&self.streams[best])) {
                best = Some(i);
            }
        }
        best
    }

    fn list_streams(&self) -> String {
        if self.streams.is_empty() {
            return "no channels with samples, only annotations".to_owned();
        }
        let one = |(i, s): (usize, &StreamInfo)| {
            let kind = if s.is_eeg { ", EEG" } else { "" };
            let channels = if s.channels.len() == 1 { "channel" } else { "channels" };
            format!("{i} ({:?}: {} {channels} at {} Hz{kind})", s.name, s.channels.len(), s.rate_hz)
        };
        self.streams.iter().enumerate().map(one).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Format, SampleKind};

    fn info(streams: &[(&str, bool, f64)]) -> RecordingInfo {
        let stream = |&(name, is_eeg, rate_hz): &(&str, bool, f64)| StreamInfo {
            name: name.into(),
            is_eeg,
            rate_hz,
            channels: vec![crate::openbci::exg_channel("x".into())],
            frames: None,
            sample_kind: SampleKind::Codes,
        };
        RecordingInfo {
            name: "a.edf".into(),
            format: Format::Edf,
            start: None,
            patient: String::new(),
            recording: String::new(),
            streams: streams.iter().map(stream).collect(),
            duration_s: None,
            warnings: Vec::new(),
        }
    }

    #[test]
    fn eeg_first_then_most_data_then_what_is_asked_for() {
        let mixed =
            info(&[("1000Hz", false, 1000.0), ("250Hz", true, 250.0), ("50Hz", false, 50.0)]);
        assert_eq!(mixed.pick_stream(None).unwrap(), 1);
        assert_eq!(mixed.pick_stream(Some("EEG")).unwrap(), 1);
        assert_eq!(mixed.pick_stream(Some("2")).unwrap(), 2);
        assert_eq!(mixed.pick_stream(Some("50hz")).unwrap(), 2);
        let no_eeg = info(&[("1Hz", false, 1.0), ("1000Hz", false, 1000.0)]);
        assert_eq!(no_eeg.pick_stream(None).unwrap(), 1);
    }

    #[test]
    fn a_wrong_name_lists_the_right_ones() {
        let error = info(&[("250Hz", true, 250.0)]).pick_stream(Some("emg")).unwrap_err();
        assert_eq!(
            error.to_string(),
            r#"a.edf: there is no stream "emg"; it has 0 ("250Hz": 1 channel at 250 Hz, EEG)"#
        );
        let error = info(&[]).pick_stream(None).unwrap_err();
        assert!(error.to_string().contains("only annotations"), "{error}");
        assert!(info(&[("250Hz", true, 250.0)]).pick_stream(Some("1")).is_err());
    }
}
