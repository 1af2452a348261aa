//! Frames of several inputs side by side: drops what has no partner, copies what has.

use super::port::Port;
use plugin_api::{
    Event, EventKind, Flags, FreshPacket, Lockable, PacketHeader, PacketKind, RtPacket, SensorMeta,
    StageCtx, StageImpl, StageResult,
};
use std::sync::Arc;

/// The inputs and the stream they become.
pub(super) struct AlignAndZip {
    ports: Vec<Port>,
    kind: PacketKind,
    tolerance_ns: f64,
    max_frames: usize,
    sensor: Arc<SensorMeta>,
    next_out: u64,
}

impl Lockable for AlignAndZip {}

impl AlignAndZip {
    pub(super) const fn new(
        ports: Vec<Port>,
        kind: PacketKind,
        tolerance_ns: f64,
        max_frames: usize,
        sensor: Arc<SensorMeta>,
    ) -> Self {
        Self { ports, kind, tolerance_ns, max_frames, sensor, next_out: 0 }
    }

    /// Drops what has no partner. True when every input has frames and their times agree.
    fn align(&mut self, ctx: &mut StageCtx) -> bool {
        loop {
            let mut newest_ns = i64::MIN;
            for port in &self.ports {
                let Some(time_ns) = port.time_ns() else { return false };
                newest_ns = newest_ns.max(time_ns);
            }
            let nothing_lost = self.ports.iter().all(Port::goes_on);
            let mut dropped_by = None;
            for (n, port) in self.ports.iter_mut().enumerate() {
                let behind_ns = (newest_ns - port.time_ns().unwrap_or(newest_ns)) as f64;
                if behind_ns > self.tolerance_ns {
                    let frames = (behind_ns / port.period_ns).round().max(1.0) as usize;
                    let frames = frames.min(port.in_first());
                    port.use_up(frames);
                    ctx.report_dropped(frames as u64);
                    dropped_by = Some(n);
                }
            }
            let Some(dropped_by) = dropped_by else { return true };
            let joined = self.ports[dropped_by].expected.is_some();
            if nothing_lost && joined && !self.ports[dropped_by].is_told {
                self.tell(dropped_by, newest_ns, ctx);
            }
        }
    }

    /// Tells that an input is faster than another.
    #[cold]
    fn tell(&mut self, faster: usize, time_ns: i64, ctx: &StageCtx) {
        self.ports[faster].is_told = true;
        let by_period = |a: &&Port, b: &&Port| a.period_ns.total_cmp(&b.period_ns);
        let Some(slowest) = self.ports.iter().max_by(by_period) else { return };
        let port = &self.ports[faster];
        let ppm = (slowest.period_ns / port.period_ns - 1.0) * 1e6;
        let (fast, slow) = (&port.id, &slowest.id);
        let text = if ppm >= 1.0 {
            format!(
                "`{fast}` is {ppm:.0} ppm faster than `{slow}`: one of {:.0} of its frames has no partner and is left out",
                1e6 / ppm
            )
        } else {
            format!("a frame of `{fast}` has no partner in `{slow}` and is left out")
        };
        ctx.report(Event::new(EventKind::Board, time_ns, text));
    }

    /// By how much the output's index goes on: by as much as the input's that has lost least.
    fn step(&self) -> u64 {
        let missing = |port: &Port| match (port.index(), port.expected) {
            (Some(index), Some(expected)) => index.saturating_sub(expected),
            _ => 0,
        };
        self.ports.iter().map(missing).min().unwrap_or(0)
    }

    /// How many frames can be joined in one go: all inputs have them, and they do not drift apart on the way.
    fn stretch(&self, most: usize) -> usize {
        let frames = self.ports.iter().map(Port::in_first).min().unwrap_or(0).min(most);
        let first_ns = self.ports[0].time_ns().unwrap_or(0);
        let agree = |frame: usize| {
            let times = self.ports.iter().map(|port| {
                let begins_ns = (port.time_ns().unwrap_or(first_ns) - first_ns) as f64;
                begins_ns + frame as f64 * port.period_ns
            });
            let (least, most) =
                times.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), t| (a.min(t), b.max(t)));
            // Times are whole nanoseconds.
            most - least <= self.tolerance_ns + 1.0
        };
        if frames == 0 || agree(frames - 1) {
            return frames;
        }
        // The first frames agree: apart from some frame on.
        let (mut together, mut apart) = (0, frames - 1);
        while apart - together > 1 {
            let middle = together.midpoint(apart);
            if agree(middle) { together = middle } else { apart = middle }
        }
        together + 1
    }

    fn zip(&mut self, ctx: &mut StageCtx) -> Option<Arc<RtPacket>> {
        let mut out: Option<FreshPacket> = None;
        let mut made = 0;
        while made < self.max_frames && self.align(ctx) {
            let step = self.step();
            if step > 0 && out.is_some() {
                break;
            }
            let index = self.next_out + step;
            let time_ns = self.ports[0].time_ns()?;
            let frames = self.stretch(self.max_frames - made);
            if out.is_none() {
                let gap = if step > 0 { Flags::GAP } else { Flags::NONE };
                let header = PacketHeader {
                    sensor: Arc::clone(&self.sensor),
                    first_sample: index,
                    time_ns,
                    flags: ctx.take_flags().only_quality() | gap,
                    frames: 0,
                    ..self.ports[0].first()?.header().clone()
                };
                out = Some(ctx.fresh(header, self.kind));
            }
            let packet = out.as_mut()?;
            for port in &self.ports {
                packet.header_mut().flags |= port.first()?.header().flags.only_quality();
            }
            self.copy(frames, packet);
            for port in &mut self.ports {
                port.expected = port.index().map(|index| index + frames as u64);
                port.use_up(frames);
            }
            made += frames;
            self.next_out = index + frames as u64;
        }
        out.map(FreshPacket::share)
    }

    fn copy(&self, frames: usize, out: &mut FreshPacket) {
        for frame in 0..frames {
            for port in &self.ports {
                let Some(packet) = port.first() else { continue };
                let at = (port.used() + frame) * port.channels;
                if self.kind.has_codes() {
                    out.codes_mut().extend_from_slice(&packet.codes()[at..at + port.channels]);
                }
                if self.kind.has_microvolts() {
                    let microvolts = &packet.microvolts()[at..at + port.channels];
                    out.microvolts_mut().extend_from_slice(microvolts);
                }
            }
        }
    }
}

impl StageImpl for AlignAndZip {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if packet.frames() == 0 {
            packet.recycle();
            return Ok(None);
        }
        let port = &mut self.ports[ctx.port()];
        let excess = port.push(packet);
        if excess > 0 {
            port.use_up(excess);
            ctx.report_dropped(excess as u64);
        }
        Ok(self.zip(ctx))
    }

    fn end(&mut self, ctx: &mut StageCtx) -> StageResult {
        self.ports.iter_mut().for_each(Port::end);
        let last = self.zip(ctx);
        for port in &mut self.ports {
            ctx.report_dropped(port.waiting as u64);
            port.use_up(port.waiting);
        }
        Ok(last)
    }

    fn reset(&mut self) {
        self.ports.iter_mut().for_each(Port::reset);
        self.next_out = 0;
    }
}
