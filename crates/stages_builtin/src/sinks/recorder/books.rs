//! The books of a recording: what is in each of its files, and what the ledger says when one is closed.

use plugin_api::{FileAccount, FileRow, Ledger, LedgerRow};
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Written by the writer's thread, read by anybody.
#[derive(Debug, Default)]
pub(super) struct Books {
    files: Mutex<Vec<FileRow>>,
    ledger: Mutex<Ledger>,
}

impl Books {
    /// A file begins with the sample of this index of the recorder's input.
    pub(super) fn begin(&self, name: &str, first_sample: u64) {
        let name = name.to_owned();
        self.files().push(FileRow { name, first_sample, recorded: 0, missing: 0, open: true });
    }

    /// So many more frames are in the newest file.
    pub(super) fn add(&self, recorded: u64, missing: u64) {
        if let Some(file) = self.files().last_mut() {
            file.recorded += recorded;
            file.missing += missing;
        }
    }

    /// The newest file is closed; frames that were taken for it and could not be written are not in it after all.
    pub(super) fn end(&self, unwritten: u64) {
        if let Some(file) = self.files().last_mut() {
            file.open = false;
            let made_up = unwritten.saturating_sub(file.recorded);
            file.recorded -= unwritten - made_up;
            file.missing = file.missing.saturating_sub(made_up);
        }
    }

    /// The stages whose ledger belongs into the files.
    pub(super) fn set_ledger(&self, ledger: &Ledger) {
        self.ledger().clone_from(ledger);
    }

    /// What is written into a file of codes when it is closed, without the word "ledger": the sources, every stage that lost
    /// something, the recorder, the file.
    pub(super) fn lines(&self) -> Vec<String> {
        let rows = self.ledger().rows();
        let last = rows.len().saturating_sub(1);
        let told = |(n, row): &(usize, LedgerRow)| {
            *n == last || row.inputs.is_empty() || row.overflow + row.dropped + row.skipped > 0
        };
        let told = rows.into_iter().enumerate().filter(told);
        let mut lines: Vec<String> = told.map(|(_, row)| line(&row)).collect();
        lines.extend(self.files().last().map(|file| {
            let FileRow { name, first_sample, recorded, missing, .. } = file;
            format!("{name}: first_sample={first_sample} recorded={recorded} missing={missing}")
        }));
        lines
    }

    /// The same for a file of what was computed: what is in it, and nothing that would be different if it were computed again
    /// from a recording of the codes.
    pub(super) fn lines_of_computed(&self) -> Vec<String> {
        let files = self.files();
        let line = |file: &FileRow| format!("recorded={} missing={}", file.recorded, file.missing);
        files.last().map(line).into_iter().collect()
    }

    fn files(&self) -> MutexGuard<'_, Vec<FileRow>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FileAccount for Books {
    fn files(&self) -> Vec<FileRow> {
        self.files().clone()
    }
}

/// A stage's line; what is not always there only where it is not 0.
fn line(row: &LedgerRow) -> String {
    let mut line = format!("{}:", row.stage);
    let mut say = |name: &str, frames: u64| {
        // Writing to a string does not fail.
        let _ = write!(line, " {name}={frames}");
    };
    if row.inputs.is_empty() {
        row.acquired.into_iter().for_each(|frames| say("acquired", frames));
        say("passed_on", row.passed_on);
    } else {
        say("taken", row.taken);
        say("lost", row.lost);
    }
    let more = [
        ("overflow", row.overflow),
        ("dropped", row.dropped),
        ("skipped", row.skipped),
        ("under_way", row.under_way),
    ];
    let causes = row.lost_by_cause.iter().copied();
    causes.chain(more).filter(|(_, n)| *n > 0).for_each(|(name, n)| say(name, n));
    line
}
