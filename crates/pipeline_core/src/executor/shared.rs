//! What the threads of one pipeline share: the wish to stop, and what went wrong.

use super::notice::SharedNotice;
use super::plan::ThreadHandle;
use super::position::Seated;
use super::scheduling::AchievedScheduling;
use super::wake::Waker;
use crate::graph::Role;
use crate::stage::{ErrorAction, StageError};
use crate::telemetry::{StageState, StageStats};
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One stage's failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The stage.
    pub stage: String,
    /// What it said.
    pub message: String,
    /// The error itself.
    pub error: StageError,
    /// What was done about it.
    pub action: ErrorAction,
    /// Index of the input sample it happened at.
    pub at_sample: u64,
    /// How often it has happened, with this stage and action.
    pub times: u64,
}

/// What a thread is told from outside, looked at between two packets.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Raised together with anything below; the one thing looked at per packet.
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) waker: Arc<Waker>,
    stop: AtomicBool,
    /// `None` once the thread has ended: a notice posted then has nobody to pass it on.
    notices: Mutex<Option<VecDeque<SharedNotice>>>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self {
            interrupted: Arc::default(),
            waker: Arc::default(),
            stop: AtomicBool::new(false),
            notices: Mutex::new(Some(VecDeque::new())),
        }
    }
}

impl Mailbox {
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.interrupt();
    }

    pub(super) fn post(&self, notice: SharedNotice) {
        if let Some(notices) = &mut *lock(&self.notices) {
            notices.push_back(notice);
        }
        self.interrupt();
    }

    /// The thread has ended: what was posted is let go of, and so is what still comes.
    pub(super) fn close(&self) {
        *lock(&self.notices) = None;
    }

    pub(super) fn is_closed(&self) -> bool {
        lock(&self.notices).is_none()
    }

    pub(super) fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(super) fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Lowers the flag. Look at everything it stands for afterwards.
    pub(super) fn heard(&self) {
        self.interrupted.store(false, Ordering::Release);
    }

    /// The next notice posted.
    pub(super) fn next_notice(&self) -> Option<SharedNotice> {
        lock(&self.notices).as_mut()?.pop_front()
    }
}

/// Shared by all threads of one pipeline.
#[derive(Debug, Default)]
pub(super) struct Shared {
    stopping: AtomicBool,
    sources: Mutex<Vec<Arc<Mailbox>>>,
    sinks: Mutex<Vec<Arc<StageStats>>>,
    failures: Mutex<Vec<Failure>>,
    remarks: Mutex<Vec<String>>,
    /// By the numbers of threads.
    scheduling: Mutex<BTreeMap<usize, AchievedScheduling>>,
}

impl Shared {
    /// These are the threads and stages now.
    pub(super) fn watch<'t>(
        &self,
        threads: impl Iterator<Item = &'t ThreadHandle>,
        stages: &[Seated],
    ) {
        let sinks = stages.iter().filter(|stage| stage.role == Role::Sink);
        *lock(&self.sinks) = sinks.map(|stage| Arc::clone(&stage.stats)).collect();
        let sources = threads.filter(|t| t.has_source).map(|t| Arc::clone(&t.mailbox));
        *lock(&self.sources) = sources.collect();
        // A stop that came while the pipeline was changed is for the new sources too.
        if self.stopping.load(Ordering::Acquire) {
            self.stop();
        }
    }

    /// Asks every source to end; what is in flight is still delivered.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        lock(&self.sources).iter().for_each(|mailbox| mailbox.stop());
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// A sink has closed. When none is left, there is nobody to acquire for. A pipeline that never had one runs until
    /// it is stopped.
    pub(super) fn sink_closed(&self) {
        let last = lock(&self.sinks).iter().all(|stats| stats.state() != StageState::Running);
        if last {
            self.stop();
        }
    }

    /// Keeps a failure; the same one again only counts, so that a bad hour does not fill the memory.
    pub(super) fn failed(&self, failure: Failure) {
        let mut failures = lock(&self.failures);
        match failures.iter_mut().find(|f| f.stage == failure.stage && f.action == failure.action) {
            Some(known) => known.times += 1,
            None => failures.push(failure),
        }
    }

    /// Keeps what a source has to say at its end.
    pub(super) fn remark(&self, stage: &str, remarks: Vec<String>) {
        lock(&self.remarks).extend(remarks.into_iter().map(|remark| format!("{stage}: {remark}")));
    }

    pub(super) fn remarks(&self) -> Vec<String> {
        lock(&self.remarks).clone()
    }

    pub(super) fn note_scheduling(&self, thread: usize, achieved: AchievedScheduling) {
        lock(&self.scheduling).insert(thread, achieved);
    }

    pub(super) fn forget_scheduling(&self, thread: usize) {
        lock(&self.scheduling).remove(&thread);
    }

    pub(super) fn scheduling_of(&self, thread: usize) -> Option<AchievedScheduling> {
        lock(&self.scheduling).get(&thread).cloned()
    }

    pub(super) fn scheduling(&self) -> Vec<AchievedScheduling> {
        lock(&self.scheduling).values().cloned().collect()
    }

    pub(super) fn failures(&self) -> Vec<Failure> {
        lock(&self.failures).clone()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
