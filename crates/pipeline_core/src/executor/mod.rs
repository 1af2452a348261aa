//! Runs a checked graph: a thread per group, SPSC edges between them, everything that happens in band.
//!
//! [`start`] opens the stages (sinks first, sources last) and starts the threads; [`Running`] watches, changes
//! and stops them. A stop lets sources end and everything in flight arrive.

mod change;
mod edge;
mod node;
mod plan;
mod shared;
pub(crate) mod wake;
mod worker;

pub use shared::Failure;

use crate::graph::{CheckedGraph, GraphError, NodeBody, Role, StreamSpec};
use crate::stage::{ErrorAction, OpenError, StageImpl};
use crate::telemetry::{StageState, StageStats};
use change::Change;
use plan::{Plan, plan};
use shared::{Shared, lock};
use std::io;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A group of stages that share a thread, and the cores it may run on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Its name, as stages refer to it.
    pub name: String,
    /// Cores to pin to; empty means any.
    pub cores: Vec<usize>,
}

/// What is known about one stage of a running pipeline.
#[derive(Debug, Clone)]
pub struct StageInfo {
    /// Unique name.
    pub id: Arc<str>,
    /// Where it stands.
    pub role: Role,
    /// Its group.
    pub group: String,
    /// What comes out.
    pub output: Option<StreamSpec>,
    /// Its figures, live.
    pub stats: Arc<StageStats>,
}

/// How a pipeline ended.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What went wrong, each stage's kind of failure once.
    pub failures: Vec<Failure>,
    /// What the sources found odd about their samples.
    pub remarks: Vec<String>,
}

impl Outcome {
    /// Whether a failure stopped the pipeline.
    pub fn is_fatal(&self) -> bool {
        self.failures.iter().any(|failure| failure.action == ErrorAction::Fatal)
    }
}

/// A pipeline at work.
#[derive(Debug)]
pub struct Running {
    shared: Arc<Shared>,
    stages: Vec<StageInfo>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    changing: Mutex<()>,
    notes: Vec<String>,
}

/// Opens every stage, then starts the threads.
///
/// # Errors
/// Every stage that could not be opened; those that could are closed again.
pub fn start(mut graph: CheckedGraph, groups: &[Group]) -> Result<Running, Vec<GraphError>> {
    open_all(&mut graph)?;
    let Plan { threads, shared, stages } = plan(graph, groups);
    let mut notes = Vec::new();
    let mut handles = Vec::new();
    // Consumers first, so that nothing waits in a queue for a thread that is not there yet.
    for planned in threads.into_iter().rev() {
        let cores = planned.cores;
        let unavailable = unavailable_cores(&cores);
        if !unavailable.is_empty() {
            notes.push(format!(
                "thread `{}` is not pinned: this machine has no core {unavailable:?}",
                planned.name
            ));
        }
        let pin_to = if unavailable.is_empty() { cores } else { Vec::new() };
        let worker = planned.worker;
        let spawned = std::thread::Builder::new().name(planned.name.clone()).spawn(move || {
            pin(&pin_to);
            worker.run();
        });
        match spawned {
            Ok(handle) => handles.push(handle),
            Err(error) => {
                shared.stop();
                return Err(vec![GraphError::new(
                    "",
                    format!("cannot start thread `{}`: {error}", planned.name),
                )]);
            }
        }
    }
    Ok(Running { shared, stages, threads: Mutex::new(handles), changing: Mutex::new(()), notes })
}

fn open_all(graph: &mut CheckedGraph) -> Result<(), Vec<GraphError>> {
    let mut errors = Vec::new();
    let mut opened = Vec::new();
    // Sinks first, sources last, so that nothing flows before everything behind it is ready.
    let rank = |role: Role| match role {
        Role::Sink => 0,
        Role::Transform => 1,
        Role::Source => 2,
    };
    let mut order: Vec<usize> = (0..graph.nodes.len()).collect();
    order.sort_by_key(|n| rank(graph.nodes[*n].role));
    for n in order {
        let node = &mut graph.nodes[n];
        let result = match &mut node.body {
            NodeBody::Source(source) => source.open(),
            NodeBody::Stage(stage) => stage.open(),
        };
        match result {
            Ok(()) => opened.push(n),
            Err(OpenError(message)) => {
                errors.push(GraphError::new(format!("/stages/{}", node.id), message))
            }
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    for n in opened {
        // What cannot be closed either is no news beside what could not be opened.
        let _ = match &mut graph.nodes[n].body {
            NodeBody::Source(source) => source.close(),
            NodeBody::Stage(stage) => stage.close(),
        };
    }
    Err(errors)
}

impl Running {
    /// Asks the sources to end. What is in flight is still delivered; [`wait`](Self::wait) returns after that.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Waits until every thread has ended.
    pub fn wait(&self) -> Outcome {
        let threads = std::mem::take(&mut *lock(&self.threads));
        for thread in threads {
            // A panic outside a stage is a defect of the executor; the threads behind it end by themselves.
            drop(thread.join());
        }
        Outcome { failures: self.shared.failures(), remarks: self.shared.remarks() }
    }

    /// Whether every stage has closed.
    pub fn is_over(&self) -> bool {
        self.stages.iter().all(|s| s.stats.state() != StageState::Running)
    }

    /// The stages, each after those that feed it.
    pub fn stages(&self) -> &[StageInfo] {
        &self.stages
    }

    /// What went wrong so far.
    pub fn failures(&self) -> Vec<Failure> {
        self.shared.failures()
    }

    /// What was asked for and could not be had, for the log: pinning, so far.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Puts new stages, already opened, in the place of running ones; all at one point of the stream.
    ///
    /// Returns, for each stage that took it, the index of the first input sample it saw. A stage that is missing
    /// in the answer had already ended.
    pub fn replace(&self, replacements: Vec<(String, Box<dyn StageImpl>)>) -> Vec<(String, u64)> {
        let _one_at_a_time = lock(&self.changing);
        let (acknowledge, applied) = sync_channel(replacements.len());
        let by_index = replacements.into_iter().filter_map(|(id, stage)| {
            let index = self.stages.iter().position(|s| *s.id == *id)?;
            Some((index, stage))
        });
        let change = Arc::new(Change::new(by_index.collect(), acknowledge));
        for mailbox in &self.shared.mailboxes {
            mailbox.post(Arc::clone(&change));
        }
        drop(change);
        // Ends when the last thread has let go of the change.
        applied.iter().map(|a| (self.stages[a.node].id.to_string(), a.at_sample)).collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        self.wait();
    }
}

fn unavailable_cores(cores: &[usize]) -> Vec<usize> {
    let Ok(allowed) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    cores
        .iter()
        .copied()
        .filter(|core| *core >= rustix::thread::CpuSet::MAX_CPU || !allowed.is_set(*core))
        .collect()
}

fn pin(cores: &[usize]) {
    if cores.is_empty() {
        return;
    }
    let mut set = rustix::thread::CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    // The cores were looked up before; what can still fail here is a change of limits, which costs only jitter.
    let _: io::Result<()> = rustix::thread::sched_setaffinity(None, &set).map_err(Into::into);
}
