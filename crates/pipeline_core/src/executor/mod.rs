//! Runs a checked graph: a thread per group, SPSC edges between them, everything that happens in band.
//!
//! [`start`] opens the stages (sinks first, sources last) and starts the threads; [`Running`] watches, changes
//! and stops them. A stop lets sources end and everything in flight arrive.
//!
//! | file | what |
//! |---|---|
//! | `plan.rs`, `links.rs`, `position.rs`, `layout.rs` | which stages share a thread, which edges that makes, where each begins |
//! | `worker.rs` and beside it | the loop of one thread |
//! | `edge.rs`, `wake.rs` | rings between threads, sleeping and waking |
//! | `scheduling.rs` | priority, cores and more of a thread: asked for, tried, read back |
//! | `notice.rs` | what travels in them beside packets: events, and the cut at which a graph changes |
//! | `proposal.rs`, `fate.rs`, `change.rs`, `switch.rs` | another graph for a running pipeline: what becomes of each stage, and how it is done |

mod adopt;
mod change;
mod edge;
mod ending;
mod fate;
mod flow;
mod layout;
mod links;
mod node;
mod notice;
mod open;
mod plan;
mod position;
mod proposal;
mod scheduling;
mod shared;
mod switch;
pub(crate) mod wake;
mod worker;

pub use proposal::{ChangeError, Proposal};
pub use scheduling::{AchievedScheduling, Refused, Wait, arrange_this_thread};
pub use shared::Failure;

use crate::event::Event;
use crate::graph::{CheckedGraph, GraphError, Role, StreamSpec};
use crate::stage::ErrorAction;
use crate::telemetry::{EdgeInfo, Ledger, LedgerStage, StageState, StageStats};
use change::Control;
use shared::{Shared, lock};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

/// How many reports of stages may wait to be read.
const REPORTS: usize = 1024;

/// A group of stages that share a thread, and how that is to be scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Group {
    /// Its name, as stages refer to it.
    pub name: String,
    /// Cores to pin to; empty means any.
    pub cores: Vec<usize>,
    /// Real-time priority under `SCHED_FIFO`, 1 to 99; `None` means the normal policy.
    pub priority: Option<u8>,
    /// How it waits for packets.
    pub wait: Wait,
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
    /// The stages that feed it, as they stand in the list of all.
    pub inputs: Vec<usize>,
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
    stages: RwLock<Arc<[StageInfo]>>,
    edges: RwLock<Arc<[EdgeInfo]>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    control: Mutex<Control>,
    reports: SyncSender<Event>,
    events: Mutex<Option<Receiver<Event>>>,
}

/// Opens every stage, then starts the threads.
///
/// # Errors
/// Every stage that could not be opened; those that could are closed again.
pub fn start(mut graph: CheckedGraph, groups: &[Group]) -> Result<Running, Vec<GraphError>> {
    open::open(&mut graph.nodes, |_| true)?;
    let (reports, events) = sync_channel(REPORTS);
    let running = Running {
        shared: Arc::default(),
        stages: RwLock::new(Arc::from([])),
        edges: RwLock::new(Arc::from([])),
        threads: Mutex::default(),
        control: Mutex::default(),
        reports,
        events: Mutex::new(Some(events)),
    };
    running.begin(graph, groups)?;
    Ok(running)
}

impl Running {
    /// Asks the sources to end. What is in flight is still delivered; [`wait`](Self::wait) returns after that.
    pub fn stop(&self) {
        self.shared.stop();
    }

    /// Waits until every thread has ended.
    pub fn wait(&self) -> Outcome {
        loop {
            let threads = std::mem::take(&mut *lock(&self.threads));
            for thread in threads {
                // A panic outside a stage is a defect of the executor; the threads behind it end by themselves.
                drop(thread.join());
            }
            // A change under way may bring new threads.
            let _no_change = lock(&self.control);
            if lock(&self.threads).is_empty() {
                break;
            }
        }
        Outcome { failures: self.shared.failures(), remarks: self.shared.remarks() }
    }

    /// Whether every stage has closed.
    pub fn is_over(&self) -> bool {
        self.stages().iter().all(|s| s.stats.state() != StageState::Running)
    }

    /// The stages, each after those that feed it, as they are now.
    pub fn stages(&self) -> Arc<[StageInfo]> {
        Arc::clone(&self.stages.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The edges between threads, as they are now.
    pub fn edges(&self) -> Arc<[EdgeInfo]> {
        Arc::clone(&self.edges.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The ledger of all stages as they are now.
    pub fn ledger(&self) -> Ledger {
        Ledger::of(self.stages().iter().map(|stage| LedgerStage {
            id: Arc::clone(&stage.id),
            inputs: stage.inputs.clone(),
            stats: Arc::clone(&stage.stats),
        }))
    }

    /// What went wrong so far.
    pub fn failures(&self) -> Vec<Failure> {
        self.shared.failures()
    }

    /// How the threads are scheduled: what was asked for, and what the system gives them.
    pub fn scheduling(&self) -> Vec<AchievedScheduling> {
        self.shared.scheduling()
    }

    /// What stages report while they run ([`StageCtx::report`](crate::StageCtx::report)). The first call has it; it ends
    /// when the pipeline is dropped.
    pub fn events(&self) -> Option<Receiver<Event>> {
        lock(&self.events).take()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        self.wait();
    }
}
