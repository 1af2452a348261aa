//! A source that replays prepared codes as fast as it is asked, a stage that does nothing, a sink with a stop watch.

use super::contest::median;
use pipeline_core::executor::{Group, start};
use pipeline_core::graph::{BuildNode, NodeDesc, check};
use pipeline_core::{
    Built, ChannelMeta, ConfigError, ErrorAction, Flags, Inputs, Lockable, PacketHeader,
    PacketKind, Role, RtPacket, SensorMeta, SourceImpl, SourceStep, StageCtx, StageError,
    StageImpl, StageResult, StreamSpec,
};
use std::hint::black_box;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Packets before the stop watch starts: pools and caches are warm then.
pub const WARM_UP: usize = 100;

/// A stream of 24-bit codes that can wait.
pub fn codes_spec(channels: usize, rate_hz: f64, frames: usize) -> StreamSpec {
    // The examples of stages that name channels name these.
    let label =
        |n: usize| ["Fp1", "Cz", "F7"].get(n).map_or_else(|| format!("ch{n}"), |l| (*l).to_owned());
    let channels = (0..channels).map(|n| ChannelMeta::adc24(label(n), 4.5e6, 24.0));
    let sensor = SensorMeta { channels: channels.collect(), ..SensorMeta::default() };
    StreamSpec {
        kind: PacketKind::RawI32,
        rate_hz,
        sensor: Arc::new(sensor),
        max_frames: frames,
        delay_s: 0.0,
        total_frames: None,
        live: false,
    }
}

/// Codes of an electrode offset with noise, `[frame][channel]`: numbers as a filter meets them.
pub fn codes(samples: usize) -> Vec<i32> {
    let mut noise = 1_u32;
    let mut next = || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        200_000 + (noise >> 18) as i32
    };
    (0..samples).map(|_| next()).collect()
}

/// The header of a packet of `spec` that begins with sample `first_sample`.
pub fn header(spec: &StreamSpec, first_sample: u64) -> PacketHeader {
    PacketHeader {
        sensor: Arc::clone(&spec.sensor),
        first_sample,
        time_ns: 0,
        captured_ns: 0,
        rate_hz: spec.rate_hz,
        frames: 0,
        flags: Flags::NONE,
    }
}

/// Copies the same codes into packet after packet.
pub struct Replay {
    spec: StreamSpec,
    codes: Arc<[i32]>,
    left: usize,
    first_sample: u64,
}

impl Replay {
    /// The source as a node: `packets` packets of `spec`.
    pub fn node(spec: &StreamSpec, packets: usize) -> Node {
        let codes: Arc<[i32]> = codes(spec.max_samples()).into();
        let spec = spec.clone();
        Node::new(Role::Source, move |_| {
            let source =
                Self { spec: spec.clone(), codes: codes.clone(), left: packets, first_sample: 0 };
            Ok(Built::source(source, spec.clone()))
        })
    }
}

impl Lockable for Replay {}
impl SourceImpl for Replay {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if self.left == 0 {
            return Ok(SourceStep::End);
        }
        self.left -= 1;
        let mut packet = ctx.fresh(header(&self.spec, self.first_sample), PacketKind::RawI32);
        packet.codes_mut().extend_from_slice(&self.codes);
        self.first_sample += self.spec.max_frames as u64;
        Ok(SourceStep::Packet(packet.share()))
    }
}

/// Passes every packet on.
pub struct Pass;
impl Lockable for Pass {}
impl StageImpl for Pass {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        Ok(Some(packet))
    }
}

impl Pass {
    /// The stage as a node.
    pub fn node() -> Node {
        Node::new(Role::Transform, |inputs| Ok(Built::same(Self, inputs.only())))
    }
}

/// When packets arrived at a sink: the first after the warm-up and the last, or each of them.
#[derive(Clone)]
pub struct StopWatch {
    seen: usize,
    packets: usize,
    each: bool,
    times: Arc<Mutex<Vec<Instant>>>,
}

impl StopWatch {
    /// Notes the beginning and the end of `packets` packets after the warm-up.
    pub fn over(packets: usize) -> Self {
        Self { seen: 0, packets, each: false, times: Arc::default() }
    }

    /// Notes when each of `packets` packets after the warm-up arrives.
    pub fn each_of(packets: usize) -> Self {
        let times = Arc::new(Mutex::new(Vec::with_capacity(packets + 1)));
        Self { seen: 0, packets, each: true, times }
    }

    /// The sink as a node.
    pub fn node(&self) -> Node {
        let sink = self.clone();
        Node::new(Role::Sink, move |_| Ok(Built::sink(sink.clone())))
    }

    /// Nanoseconds per packet, on average.
    ///
    /// # Panics
    /// When the packets have not all arrived.
    pub fn mean_ns(&self) -> f64 {
        let times = self.times.lock().expect("no sink panics");
        assert!(self.each || times.len() == 2, "the pipeline ended early");
        (times[times.len() - 1] - times[0]).as_nanos() as f64 / self.packets as f64
    }

    /// Nanoseconds from packet to packet: the middle one.
    pub fn median_ns(&self) -> f64 {
        let times = self.times.lock().expect("no sink panics");
        median(times.windows(2).map(|pair| (pair[1] - pair[0]).as_nanos() as f64))
    }
}

impl Lockable for StopWatch {}
impl StageImpl for StopWatch {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        self.seen += 1;
        black_box(packet.data());
        let (first, last) = (WARM_UP, WARM_UP + self.packets);
        if self.seen == first || self.seen == last || (self.each && self.seen > first) {
            self.times.lock().expect("nobody panics with it").push(Instant::now());
        }
        Ok(Some(packet))
    }
}

type Make = Box<dyn Fn(&Inputs<'_>) -> Result<Built, Vec<ConfigError>>>;

/// Something to put into a graph.
pub struct Node {
    role: Role,
    make: Make,
}

impl Node {
    /// A node built by a closure.
    pub fn new(
        role: Role,
        make: impl Fn(&Inputs<'_>) -> Result<Built, Vec<ConfigError>> + 'static,
    ) -> Self {
        Self { role, make: Box::new(make) }
    }
}

impl BuildNode for Node {
    fn role(&self) -> Role {
        self.role
    }
    fn build(&self, inputs: &Inputs<'_>) -> Result<Built, Vec<ConfigError>> {
        (self.make)(inputs)
    }
}

/// Runs a line of stages to its end; `(group, node)`, each fed by the nearest one above that has an output.
///
/// # Panics
/// When the graph is wrong or anything fails while it runs.
pub fn run_line(line: &[(&str, &Node)], groups: &[Group]) {
    let descs = line.iter().enumerate().map(|(n, (group, node))| NodeDesc {
        id: format!("stage{n}"),
        inputs: None,
        group: Some((*group).to_owned()),
        policy: Box::new(ErrorAction::Fatal),
        build: *node,
    });
    let graph = check(descs.collect()).expect("the bench's graph is sound");
    let outcome = start(graph, groups).expect("its stages open").wait();
    assert!(outcome.failures.is_empty(), "{:?}", outcome.failures);
}
