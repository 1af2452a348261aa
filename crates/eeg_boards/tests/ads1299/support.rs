//! A board on the bench, and a reader that checks every block.

use eeg_boards::Signal;
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::ads1299::{Ads1299, Ads1299Options};
use eeg_boards::board::{Block, Board, BoardEvent, Frames, Loss, Reading};
use eeg_boards::simulator::{Bench, BenchSettings, Inputs, TestSignals, Wiring};

pub(crate) type Simulated = Ads1299<Bench>;

/// Chips with eight channels each, side by side.
pub(crate) fn wiring(chips: usize) -> Wiring {
    Wiring::Cascade(vec![8; chips])
}

pub(crate) fn options(wiring: &Wiring) -> Ads1299Options {
    let chains = match wiring {
        Wiring::Cascade(chips) => vec![1; chips.len()],
        Wiring::Daisy { chips, .. } => vec![chips.len()],
    };
    Ads1299Options::new(chains)
}

pub(crate) fn counter() -> Box<dyn Inputs> {
    signals(vec![Signal::Counter {}])
}

pub(crate) fn signals(signals: Vec<Signal>) -> Box<dyn Inputs> {
    Box::new(TestSignals::new(signals, 1))
}

pub(crate) fn board(bench: BenchSettings, rate: Rate) -> Simulated {
    let options = options(&bench.wiring);
    with(bench, options, rate, counter())
}

pub(crate) fn with(
    bench: BenchSettings,
    options: Ads1299Options,
    rate: Rate,
    inputs: Box<dyn Inputs>,
) -> Simulated {
    let channels = match &bench.wiring {
        Wiring::Cascade(chips) | Wiring::Daisy { chips, .. } => chips.iter().sum(),
    };
    let mut settings = Settings::new(rate, Gain::X24, channels);
    settings.clock_hz = bench.clock_hz;
    Ads1299::new(Bench::new(bench, inputs), settings, options)
}

/// Blocks and events, in order.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) blocks: Vec<(Block, Vec<i32>, Vec<u64>)>,
    pub(crate) events: Vec<BoardEvent>,
}

impl Heard {
    pub(crate) fn samples(&self) -> u64 {
        self.blocks.iter().map(|(_, _, edges)| edges.len() as u64).sum()
    }
}

/// Reads until the board has made so many conversions, in blocks of `frames`.
pub(crate) fn read(board: &mut Simulated, frames: usize, conversions: u64) -> Heard {
    let mut heard = Heard::default();
    let mut open = Frames::default();
    let end_ns = board.wires().elapsed_ns() + 3_600_000_000_000;
    let mut next = 0;
    while board.counters().conversions() < conversions {
        match board.read(frames, &mut open) {
            Reading::Block(block) => {
                assert!(block.first_sample >= next + block.lost_before || next == 0, "{block:?}");
                next = block.first_sample + open.len() as u64;
                heard.blocks.push((block, open.codes.clone(), open.edges_ns.clone()));
                open.clear();
                assert_eq!(board.counters().conversions(), next, "delivered and lost make all");
            }
            Reading::Event(event) => heard.events.push(event),
            Reading::Idle => {}
        }
        assert!(board.wires().elapsed_ns() < end_ns, "nothing more came: {:?}", heard.events);
    }
    heard
}

pub(crate) fn losses(board: &Simulated) -> Vec<(&'static str, u64)> {
    let counters = board.counters();
    let lost = |cause: Loss| (cause.name(), counters.lost(cause));
    Loss::ALL.into_iter().map(lost).filter(|(_, n)| *n > 0).collect()
}
