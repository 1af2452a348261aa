//! Chips, wires and a host in simulated time: what a driver sees as its bus and its data-ready line.
//!
//! Time passes only when the driver waits or transfers. What the transfers and wake-ups of a host cost is simulated too, so that
//! late reads are late.

use super::analog::Analog;
use super::chip::Chip;
use super::fault::{Fault, Turn, turns};
use super::inputs::Inputs;
use super::line::Line;
use super::noise;
use super::oscillator::{Oscillator, OscillatorError};
use super::port::Port;
use crate::ads1299::bus::{Bus, Drdy, Edge, Pin};
use crate::ads1299::timing::CLOCK_HZ;
use embedded_hal::delay::DelayNs;
use std::io;

/// How the chips are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wiring {
    /// Each with a chip select of its own; the numbers of their channels.
    Cascade(Vec<usize>),
    /// One behind the other on one chip select.
    Daisy {
        /// The numbers of their channels.
        chips: Vec<usize>,
        /// Bits between the data of two chips: the ADS1298's data sheet speaks of one, the ADS1299's does not.
        gap_bits: usize,
    },
}

/// What is on the bench.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchSettings {
    /// The chips.
    pub wiring: Wiring,
    /// What their clock is meant to run at, and how far it is off.
    pub clock_hz: f64,
    /// See there.
    pub oscillator: OscillatorError,
    /// Whether the RESET and START pins are connected.
    pub control_pins: bool,
    /// Ohms of each channel's electrode; 0 for those not named.
    pub electrodes_ohm: Vec<f64>,
    /// Ohms of the electrode at the inverting inputs.
    pub reference_ohm: f64,
    /// Ohms in series with each electrode, on the board.
    pub series_ohm: f64,
    /// Another seed, another noise.
    pub seed: u64,
    /// What happens.
    pub faults: Vec<Fault>,
    /// SCLK of commands and of data.
    pub speeds_hz: (u32, u32),
    /// What a transfer and a wake-up cost the host beside the wire, in nanoseconds.
    pub transfer_ns: u64,
    /// See there.
    pub wake_ns: u64,
    /// Events the kernel keeps for a reader that is late.
    pub event_queue: usize,
    /// A share of the data-ready interrupts is late by up to so many nanoseconds.
    pub interrupt_tail: (f64, f64),
    /// Monotonic and Unix time at power-up.
    pub began_ns: (u64, i64),
}

impl BenchSettings {
    /// Chips with everything as it should be.
    pub fn new(wiring: Wiring) -> Self {
        Self {
            wiring,
            clock_hz: CLOCK_HZ,
            oscillator: OscillatorError::default(),
            control_pins: true,
            electrodes_ohm: Vec::new(),
            reference_ohm: 0.0,
            series_ohm: 0.0,
            seed: 0,
            faults: Vec::new(),
            speeds_hz: (2_000_000, 20_000_000),
            transfer_ns: 1000,
            wake_ns: 2000,
            event_queue: 256,
            interrupt_tail: (0.0, 0.0),
            began_ns: (1_000_000_000, 1_700_000_000_000_000_000),
        }
    }
}

/// A run of conversions without a break, for whoever checks a driver.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrueRun {
    /// Number of its first conversion, as [`Counter`](crate::Signal::Counter) shows it.
    pub first_sample: u64,
    /// When that one was complete, monotonic nanoseconds.
    pub first_ns: f64,
    /// From one conversion to the next, by the clock as it is then.
    pub period_ns: f64,
}

/// Chips on a bench, at work in simulated time.
#[derive(Debug)]
pub struct Bench {
    settings: BenchSettings,
    /// Nanoseconds since power-up.
    now_ns: f64,
    ports: Vec<Port>,
    analog: Analog,
    line: Line,
    turns: Vec<Turn>,
    /// The run whose edges are being made: its number, the next conversion, and when that is complete.
    run: u64,
    next_edge: u64,
    next_edge_ns: f64,
    flips: u32,
    flipped: u64,
    unplugged: bool,
    silent: bool,
    stall_ns: f64,
    unix_minus_monotonic_ns: i64,
    true_runs: Vec<TrueRun>,
}

impl Bench {
    /// Switches the supplies on.
    pub fn new(settings: BenchSettings, inputs: Box<dyn Inputs>) -> Self {
        let oscillator = Oscillator::new(settings.clock_hz, settings.oscillator);
        let (chips, ports) = match &settings.wiring {
            Wiring::Cascade(chips) => {
                let mut first = 0;
                let one = |channels: &usize| {
                    let port = Port::new(&[*channels], first, 0);
                    first += channels;
                    port
                };
                (chips, chips.iter().map(one).collect())
            }
            Wiring::Daisy { chips, gap_bits } => (chips, vec![Port::new(chips, 0, *gap_bits)]),
        };
        let mut analog = Analog::new(oscillator, inputs, chips.iter().sum(), settings.seed);
        for (ohm, told) in analog.electrodes_ohm.iter_mut().zip(&settings.electrodes_ohm) {
            *ohm = *told;
        }
        analog.reference_ohm = settings.reference_ohm;
        analog.series_ohm = settings.series_ohm;
        let mut line = Line::new(settings.event_queue);
        line.tail = settings.interrupt_tail;
        let mut bench = Self {
            now_ns: 0.0,
            ports,
            analog,
            line,
            turns: turns(&settings.faults),
            run: 0,
            next_edge: 0,
            next_edge_ns: f64::INFINITY,
            flips: 0,
            flipped: 0,
            unplugged: false,
            silent: false,
            stall_ns: 0.0,
            unix_minus_monotonic_ns: settings.began_ns.1 - settings.began_ns.0 as i64,
            true_runs: Vec::new(),
            settings,
        };
        bench.chips_mut().for_each(|chip| chip.power_up(0.0));
        bench
    }

