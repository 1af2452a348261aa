//! The ledger: for every stage, what was due to it, what came, what went on, and what was lost on the way, so that nothing is
//! unaccounted for.

use super::{FileRow, StageState, StageStats};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A stage as the ledger has to know it.
#[derive(Debug, Clone)]
pub struct LedgerStage {
    /// Its name.
    pub id: Arc<str>,
    /// The stages that feed it, as they stand in the list.
    pub inputs: Vec<usize>,
    /// Its figures.
    pub stats: Arc<StageStats>,
}

/// One stage's line in the ledger. Samples are counted in frames: what came in, at the rate of its input; what went on, at its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerRow {
    /// The stage.
    pub stage: String,
    /// The stages that feed it.
    pub inputs: Vec<String>,
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
    /// Thrown away by the stage itself: its inputs do not agree, its disk does not keep up.
    pub dropped: u64,
    /// Taken, but passed over because of an error, as its policy says.
    pub skipped: u64,
    /// Passed on.
    pub passed_on: u64,
    /// On their way to this stage; in a source, converted but not passed on yet. 0 once it and what feeds it have ended.
    pub under_way: u64,
    /// Due to this stage, and neither taken nor reported lost. Known once it and what feeds it have ended; 0, or something is wrong.
    pub unaccounted: i64,
    /// Whether it works no more.
    pub ended: bool,
    /// A recorder's files.
    pub files: Vec<FileRow>,
}

/// The stages whose lines make up a ledger, each after those that feed it. Cheap to copy; the counters are the stages' own.
#[derive(Debug, Clone, Default)]
pub struct Ledger(Arc<[LedgerStage]>);

impl Ledger {
    /// The ledger of these stages.
    pub fn of(stages: impl IntoIterator<Item = LedgerStage>) -> Self {
        Self(stages.into_iter().collect())
    }

    /// The ledger of stage `n` of these and of all that its input comes from.
    pub(crate) fn up_to(n: usize, stages: &[LedgerStage]) -> Self {
        let mut wanted = vec![false; stages.len()];
        wanted[n] = true;
        // Those that feed a stage stand before it.
        for m in (0..=n).rev() {
            if wanted[m] {
                stages[m].inputs.iter().for_each(|input| wanted[*input] = true);
            }
        }
        let kept: Vec<usize> = (0..stages.len()).filter(|m| wanted[*m]).collect();
        let place = |input: &usize| kept.iter().position(|m| m == input);
        let stage = |m: &usize| LedgerStage {
            inputs: stages[*m].inputs.iter().filter_map(place).collect(),
            ..stages[*m].clone()
        };
        Self(kept.iter().map(stage).collect())
    }

    /// Whether both are the same.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The lines of all stages as their counters stand.
    pub fn rows(&self) -> Vec<LedgerRow> {
        rows(&self.0)
    }
}

/// `acquired = passed_on + lost_by_cause + under_way` for a source, `due = taken + lost + under_way` for every input of every
/// stage, where what is due are the samples that its feeder made and those that it reported lost.
fn rows(stages: &[LedgerStage]) -> Vec<LedgerRow> {
    // A sample is counted by who makes it before it is by who takes it. So those who take are read first: then none of them
    // is ahead of its source.
    let came: Vec<u64> = stages.iter().map(LedgerStage::came).collect();
    let made: Vec<(u64, u64)> = stages.iter().map(LedgerStage::made).collect();
    let row = |(n, stage): (usize, &LedgerStage)| {
        let stats = &stage.stats;
        let account = stats.account();
        let acquired = account.map(|account| account.acquired());
        let lost_by_cause = account.map_or_else(Vec::new, |account| account.lost());
        let due = if stage.inputs.is_empty() {
            let lost: u64 = lost_by_cause.iter().map(|(_, n)| n).sum();
            acquired.map_or(0, |acquired| acquired.wrapping_sub(lost + made[n].1))
        } else {
            let made_to = |input: &usize| made[*input].0;
            let due = stage.inputs.iter().map(made_to).fold(0, u64::wrapping_add);
            due.wrapping_sub(came[n])
        };
        let ended = stats.state() != StageState::Running;
        let fed = |input: &usize| stages[*input].stats.state() != StageState::Running;
        let over = stats.state() == StageState::Ended && stage.inputs.iter().all(fed);
        LedgerRow {
            stage: stage.id.to_string(),
            inputs: stage.inputs.iter().map(|input| stages[*input].id.to_string()).collect(),
            acquired,
            lost_by_cause,
            taken: stats.frames_in.get(),
            lost: stats.lost_frames.get(),
            overflow: stats.overflow_frames.get(),
            dropped: stats.dropped_frames.get(),
            skipped: stats.skipped_frames.get(),
            passed_on: made[n].1,
            // What is made after a stage has left is not for it. A source's device is the only one to be ahead of what ended.
            under_way: if ended { 0 } else { due.cast_signed().max(0).cast_unsigned() },
            unaccounted: if over { due.cast_signed() } else { 0 },
            ended,
            files: stats.files(),
        }
    };
    stages.iter().enumerate().map(row).collect()
}

