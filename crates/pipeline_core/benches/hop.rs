//! What it costs to hand a packet to another thread: saturated, and when the consumer sleeps.
//!
//! `cargo bench -p pipeline_core --bench hop [-- --quick]`
//!
//! Saturated: nanoseconds per packet from a source to a sink on another core, the way back of its buffer included.
//! Paced: a packet each millisecond to a consumer that sleeps, from just before it is sent until it is there. A wake-up
//! is the operating system's; a thread parked and unparked by hand, with nothing else, is the limit. A consumer that
//! spins is awake: it sees the packet as soon as the cache line has come over.

mod support;

use pipeline_core::clock::monotonic_ns;
use pipeline_core::executor::{Group, Wait};
use pipeline_core::{
    Built, Lockable, PacketKind, PacketPool, PoolSize, Role, RtPacket, SourceImpl, SourceStep,
    StageCtx, StageError, StageImpl, StageResult, StreamSpec,
};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use support::contest::{Contest, quantile};
use support::effort::Effort;
use support::stages::{Node, Replay, StopWatch, WARM_UP, codes, codes_spec, header, run_line};

/// Packets an edge has room for, and a standard channel too.
const QUEUE: usize = 1024;
const PACE: Duration = Duration::from_millis(1);

fn main() {
    let effort = Effort::from_args();
    println!("hop: packets of 8 channels x 1 frame; producer on core 0, consumer on core 1");
    saturated(effort);
    paced(effort);
}

/// A rate at which an edge, which holds two seconds, has room for `QUEUE` packets of one frame.
fn spec() -> StreamSpec {
    codes_spec(8, QUEUE as f64 / 2.0, 1)
}

fn cores() -> [Group; 2] {
    waiting(Wait::Park)
}

/// The two groups, of which the sinks wait like this.
fn waiting(wait: Wait) -> [Group; 2] {
    let group = |name: &str, core, wait| Group {
        name: name.to_owned(),
        cores: vec![core],
        wait,
        ..Group::default()
    };
    [group("acquire", 0, Wait::Park), group("sinks", 1, wait)]
}

/// Pins the calling thread, which must not be the main one: every thread started later would inherit that.
fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // On a machine with one core both ends share it, and the figures say so.
    let _ = sched_setaffinity(None, &set);
}

fn saturated(effort: Effort) {
    // Long turns: a thread that loses its core for a time slice must not decide the figure.
    let packets = 5 * effort.count(100);
    let executor = |group: &'static str| {
        move || {
            let watch = StopWatch::over(packets);
            let source = Replay::node(&spec(), packets + WARM_UP);
            run_line(&[("acquire", &source), (group, &watch.node())], &cores());
            watch.mean_ns()
        }
    };
    let mut contest = Contest::new(format!("saturated, {QUEUE} slots"), "ns per packet");
    contest.row("std sync_channel, pooled packets", || sync_channel_ns(packets));
    contest.row("std sync_channel, a number in place of a packet", || numbers_ns(packets));
    contest.row("executor, two threads", executor("sinks"));
    contest.row("executor, one thread (no hop)", executor("acquire"));
    contest.run(effort);
}

fn sync_channel_ns(packets: usize) -> f64 {
    let (sender, receiver) = sync_channel::<Arc<RtPacket>>(QUEUE);
    let producer = named("producer", move || {
        pin(0);
        let (spec, codes) = (spec(), codes(8));
        let mut pool = PacketPool::new(PoolSize { packet_samples: 8, packets_per_s: 16_000.0 });
        for n in 0..packets + WARM_UP {
            let mut packet = pool.fresh(header(&spec, n as u64), PacketKind::RawI32);
            packet.codes_mut().extend_from_slice(&codes);
            sender.send(packet.share()).expect("the consumer takes them all");
        }
    });
    let consumer = named("consumer", move || {
        pin(1);
        let mut began = Instant::now();
        for (n, packet) in receiver.iter().enumerate() {
            if n + 1 == WARM_UP {
                began = Instant::now();
            }
            packet.recycle();
        }
        began.elapsed().as_nanos() as f64 / packets as f64
    });
    producer.join().expect("the producer ends in order");
    consumer.join().expect("the consumer ends in order")
}

/// What the two cores charge for handing over anything at all.
fn numbers_ns(packets: usize) -> f64 {
    let (sender, receiver) = sync_channel(QUEUE);
    let producer = named("producer", move || {
        pin(0);
        for n in 0..packets {
            sender.send(n).expect("the consumer takes them all");
        }
    });
    let consumer = named("consumer", move || {
        pin(1);
        let began = Instant::now();
        assert_eq!(receiver.iter().count(), packets);
        began.elapsed().as_nanos() as f64 / packets as f64
    });
    producer.join().expect("the producer ends in order");
    consumer.join().expect("the consumer ends in order")
}

