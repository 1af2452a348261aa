//! What the driver costs: 16 channels at 16000 samples/s through two simulated chips, as quickly as it goes, against real time.
//!
//! The simulated chips, wires and kernel are in the figure; the second line is the driver alone, its wires answering at once.
#![allow(clippy::unwrap_used, reason = "an example says what it could not do by ending")]

use eeg_boards::Signal;
use eeg_boards::ads1299::bus::{Bus, Drdy, Edge, Pin};
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::ads1299::{Ads1299, Ads1299Options};
use eeg_boards::board::{Board, Frames, Reading};
use eeg_boards::simulator::{Bench, BenchSettings, TestSignals, Wiring};
use embedded_hal::delay::DelayNs;
use std::io;
use std::time::Instant;

const SECONDS: u64 = 60;

/// Wires that cost nothing: after the set-up, which goes through a bench, edges are on time and every frame is the same.
struct Instantly {
    bench: Bench,
    running: bool,
    now_ns: u64,
    edges: u32,
}

const PERIOD_NS: u64 = 62_500;

impl DelayNs for Instantly {
    fn delay_ns(&mut self, ns: u32) {
        self.bench.delay_ns(ns);
    }
}

impl Bus for Instantly {
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        self.bench.command(chip, bytes)
    }
    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        if !self.running {
            return self.bench.data(chip, bytes);
        }
        bytes[1] = 0xC0;
        self.now_ns += 11_000;
        Ok(())
    }
    fn data_ns(&self, bytes: usize) -> u64 {
        self.bench.data_ns(bytes)
    }
    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        self.bench.set(pin, high)
    }
    fn name(&self, _chip: usize) -> String {
        String::new()
    }
}

impl Drdy for Instantly {
    fn now_ns(&self) -> u64 {
        if self.running { self.now_ns } else { self.bench.now_ns() }
    }

    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        if !self.running {
            return self.bench.wait(deadline_ns);
        }
        let due_ns = u64::from(self.edges + 1) * PERIOD_NS + 1_000_000_000_000;
        if due_ns > deadline_ns.max(self.now_ns) {
            return Ok(None);
        }
        self.edges += 1;
        self.now_ns = self.now_ns.max(due_ns + 2000);
        Ok(Some(Edge { monotonic_ns: due_ns, line_seqno: self.edges }))
    }
    fn line_name(&self) -> String {
        String::new()
    }
}

fn bench() -> Bench {
    let settings = BenchSettings::new(Wiring::Cascade(vec![8, 8]));
    Bench::new(settings, Box::new(TestSignals::new(Signal::eeg_like(), 1)))
}

fn run<W: Bus + Drdy + Send>(mut board: Ads1299<W>, begin: impl Fn(&mut W)) -> (f64, u64, u64) {
    board.open().unwrap();
    begin(board.wires_mut());
    let mut frames = Frames::default();
    let began = Instant::now();
    while board.counters().conversions() < SECONDS * 16_000 {
        if let Reading::Block(_) = board.read(160, &mut frames) {
            frames.clear();
        }
    }
    let share = began.elapsed().as_secs_f64() / SECONDS as f64;
    let counters = board.counters();
    (share, counters.delivered(), counters.conversions() - counters.delivered())
}

fn main() {
    let settings = Settings::new(Rate::Sps16000, Gain::X24, 16);
    let options = Ads1299Options::new(vec![1, 1]);
    let tell = |what: &str, (share, delivered, lost): (f64, u64, u64)| {
        println!(
            "{what}: {:.1} % of one core for 16 channels x 16000 samples/s, {:.2} us of the 62.5 us a conversion; {delivered} delivered, {lost} lost",
            share * 100.0,
            share * 62.5
        );
    };
    let simulated = Ads1299::new(bench(), settings.clone(), options.clone());
    tell("driver and simulated chips", run(simulated, |_| {}));
    let wires = Instantly { bench: bench(), running: false, now_ns: 1_000_000_000_000, edges: 0 };
    let alone = Ads1299::new(wires, settings, options);
    tell("driver alone", run(alone, |wires| wires.running = true));
}
