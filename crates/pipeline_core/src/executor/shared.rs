//! What the threads of one pipeline share: the wish to stop, and what went wrong.

use super::change::Change;
use super::wake::Waker;
use crate::stage::{ErrorAction, StageError};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Where a thread with a source looks between two packets.
#[derive(Debug)]
pub(super) struct Mailbox {
    /// Raised together with anything below; the one thing looked at per packet.
    pub(super) interrupted: Arc<AtomicBool>,
    pub(super) waker: Arc<Waker>,
    stop: AtomicBool,
    /// `None` once the thread has ended: a change posted then has nobody to pass it on.
    changes: Mutex<Option<Vec<Arc<Change>>>>,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Change")
    }
}

impl Default for Mailbox {
    fn default() -> Self {
        Self {
            interrupted: Arc::default(),
            waker: Arc::default(),
            stop: AtomicBool::new(false),
            changes: Mutex::new(Some(Vec::new())),
        }
    }
}

impl Mailbox {
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Release);
        self.interrupt();
    }

    pub(super) fn post(&self, change: Arc<Change>) {
        if let Some(changes) = &mut *lock(&self.changes) {
            changes.push(change);
        }
        self.interrupt();
    }

    /// The thread has ended: what was posted is let go of, and so is what still comes.
    pub(super) fn close(&self) {
        *lock(&self.changes) = None;
    }

    fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub(super) fn stop_requested(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    /// Takes the posted changes and lowers the flag, unless a stop is wanted.
    pub(super) fn take_changes(&self) -> Vec<Arc<Change>> {
        self.interrupted.store(false, Ordering::Release);
        let changes = lock(&self.changes).as_mut().map(std::mem::take).unwrap_or_default();
        if self.stop_requested() {
            self.interrupted.store(true, Ordering::Release);
        }
        changes
    }
}

/// Shared by all threads of one pipeline.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) mailboxes: Vec<Arc<Mailbox>>,
    pub(super) sinks_left: AtomicUsize,
    failures: Mutex<Vec<Failure>>,
    remarks: Mutex<Vec<String>>,
}

impl Shared {
    pub(super) fn new(mailboxes: Vec<Arc<Mailbox>>, sinks: usize) -> Self {
        Self {
            mailboxes,
            sinks_left: AtomicUsize::new(sinks),
            failures: Mutex::default(),
            remarks: Mutex::default(),
        }
    }

    /// Asks every source to end; what is in flight is still delivered.
    pub(super) fn stop(&self) {
        self.mailboxes.iter().for_each(|m| m.stop());
    }

    /// One sink fewer. Without any there is nobody to acquire for.
    pub(super) fn sink_closed(&self) {
        if self.sinks_left.fetch_sub(1, Ordering::AcqRel) == 1 {
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

    pub(super) fn failures(&self) -> Vec<Failure> {
        lock(&self.failures).clone()
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