fn named<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> thread::JoinHandle<T> {
    thread::Builder::new().name(name.to_owned()).spawn(work).expect("a thread starts")
}

/// Microseconds from before a packet is sent until the sleeping consumer has it, packet by packet.
type Delays = Vec<f64>;

fn paced(effort: Effort) {
    let packets = effort.turn().as_millis() as usize * 5 + 5;
    let ways: [(&str, fn(usize) -> Delays); 4] = [
        ("thread parked and unparked by hand", park_delays),
        ("std sync_channel", sync_channel_delays),
        ("executor, source to sink, `wait: park`", |packets| executor_delays(packets, Wait::Park)),
        ("executor, source to sink, `wait: spin`", |packets| executor_delays(packets, Wait::Spin)),
    ];
    for q in [0.5, 0.99] {
        let title = format!("paced, one packet a millisecond: p{}", q * 100.0);
        let mut contest = Contest::new(title, "us from send to arrival");
        for (name, way) in ways {
            contest.row(name, move || quantile(way(packets).into_iter(), q));
        }
        contest.run(effort);
    }
}

fn since(sent_ns: u64) -> f64 {
    (monotonic_ns() - sent_ns) as f64 / 1e3
}

fn park_delays(packets: usize) -> Delays {
    let slot = Arc::new(AtomicU64::new(0));
    let sent = Arc::clone(&slot);
    let consumer = named("consumer", move || {
        pin(1);
        let take = || loop {
            match slot.swap(0, Ordering::Acquire) {
                0 => thread::park(),
                sent_ns => return since(sent_ns),
            }
        };
        (0..packets).map(|_| take()).collect()
    });
    let sleeper = consumer.thread().clone();
    let producer = named("producer", move || {
        pin(0);
        for _ in 0..packets {
            thread::sleep(PACE);
            // The slot holds one: a consumer that was held up must have taken the one before.
            while sent.load(Ordering::Acquire) != 0 {
                thread::yield_now();
            }
            sent.store(monotonic_ns(), Ordering::Release);
            sleeper.unpark();
        }
    });
    producer.join().expect("the producer ends in order");
    consumer.join().expect("the consumer ends in order")
}

fn sync_channel_delays(packets: usize) -> Delays {
    let (sender, receiver) = sync_channel(QUEUE);
    let consumer = named("consumer", move || {
        pin(1);
        receiver.iter().map(since).collect()
    });
    let producer = named("producer", move || {
        pin(0);
        for _ in 0..packets {
            thread::sleep(PACE);
            sender.send(monotonic_ns()).expect("the consumer takes them all");
        }
    });
    producer.join().expect("the producer ends in order");
    consumer.join().expect("the consumer ends in order")
}

fn executor_delays(packets: usize, wait: Wait) -> Delays {
    let delays = Arc::new(Mutex::new(Vec::with_capacity(packets)));
    let sink = Arrivals(Arc::clone(&delays));
    let source = Node::new(Role::Source, move |_| {
        let spec = StreamSpec { live: true, ..spec() };
        Ok(Built::source(Paced { spec: spec.clone(), left: packets }, spec))
    });
    let sink = Node::new(Role::Sink, move |_| Ok(Built::sink(sink.clone())));
    run_line(&[("acquire", &source), ("sinks", &sink)], &waiting(wait));
    std::mem::take(&mut *delays.lock().expect("no sink panics"))
}

/// Sends a packet each millisecond, stamped just before.
struct Paced {
    spec: StreamSpec,
    left: usize,
}

impl Lockable for Paced {}
impl SourceImpl for Paced {
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        if self.left == 0 {
            return Ok(SourceStep::End);
        }
        thread::sleep(PACE);
        self.left -= 1;
        let mut packet = ctx.fresh(header(&self.spec, 0), PacketKind::RawI32);
        packet.codes_mut().extend([0; 8]);
        packet.header_mut().captured_ns = monotonic_ns();
        Ok(SourceStep::Packet(packet.share()))
    }
}

/// Notes the age of what arrives.
#[derive(Clone)]
struct Arrivals(Arc<Mutex<Delays>>);
impl Lockable for Arrivals {}
impl StageImpl for Arrivals {
    fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
        let delay = since(packet.header().captured_ns);
        self.0.lock().expect("nobody panics with it").push(delay);
        Ok(Some(packet))
    }
}
