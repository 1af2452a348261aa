//! Small stages and a small graph for the executor's tests: a source that counts, sinks that remember.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "every test binary uses its own part"
)]

use pipeline_core::graph::{BuildNode, CheckedGraph, GraphError, NodeDesc, check};
use pipeline_core::{
    Built, ChannelMeta, ConfigError, ErrorAction, Flags, Inputs, Lockable, PacketHeader,
    PacketKind, Role, RtPacket, SensorMeta, SourceImpl, SourceStep, StageCtx, StageError,
    StageImpl, StageResult, StreamSpec,
};
use std::any::Any;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

pub const CHANNELS: usize = 16;
pub const RATE_HZ: f64 = 20_000.0;
pub const FRAMES: usize = 10;

pub fn spec(live: bool) -> StreamSpec {
    let channels = vec![ChannelMeta::adc24("ch", 4.5e6, 24.0); CHANNELS];
    let sensor = Arc::new(SensorMeta { channels, ..SensorMeta::default() });
    StreamSpec {
        kind: PacketKind::RawI32,
        rate_hz: RATE_HZ,
        sensor,
        max_frames: FRAMES,
        delay_s: 0.0,
        total_frames: None,
        live,
    }
}

/// Counts upwards: every sample of frame n is n. Ends after `packets`, or never. May pace itself.
pub struct CountSource {
    pub spec: StreamSpec,
    pub packets: u64,
    pub sent: u64,
    pub pace_ns: u64,
    pub began_ns: u64,
    pub acquired: Arc<AtomicU64>,
}

impl Lockable for CountSource {}
impl SourceImpl for CountSource {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if self.sent == self.packets {
            return Ok(SourceStep::End);
        }
        let now = pipeline_core::clock::monotonic_ns();
        if self.began_ns == 0 {
            self.began_ns = now;
        }
        if self.pace_ns > 0 && !ctx.sleep_until(self.began_ns + self.sent * self.pace_ns) {
            return Ok(SourceStep::Idle);
        }
        let first = self.sent * FRAMES as u64;
        let header = PacketHeader {
            sensor: Arc::clone(&self.spec.sensor),
            first_sample: first,
            time_ns: 0,
            captured_ns: 1,
            rate_hz: RATE_HZ,
            frames: 0,
            flags: Flags::NONE,
        };
        let mut packet = ctx.fresh(header, PacketKind::RawI32);
        for frame in 0..FRAMES {
            packet.codes_mut().extend([(first + frame as u64) as i32; CHANNELS]);
        }
        self.sent += 1;
        self.acquired.store(self.sent * FRAMES as u64, Ordering::Release);
        Ok(SourceStep::Packet(packet.share()))
    }
}

/// Adds `.0` to every code, in place or in a pooled copy, by way of microvolts.
pub struct AddStage(pub f32);
impl Lockable for AddStage {}
impl StageImpl for AddStage {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        if packet.kind().has_codes() {
            return packet.into_microvolts(ctx, |codes, uv| {
                uv.iter_mut().zip(codes).for_each(|(u, c)| *u = *c as f32 + self.0);
            });
        }
        packet.map_samples(ctx, |uv| uv.iter_mut().for_each(|u| *u += self.0))
    }
}

/// Remembers which samples came (first value of each frame) and in which order.
#[derive(Clone, Default)]
pub struct Seen(pub Arc<Mutex<Vec<f32>>>);
impl Seen {
    pub fn take(&self) -> Vec<f32> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
    pub fn assert_counts_to(&self, frames: u64, plus: f32) {
        let seen = self.take();
        assert_eq!(seen.len() as u64, frames);
        assert!(
            seen.iter().enumerate().all(|(n, x)| *x == n as f32 + plus),
            "a sample is missing, doubled or wrong"
        );
    }
}
impl Lockable for Seen {}
impl StageImpl for Seen {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        let mut seen = self.0.lock().unwrap();
        if packet.kind().has_microvolts() {
            seen.extend(packet.microvolts().iter().step_by(CHANNELS));
        } else {
            seen.extend(packet.codes().iter().step_by(CHANNELS).map(|c| *c as f32));
        }
        Ok(Some(packet))
    }
}

/// Counts frames and keeps nothing.
#[derive(Clone, Default)]
pub struct Tally(pub Arc<AtomicU64>);
impl Lockable for Tally {}
impl StageImpl for Tally {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        self.0.fetch_add(packet.frames() as u64, Ordering::Relaxed);
        Ok(Some(packet))
    }
}

/// Passes packets on, and fails on the one that begins at `at_sample`.
pub struct FailAt {
    pub at_sample: u64,
    pub by_panic: bool,
}
impl Lockable for FailAt {}
impl StageImpl for FailAt {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        if packet.header().first_sample == self.at_sample {
            assert!(!self.by_panic, "planted");
            return Err(StageError::Data("planted"));
        }
        Ok(Some(packet))
    }
}

