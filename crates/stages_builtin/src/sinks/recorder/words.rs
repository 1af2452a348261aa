//! How an event reads in a recording, and what a recorder says about itself.

use eeg_formats::Origin;
use plugin_api::{Event, EventKind, LeadOff, SensorMeta};

/// What is written down of an event: what sort of thing, and a line of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) sort: &'static str,
    pub(super) text: String,
}

/// A marker is what somebody said, and nothing else; anything else says where it happened.
pub(super) fn of_event(event: &Event) -> Words {
    let place: Vec<&str> =
        event.stage.as_deref().into_iter().chain(event.channel.as_deref()).collect();
    let text = match (event.kind, place.is_empty()) {
        // Without blanks at its ends, which EDF would not keep.
        (EventKind::Marker, _) | (_, true) => event.text.trim().to_owned(),
        (_, false) => format!("{}: {}", place.join(" "), event.text),
    };
    Words { sort: event.kind.name(), text }
}

impl Words {
    /// In one line, for formats whose annotations are text alone: `Change notch: hz = 60`.
    pub(super) fn in_one(&self) -> String {
        if self.sort == EventKind::Marker.name() {
            return self.text.clone();
        }
        let mut letters = self.sort.chars();
        let first = letters.next().map_or_else(String::new, |c| c.to_ascii_uppercase().to_string());
        format!("{first}{} {}", letters.as_str(), self.text)
    }
}

/// What a recording says about where it comes from.
pub(crate) fn origin(sensor: &SensorMeta, start_unix_ns: i64, utc_offset_s: i32) -> Origin {
    Origin {
        software: concat!("eegd-", env!("CARGO_PKG_VERSION")).to_owned(),
        start_unix_ns,
        utc_offset_s,
        sensor_id: sensor.sensor_id,
        meta_rev: sensor.meta_rev,
        vref_uv: sensor.vref_uv,
        lead_off: (sensor.lead_off != LeadOff::Unknown).then(|| sensor.lead_off.to_string()),
        sensor: sensor.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_what_somebody_said() {
        let event = Event { stage: Some("ui".into()), ..Event::new(EventKind::Marker, 0, "blink") };
        assert_eq!(of_event(&event).in_one(), "blink");
    }

    #[test]
    fn other_events_say_what_they_are_and_where() {
        let mut event = Event::new(EventKind::Signal, 0, "railed");
        assert_eq!(of_event(&event).in_one(), "Signal railed");
        event.stage = Some("board".into());
        event.channel = Some("Fp1".to_owned());
        assert_eq!(of_event(&event).in_one(), "Signal board Fp1: railed");
        assert_eq!(of_event(&event).sort, "signal");
    }
}
