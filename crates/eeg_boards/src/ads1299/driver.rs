//! The driver at work: waits for edges, reads conversions, numbers them, and hands them out in blocks once the chips have been
//! found to be still what they were set up to be.

use super::bring_up::{BringUp, Progress};
use super::bus::{Bus, Drdy, Edge};
use super::chips::Chips;
use super::losses::Losses;
use super::numbering::{Beginning, Numbering};
use super::problem::Problem;
use super::settings::Settings;
use super::timing::first_drdy_clocks;
use super::trial;
use crate::board::{Block, Board, BoardCounters, BoardEvent, Frames, Loss, Reading};
use crate::sample_clock::SampleClockSettings;
use std::error::Error;
use std::sync::Arc;

/// A call waits no longer than this.
const PATIENCE_NS: u64 = 50_000_000;
/// A board that does not answer is tried again after this.
const RETRY_NS: u64 = 250_000_000;
/// How often a conversion is read before it is given up.
const READS: usize = 4;
/// So many damaged frames in a row, and the board is set up again.
const DAMAGED: u32 = 16;
/// Codes beyond this are close to the end of the range: 95 % of full scale.
const RAILED: i32 = 7_969_177;

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
    /// The frames that the caller holds: the first one's number, what was lost before it, and whether a code is near the rails.
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
    },
    Running {
        last_edge_ns: u64,
    },
    /// Not what it should be.
    Down(Box<Down>),
}

#[derive(Debug)]
struct Down {
    bring_up: BringUp,
    retry_ns: u64,
    told: std::mem::Discriminant<Problem>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Open {
    first: u64,
    lost: Losses,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    n: u64,
    edge_ns: u64,
    lost: Losses,
}

/// What came of waiting for a conversion.
enum Taken {
    Frame {
        n: u64,
    },
    /// Something came, but no conversion that is new and whole.
    Nothing,
    TimedOut,
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

    fn wait(&mut self, deadline_ns: u64) -> Result<Option<Edge>, Problem> {
        self.chips.wires.wait(deadline_ns).map_err(|error| self.line(error))
    }

    /// Starts the conversions; the first edge will be numbered as `beginning` says.
    fn start(&mut self, resumed: bool) -> Result<(), Problem> {
        self.chips.wires.clear().map_err(|error| self.line(error))?;
        self.chips.start()?;
        let since_ns = self.now_ns();
        let settings = &self.chips.settings;
        let first_ns = first_drdy_clocks(settings.rate) as f64 / settings.clock_hz * 1e9;
        let beginning = if resumed {
            Beginning::Resumed
        } else {
            Beginning::Fresh { due_ns: since_ns + first_ns as u64 }
        };
        self.phase = Phase::Started { beginning, since_ns };
        Ok(())
    }

    /// How long nothing may come before something is taken to be wrong.
    fn silence_ns(&self) -> u64 {
        PATIENCE_NS + (12e9 / self.chips.settings.rate_hz()) as u64
    }

    /// Takes note of an edge.
    fn edge(&mut self, edge: Edge) -> u64 {
        let n = if let Phase::Started { beginning, .. } = self.phase {
            let n = self.numbering.begin(edge, beginning);
            if matches!(beginning, Beginning::Resumed) {
                self.losses.add(Loss::Outage, n.saturating_sub(self.next));
                self.recovered(n, edge.monotonic_ns);
            }
            n
        } else {
            let (counted, unkept) = self.numbering.edge(edge);
            self.losses.add(Loss::Overflow, unkept);
            if counted.disagrees {
                self.counters.add_disagreement();
            }
            counted.n
        };
        self.phase = Phase::Running { last_edge_ns: edge.monotonic_ns };
        n
    }

    /// Waits for a conversion and reads it into the chips' buffer.
    fn take(&mut self, deadline_ns: u64) -> Result<Taken, Problem> {
        let Some(edge) = self.wait(deadline_ns)? else { return Ok(Taken::TimedOut) };
        let mut newest = self.edge(edge);
        // Everything that came meanwhile: so many conversions are gone, for one read returns the last alone.
        while let Some(edge) = self.wait(0)? {
            if newest >= self.next {
                self.losses.add(Loss::Late, 1);
            }
            newest = self.edge(edge);
        }
        if newest < self.next {
            return Ok(Taken::Nothing);
        }
        let fit = self.numbering.clock.fit();
        let mut damaged = None;
        for attempt in 0..READS {
            if attempt > 0 {
                self.counters.add_reread();
            }
            let window = self.chips.read_conversion()?;
            let Some(n) = self.numbering.conversion_at(window, &fit) else { continue };
            damaged = self.chips.damaged();
            if damaged.is_some() {
                continue;
            }
            self.damaged_in_a_row = 0;
            self.captured_ns = window.read_ns;
            if n < self.next {
                return Ok(Taken::Nothing);
            }
            // Announced, but replaced before it was read.
            self.losses.add(Loss::Late, n - newest);
            return Ok(Taken::Frame { n });
        }
        let Some(select) = damaged else {
            self.losses.add(Loss::Late, 1);
            return Ok(Taken::Nothing);
        };
        self.losses.add(Loss::Corrupt, 1);
        self.damaged_in_a_row += 1;
        if self.damaged_in_a_row < DAMAGED {
            return Ok(Taken::Nothing);
        }
        let frames = std::mem::take(&mut self.damaged_in_a_row);
        Err(Problem::Damaged { chip: self.chips.name(select), frames })
    }

