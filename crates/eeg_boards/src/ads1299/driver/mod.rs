//! The driver at work: waits for edges and reads conversions (`conversions`), hands them out in blocks once the chips have been found
//! to be still what they were set up to be (`blocks`), and sets the board up again when it is not (`recovery`).

mod blocks;
mod conversions;
mod recovery;

use super::bring_up::{BringUp, Progress};
use super::bus::{Bus, Drdy};
use super::chips::Chips;
use super::losses::Losses;
use super::numbering::{Beginning, Numbering};
use super::problem::Problem;
use super::settings::Settings;
use super::timing::{OSCILLATOR_TOLERANCE, first_drdy_clocks};
use super::{self_test, trial};
use crate::board::{Board, BoardCounters, BoardEvent, Frames, Reading};
use crate::sample_clock::SampleClockSettings;
use blocks::{Held, Open};
use conversions::Taken;
use recovery::Down;
use std::error::Error;
use std::sync::Arc;

/// A call waits no longer than this.
const PATIENCE_NS: u64 = 50_000_000;

/// How a board is wired and read.
#[derive(Debug, Clone, PartialEq)]
pub struct Ads1299Options {
    /// How many chips are behind each chip select: `[1]`, `[1, 1]` side by side, `[2]` in a daisy chain.
    pub chains: Vec<usize>,
    /// Bits between the data of two chips in a chain; `None`: found out at the start.
    pub gap_bits: Option<usize>,
    /// Reads every conversion twice and compares: the only protection of the samples that the chip allows, for a frame carries no
    /// checksum. Without it, four bits of each chip's frame are checked.
    pub read_twice: bool,
    /// How the sample clock follows the edges.
    pub clock: SampleClockSettings,
}

impl Ads1299Options {
    /// So many chips behind each chip select, read once.
    pub fn new(chains: Vec<usize>) -> Self {
        Self { chains, gap_bits: None, read_twice: false, clock: SampleClockSettings::default() }
    }
}

/// A board of ADS1299 chips.
#[derive(Debug)]
pub struct Ads1299<W> {
    chips: Chips<W>,
    options: Ads1299Options,
    numbering: Numbering,
    phase: Phase,
    /// Number of the conversion after the last one that is delivered, held or given up.
    next: u64,
    /// What was lost since the last frame.
    losses: Losses,
    damaged_in_a_row: u32,
    /// The frames that the caller holds.
    open: Open,
    /// A frame that follows a gap and has to wait for the frames before to be handed out.
    held: Option<Held>,
    held_codes: Vec<i32>,
    /// Told at the next call.
    event: Option<BoardEvent>,
    counters: Arc<BoardCounters>,
    captured_ns: u64,
}

#[derive(Debug)]
enum Phase {
    /// Set up, standing still.
    Ready,
    /// Converting, but no edge has come yet.
    Started {
        beginning: Beginning,
        since_ns: u64,
        /// Edges stamped before are of the run before: no conversion of this one can be complete yet.
        earliest_ns: u64,
    },
    Running {
        last_edge_ns: u64,
    },
    /// Not what it should be.
    Down(Box<Down>),
}

impl<W: Bus + Drdy + Send> Ads1299<W> {
    /// A board on these wires; nothing is sent before it is opened.
    pub fn new(wires: W, settings: Settings, options: Ads1299Options) -> Self {
        let mut chips = Chips::new(wires, settings, &options.chains, options.read_twice);
        chips.set_gap_bits(options.gap_bits.unwrap_or(0));
        let numbering = Numbering::new(chips.settings.rate_hz(), options.clock);
        Self {
            chips,
            options,
            numbering,
            phase: Phase::Ready,
            next: 0,
            losses: Losses::default(),
            damaged_in_a_row: 0,
            open: Open::default(),
            held: None,
            held_codes: Vec::with_capacity(64),
            event: None,
            counters: Arc::default(),
            captured_ns: 0,
        }
    }

    /// The wires.
    pub fn wires(&self) -> &W {
        &self.chips.wires
    }

    /// The wires, to act on.
    pub fn wires_mut(&mut self) -> &mut W {
        &mut self.chips.wires
    }

    /// The fitted clock of the conversions.
    pub fn clock(&self) -> &crate::sample_clock::SampleClock {
        &self.numbering.clock
    }

    fn now_ns(&self) -> u64 {
        self.chips.wires.now_ns()
    }

    fn line(&self, error: std::io::Error) -> Problem {
        Problem::Line { line: self.chips.wires.line_name(), error }
    }

