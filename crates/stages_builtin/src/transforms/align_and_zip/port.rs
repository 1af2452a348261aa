//! One input of `align_and_zip`: what has come and is not yet used, and when each of its samples was taken.

use plugin_api::{RtPacket, StreamSpec};
use std::collections::VecDeque;
use std::sync::Arc;

/// How much data is held for an input that has fallen silent.
const HOLD_S: f64 = 2.0;

/// No board's oscillator is further off than this; what says so is another break in its times.
const MOST_OFF: f64 = 0.05;
/// By how much an oscillator may be off (ADS1299 data sheet SBAS499C, section 7.5).
const USUALLY_OFF: f64 = 0.025;

/// Packets in order, of which the first may be used in part.
pub(super) struct Port {
    /// Name of the stage above.
    pub(super) id: String,
    packets: VecDeque<Arc<RtPacket>>,
    /// Frames of the first packet that are used up.
    used: usize,
    /// Frames that wait.
    pub(super) waiting: usize,
    pub(super) channels: usize,
    most_waiting: usize,
    nominal_ns: f64,
    /// From one sample to the next, as the last two packets have it; nominal until there are two.
    pub(super) period_ns: f64,
    is_paced: bool,
    /// More frames than this are not timed by the nominal rate.
    most_unpaced: usize,
    /// Index and time of the first sample of the last packet that came.
    last: Option<(u64, i64)>,
    /// The sample that would follow the last one joined.
    pub(super) expected: Option<u64>,
    /// Whether it was told that this input is faster than another.
    pub(super) is_told: bool,
}

impl Port {
    /// `tolerance` in samples.
    pub(super) fn new(id: &str, spec: &StreamSpec, tolerance: f64) -> Self {
        let most_waiting = (HOLD_S * spec.rate_hz).ceil() as usize + spec.max_frames;
        // Room for the smallest packets a source makes by itself, so that holding does not allocate.
        let room = (most_waiting / spec.max_frames.max(1)) + 2;
        let nominal_ns = 1e9 / spec.rate_hz;
        Self {
            id: id.to_owned(),
            packets: VecDeque::with_capacity(room),
            used: 0,
            waiting: 0,
            channels: spec.channels(),
            most_waiting,
            nominal_ns,
            period_ns: nominal_ns,
            is_paced: false,
            most_unpaced: (tolerance / 2.0 / USUALLY_OFF) as usize,
            last: None,
            expected: None,
            is_told: false,
        }
    }

    /// Takes a packet; how many frames are too many now.
    pub(super) fn push(&mut self, packet: Arc<RtPacket>) -> usize {
        let (index, time_ns) = (packet.header().first_sample, packet.header().time_ns);
        if let Some((before, before_ns)) = self.last.replace((index, time_ns))
            && index > before
        {
            let period_ns = (time_ns - before_ns) as f64 / (index - before) as f64;
            if (period_ns / self.nominal_ns - 1.0).abs() < MOST_OFF {
                self.period_ns = period_ns;
                self.is_paced = true;
            }
        }
        self.waiting += packet.frames();
        self.packets.push_back(packet);
        self.waiting.saturating_sub(self.most_waiting)
    }

    /// The packet whose frames are next.
    pub(super) fn first(&self) -> Option<&Arc<RtPacket>> {
        self.packets.front()
    }

    /// Where its next frame is in that packet.
    pub(super) const fn used(&self) -> usize {
        self.used
    }

    /// No packet will come that tells more.
    pub(super) const fn end(&mut self) {
        self.is_paced = true;
    }

    /// When the next sample was taken; `None` when there is none, or when the next packet has to tell first.
    pub(super) fn time_ns(&self) -> Option<i64> {
        if !self.is_paced && self.in_first() > self.most_unpaced {
            return None;
        }
        let from_first_ns = (self.used as f64 * self.period_ns).round() as i64;
        self.packets.front().map(|packet| packet.header().time_ns + from_first_ns)
    }

    /// Index of the next sample.
    pub(super) fn index(&self) -> Option<u64> {
        self.packets.front().map(|packet| packet.header().first_sample + self.used as u64)
    }

    /// Whether the next sample is the one after the last that was joined.
    pub(super) fn goes_on(&self) -> bool {
        self.expected.is_none() || self.expected == self.index()
    }

    /// Frames left in the first packet.
    pub(super) fn in_first(&self) -> usize {
        self.packets.front().map_or(0, |packet| packet.frames() - self.used)
    }

    pub(super) fn use_up(&mut self, mut frames: usize) {
        self.waiting -= frames;
        while frames > 0 {
            let step = frames.min(self.in_first());
            self.used += step;
            frames -= step;
            if self.in_first() == 0
                && let Some(done) = self.packets.pop_front()
            {
                done.recycle();
                self.used = 0;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        self.use_up(self.waiting);
        self.period_ns = self.nominal_ns;
        (self.is_paced, self.last) = (false, None);
        (self.expected, self.is_told) = (None, false);
    }
}
