//! The run: what is measured in which order, round by round, so that whatever else the machine does hits all alike.

use super::chain::{self, Condition, trial};
use super::effort::Effort;
use super::knee::{Knee, Search};
use super::parts::{self, Fed};
use super::report::{Better, Row, quantile};
use super::rig::Rig;
use super::wake;
use crate::machine::{self, Root};
use crate::realtime::{ACQUISITION_PRIORITY, try_priority};
use anyhow::Context;
use std::sync::atomic::{AtomicBool, Ordering};

/// The rate at which ages and load are told: the fastest usual for EEG.
const USUAL_HZ: f64 = 4000.0;
/// Where the search begins, and where it ends whatever the machine: no ADC is that fast.
const FIRST_HZ: f64 = 16_000.0;
const LAST_HZ: f64 = 10e6;
/// The part of the run that is spent before the chain.
const PARTS: f64 = 0.4;

/// Whom to tell how far it is, and when to stop.
pub(super) struct Progress<'a> {
    pub(super) interrupted: &'a AtomicBool,
    /// The share that is done, and what comes now.
    pub(super) show: &'a dyn Fn(f64, &str),
}

impl Progress<'_> {
    fn is_over(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }
}

/// Measures everything; what has been measured by then when interrupted.
pub(super) fn measure(
    rig: &Rig,
    effort: Effort,
    progress: &Progress<'_>,
) -> anyhow::Result<Vec<Row>> {
    let mut rows = parts(rig, effort, progress)?;
    rows.extend(chains(rig, effort, progress)?);
    Ok(rows)
}

/// Figures of one row, round by round.
struct Figures {
    section: String,
    name: String,
    unit: &'static str,
    of_rounds: Vec<f64>,
}

/// Rows in the order in which they were first measured.
#[derive(Default)]
struct Rounds(Vec<Figures>);

impl Rounds {
    fn add(&mut self, section: &str, name: &str, unit: &'static str, figure: f64) {
        match self.0.iter_mut().find(|row| row.section == section && row.name == name) {
            Some(row) => row.of_rounds.push(figure),
            None => self.0.push(Figures {
                section: section.to_owned(),
                name: name.to_owned(),
                unit,
                of_rounds: vec![figure],
            }),
        }
    }

    /// Median and tails of a turn.
    fn add_spread(&mut self, section: &str, name: &str, unit: &'static str, mut turn: Vec<f64>) {
        turn.sort_by(f64::total_cmp);
        for (q, words) in [(0.5, "p50"), (0.99, "p99"), (1.0, "max")] {
            if let Some(figure) = quantile(&turn, q) {
                self.add(section, &format!("{name}, {words}"), unit, figure);
            }
        }
    }

    fn into_rows(self) -> Vec<Row> {
        let row = |row: Figures| {
            Row::over(&row.section, &row.name, row.unit, Better::Lower, &row.of_rounds)
        };
        self.0.into_iter().filter_map(row).collect()
    }
}

const WAKE: &str =
    "a thread that sleeps until a given moment, each millisecond, as cyclictest measures it";
const HOP: &str = "a packet of 8 channels x 1 frame, from one thread to another";

fn parts(rig: &Rig, effort: Effort, progress: &Progress<'_>) -> anyhow::Result<Vec<Row>> {
    let stages = format!(
        "a stage with its example parameters, packets of {} channels x {} frames",
        parts::CHANNELS,
        parts::FRAMES
    );
    let kinds = parts::kinds(rig);
    let mut rounds = Rounds::default();
    let turns = effort.rounds * (kinds.len() + 4);
    let mut turn = 0_usize;
    let mut show = |what: &str| {
        (progress.show)(PARTS * turn as f64 / turns as f64, what);
        turn += 1;
        progress.is_over()
    };
    for _ in 0..effort.rounds {
        if show("wake-ups") {
            break;
        }
        for (name, priority) in
            [("late by", None), ("late by, under SCHED_FIFO", Some(ACQUISITION_PRIORITY))]
        {
            // Without the right to a priority there is no such row.
            if let Some(late) = wake::lateness_us(effort.wakes, priority)? {
                rounds.add_spread(WAKE, name, "us", late);
            }
        }
        if show("hops") {
            break;
        }
        rounds.add_spread(HOP, "to a sleeping thread", "us", parts::paced_hop_us(effort.wakes)?);
        let saturated = parts::saturated_hop_ns(effort.turn)?;
        rounds.add(HOP, "one after the other", "ns", saturated);
        if show("stages") {
            break;
        }
        let without = |fed| parts::stage_ns(None, fed, effort.turn, rig);
        let (codes, microvolts) = (without(Fed::Codes)?, without(Fed::Microvolts)?);
        for (entry, fed) in &kinds {
            if show(entry.kind) {
                break;
            }
            let base = if *fed == Fed::Codes { codes } else { microvolts };
            let with = parts::stage_ns(Some(entry), *fed, effort.turn, rig)
                .with_context(|| format!("`{}` cannot be measured", entry.kind))?;
            rounds.add(&stages, entry.kind, "ns a packet", with - base);
        }
    }
    Ok(rounds.into_rows())
}

