//! The simulated board behind the module's SPI controller and GPIO lines: answers messages, and says when data-ready falls.

use eeg_boards::ads1299::bus::{Bus, Drdy, Pin};
use eeg_boards::ads1299::command;
use eeg_boards::simulator::{Bench, BenchSettings, EdgesAhead, Inputs, OscillatorError, Wiring};
use embedded_hal::spi::Operation;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard};
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

/// SCLK of commands and of data in all pipelines here.
pub(crate) const SPEEDS_HZ: (u32, u32) = (2_000_000, 8_000_000);
/// A Raspberry Pi's driver has trouble with more in one transfer.
const TRANSFER_BYTES: u32 = 64;
/// How far the chips' clock is off.
pub(crate) const PPM: f64 = 1234.0;
const RESET_LINE: u32 = 17;
const START_LINE: u32 = 22;

/// Codes that say which conversion and which channel they are of.
#[derive(Debug)]
struct Pattern;

/// The code of a channel in a conversion: all 24 bits change.
pub(crate) fn code(sample: u64, channel: usize) -> i32 {
    let of_sample = (sample + 1).wrapping_mul(0x9E_3779_B97F);
    let mixed = of_sample ^ ((channel as u64 + 1) * 0x85_EBCB);
    (((mixed >> 8) as i32) << 8) >> 8
}

impl Inputs for Pattern {
    fn microvolts(&mut self, _sample: u64, _at_s: f64, _rate_hz: f64, uv: &mut [f64]) {
        uv.fill(0.0);
    }

    fn codes(&mut self, sample: u64, codes: &mut [i32]) -> bool {
        for (channel, code_) in codes.iter_mut().enumerate() {
            *code_ = code(sample, channel);
        }
        true
    }
}

/// What the board does instead of what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Well,
    /// No edge comes.
    Silent,
    /// MISO is stuck, and no edge comes.
    Stuck(u8),
}

/// What came over the wires.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) messages: u64,
    pub(crate) conversions_read: u64,
    /// Messages of more than one transfer.
    pub(crate) split: u64,
    /// Bytes of the longest transfer.
    pub(crate) longest: u32,
    pub(crate) mistakes: Vec<String>,
}

/// The board, shared with the thread that answers.
#[derive(Debug, Clone)]
pub(crate) struct Board(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    device: File,
    bench: Bench,
    behaviour: Behaviour,
    seen: Seen,
    /// The run whose edges the module raises: how many there were before it, and its end, if known.
    raised: Option<(usize, Option<u64>)>,
    edges: Option<EdgesAhead>,
}

struct Transfer {
    bytes: u32,
    speed_hz: u32,
    delay_us: u32,
    cs_change: u32,
}

impl Board {
    /// Opens the module's device and answers from now on.
    pub(crate) fn new() -> Self {
        let open = File::options().read(true).write(true).open("/dev/test_board");
        let device = open.expect("the module test_board is loaded");
        let mut events = device.try_clone().unwrap();
        let board = Self(Arc::new(Mutex::new(Inner {
            device,
            bench: bench(Wiring::Cascade(vec![8]), false),
            behaviour: Behaviour::Well,
            seen: Seen::default(),
            raised: None,
            edges: None,
        })));
        let answering = board.clone();
        let answer = move || {
            go_before_all();
            let mut buffer = [0; 4096];
            loop {
                let length = events.read(&mut buffer).expect("an event of the module");
                answering.lock().event(&buffer[..length]);
            }
        };
        std::thread::Builder::new().name("board".to_owned()).spawn(answer).unwrap();
        board
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Puts another board there, powered for a while.
    pub(crate) fn put(&self, wiring: Wiring, control_pins: bool) {
        let mut inner = self.lock();
        inner.bench = bench(wiring, control_pins);
        inner.seen = Seen::default();
        inner.raised = None;
        inner.behave(Behaviour::Well);
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        self.lock().behave(behaviour);
    }

    /// What has come since the board was put there.
    pub(crate) fn seen(&self) -> Seen {
        let mut inner = self.lock();
        let mut seen = std::mem::take(&mut inner.seen);
        let violations = inner.bench.violations();
        seen.mistakes.extend(violations.into_iter().map(str::to_owned));
        seen
    }

    /// The edges of the present run, from its first one on.
    pub(crate) fn edges(&self) -> EdgesAhead {
        self.lock().edges.expect("the board converts")
    }
}

/// Edges since the module was loaded that came while the interrupt of the one before waited for the processor.
pub(crate) fn merged() -> u64 {
    let text = std::fs::read_to_string("/sys/module/test_board/parameters/merged").unwrap();
    text.trim().parse().unwrap()
}

/// A chip does not wait for a processor: this thread takes it from any other.
fn go_before_all() {
    let priority = ThreadPriority::Crossplatform(99_u8.try_into().unwrap());
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), priority, fifo).unwrap();
}

