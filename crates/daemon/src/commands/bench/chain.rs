//! The whole chain, live: does it keep up with a rate, how old are its samples at the sinks, what does it cost?
//!
//! ```text
//! source -> [bdf_sink] -> to_voltage -> notch -> bandpass -> websocket_sink -> [xdf_sink]
//! ```

use super::ends::{Pace, Sent, codes};
use super::line::{Node, begin};
use super::rig::{Clients, Rig, TOPIC};
use crate::realtime::ACQUISITION_PRIORITY;
use pipeline_core::Role;
use pipeline_core::clock::monotonic_ns;
use pipeline_core::executor::{Group, Running, StageInfo, Wait};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use std::time::Duration;

pub(super) const CHANNELS: usize = 16;
/// The share of a trial by which sinks and clients may be behind at its end, and the least time.
const BEHIND: f64 = 0.05;
const BEHIND_AT_LEAST_S: f64 = 0.02;
/// The share of a trial that it may take to deliver and to write what is under way at its end (recorders have ten seconds of
/// buffer, which would hide a slow disk), and the least time.
const DRAIN: f64 = 0.25;
const DRAIN_AT_LEAST_S: f64 = 0.1;
const SLICE: Duration = Duration::from_millis(10);

/// The priorities of the groups, as in the pipelines that come with eegd.
const PRIORITIES: [(&str, u8); 2] = [("acquire", ACQUISITION_PRIORITY), ("dsp", 70)];

/// What takes the samples beside the filters, and how the threads are scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) name: &'static str,
    /// The codes in BDF and the filtered signal in XDF.
    pub(super) recorders: bool,
    /// WebSocket clients.
    pub(super) clients: usize,
    timing: Timing,
}

/// What `groups:` of the pipeline say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Timing {
    /// Nothing.
    Default,
    /// A priority for acquisition and filters.
    Priority,
    /// That, and acquisition that spins on a core that is set aside.
    Spin(usize),
}

impl Condition {
    const fn new(name: &'static str, recorders: bool, clients: usize, timing: Timing) -> Self {
        Self { name, recorders, clients, timing }
    }

    /// All that this machine can show: priorities where this process has a right to them, spinning where a core is set
    /// aside for it.
    pub(super) fn all(may_have_priority: bool, isolated: &[usize]) -> Vec<Self> {
        let mut all = vec![
            Self::new("filters alone", false, 0, Timing::Default),
            Self::new("two recorders", true, 0, Timing::Default),
            Self::new("50 clients", false, 50, Timing::Default),
            Self::new("two recorders, 50 clients", true, 50, Timing::Default),
        ];
        if may_have_priority {
            let name = "two recorders, 50 clients, SCHED_FIFO";
            all.push(Self::new(name, true, 50, Timing::Priority));
        }
        if let Some(core) = isolated.last().filter(|_| may_have_priority) {
            let name = "two recorders, 50 clients, SCHED_FIFO, acquisition spins";
            all.push(Self::new(name, true, 50, Timing::Spin(*core)));
        }
        all
    }

    fn groups(self) -> Vec<Group> {
        let group = |(name, priority): (&str, u8)| {
            let group =
                Group { name: name.to_owned(), priority: Some(priority), ..Group::default() };
            match self.timing {
                Timing::Spin(core) if name == "acquire" => {
                    Group { wait: Wait::Spin, cores: vec![core], ..group }
                }
                _ => group,
            }
        };
        match self.timing {
            Timing::Default => Vec::new(),
            Timing::Priority | Timing::Spin(_) => PRIORITIES.map(group).to_vec(),
        }
    }
}

/// How one trial went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trial {
    pub(super) kept_up: bool,
    /// Age of the newest sample when the last sink has it, milliseconds.
    pub(super) age_p50_ms: f64,
    pub(super) age_p99_ms: f64,
    /// CPU time of the process, clients included, as a share of one core.
    pub(super) cores: f64,
}