    /// What the driver did that the data sheet does not allow.
    pub fn violations(&self) -> Vec<&str> {
        self.chips().flat_map(|chip| chip.violations.iter().map(String::as_str)).collect()
    }

    /// The runs of conversions so far.
    pub fn true_runs(&self) -> &[TrueRun] {
        &self.true_runs
    }

    /// Conversions a second of so many clocks each, by the clock as it is now.
    pub fn true_rate_hz(&self, clocks: u64) -> f64 {
        self.analog.oscillator.hz() / clocks as f64
    }

    /// Time passes without anybody doing anything.
    pub fn pass_ns(&mut self, ns: u64) {
        self.advance(self.now_ns + ns as f64);
    }

    /// From here on, time at power-up is counted as `began_ns` of the monotonic clock and of Unix time.
    pub fn set_began_ns(&mut self, began_ns: (u64, i64)) {
        self.settings.began_ns = began_ns;
        self.unix_minus_monotonic_ns = began_ns.1 - began_ns.0 as i64;
    }

    /// Nanoseconds since power-up.
    pub fn elapsed_ns(&self) -> u64 {
        self.now_ns as u64
    }

    fn chips(&self) -> impl Iterator<Item = &Chip> {
        self.ports.iter().flat_map(|port| &port.chips)
    }

    fn chips_mut(&mut self) -> impl Iterator<Item = &mut Chip> {
        self.ports.iter_mut().flat_map(|port| &mut port.chips)
    }

    /// Brings everything up to a time: faults, conversions and their edges.
    fn advance(&mut self, to_ns: f64) {
        while let Some(turn) = self.turns.pop_if(|turn| turn.at_ns <= to_ns) {
            self.edges_until(turn.at_ns);
            self.now_ns = self.now_ns.max(turn.at_ns);
            self.turn(&turn);
        }
        self.edges_until(to_ns);
        self.now_ns = self.now_ns.max(to_ns);
    }

    fn edges_until(&mut self, ns: f64) {
        if self.run != self.ports[0].chips[0].runs {
            self.begin_run();
        }
        while self.next_edge_ns <= ns {
            if !self.silent {
                self.line.edge(self.next_edge_ns, self.settings.began_ns.0);
            }
            self.next_edge += 1;
            self.find_next_edge();
        }
    }

    /// The first chip has begun or ended a run: it is the one whose line the host listens to.
    fn begin_run(&mut self) {
        let chip = &self.ports[0].chips[0];
        self.run = chip.runs;
        self.next_edge = 0;
        if let Some(run) = chip.run {
            let first_ns = self.analog.oscillator.ns_at(run.first_clk);
            self.true_runs.push(TrueRun {
                first_sample: run.base,
                first_ns: first_ns + self.settings.began_ns.0 as f64,
                period_ns: run.period_clk / self.analog.oscillator.hz() * 1e9,
            });
        }
        self.find_next_edge();
    }

    fn find_next_edge(&mut self) {
        let run = self.ports[0].chips[0].run.filter(|run| !run.is_over(self.next_edge));
        self.next_edge_ns = run
            .map_or(f64::INFINITY, |run| self.analog.oscillator.ns_at(run.clk_of(self.next_edge)));
    }

    /// The chips' clock count now; also lets their run, where it changed, take effect.
    fn clk(&mut self) -> f64 {
        self.analog.oscillator.clocks_at(self.now_ns)
    }