    /// Puts the frame in the chips' buffer where it belongs. False: it follows a gap, and is held.
    fn place(&mut self, n: u64, frames: &mut Frames) -> bool {
        let lost = self.losses.settle(n - self.next);
        self.next = n + 1;
        let edge_ns = self.numbering.stamp_ns(n);
        if frames.is_empty() {
            self.open.first = n;
            self.open.lost.merge(lost);
        } else if lost.total() > 0 {
            self.held = Some(Held { n, edge_ns, lost });
            self.held_codes.clear();
            self.chips.append_codes(&mut self.held_codes);
            return false;
        }
        self.chips.append_codes(&mut frames.codes);
        frames.edges_ns.push(edge_ns);
        true
    }

    /// Hands the frames out, if the chips still are as they were set up.
    fn finish(&mut self, frames: &mut Frames) -> Result<Reading, Problem> {
        self.chips.look().inspect_err(|_| self.discard(frames))?;
        let open = std::mem::take(&mut self.open);
        open.lost.count(&self.counters);
        self.counters.add_delivered(frames.len() as u64);
        let fit = self.numbering.clock.fit();
        self.counters.set_rate(fit.rate_hz, fit.ppm, fit.ppm_uncertainty);
        let near_rails = |code: &i32| code.unsigned_abs() >= RAILED as u32;
        Ok(Reading::Block(Block {
            first_sample: open.first,
            lost_before: open.lost.total(),
            captured_ns: self.captured_ns,
            railed: frames.codes.iter().any(near_rails),
        }))
    }

    /// What was read cannot be trusted: it is lost.
    fn discard(&mut self, frames: &mut Frames) {
        let mut lost = std::mem::take(&mut self.open.lost);
        lost.add(Loss::Unverified, frames.len() as u64);
        if let Some(held) = self.held.take() {
            lost.merge(held.lost);
            lost.add(Loss::Unverified, 1);
        }
        self.open.lost = lost;
        frames.clear();
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

    fn go_down(&mut self, problem: &Problem) {
        let now_ns = self.now_ns();
        let told = std::mem::discriminant(problem);
        self.losses = Losses::default();
        self.damaged_in_a_row = 0;
        self.event = Some(BoardEvent { monotonic_ns: now_ns, text: problem.to_string() });
        self.phase =
            Phase::Down(Box::new(Down { bring_up: BringUp::new(), retry_ns: now_ns, told }));
    }

    /// Sets the board up again, one step at a time.
    fn come_up(&mut self) -> Reading {
        let now_ns = self.now_ns();
        let Phase::Down(down) = &mut self.phase else { return Reading::Idle };
        let progress = if now_ns < down.retry_ns {
            Ok(Progress::Wait(down.retry_ns))
        } else {
            down.bring_up.advance(&mut self.chips)
        };
        match progress {
            Ok(Progress::Wait(due_ns)) => {
                let ns = due_ns.saturating_sub(self.now_ns()).min(PATIENCE_NS);
                self.chips.wires.delay_ns(ns as u32);
            }
            Ok(Progress::Ready) => {
                if let Err(problem) = self.start(true) {
                    self.still_down(&problem);
                }
            }
            Err(problem) => self.still_down(&problem),
        }
        Reading::Idle
    }

    fn still_down(&mut self, problem: &Problem) {
        let now_ns = self.now_ns();
        let told = std::mem::discriminant(problem);
        if let Phase::Down(down) = &mut self.phase {
            down.bring_up.again();
            down.retry_ns = now_ns + RETRY_NS;
            if std::mem::replace(&mut down.told, told) != told {
                self.event = Some(BoardEvent { monotonic_ns: now_ns, text: problem.to_string() });
            }
        } else {
            self.go_down(problem);
        }
    }

    fn recovered(&mut self, n: u64, monotonic_ns: u64) {
        self.counters.add_recovery();
        let lost = n.saturating_sub(self.next);
        let text =
            format!("the board has been set up again and converts; {lost} samples were lost");
        self.event = Some(BoardEvent { monotonic_ns, text });
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

impl<W: Bus + Drdy + Send> Ads1299<W> {
    /// Counts what was lost since the last block, as far as nothing that was read comes after it.
    fn count_the_end(&mut self) {
        let handed_out = self.counters.conversions();
        let away = matches!(self.phase, Phase::Down(_) | Phase::Started { .. });
        let mut lost = std::mem::take(&mut self.open.lost);
        if let Some(held) = self.held.take() {
            lost.merge(held.lost);
        } else if handed_out + lost.total() >= self.next {
            let now_ns = self.now_ns();
            let announced = self.numbering.announced();
            let conversions = if away { self.numbering.conversions_at(now_ns) } else { announced };
            let since = conversions.saturating_sub(handed_out + lost.total());
            if away {
                self.losses.add(Loss::Outage, since);
            }
            lost.merge(self.losses.settle(since));
        }
        lost.count(&self.counters);
    }

    /// The frame that waits is from the time when it went wrong.
    fn discard_held(&mut self) {
        if let Some(held) = self.held.take() {
            self.open.lost.merge(held.lost);
            self.open.lost.add(Loss::Unverified, 1);
        }
    }
}
