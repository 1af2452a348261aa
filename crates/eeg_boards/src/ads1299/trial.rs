//! The first conversions of a board that has just been set up: whether they are announced, at the right rate, and look like
//! conversions. In a daisy chain, also where the second chip's data begin.

use super::bus::{Bus, Drdy, Edge};
use super::chips::Chips;
use super::problem::Problem;
use super::timing::first_drdy_clocks;

/// How long to wait for an edge beyond what it takes.
const WAIT_NS: u64 = 100_000_000;
/// The oscillator is good to 2.5 %.
const RATE_TOLERANCE: f64 = 0.04;

/// Looks at 16 to 256 conversions.
pub(super) fn run<W: Bus + Drdy>(chips: &mut Chips<W>, find_gap: bool) -> Result<(), Problem> {
    let find_gap = find_gap && chips.longest_chain() > 1;
    if find_gap {
        chips.set_gap_bits(1);
    }
    let count = ((chips.settings.rate_hz() / 60.0) as usize).clamp(16, 256);
    let mut stamps_ns = Vec::with_capacity(count + 1);
    let mut damaged = Vec::new();
    // How often each number of bits between the chips made sense.
    let mut votes = [0; 2];
    convert(chips, count + 1, |chips, edge| {
        stamps_ns.push(edge.monotonic_ns);
        if find_gap {
            chips.vote_on_gap(&mut votes);
        }
        damaged.extend(chips.damaged().map(|select| (select, chips.first_bytes(select))));
    })?;
    check_rate(chips, &stamps_ns)?;
    if find_gap {
        chips.set_gap_bits(usize::from(votes[1] > votes[0]));
        if 2 * votes[0].max(votes[1]) > count {
            return Ok(());
        }
    }
    match damaged.first() {
        Some((select, bytes)) if 2 * damaged.len() > count => {
            Err(Problem::Frames { chip: chips.name(*select), bytes: *bytes })
        }
        _ => Ok(()),
    }
}

/// Starts, hands `count` conversions with their edges to `each`, one by one, and stops.
pub(super) fn convert<W: Bus + Drdy>(
    chips: &mut Chips<W>,
    count: usize,
    each: impl FnMut(&mut Chips<W>, Edge),
) -> Result<(), Problem> {
    chips.wires.clear().map_err(|error| line(chips, error))?;
    chips.start()?;
    let result = follow(chips, count, each);
    chips.stop()?;
    result
}

fn follow<W: Bus + Drdy>(
    chips: &mut Chips<W>,
    count: usize,
    mut each: impl FnMut(&mut Chips<W>, Edge),
) -> Result<(), Problem> {
    let first_ns = first_drdy_clocks(chips.settings.rate) as f64 / chips.settings.clock_hz * 1e9;
    let mut patience_ns = first_ns as u64 + WAIT_NS;
    for _ in 0..count {
        let deadline_ns = chips.wires.now_ns() + patience_ns;
        let edge = chips.wires.wait(deadline_ns).map_err(|error| line(chips, error))?;
        let Some(edge) = edge else {
            let line = chips.wires.line_name();
            return Err(Problem::Silent { line, waited_ms: patience_ns / 1_000_000 });
        };
        patience_ns = WAIT_NS;
        chips.read_conversion()?;
        each(chips, edge);
    }
    Ok(())
}

fn line<W: Drdy>(chips: &Chips<W>, error: std::io::Error) -> Problem {
    Problem::Line { line: chips.wires.line_name(), error }
}

/// The middle one of the intervals, which neither a missed edge nor a late stamp moves.
fn check_rate<W: Bus + Drdy>(chips: &Chips<W>, stamps_ns: &[u64]) -> Result<(), Problem> {
    let mut intervals: Vec<u64> = stamps_ns.windows(2).map(|w| w[1].saturating_sub(w[0])).collect();
    intervals.sort_unstable();
    let measured_hz = 1e9 / intervals[intervals.len() / 2].max(1) as f64;
    let nominal_hz = chips.settings.rate_hz();
    if (measured_hz / nominal_hz - 1.0).abs() > RATE_TOLERANCE {
        let clock_hz = chips.settings.clock_hz;
        return Err(Problem::Rate { measured_hz, nominal_hz, clock_hz });
    }
    Ok(())
}