    fn turn(&mut self, turn: &Turn) {
        let clk = self.clk();
        match (&turn.fault, turn.begins) {
            (Fault::MissedEdges { count, .. }, true) => self.line.miss += count,
            (Fault::LateEdge { for_s, .. }, true) => self.line.delay_ns = for_s * 1e9,
            (Fault::LateRead { for_s, .. }, true) => self.stall_ns += for_s * 1e9,
            (Fault::BitFlips { count, .. }, true) => self.flips += count,
            (Fault::BrownOut { chip, .. }, true) => {
                let hit = |n: usize| chip.is_none_or(|chip| chip == n);
                for (_, chip) in self.chips_mut().enumerate().filter(|(n, _)| hit(*n)) {
                    chip.power_down();
                    chip.power_up(clk);
                }
            }
            (Fault::Unplugged { .. }, begins) => {
                self.unplugged = begins;
                for chip in self.chips_mut() {
                    if begins { chip.power_down() } else { chip.power_up(clk) }
                }
            }
            (Fault::SilentDrdy { .. }, begins) => self.silent = begins,
            (Fault::CounterJump { by, .. }, true) => self.line.jump(*by),
            (Fault::ClockStep { by_s, .. }, true) => {
                self.unix_minus_monotonic_ns += (by_s * 1e9) as i64;
            }
            (Fault::Rails { channel, .. }, begins) => {
                let hit = |n: usize| channel.is_none_or(|channel| channel == n + 1);
                let stuck = &mut self.analog.stuck_uv;
                for (_, stuck) in stuck.iter_mut().enumerate().filter(|(n, _)| hit(*n)) {
                    *stuck = begins.then_some(1e7);
                }
            }
            (Fault::ElectrodeOff { channel, .. }, begins) => {
                if let Some(off) = self.analog.off.get_mut(channel.wrapping_sub(1)) {
                    *off = begins;
                }
            }
            (_, false) => {}
        }
        self.edges_until(self.now_ns);
    }

    fn transfer(&mut self, port: usize, bytes: &mut [u8], hz: u32, wait_ns: u64) {
        self.advance(self.now_ns + self.settings.transfer_ns as f64);
        let began_clk = self.clk();
        let per_byte = self.analog.oscillator.hz() * 8.0 / f64::from(hz);
        let port = &mut self.ports[port];
        port.select();
        let commands = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()).min(1);
        let (command, rest) = bytes.split_at_mut(commands);
        for byte in command {
            *byte = port.byte(*byte, began_clk + per_byte, &mut self.analog);
        }
        port.read_on(rest, began_clk + commands as f64 * per_byte, per_byte, &mut self.analog);
        let wire_ns = bytes.len() as f64 * 8e9 / f64::from(hz) + wait_ns as f64;
        self.advance(self.now_ns + wire_ns);
        let clk = self.clk();
        self.ports_deselect(clk);
        if self.unplugged {
            bytes.fill(0);
        } else if self.flips > 0 {
            self.flips -= 1;
            self.flipped += 1;
            let where_ = noise::unit(self.settings.seed, 9, self.flipped).to_bits() >> 8;
            bytes[where_ as usize % bytes.len()] ^= 1 << (where_ >> 32 & 7);
        }
        self.advance(self.now_ns + self.settings.transfer_ns as f64);
    }

    fn ports_deselect(&mut self, clk: f64) {
        self.ports.iter_mut().for_each(|port| port.deselect(clk));
        self.edges_until(self.now_ns);
    }
}

impl DelayNs for Bench {
    fn delay_ns(&mut self, ns: u32) {
        self.pass_ns(u64::from(ns));
    }
}

impl Bus for Bench {
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        // Four periods of the slowest clock, as a host would wait.
        let wait_ns = crate::ads1299::timing::wait_ns(4, self.settings.clock_hz);
        self.transfer(chip, bytes, self.settings.speeds_hz.0, wait_ns);
        Ok(())
    }

    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        self.transfer(chip, bytes, self.settings.speeds_hz.1, 0);
        Ok(())
    }

    fn data_ns(&self, bytes: usize) -> u64 {
        bytes as u64 * 8_000_000_000 / u64::from(self.settings.speeds_hz.1)
    }

    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        if !self.settings.control_pins {
            return Ok(false);
        }
        let clk = self.clk();
        for chip in self.chips_mut() {
            match pin {
                Pin::Reset if !high => chip.reset(clk),
                Pin::Reset => {}
                Pin::Start => chip.set_start_pin(high, clk),
            }
        }
        self.edges_until(self.now_ns);
        Ok(true)
    }

    fn now_ns(&self) -> u64 {
        self.settings.began_ns.0 + self.now_ns as u64
    }

    fn clocks(&self) -> (u64, i64) {
        let monotonic = self.now_ns();
        (monotonic, monotonic as i64 + self.unix_minus_monotonic_ns)
    }

    fn name(&self, chip: usize) -> String {
        format!("simulated chip {}", chip + 1)
    }
}

impl Drdy for Bench {
    fn line_name(&self) -> String {
        "the simulated data-ready line".to_owned()
    }

    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        let deadline_ns = deadline_ns.saturating_sub(self.settings.began_ns.0) as f64;
        loop {
            let readable_ns = self.line.readable_ns();
            if let Some(ns) = readable_ns.filter(|ns| *ns <= self.now_ns.max(deadline_ns)) {
                if ns > self.now_ns {
                    self.advance(ns + self.settings.wake_ns as f64);
                }
                let stall_ns = std::mem::take(&mut self.stall_ns);
                if stall_ns > 0.0 {
                    self.advance(self.now_ns + stall_ns);
                    continue;
                }
                return Ok(self.line.take());
            }
            let next_ns =
                self.next_edge_ns.min(self.turns.last().map_or(f64::INFINITY, |t| t.at_ns));
            if next_ns > deadline_ns || readable_ns.is_some() {
                self.advance(deadline_ns);
                return Ok(None);
            }
            self.advance(next_ns);
        }
    }
}
