//! When the next packet of a source without a clock of its own is due, and which time its samples bear.

use plugin_api::clock::{Clock, monotonic_ns, span_ns};
use plugin_api::{Flags, PacketHeader, SensorMeta, StageCtx};
use std::sync::Arc;

/// Hands out packets at `speed` times real time, or as fast as they are asked for at speed 0.
#[derive(Debug)]
pub(super) struct Clockwork {
    rate_hz: f64,
    speed: f64,
    /// Monotonic and Unix time of sample 0; set when the first packet is asked for.
    began: Option<(u64, i64)>,
    /// Unix time of sample 0 when nothing is live.
    recorded_ns: i64,
    /// Frames handed out; lost ones do not take time to play.
    played: u64,
}

impl Clockwork {
    pub(super) const fn new(rate_hz: f64, speed: f64, recorded_ns: i64) -> Self {
        Self { rate_hz, speed, began: None, recorded_ns, played: 0 }
    }

    pub(super) fn is_live(&self) -> bool {
        self.speed > 0.0
    }

    /// Waits until the packet that ends `frames` later is due. False: interrupted, ask again.
    pub(super) fn wait(&mut self, frames: usize, ctx: &StageCtx) -> bool {
        if !self.is_live() {
            return true;
        }
        ctx.sleep_until(self.due_ns(frames))
    }

    fn due_ns(&mut self, frames: usize) -> u64 {
        let (began_ns, _) = self.began();
        began_ns + span_ns(self.played + frames as u64, self.rate_hz * self.speed) as u64
    }

    fn began(&mut self) -> (u64, i64) {
        let recorded_ns = self.recorded_ns;
        let live = self.is_live();
        *self.began.get_or_insert_with(|| {
            let now = monotonic_ns();
            (now, if live { Clock::now().unix_ns(now) } else { recorded_ns })
        })
    }

    /// The header of the packet that has just become due, which begins with sample `first_sample`.
    pub(super) fn header(
        &mut self,
        sensor: &Arc<SensorMeta>,
        first_sample: u64,
        frames: usize,
        flags: Flags,
    ) -> PacketHeader {
        let captured_ns = if self.is_live() { self.due_ns(frames) } else { 0 };
        let (_, unix_ns) = self.began();
        self.played += frames as u64;
        PacketHeader {
            sensor: Arc::clone(sensor),
            first_sample,
            time_ns: unix_ns + span_ns(first_sample, self.rate_hz),
            captured_ns,
            rate_hz: self.rate_hz,
            frames: 0,
            flags,
        }
    }
}
