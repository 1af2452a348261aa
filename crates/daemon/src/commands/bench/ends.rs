//! The two ends of a measured line: a source of prepared codes, and a sink with a stop watch.

use super::line::Node;
use pipeline_core::clock::{Clock, monotonic_ns, span_ns};
use pipeline_core::{
    Built, ChannelMeta, Flags, Lockable, PacketHeader, PacketKind, Role, RtPacket, SensorMeta,
    SourceImpl, SourceStep, StageCtx, StageError, StageImpl, StageResult, StreamSpec,
};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Packets before the stop watch starts: pools and caches are warm then.
const WARM_UP: usize = 20;

/// When the source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pace {
    /// As a board does: a packet when its last sample is due, whatever happened to those before; so many packets.
    Live(usize),
    /// As fast as the line takes them, for so long.
    FlatOut(Duration),
}

/// Copies the same codes into packet after packet: what a board costs that does not cost anything.
struct Codes {
    spec: StreamSpec,
    values: Arc<[i32]>,
    began: Option<(u64, i64)>,
    sent: u64,
    pace: Pace,
    watch: Option<StopWatch>,
}

/// What a source of codes is to send.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent {
    pub(super) channels: usize,
    pub(super) rate_hz: f64,
    /// Of a packet.
    pub(super) frames: usize,
    pub(super) pace: Pace,
}

/// The source as a node. With a `watch`, notes when it is asked for packets: on one thread, that is when all before are done with.
pub(super) fn codes(group: &'static str, sent: Sent, watch: Option<&StopWatch>) -> Node {
    let Sent { channels, rate_hz, frames, pace } = sent;
    let watch = watch.cloned();
    // The examples of stages that name channels name these.
    let label =
        |n: usize| ["Fp1", "Cz", "F7"].get(n).map_or_else(|| format!("ch{n}"), |l| (*l).to_owned());
    let metas = (0..channels).map(|n| ChannelMeta::adc24(label(n), 4.5e6, 24.0));
    let sensor = SensorMeta {
        name: "prepared codes".to_owned(),
        vref_uv: Some(4.5e6),
        channels: metas.collect(),
        ..SensorMeta::default()
    };
    let spec = StreamSpec {
        kind: PacketKind::RawI32,
        rate_hz,
        sensor: Arc::new(sensor),
        max_frames: frames,
        delay_s: 0.0,
        total_frames: None,
        live: matches!(pace, Pace::Live(_)),
    };
    let values: Arc<[i32]> = noise(frames * channels).into();
    Node::new("source", Role::Source, group, move |_| {
        let (spec, values, watch) = (spec.clone(), Arc::clone(&values), watch.clone());
        let source = Codes { spec: spec.clone(), values, began: None, sent: 0, pace, watch };
        Ok(Built::source(source, spec))
    })
}

/// An electrode offset with noise: numbers as a filter meets them.
fn noise(samples: usize) -> Vec<i32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        200_000 + (state >> 18) as i32
    };
    (0..samples).map(|_| next()).collect()
}

impl Lockable for Codes {}
impl SourceImpl for Codes {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if let Some(watch) = &self.watch {
            watch.lock().note();
        }
        let frames = self.spec.max_frames as u64;
        let packets = self.sent / frames;
        let (began_ns, unix_ns) = *self.began.get_or_insert_with(|| {
            let now_ns = monotonic_ns();
            (now_ns, Clock::now().unix_ns(now_ns))
        });
        let is_over = match self.pace {
            Pace::Live(count) => packets >= count as u64,
            Pace::FlatOut(lasts) => {
                packets >= 2 * WARM_UP as u64
                    && monotonic_ns() - began_ns >= lasts.as_nanos() as u64
            }
        };
        if is_over {
            return Ok(SourceStep::End);
        }
        let due_ns = began_ns + span_ns(self.sent + frames, self.spec.rate_hz) as u64;
        if self.spec.live && !ctx.sleep_until(due_ns) {
            return Ok(SourceStep::Idle);
        }
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: self.sent,
            time_ns: unix_ns + span_ns(self.sent, self.spec.rate_hz),
            captured_ns: if self.spec.live { due_ns } else { 0 },
            rate_hz: self.spec.rate_hz,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        packet.codes_mut().extend_from_slice(&self.values);
        if frames == 1 {
            // A hop is measured from here; the source's own waking up is not in it.
            packet.header_mut().captured_ns = monotonic_ns();
        }
        self.sent += frames;
        Ok(SourceStep::Packet(packet.share()))
    }
}

/// When packets arrived, and how old they were.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    seen: usize,
    first_ns: u64,
    last_ns: u64,
    ages_ns: Vec<u64>,
}

impl Arrivals {
    fn note(&mut self) -> u64 {
        let now_ns = monotonic_ns();
        self.seen += 1;
        if self.seen == WARM_UP {
            self.first_ns = now_ns;
        }
        self.last_ns = now_ns;
        now_ns
    }

    /// Nanoseconds from packet to packet, on average, after the warm-up.
    pub(super) fn mean_ns(&self) -> f64 {
        (self.last_ns - self.first_ns) as f64 / self.seen.saturating_sub(WARM_UP).max(1) as f64
    }
}

/// Notes arrivals, as a sink or for a source; what it noted can be read when the line has ended.
#[derive(Debug, Clone)]
pub(super) struct StopWatch {
    arrivals: Arc<Mutex<Arrivals>>,
    each: bool,
}

impl StopWatch {
    /// Notes the time of the first packet after the warm-up and of the last; the age of each of `packets` too, unless 0.
    pub(super) fn new(packets: usize) -> Self {
        let arrivals = Arrivals { ages_ns: Vec::with_capacity(packets), ..Arrivals::default() };
        Self { arrivals: Arc::new(Mutex::new(arrivals)), each: packets > 0 }
    }

    /// The sink as a node.
    pub(super) fn node(&self, group: &'static str) -> Node {
        let sink = self.clone();
        Node::new("stop_watch", Role::Sink, group, move |_| Ok(Built::sink(sink.clone())))
    }

    /// Reads it.
    pub(super) fn mean_ns(&self) -> f64 {
        self.lock().mean_ns()
    }

    /// The ages, in microseconds.
    pub(super) fn ages_us(&self) -> Vec<f64> {
        self.lock().ages_ns.iter().map(|ns| *ns as f64 / 1e3).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Arrivals> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lockable for StopWatch {}
impl StageImpl for StopWatch {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        let mut arrivals = self.lock();
        let now_ns = arrivals.note();
        if self.each && arrivals.ages_ns.len() < arrivals.ages_ns.capacity() {
            arrivals.ages_ns.push(now_ns.saturating_sub(packet.header().captured_ns));
        }
        drop(arrivals);
        Ok(Some(packet))
    }
}
