//! A board's counters as the pipeline's ledger reads them.

use eeg_boards::board::{BoardCounters, Loss};
use plugin_api::SourceAccount;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// What a board has counted, and what of it has been told.
#[derive(Debug)]
pub(super) struct Account {
    counters: Arc<BoardCounters>,
    told: [AtomicU64; Loss::ALL.len()],
    /// Handed out by the board, and not passed on when the source was stopped; and losses after that.
    kept_back: AtomicU64,
    beyond: [AtomicU64; Loss::ALL.len()],
    /// By how much the system's clock has been set away from the times of this run.
    clock_ahead_ns: AtomicI64,
}

impl Account {
    pub(super) fn new(counters: Arc<BoardCounters>) -> Self {
        Self {
            counters,
            told: Default::default(),
            kept_back: AtomicU64::new(0),
            beyond: Default::default(),
            clock_ahead_ns: AtomicI64::new(0),
        }
    }

    pub(super) fn set_clock_ahead(&self, ahead_ns: i64) {
        self.clock_ahead_ns.store(ahead_ns, Relaxed);
    }

    /// Lost so far, by cause.
    pub(super) fn losses(&self) -> [u64; Loss::ALL.len()] {
        Loss::ALL.map(|cause| self.counters.lost(cause) - self.beyond[cause as usize].load(Relaxed))
    }

    /// So many frames are not passed on, for the source is stopped; what was lost since `before` comes after them.
    pub(super) fn keep_back(&self, frames: u64, before: &[u64]) {
        for ((beyond, now), before) in self.beyond.iter().zip(self.losses()).zip(before) {
            beyond.store(now - before, Relaxed);
        }
        self.kept_back.store(frames, Relaxed);
    }

    /// What was lost since this was asked last, by cause: "3 missed, 1 late".
    pub(super) fn untold_causes(&self) -> String {
        let mut text = String::new();
        for cause in Loss::ALL {
            let lost = self.counters.lost(cause);
            let new = lost - self.told[cause as usize].swap(lost, Relaxed);
            if new > 0 {
                let comma = if text.is_empty() { "" } else { ", " };
                // Writing to a string does not fail.
                let _ = write!(text, "{comma}{new} {}", cause.name());
            }
        }
        text
    }
}

impl SourceAccount for Account {
    fn acquired(&self) -> u64 {
        let beyond: u64 = self.beyond.iter().map(|lost| lost.load(Relaxed)).sum();
        self.counters.conversions() - beyond - self.kept_back.load(Relaxed)
    }

    fn lost(&self) -> Vec<(&'static str, u64)> {
        Loss::ALL.into_iter().map(Loss::name).zip(self.losses()).collect()
    }

    fn figures(&self) -> Vec<(&'static str, f64)> {
        let counters = &self.counters;
        let mut figures = vec![
            ("rereads", counters.rereads() as f64),
            ("recoveries", counters.recoveries() as f64),
            ("disagreements", counters.disagreements() as f64),
            ("system_clock_ahead_s", self.clock_ahead_ns.load(Relaxed) as f64 / 1e9),
        ];
        if let Some((rate_hz, ppm, ppm_uncertainty)) = counters.rate() {
            figures.extend([
                ("rate_hz", rate_hz),
                ("rate_ppm", ppm),
                ("rate_ppm_uncertainty", ppm_uncertainty),
            ]);
        }
        figures
    }
}
