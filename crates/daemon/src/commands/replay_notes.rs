//! The events of a recording, each with the sample before which it was known: where it is told again.

use eeg_formats::{Annotation, FormatError, Gap, GapKind, Origin, open_path};
use pipeline_core::clock::span_ns;
use pipeline_core::{Event, EventKind};
use std::path::Path;

/// Events of a recording: each as soon as it was in the file, which is by the end of the record that holds it.
pub(super) fn notes(input: &Path) -> Result<Vec<(u64, Event)>, FormatError> {
    let mut recording = open_path(input)?;
    let number = recording.info().pick_stream(None)?;
    let rate_hz = recording.info().streams[number].rate_hz;
    let (mut events, mut start_ns, mut length) = (Vec::new(), 0, u64::MAX);
    let mut arrivals = Arrivals::default();
    let mut all = Vec::new();
    for annotation in recording.annotations() {
        let annotation = annotation?;
        all.push((arrivals.known_by_s(&annotation), annotation));
    }
    for (known_s, annotation) in joined(all) {
        let gap = Gap::parse(&annotation.text);
        if let Some(padding) = gap.filter(|gap| gap.kind == GapKind::Padding) {
            length = padding.index;
        }
        if let Some(origin) = Origin::parse(&annotation.text) {
            start_ns = origin.start_unix_ns;
        }
        let Some((kind, text)) = event_of(&annotation.text) else { continue };
        let index = (annotation.onset_s * rate_hz).round().max(0.0) as u64;
        let known = known_s.map_or(index, |s| (s * rate_hz).round() as u64);
        let event = Event {
            duration_s: annotation.duration_s,
            ..Event::new(kind, start_ns + span_ns(index, rate_hz), text)
        };
        events.push((known.saturating_sub(1), event));
    }
    // The last record ends with padding, which is not played: what happened in it is told before its last sample.
    events.iter_mut().for_each(|(at, _)| *at = (*at).min(length.saturating_sub(1)));
    Ok(events)
}

/// A long text was written in parts, which end with `[1/3]` and so on: one annotation again.
fn joined(annotations: Vec<(Option<f64>, Annotation)>) -> Vec<(Option<f64>, Annotation)> {
    let mut all: Vec<(Option<f64>, Annotation)> = Vec::new();
    // Of the text under way, how many parts are there, of how many, and how long it is without the mark of the first.
    let mut under_way = (0, 0, 0);
    for (known_s, annotation) in annotations {
        let part = annotation.text.strip_suffix(']').and_then(|text| {
            let (text, number) = text.rsplit_once(" [")?;
            let (number, of) = number.split_once('/')?;
            Some((text.to_owned(), number.parse::<u32>().ok()?, of.parse::<u32>().ok()?))
        });
        // Word of a gap may come between two parts.
        let last = all.iter_mut().rev().find(|(_, before)| Gap::parse(&before.text).is_none());
        match (part, last) {
            (Some((text, number, of)), Some((_, first)))
                if number > 1
                    && (number - 1, of) == (under_way.0, under_way.1)
                    && first.onset_s == annotation.onset_s =>
            {
                first.text.truncate(under_way.2);
                first.text.push_str(&text);
                under_way = (number, of, first.text.len());
            }
            (None, _) if Gap::parse(&annotation.text).is_some() => all.push((known_s, annotation)),
            (part, _) => {
                let begins = part.filter(|(_, number, of)| *number == 1 && *of > 1);
                under_way = begins.map_or((0, 0, 0), |(text, _, of)| (1, of, text.len()));
                all.push((known_s, annotation));
            }
        }
    }
    all
}

/// By when each annotation of a file was known: by the end of the record that holds it, or of one before that had no room left.
#[derive(Debug, Default)]
struct Arrivals {
    record_s: f64,
    /// End and bytes of the last record that holds any, and of the one before it.
    records: [(f64, usize); 2],
    known_s: f64,
    /// Everything so far in this record had no room in the one before.
    moved: bool,
}

impl Arrivals {
    /// Bytes for annotations in a record of ours, with the one that says when it begins.
    const ROOM: usize = 480;

