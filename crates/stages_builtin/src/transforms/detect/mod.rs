//! What finds events in a signal: its own stream of 0 and 1 comes out, an event is told for each; the signal is left alone.
//!
//! A branch beside the recording: what is detected never changes what is recorded.

pub(crate) mod blink;
pub(crate) mod threshold;

use crate::dsp::Detector;
use crate::transforms::continuity::Memory;
use plugin_api::{ChannelMeta, ConfigError, Event, EventKind, PacketHeader, clock};

/// Longest time a parameter may ask for.
const MAX_S: f64 = 60.0;

/// A time in samples.
///
/// # Errors
/// When it is no time, or too long a one.
fn samples(param: &str, time_s: f64, rate_hz: f64) -> Result<u64, ConfigError> {
    ConfigError::require((0.0..=MAX_S).contains(&time_s), param, "a time from 0 to 60 s", time_s)?;
    Ok((time_s * rate_hz).round() as u64)
}

/// A channel of 0 and 1.
fn flag_channel(label: String) -> ChannelMeta {
    ChannelMeta { unit: "1".to_owned(), ..ChannelMeta::microvolts(label) }
}

/// What began `ago` samples before frame `frame` of a packet.
fn detection(header: &PacketHeader, frame: u64, ago: u64, text: &str) -> Event {
    let at = header.first_sample + frame;
    let since_ns = clock::span_ns(frame, header.rate_hz) - clock::span_ns(ago, header.rate_hz);
    Event {
        sample: Some(at.saturating_sub(ago)),
        ..Event::new(EventKind::Detection, header.time_ns + since_ns, text)
    }
}

impl Memory for Box<[Detector]> {
    fn restart(&mut self) {
        self.fill(Detector::default());
    }

    fn restart_channel(&mut self, channel: usize) {
        self[channel] = Detector::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::microvolt_spec;
    use plugin_api::{Flags, PacketHeader};

    #[test]
    fn an_event_bears_sample_and_time_of_its_beginning() {
        let header = PacketHeader {
            sensor: microvolt_spec(1, 250.0).sensor,
            first_sample: 1000,
            time_ns: 5_000_000_000,
            captured_ns: 0,
            rate_hz: 250.0,
            frames: 40,
            flags: Flags::NONE,
        };
        let event = detection(&header, 3, 5, "blink");
        assert_eq!((event.sample, event.time_ns), (Some(998), 5_000_000_000 - 8_000_000));
        assert_eq!((event.kind, event.text.as_str()), (EventKind::Detection, "blink"));
    }
}