/// Adds `amount` and how many frames it has seen, modulo 64: what comes out tells whether its state was kept.
pub struct Counting {
    pub amount: u64,
    pub seen: u64,
}
impl Lockable for Counting {}
impl StageImpl for Counting {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        let (amount, seen) = (self.amount, self.seen);
        self.seen += packet.frames() as u64;
        let add = move |frame: usize| (amount + (seen + frame as u64) % 64) as f32;
        if packet.kind().has_codes() {
            return packet.into_microvolts(ctx, |codes, uv| {
                for (i, (u, c)) in uv.iter_mut().zip(codes).enumerate() {
                    *u = *c as f32 + add(i / CHANNELS);
                }
            });
        }
        packet.map_samples(ctx, |uv| {
            uv.iter_mut().enumerate().for_each(|(i, u)| *u += add(i / CHANNELS));
        })
    }
    fn inherit(&mut self, previous: &mut dyn Any) {
        if let Some(previous) = previous.downcast_mut::<Self>() {
            self.seen = previous.seen;
        }
    }
    fn reset(&mut self) {
        self.seen = 0;
    }
}

/// Remembers index and value of every frame.
#[derive(Clone, Default)]
pub struct Indexed(pub Arc<Mutex<Vec<(u64, f32)>>>);
impl Lockable for Indexed {}
impl StageImpl for Indexed {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        let first = packet.header().first_sample;
        let codes = packet.codes().iter().step_by(CHANNELS).map(|c| *c as f32);
        let values: Vec<f32> =
            codes.chain(packet.microvolts().iter().step_by(CHANNELS).copied()).collect();
        let mut seen = self.0.lock().unwrap();
        seen.extend(values.into_iter().enumerate().map(|(i, x)| (first + i as u64, x)));
        Ok(Some(packet))
    }
}

type Make = Box<dyn Fn(&Inputs<'_>) -> Result<Built, Vec<ConfigError>>>;

/// A stage for a graph, from a closure.
pub struct Kind {
    pub role: Role,
    pub most_inputs: usize,
    pub make: Make,
}

impl BuildNode for Kind {
    fn role(&self) -> Role {
        self.role
    }
    fn inputs(&self) -> (usize, usize) {
        match self.role {
            Role::Source => (0, 0),
            _ => (1, self.most_inputs),
        }
    }
    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>> {
        (self.make)(inputs)
    }
}

pub fn source(packets: u64, live: bool, pace_ns: u64, acquired: &Arc<AtomicU64>) -> Kind {
    let acquired = Arc::clone(acquired);
    Kind {
        role: Role::Source,
        most_inputs: 0,
        make: Box::new(move |_| {
            let spec = spec(live);
            let acquired = Arc::clone(&acquired);
            Ok(Built::source(
                CountSource {
                    spec: spec.clone(),
                    packets,
                    sent: 0,
                    pace_ns,
                    began_ns: 0,
                    acquired,
                },
                spec,
            ))
        }),
    }
}

pub fn add(amount: f32) -> Kind {
    transform(move || AddStage(amount), PacketKind::Voltage)
}

pub fn fail_at(at_sample: u64, by_panic: bool) -> Kind {
    transform(move || FailAt { at_sample, by_panic }, PacketKind::RawI32)
}

pub fn transform<S: StageImpl>(make: impl Fn() -> S + 'static, kind: PacketKind) -> Kind {
    Kind {
        role: Role::Transform,
        most_inputs: 1,
        make: Box::new(move |inputs| {
            let input = inputs.only();
            Ok(Built::transform(make(), input, StreamSpec { kind, ..input.clone() }, 0.0))
        }),
    }
}

pub fn sink<S: StageImpl + Clone>(stage: &S) -> Kind {
    let stage = stage.clone();
    Kind {
        role: Role::Sink,
        most_inputs: 1,
        make: Box::new(move |_| Ok(Built::sink(stage.clone()))),
    }
}

/// `(id, kind, inputs, group, policy)`, wired as written; no inputs means the stage above.
pub fn graph(rows: &[(&str, &Kind, &[&str], Option<&str>, ErrorAction)]) -> CheckedGraph {
    try_graph(rows).unwrap()
}

pub fn try_graph(
    rows: &[(&str, &Kind, &[&str], Option<&str>, ErrorAction)],
) -> Result<CheckedGraph, Vec<GraphError>> {
    let descs = rows.iter().map(|(id, kind, inputs, group, policy)| NodeDesc {
        id: (*id).to_owned(),
        inputs: (!inputs.is_empty()).then(|| inputs.iter().map(|i| (*i).to_owned()).collect()),
        group: group.map(str::to_owned),
        policy: Box::new(*policy),
        build: *kind,
    });
    check(descs.collect())
}

pub fn wait_for(what: impl Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}