    /// To be asked about all annotations, in the order of the file.
    fn known_by_s(&mut self, annotation: &Annotation) -> Option<f64> {
        let end_s = annotation.written_by_s?;
        let duration = annotation.duration_s.map_or(0, |s| s.to_string().len() + 1);
        let bytes = format!("+{}", annotation.onset_s).len() + duration + annotation.text.len() + 3;
        if self.record_s == 0.0 {
            // The first says who recorded, and stands in the first record.
            self.record_s = end_s;
        }
        if end_s > self.records[0].0 {
            self.records = [(end_s, 0), self.records[0]];
            self.moved = true;
        }
        self.records[0].1 += bytes;
        // Word of a gap goes before all that waits.
        if Gap::parse(&annotation.text).is_some() {
            return Some(end_s);
        }
        let [_, (before_s, before)] = self.records;
        let follows = (end_s - before_s - self.record_s).abs() < self.record_s / 2.0;
        let keeping = format!("+{}", before_s - self.record_s).len() + 3;
        let is_full = before + keeping + bytes > Self::ROOM;
        self.moved &= follows && is_full && annotation.onset_s < before_s;
        self.known_s = if self.moved {
            let happened_s = ((annotation.onset_s / self.record_s).floor() + 1.0) * self.record_s;
            happened_s.max(self.known_s)
        } else {
            end_s
        };
        Some(self.known_s)
    }
}

/// What an annotation was before it was written; `None` for what a recorder says of itself.
fn event_of(text: &str) -> Option<(EventKind, &str)> {
    let own = ["Recorder: ", "Clock: ", "Ledger ", "Rail: ", "Resolution: ", "Converted: "];
    if Gap::parse(text).is_some() || own.iter().any(|word| text.starts_with(word)) {
        return None;
    }
    let kinds = [
        (EventKind::Change, "Change "),
        (EventKind::Refusal, "Refusal "),
        (EventKind::Board, "Board "),
        (EventKind::Signal, "Signal "),
        (EventKind::Detection, "Detection "),
        (EventKind::Recording, "Recording "),
    ];
    let found = kinds.iter().find_map(|(kind, word)| Some((*kind, text.strip_prefix(word)?)));
    Some(found.unwrap_or((EventKind::Marker, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn annotation(onset_s: f64, written_by_s: f64, text: &str) -> Annotation {
        Annotation {
            onset_s,
            duration_s: None,
            text: text.to_owned(),
            written_by_s: Some(written_by_s),
        }
    }

    #[test]
    fn what_had_no_room_in_its_record_was_known_before_the_one_that_holds_it() {
        let (long, mut arrivals) = ("x".repeat(200), Arrivals::default());
        let mut known = |onset_s, written_by_s, text: &str| {
            arrivals.known_by_s(&annotation(onset_s, written_by_s, text)).unwrap()
        };
        assert_eq!(known(0.0, 0.5, &long), 0.5);
        assert_eq!(known(0.1, 0.5, &long), 0.5);
        // No room, moved on to the next record, behind word of a gap, and from there to the one after it.
        assert_eq!(known(0.9, 1.0, "Lost samples: index=9 count=1 cause=x"), 1.0);
        assert_eq!(known(0.1, 1.0, &long), 0.5);
        assert_eq!(known(0.2, 1.0, &long), 0.5);
        assert_eq!(known(0.3, 1.5, &long), 0.5);
        // Behind it one that happened later, and one that nothing moved.
        assert_eq!(known(1.2, 1.5, "short"), 1.5);
        assert_eq!(known(2.6, 3.0, "short"), 3.0);
        assert_eq!(known(0.2, 3.5, "short, and late"), 3.5);
    }

    #[test]
    fn parts_are_one_text_again_and_what_only_looks_like_one_stays() {
        let gap = "Lost samples: index=9 count=1 cause=x";
        let texts = ["a [1/3]", gap, "b [2/3]", "c [3/3]", "see [2/3]", "[1/1]", "x [1/2]", "y"];
        let all = texts.map(|text| (None, annotation(0.0, 0.5, text))).into();
        let found: Vec<String> = joined(all).into_iter().map(|(_, a)| a.text).collect();
        assert_eq!(found, ["abc", gap, "see [2/3]", "[1/1]", "x [1/2]", "y"]);
    }
}