impl LedgerStage {
    /// Index to which its inputs have come, summed over them; wraps.
    fn came(&self) -> u64 {
        let stats = &self.stats;
        let due_from = stats.due_from.load(Ordering::Relaxed);
        due_from.wrapping_add(stats.frames_in.get()).wrapping_add(stats.lost_frames.get())
    }

    /// Index to which it has made samples, and how many frames they are.
    fn made(&self) -> (u64, u64) {
        (self.stats.made_to.load(Ordering::Relaxed), self.stats.frames_out.get())
    }
}

impl LedgerRow {
    /// Frames of its input that are in none of a recorder's files, or not yet.
    pub fn not_in_a_file(&self) -> u64 {
        let in_files: u64 = self.files.iter().map(|file| file.recorded + file.missing).sum();
        (self.taken + self.lost).saturating_sub(in_files)
    }

    /// Whether everything is accounted for, as far as that can be known by now.
    pub fn balances(&self) -> bool {
        let recorded = self.files.is_empty() || !self.ended || self.not_in_a_file() <= self.dropped;
        self.unaccounted == 0 && recorded
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::SourceAccount;

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

    /// A source that a filter and, beside it, a sink take from.
    fn stages() -> [LedgerStage; 3] {
        let stage = |id: &str, inputs: &[usize]| LedgerStage {
            id: id.into(),
            inputs: inputs.to_vec(),
            stats: Arc::default(),
        };
        let stages = [stage("acquire", &[]), stage("notch", &[0]), stage("sink", &[0])];
        stages[0].stats.set_account(Some(Arc::new(Books)));
        stages[0].stats.frames_out.add(890);
        stages[0].stats.made_to.store(985, Ordering::Relaxed);
        stages
    }

    #[test]
    fn what_was_acquired_is_passed_on_lost_or_under_way() {
        let stages = stages();
        let ledger = Ledger::of(stages.clone());
        let row = |n: usize| ledger.rows()[n].clone();
        assert_eq!((row(0).acquired, row(0).passed_on, row(0).under_way), (Some(1000), 890, 10));
        stages[2].stats.frames_in.add(880);
        stages[2].stats.lost_frames.add(95);
        assert_eq!((row(2).under_way, row(2).unaccounted), (10, 0));
        stages[0].stats.frames_out.add(10);
        stages[0].stats.made_to.store(1000, Ordering::Relaxed);
        stages.iter().for_each(|stage| stage.stats.set_state(StageState::Ended));
        assert_eq!((row(0).under_way, row(0).unaccounted, row(0).balances()), (0, 0, true));
        // The sink has ended without 25 frames that nobody reported.
        assert_eq!((row(2).unaccounted, row(2).balances()), (25, false));
        stages[2].stats.lost_frames.add(25);
        assert!(row(2).balances());
        assert_eq!(row(1).unaccounted, 1000);
    }

    #[test]
    fn a_stage_that_came_later_or_is_fed_by_another_is_due_what_comes_from_then_on() {
        let stages = stages();
        stages[2].stats.due_next(900);
        stages[2].stats.frames_in.add(80);
        let ledger = Ledger::of(stages.clone());
        assert_eq!(ledger.rows()[2].under_way, 5);
        stages[2].stats.due_next(985);
        assert_eq!(ledger.rows()[2].under_way, 0);
    }

    #[test]
    fn a_sink_sees_the_stages_of_its_own_line() {
        let ledger = Ledger::up_to(2, &stages());
        let ids: Vec<String> = ledger.rows().into_iter().map(|row| row.stage).collect();
        assert_eq!(ids, ["acquire", "sink"]);
        assert_eq!(ledger.rows()[1].inputs, ["acquire"]);
    }

    #[test]
    fn what_a_recorder_took_is_in_its_files_or_dropped() {
        let row = LedgerRow {
            stage: "csv_sink".to_owned(),
            inputs: Vec::new(),
            acquired: None,
            lost_by_cause: Vec::new(),
            taken: 90,
            lost: 10,
            overflow: 0,
            dropped: 0,
            skipped: 0,
            passed_on: 0,
            under_way: 0,
            unaccounted: 0,
            ended: true,
            files: vec![FileRow {
                name: "a.csv".to_owned(),
                first_sample: 0,
                recorded: 80,
                missing: 15,
                open: false,
            }],
        };
        assert_eq!((row.not_in_a_file(), row.balances()), (5, false));
        assert!(LedgerRow { dropped: 5, ..row.clone() }.balances());
        assert!(LedgerRow { ended: false, ..row }.balances());
    }
}
