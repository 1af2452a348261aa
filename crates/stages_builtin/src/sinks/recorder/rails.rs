//! When channels were at a rail of the ADC: from packets that bear the flag, from which sample to which.

use crate::sources::at_rail;
use plugin_api::{Flags, RtPacket, StreamSpec};
use std::collections::VecDeque;

/// A rail has been left when so many seconds are free of it: a signal that clips at every beat is one episode.
const FREE_S: f64 = 1.0;

/// What is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RailNote {
    /// Index in the recording of the first sample at the rail.
    pub(super) index: u64,
    /// How long it lasted, in samples; `None` while it lasts.
    pub(super) duration_samples: Option<u64>,
    pub(super) text: String,
}

/// Follows every channel in volts. Others are at no rail.
#[derive(Debug)]
pub(super) struct Rails {
    channels: Box<[Option<Channel>]>,
    free_samples: u64,
    /// What waits to be written.
    pub(super) notes: VecDeque<RailNote>,
}

#[derive(Debug)]
struct Channel {
    label: String,
    /// The first and the last sample at a rail, of the episode under way.
    episode: Option<(u64, u64)>,
}

impl Rails {
    /// `None` where codes are not recorded: what was filtered has no rails.
    pub(super) fn new(spec: &StreamSpec) -> Option<Self> {
        let channels = spec.sensor.channels.iter().map(|channel| {
            (channel.unit == "uV").then(|| Channel { label: channel.label.clone(), episode: None })
        });
        spec.kind.has_codes().then(|| Self {
            channels: channels.collect(),
            free_samples: (FREE_S * spec.rate_hz).ceil() as u64,
            notes: VecDeque::new(),
        })
    }

    /// Looks at a packet whose first sample has this index in the recording. Looking twice at one changes nothing.
    pub(super) fn look(&mut self, packet: &RtPacket, first: u64) {
        let end = first + packet.frames() as u64;
        if packet.header().flags.contains(Flags::RAILED) {
            for (frame, index) in packet.codes().chunks_exact(self.channels.len()).zip(first..) {
                for (channel, code) in self.channels.iter_mut().zip(frame) {
                    if let Some(channel) = channel
                        && at_rail(*code)
                    {
                        channel.is_at_rail(index, self.free_samples, &mut self.notes);
                    }
                }
            }
        }
        for channel in self.channels.iter_mut().flatten() {
            if channel.episode.is_some_and(|(_, last)| last + self.free_samples < end) {
                channel.has_left(&mut self.notes);
            }
        }
    }

    /// The recording ends, and so does what is under way.
    pub(super) fn end(&mut self) {
        let Self { channels, notes, .. } = self;
        channels.iter_mut().flatten().for_each(|channel| channel.has_left(notes));
    }
}

impl Channel {
    fn is_at_rail(&mut self, index: u64, free_samples: u64, notes: &mut VecDeque<RailNote>) {
        match &mut self.episode {
            Some((_, last)) if index <= *last + free_samples => *last = index.max(*last),
            _ => {
                self.has_left(notes);
                self.episode = Some((index, index));
                let text = format!("{} is at a rail of the ADC", self.label);
                notes.push_back(RailNote { index, duration_samples: None, text });
            }
        }
    }

    fn has_left(&mut self, notes: &mut VecDeque<RailNote>) {
        let Some((first, last)) = self.episode.take() else { return };
        let samples = last + 1 - first;
        let text = format!("{} was at a rail of the ADC for {samples} samples", self.label);
        notes.push_back(RailNote { index: first, duration_samples: Some(samples), text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::testing::raw_spec;
    use plugin_api::{PacketHeader, StageCtx};
    use std::sync::Arc;

    #[test]
    fn an_episode_goes_on_through_short_pauses_and_ends_with_a_second_without() {
        let spec = raw_spec(2, 100.0);
        let mut rails = Rails::new(&spec).unwrap();
        let at_rail = |channel: usize, index: u64| match (channel, index) {
            (0, 10..=20 | 90..=95) => 8_388_607,
            (1, 30) => -8_388_608,
            (1, 320) => 7_969_177,
            _ => 7_969_176,
        };
        let mut source = StageCtx::for_test(400);
        for first in (0..400).step_by(40) {
            let header = PacketHeader {
                sensor: Arc::clone(&spec.sensor),
                first_sample: first,
                time_ns: 0,
                captured_ns: 0,
                rate_hz: spec.rate_hz,
                frames: 0,
                flags: Flags::RAILED,
            };
            let mut packet = source.fresh(header, spec.kind);
            let frames = first..first + 40;
            let codes = packet.codes_mut();
            codes.extend(frames.flat_map(|index| [at_rail(0, index), at_rail(1, index)]));
            let packet = packet.share();
            // A disk that refuses has the same packet looked at again.
            rails.look(&packet, first);
            rails.look(&packet, first);
        }
        rails.end();
        let found: Vec<_> =
            rails.notes.iter().map(|note| (note.index, note.duration_samples)).collect();
        let (first, second) = ((10, Some(86)), (30, Some(1)));
        assert_eq!(found, [(10, None), (30, None), second, first, (320, None), (320, Some(1))]);
        assert_eq!(rails.notes[3].text, "ch1 was at a rail of the ADC for 86 samples");
    }
}
