//! A board's counters as the pipeline's ledger reads them.

use eeg_boards::board::{BoardCounters, Loss};
use plugin_api::SourceAccount;
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a board has counted, and what of it has been told.
#[derive(Debug)]
pub(super) struct Account {
    counters: Arc<BoardCounters>,
    told: [AtomicU64; Loss::ALL.len()],
}

impl Account {
    pub(super) fn new(counters: Arc<BoardCounters>) -> Self {
        Self { counters, told: Default::default() }
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
        self.counters.conversions()
    }

    fn lost(&self) -> Vec<(&'static str, u64)> {
        Loss::ALL.into_iter().map(|cause| (cause.name(), self.counters.lost(cause))).collect()
    }

    fn figures(&self) -> Vec<(&'static str, f64)> {
        let counters = &self.counters;
        let mut figures = vec![
            ("rereads", counters.rereads() as f64),
            ("recoveries", counters.recoveries() as f64),
            ("disagreements", counters.disagreements() as f64),
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
