//! The parts of the chain: one hop between threads, and each kind of stage by itself.

use super::ends::{Pace, Sent, StopWatch, codes};
use super::line::{Node, begin, run};
use super::rig::Rig;
use plugin_api::{Registry, Role, StageEntry};
use serde_json::json;
use std::time::Duration;

pub(super) const CHANNELS: usize = 16;
pub(super) const FRAMES: usize = 40;
const RATE_HZ: f64 = 4000.0;

/// Microseconds from just before a packet is sent until a sink in another group has it, which sleeps until then.
pub(super) fn paced_hop_us(packets: usize) -> anyhow::Result<Vec<f64>> {
    let watch = StopWatch::new(packets);
    let sent = Sent { channels: 8, rate_hz: 1000.0, frames: 1, pace: Pace::Live(packets) };
    run(&[codes("acquire", sent, None), watch.node("sinks")])?;
    Ok(watch.ages_us())
}

/// Nanoseconds per packet from a source to a sink in another group, as fast as it goes.
pub(super) fn saturated_hop_ns(lasts: Duration) -> anyhow::Result<f64> {
    let watch = StopWatch::new(0);
    let sent = Sent { channels: 8, rate_hz: 512.0, frames: 1, pace: Pace::FlatOut(lasts) };
    run(&[codes("acquire", sent, None), watch.node("sinks")])?;
    Ok(watch.mean_ns())
}

/// What a stage is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fed {
    Codes,
    Microvolts,
}

/// The kinds whose cost is measured, all that have one input, and what each is fed.
pub(super) fn kinds(rig: &Rig) -> Vec<(StageEntry, Fed)> {
    let one_input = |registry: &Registry| {
        let entries = registry.entries().iter().copied();
        entries.filter(|entry| entry.role != Role::Source && entry.inputs == (1, 1)).collect()
    };
    let entries: Vec<StageEntry> = one_input(&rig.registry);
    entries.into_iter().map(|entry| (entry, fed(&entry, rig))).collect()
}

/// `to_voltage` would let microvolts through; a recorder of codes refuses them.
fn fed(entry: &StageEntry, rig: &Rig) -> Fed {
    let refuses = || {
        let line = line(Some(entry), Fed::Microvolts, Duration::ZERO, rig, None);
        line.and_then(|line| begin(&line, &[], &[])).is_err()
    };
    if entry.kind == "to_voltage" || refuses() { Fed::Codes } else { Fed::Microvolts }
}

/// Nanoseconds per packet for a source, `to_voltage` where microvolts are wanted, and a stage with its example parameters,
/// on one thread; without the stage for `None`.
pub(super) fn stage_ns(
    entry: Option<&StageEntry>,
    fed: Fed,
    lasts: Duration,
    rig: &Rig,
) -> anyhow::Result<f64> {
    let watch = StopWatch::new(0);
    let done = line(entry, fed, lasts, rig, Some(&watch)).and_then(|line| run(&line));
    rig.tidy();
    done.map(|()| watch.mean_ns())
}

fn line(
    entry: Option<&StageEntry>,
    fed: Fed,
    lasts: Duration,
    rig: &Rig,
    watch: Option<&StopWatch>,
) -> anyhow::Result<Vec<Node>> {
    let ctx = rig.ctx();
    let of = |kind: &str, params| Node::of_kind(kind, &params, "dsp", &rig.registry, &ctx);
    let pace = Pace::FlatOut(lasts);
    let sent = Sent { channels: CHANNELS, rate_hz: RATE_HZ, frames: FRAMES, pace };
    let mut line = vec![codes("dsp", sent, watch)];
    if fed == Fed::Microvolts {
        line.push(of("to_voltage", json!({}))?);
    }
    if let Some(entry) = entry {
        line.push(of(entry.kind, entry.example())?.named("measured"));
    }
    Ok(line)
}
