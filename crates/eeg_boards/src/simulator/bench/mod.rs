//! Chips, wires and a host in simulated time: what a driver sees as its bus and its data-ready line.
//!
//! Time passes only when the driver waits or transfers. What the transfers and wake-ups of a host cost is simulated too, so that
//! late reads are late.

mod script;
mod settings;
mod wires;

pub use settings::{BenchSettings, Defect, Wiring};

use super::analog::Analog;
use super::chip::Chip;
use super::fault::{Turn, turns};
use super::inputs::Inputs;
use super::line::Line;
use super::oscillator::Oscillator;
use super::port::Port;

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

/// The data-ready edges that come if nobody does anything, for whoever raises them on a real line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EdgesAhead {
    /// When the next one falls, monotonic nanoseconds.
    pub first_ns: f64,
    /// From one to the next, by the clock as it is now.
    pub period_ns: f64,
    /// How many; `None`: on and on.
    pub count: Option<u64>,
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
        analog.defects.clone_from(&settings.defects);
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

    /// The edges to come; `None` while nothing is converted.
    pub fn edges_ahead(&self) -> Option<EdgesAhead> {
        let run = self.ports[0].chips[0].run.filter(|run| !run.is_over(self.next_edge))?;
        Some(EdgesAhead {
            first_ns: self.next_edge_ns + self.settings.began_ns.0 as f64,
            period_ns: run.period_clk / self.analog.oscillator.hz() * 1e9,
            count: run.left(self.next_edge),
        })
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
}