    /// Starts the conversions; the first edge will be numbered as `beginning` says.
    fn start(&mut self, resumed: bool) -> Result<(), Problem> {
        self.chips.wires.clear().map_err(|error| self.line(error))?;
        let before_ns = self.now_ns();
        self.chips.start()?;
        let since_ns = self.now_ns();
        let settings = &self.chips.settings;
        let first_ns = first_drdy_clocks(settings.rate) as f64 / settings.clock_hz * 1e9;
        let earliest_ns = before_ns + (first_ns * (1.0 - 2.0 * OSCILLATOR_TOLERANCE)) as u64;
        let beginning = if resumed {
            Beginning::Resumed
        } else {
            Beginning::Fresh { due_ns: since_ns + first_ns as u64 }
        };
        self.phase = Phase::Started { beginning, since_ns, earliest_ns };
        Ok(())
    }

    /// How long nothing may come before something is taken to be wrong.
    fn silence_ns(&self) -> u64 {
        PATIENCE_NS + (12e9 / self.chips.settings.rate_hz()) as u64
    }

    /// One round of [`Board::read`], as long as nothing is wrong.
    fn run(&mut self, wanted: usize, frames: &mut Frames) -> Result<Reading, Problem> {
        if let Some(held) = self.held.take() {
            self.open = Open { first: held.n, lost: held.lost };
            frames.codes.extend_from_slice(&self.held_codes);
            frames.edges_ns.push(held.edge_ns);
        }
        let patience_ns = self.now_ns() + PATIENCE_NS;
        while frames.len() < wanted {
            let (since_ns, silence_ns) = match self.phase {
                Phase::Started { since_ns, .. } => (since_ns, self.silence_ns()),
                Phase::Running { last_edge_ns } => (last_edge_ns, self.silence_ns()),
                _ => return Ok(Reading::Idle),
            };
            let silent_ns = since_ns + silence_ns;
            match self.take(silent_ns.min(patience_ns))? {
                Taken::Frame { n } if !self.place(n, frames) => break,
                Taken::TimedOut if self.now_ns() >= silent_ns => {
                    let line = self.chips.wires.line_name();
                    return Err(Problem::Silent { line, waited_ms: silence_ns / 1_000_000 });
                }
                Taken::Frame { .. } | Taken::Nothing | Taken::TimedOut => {}
            }
            if self.event.is_some() || self.now_ns() >= patience_ns && frames.len() < wanted {
                return Ok(Reading::Idle);
            }
        }
        self.finish(frames)
    }
}

impl<W: Bus + Drdy + Send> Board for Ads1299<W> {
    fn open(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        let mut bring_up = BringUp::new();
        while let Progress::Wait(due_ns) = bring_up.advance(&mut self.chips)? {
            let ns = due_ns.saturating_sub(self.now_ns());
            self.chips.wires.delay_ns(u32::try_from(ns).unwrap_or(u32::MAX));
        }
        trial::run(&mut self.chips, self.options.gap_bits.is_none())?;
        let monotonic_ns = self.now_ns();
        let found = self_test::run(&mut self.chips)?;
        self.event = found.map(|text| BoardEvent { monotonic_ns, text });
        self.phase = Phase::Ready;
        Ok(())
    }

    fn read(&mut self, frames_wanted: usize, frames: &mut Frames) -> Reading {
        if let Some(event) = self.event.take() {
            return Reading::Event(event);
        }
        let result = match self.phase {
            Phase::Down(_) => return self.come_up(),
            Phase::Ready => self.start(false).map(|()| Reading::Idle),
            _ => self.run(frames_wanted, frames),
        };
        result.unwrap_or_else(|problem| {
            // What was read before it went wrong is handed out, if the chips can still vouch for it.
            let rest = if frames.is_empty() { None } else { self.finish(frames).ok() };
            self.discard_held();
            self.go_down(&problem);
            rest.unwrap_or(Reading::Idle)
        })
    }

    fn time_ns(&mut self, sample: u64) -> u64 {
        self.numbering.clock.time_ns(sample)
    }

    fn counters(&self) -> Arc<BoardCounters> {
        Arc::clone(&self.counters)
    }

    fn now(&self) -> (u64, i64) {
        self.chips.wires.clocks()
    }

    fn close(&mut self) {
        self.count_the_end();
        // It is let go of anyway.
        let _ = self.chips.stop();
        self.chips.wires.release();
        self.phase = Phase::Ready;
    }
}