/// Runs the chain at a rate; `None` when interrupted.
pub(super) fn trial(
    rig: &Rig,
    condition: Condition,
    clients: &Clients,
    rate_hz: f64,
    lasts: Duration,
    interrupted: &dyn Fn() -> bool,
) -> anyhow::Result<Option<Trial>> {
    let line = line(rig, condition, rate_hz)?;
    clients.settle();
    let before = rig.not_delivered();
    let received_before = clients.received();
    let cpu_before = cpu_s();
    let inputs = [("xdf_sink", "bandpass"), ("websocket_sink", "bandpass")];
    let running = begin(&line, &inputs, &condition.groups())?;
    let began_ns = monotonic_ns();
    let end_ns = began_ns + lasts.as_nanos() as u64;
    while monotonic_ns() < end_ns {
        if interrupted() {
            return Ok(None);
        }
        std::thread::sleep(SLICE.min(lasts));
    }
    let stages = running.stages();
    let elapsed_s = (monotonic_ns() - began_ns) as f64 / 1e9;
    let received =
        clients.received().into_iter().zip(received_before).map(|(now, then)| now - then);
    let taken = stages.iter().filter(|s| s.role == Role::Sink).map(|s| s.stats.frames_in.get());
    let slowest = received.chain(taken).min().unwrap_or(0);
    // What is due, less what waits for its packet to fill.
    let behind_s =
        elapsed_s - frames_of_packet(rate_hz) as f64 / rate_hz - slowest as f64 / rate_hz;
    let cores = (cpu_s() - cpu_before) / elapsed_s;
    let ages = ages_ms(&stages);
    let ended_ns = monotonic_ns();
    running.stop();
    let failed = !running.wait().failures.is_empty();
    let drain_s = (monotonic_ns() - ended_ns) as f64 / 1e9;
    let lost = lost_frames(&running) + rig.not_delivered() - before;
    rig.tidy();
    let allowed_s = |share: f64, least_s: f64| (lasts.as_secs_f64() * share).max(least_s);
    let in_time = behind_s <= allowed_s(BEHIND, BEHIND_AT_LEAST_S)
        && drain_s <= allowed_s(DRAIN, DRAIN_AT_LEAST_S);
    let kept_up = !failed && lost == 0 && in_time;
    Ok(Some(Trial { kept_up, age_p50_ms: ages.0, age_p99_ms: ages.1, cores }))
}

fn line(rig: &Rig, condition: Condition, rate_hz: f64) -> anyhow::Result<Vec<Node>> {
    let ctx = rig.ctx();
    let node = |kind: &str, params, group| Node::of_kind(kind, &params, group, &rig.registry, &ctx);
    let pace = Pace::Live(usize::MAX);
    let sent = Sent { channels: CHANNELS, rate_hz, frames: frames_of_packet(rate_hz), pace };
    let mut line = vec![codes("acquire", sent, None)];
    if condition.recorders {
        line.push(node("bdf_sink", json!({"path": "codes.bdf"}), "sinks")?);
    }
    line.push(node("to_voltage", json!({}), "dsp")?);
    line.push(node("notch", json!({"hz": 50}), "dsp")?);
    line.push(node("bandpass", json!({"low_hz": 0.5, "high_hz": 100}), "dsp")?);
    line.push(node("websocket_sink", json!({"topic": TOPIC}), "sinks")?);
    if condition.recorders {
        line.push(node("xdf_sink", json!({"path": "filtered.xdf"}), "sinks")?);
    }
    Ok(line)
}

/// As sources make them: about 10 ms, at most 4096 frames.
fn frames_of_packet(rate_hz: f64) -> usize {
    ((rate_hz / 100.0).round() as usize).clamp(1, 4096)
}

fn lost_frames(running: &Running) -> u64 {
    let sinks = running.stages();
    sinks.iter().map(|s| s.stats.lost_frames.get() + s.stats.overflow_frames.get()).sum()
}

/// Of the sink whose samples are oldest: p50 and p99.
fn ages_ms(stages: &[StageInfo]) -> (f64, f64) {
    let sinks = stages.iter().filter(|stage| stage.role == Role::Sink);
    let of = |stage: &StageInfo, q| stage.stats.age_ns.snapshot().quantile(q);
    let both = sinks.filter_map(|stage| Some((of(stage, 0.5)?, of(stage, 0.99)?)));
    both.max_by_key(|(_, p99)| *p99)
        .map_or((f64::NAN, f64::NAN), |(p50, p99)| (p50 as f64 / 1e6, p99 as f64 / 1e6))
}

/// CPU time of this process so far.
fn cpu_s() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_and_spinning_are_measured_where_the_machine_has_them() {
        let of = |may, isolated: &[usize]| Condition::all(may, isolated);
        assert_eq!(
            (of(false, &[3]).len(), of(true, &[]).len(), of(true, &[2, 3]).len()),
            (4, 5, 6)
        );
        assert!(of(true, &[])[3].groups().is_empty());
        let asked = |condition: Condition| -> Vec<(Option<u8>, Wait, Vec<usize>)> {
            condition.groups().into_iter().map(|g| (g.priority, g.wait, g.cores)).collect()
        };
        let (acquire, dsp) = ((Some(80), Wait::Park, vec![]), (Some(70), Wait::Park, vec![]));
        assert_eq!(asked(of(true, &[])[4]), [acquire, dsp.clone()]);
        assert_eq!(asked(of(true, &[2, 3])[5]), [(Some(80), Wait::Spin, vec![3]), dsp]);
    }
}