fn chains(rig: &Rig, effort: Effort, progress: &Progress<'_>) -> anyhow::Result<Vec<Row>> {
    let ceiling = ceiling(effort);
    let mut rounds = Rounds::default();
    let mut knees: Vec<(Condition, Vec<Knee>)> = Vec::new();
    let conditions =
        Condition::all(try_priority().is_ok(), &machine::cores(&Root::default()).isolated);
    let turns = effort.knees * conditions.len();
    for turn in 0..turns {
        let condition = conditions[turn % conditions.len()];
        let done = PARTS + (1.0 - PARTS) * turn as f64 / turns as f64;
        let clients = rig.clients(condition.clients)?;
        let over = || progress.is_over();
        (progress.show)(done, &format!("the chain: {}", condition.name));
        let section = format!("the chain at {USUAL_HZ} samples/s x {} channels", chain::CHANNELS);
        for _ in 0..effort.usual {
            let usual = trial(rig, condition, &clients, USUAL_HZ, effort.trial, &over)?;
            let mut tell = |what: &str, unit, figure| {
                rounds.add(&section, &format!("{}: {what}", condition.name), unit, figure);
            };
            if let Some(usual) = usual {
                tell("age at the sinks, p50", "ms", usual.age_p50_ms);
                tell("age at the sinks, p99", "ms", usual.age_p99_ms);
                tell("CPU", "% of a core", usual.cores * 100.0);
            }
        }
        let before = knees.iter_mut().find(|(c, _)| *c == condition);
        // From the second time on, near where it was.
        let start = before
            .as_ref()
            .and_then(|(_, knees)| knees.last())
            .map_or(FIRST_HZ, |knee| (knee.kept / 2.0).max(FIRST_HZ / 256.0));
        let mut failed = None;
        let search = Search { start, ceiling, precision: effort.precision };
        let knee = search.run(|rate_hz| {
            let what = format!("the chain: {}, {rate_hz:.0} samples/s", condition.name);
            (progress.show)(done, &what);
            match trial(rig, condition, &clients, rate_hz.round(), effort.trial, &over) {
                Ok(trial) => trial.map(|trial| trial.kept_up),
                Err(error) => {
                    failed = Some(error);
                    None
                }
            }
        });
        if let Some(error) = failed {
            return Err(error.context(format!("the chain ({})", condition.name)));
        }
        let Some(knee) = knee else { break };
        match before {
            Some((_, knees)) => knees.push(knee),
            None => knees.push((condition, vec![knee])),
        }
    }
    let mut rows = rounds.into_rows();
    rows.extend(knees.iter().filter_map(|(condition, knees)| knee_row(*condition, knees, ceiling)));
    Ok(rows)
}

/// The highest rate that was kept up with: the middle of all searches; the range within which they all lie.
fn knee_row(condition: Condition, knees: &[Knee], ceiling: f64) -> Option<Row> {
    let section =
        format!("the highest rate that the chain keeps up with, {} channels", chain::CHANNELS);
    let kept: Vec<f64> = knees.iter().map(|knee| knee.kept).collect();
    // Where the memory was the limit, or no rate is higher, the chain was not.
    let unit =
        if knees.iter().any(|k| k.failed.is_none()) { "samples/s or more" } else { "samples/s" };
    let row = Row::over(&section, condition.name, unit, Better::Higher, &kept)?;
    let high = knees.iter().map(|knee| knee.failed.unwrap_or(ceiling)).fold(row.high, f64::max);
    Some(Row { high, ..row })
}

/// No more than the memory for what a trial can leave standing in queues allows: an eighth of it.
fn ceiling(effort: Effort) -> f64 {
    const BYTES_PER_SAMPLE: f64 = 4.0;
    let available = machine::memory(&Root::default()).map_or(1e9, |memory| memory.available as f64);
    // Codes and microvolts of a whole trial, and as long again for what drains.
    let bytes_per_hz =
        BYTES_PER_SAMPLE * chain::CHANNELS as f64 * 2.0 * 2.0 * effort.trial.as_secs_f64();
    (available / 8.0 / bytes_per_hz).clamp(FIRST_HZ, LAST_HZ)
}
