//! What the executor knows about itself: counters and histograms with one writer each, read by anybody.
//!
//! A stage runs on one thread, so its counters are plain loads and stores: no lock, no bus-locked addition.

mod account;
mod edge;
mod histogram;
mod ledger;

pub use account::{FileAccount, FileRow, SourceAccount, StageFigures};
pub use edge::{EdgeInfo, EdgeStats};
pub use histogram::{Histogram, HistogramSnapshot};
pub use ledger::{Ledger, LedgerRow, LedgerStage};

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// A counter with a single writer.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds; only ever called by the owning thread.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Ordering::Relaxed) + n, Ordering::Relaxed);
    }

    /// The count so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What a stage is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum StageState {
    /// Takes packets.
    Running = 0,
    /// Its input ended, and it closed in order.
    Ended = 1,
    /// An error closed it.
    Failed = 2,
}

/// The figures of one stage.
#[derive(Debug, Default)]
pub struct StageStats {
    /// Packets taken.
    pub packets_in: Counter,
    /// Packets passed on.
    pub packets_out: Counter,
    /// Frames taken.
    pub frames_in: Counter,
    /// Frames passed on.
    pub frames_out: Counter,
    /// Frames missing in the input: index jumps, wherever they arose.
    pub lost_frames: Counter,
    /// Frames thrown away because this stage's queue was full.
    pub overflow_frames: Counter,
    /// Frames the stage itself threw away, as it must when inputs do not agree in time.
    pub dropped_frames: Counter,
    /// Errors, panics included.
    pub errors: Counter,
    /// Packets skipped by policy after an error.
    pub skipped_packets: Counter,
    /// Frames in them.
    pub skipped_frames: Counter,
    /// What `frames_in + lost_frames` counts from: the sum over its inputs of the index of the first sample due to it.
    pub(crate) due_from: AtomicU64,
    /// Index after the last sample it made; lost ones at its end included. 0 before the first.
    pub(crate) made_to: AtomicU64,
    /// Packets in the queue before this stage's thread when last looked at.
    pub queue_depth: AtomicU64,
    /// Time spent in `process`, nanoseconds; every 32nd packet is timed.
    pub process_ns: Histogram,
    /// Age of the newest sample when a sink has taken it, nanoseconds.
    pub age_ns: Histogram,
    state: AtomicU8,
    account: OnceLock<Arc<dyn SourceAccount>>,
    figures: Mutex<Option<Arc<dyn StageFigures>>>,
    files: Mutex<Vec<Arc<dyn FileAccount>>>,
}

impl StageStats {
    /// What a source counts of its device.
    pub fn account(&self) -> Option<&Arc<dyn SourceAccount>> {
        self.account.get()
    }

    /// A source's account belongs to its figures. The first one stays.
    pub(crate) fn set_account(&self, account: Option<Arc<dyn SourceAccount>>) {
        if let Some(account) = account {
            let _ = self.account.set(account);
        }
    }

    /// What the stage says of itself beside what is counted of it.
    pub fn figures(&self) -> Vec<(&'static str, f64)> {
        let figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner).clone();
        figures.map_or_else(Vec::new, |figures| figures.figures())
    }

    /// A stage that takes another's place speaks for itself.
    pub(crate) fn set_figures(&self, figures: Option<Arc<dyn StageFigures>>) {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = figures;
    }

    /// The files it has written or writes, oldest first.
    pub fn files(&self) -> Vec<FileRow> {
        let accounts = self.files.lock().unwrap_or_else(PoisonError::into_inner).clone();
        accounts.iter().flat_map(|account| account.files()).collect()
    }

    /// A recorder's books belong to its figures, after those of a recorder that it takes the place of.
    pub(crate) fn add_files(&self, account: Option<Arc<dyn FileAccount>>) {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).extend(account);
    }

    /// An input begins with the sample of this index.
    pub(crate) fn due_from(&self, first_sample: u64) {
        self.due_from.fetch_add(first_sample, Ordering::Relaxed);
    }

    /// Its inputs go on with samples whose indices add up to this.
    pub(crate) fn due_next(&self, indices: u64) {
        let came = self.frames_in.get().wrapping_add(self.lost_frames.get());
        self.due_from.store(indices.wrapping_sub(came), Ordering::Relaxed);
    }

    /// What the stage is doing.
    pub fn state(&self) -> StageState {
        match self.state.load(Ordering::Acquire) {
            0 => StageState::Running,
            1 => StageState::Ended,
            _ => StageState::Failed,
        }
    }

    pub(crate) fn set_state(&self, state: StageState) {
        self.state.store(state as u8, Ordering::Release);
    }
}
