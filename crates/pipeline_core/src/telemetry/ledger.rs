//! The ledger: for every stage, what came, what went on, and what was lost on the way, so that nothing is unaccounted for.

use super::StageStats;

/// One stage's line in the ledger. Samples are counted in frames, at the stage's own rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The stage.
    pub stage: String,
    /// What a source's device has converted, where that is known: all of it is in `passed_on` or in `lost_by_cause`.
    pub acquired: Option<u64>,
    /// Conversions that became no samples, by cause.
    pub lost_by_cause: Vec<(&'static str, u64)>,
    /// Taken.
    pub taken: u64,
    /// Missing in what was taken, wherever they were lost.
    pub lost: u64,
    /// Of these, lost because this stage's queue was full.
    pub overflow: u64,
    /// Thrown away by the stage itself, as it must when its inputs do not agree.
    pub dropped: u64,
    /// Passed on.
    pub passed_on: u64,
}

impl LedgerRow {
    /// The line of one stage, as its counters stand.
    pub fn of(stage: &str, stats: &StageStats) -> Self {
        // What is passed on is counted after it was acquired, so it is read first: a live source is never ahead of its device.
        let passed_on = stats.frames_out.get();
        let account = stats.account();
        Self {
            stage: stage.to_owned(),
            acquired: account.map(|account| account.acquired()),
            lost_by_cause: account.map_or_else(Vec::new, |account| account.lost()),
            taken: stats.frames_in.get(),
            lost: stats.lost_frames.get(),
            overflow: stats.overflow_frames.get(),
            dropped: stats.dropped_frames.get(),
            passed_on,
        }
    }

    /// How many conversions of a source's device are neither passed on nor lost yet: those under way in it. 0 once it has ended.
    pub fn under_way(&self) -> u64 {
        let lost: u64 = self.lost_by_cause.iter().map(|(_, n)| n).sum();
        self.acquired.unwrap_or(0).saturating_sub(lost + self.passed_on)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::SourceAccount;
    use std::sync::Arc;

    #[derive(Debug)]
    struct Books;

    impl SourceAccount for Books {
        fn acquired(&self) -> u64 {
            1000
        }
        fn lost(&self) -> Vec<(&'static str, u64)> {
            vec![("missed", 3), ("outage", 97)]
        }
        fn figures(&self) -> Vec<(&'static str, f64)> {
            Vec::new()
        }
    }

    #[test]
    fn what_was_acquired_is_passed_on_lost_or_under_way() {
        let stats = StageStats::default();
        stats.set_account(Some(Arc::new(Books)));
        stats.frames_out.add(890);
        let row = LedgerRow::of("acquire", &stats);
        assert_eq!((row.acquired, row.passed_on, row.under_way()), (Some(1000), 890, 10));
        stats.frames_out.add(10);
        assert_eq!(LedgerRow::of("acquire", &stats).under_way(), 0);
        assert_eq!(LedgerRow::of("sink", &StageStats::default()).acquired, None);
    }
}