fn bench(wiring: Wiring, control_pins: bool) -> Bench {
    let mut settings = BenchSettings::new(wiring);
    settings.control_pins = control_pins;
    settings.oscillator = OscillatorError { ppm: PPM, ..OscillatorError::default() };
    settings.speeds_hz = SPEEDS_HZ;
    // This kernel's own.
    (settings.transfer_ns, settings.wake_ns) = (0, 0);
    let mut bench = Bench::new(settings, Box::new(Pattern));
    bench.pass_ns(200_000_000);
    let began_ns = monotonic_ns() - bench.elapsed_ns();
    bench.set_began_ns((began_ns, 0));
    bench
}

pub(crate) fn monotonic_ns() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

impl Inner {
    fn event(&mut self, bytes: &[u8]) {
        let [kind, a, b, n] = [0, 4, 8, 12].map(|at| word(bytes, at));
        let ns = u64::from_le_bytes(bytes[16..24].try_into().unwrap());
        let passed_ns = ns.saturating_sub(self.bench.now_ns());
        self.bench.pass_ns(passed_ns);
        if kind == 1 {
            let (table, sent) = bytes[24..].split_at(16 * n as usize);
            let transfers: Vec<Transfer> = table
                .chunks_exact(16)
                .map(|row| Transfer {
                    bytes: word(row, 0),
                    speed_hz: word(row, 4),
                    delay_us: word(row, 8),
                    cs_change: word(row, 12),
                })
                .collect();
            let mut bytes = sent.to_vec();
            self.message(a as usize, b, &transfers, &mut bytes);
            let until_ns = self.bench.now_ns();
            self.order(1, bytes.len() as u32, until_ns, 0, &bytes);
        } else {
            let pin = match a {
                RESET_LINE => Pin::Reset,
                START_LINE => Pin::Start,
                line => return self.seen.mistakes.push(format!("line {line} was set")),
            };
            self.bench.set(pin, b != 0).unwrap();
        }
        self.raise_edges();
    }

    /// One message: what was sent is replaced by the answer.
    fn message(&mut self, select: usize, mode: u32, transfers: &[Transfer], bytes: &mut [u8]) {
        let (command_hz, data_hz) = SPEEDS_HZ;
        let seen = &mut self.seen;
        seen.messages += 1;
        seen.split += u64::from(transfers.len() > 1);
        seen.conversions_read += u64::from(bytes[0] == command::RDATA);
        let mut mistake = |holds: bool, what: String| {
            if !holds && seen.mistakes.len() < 20 {
                seen.mistakes.push(what);
            }
        };
        mistake(mode == 1, format!("SPI mode {mode}"));
        for transfer in transfers {
            let Transfer { bytes: length, speed_hz, delay_us, cs_change } = *transfer;
            seen.longest = seen.longest.max(length);
            let wanted_hz = if bytes[0] == command::RDATA { data_hz } else { command_hz };
            mistake(speed_hz == wanted_hz, format!("{speed_hz} Hz instead of {wanted_hz}"));
            mistake(length <= TRANSFER_BYTES, format!("a transfer of {length} bytes"));
            mistake(cs_change == 0, "CS let go of between two transfers".to_owned());
            mistake(delay_us < 10, format!("{delay_us} us of waiting"));
        }
        match self.behaviour {
            Behaviour::Stuck(byte) => return bytes.fill(byte),
            // The bits are sampled while they change: the chip hears nothing that it knows.
            _ if mode != 1 => return bytes.fill(0),
            _ => {}
        }
        let mut operations = Vec::new();
        let mut rest = bytes;
        for transfer in transfers {
            let (part, after) = rest.split_at_mut(transfer.bytes as usize);
            rest = after;
            operations.push(Operation::TransferInPlace(part));
            operations.push(Operation::DelayNs(transfer.delay_us * 1000));
        }
        self.bench.transaction(select, transfers[0].speed_hz, &mut operations);
    }

    fn behave(&mut self, behaviour: Behaviour) {
        let passed_ns = monotonic_ns().saturating_sub(self.bench.now_ns());
        self.bench.pass_ns(passed_ns);
        self.behaviour = behaviour;
        self.raised = None;
        self.raise_edges();
    }

    /// Tells the module of the edges, when they are others than it knows of.
    fn raise_edges(&mut self) {
        let well = self.behaviour == Behaviour::Well;
        let ahead = self.bench.edges_ahead().filter(|_| well);
        let raised = ahead.map(|edges| (self.bench.true_runs().len(), edges.count.map(|_| 0)));
        if raised == self.raised && raised.is_some() {
            return;
        }
        self.raised = raised;
        self.edges = ahead;
        let (first_ns, period_ps, count) = ahead.map_or((0, 0, 0), |edges| {
            let count = edges.count.unwrap_or(0);
            (edges.first_ns as u64, (edges.period_ns * 1e3) as u64, count as u32)
        });
        self.order(2, count, first_ns, period_ps, &[]);
    }

    fn order(&mut self, kind: u32, n: u32, ns: u64, x: u64, bytes: &[u8]) {
        let mut order = Vec::with_capacity(24 + bytes.len());
        order.extend_from_slice(&kind.to_le_bytes());
        order.extend_from_slice(&n.to_le_bytes());
        order.extend_from_slice(&ns.to_le_bytes());
        order.extend_from_slice(&x.to_le_bytes());
        order.extend_from_slice(bytes);
        self.device.write_all(&order).expect("the module takes an order");
    }
}
