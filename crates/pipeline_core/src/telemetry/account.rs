//! What the ends of a pipeline count that no other stage can see: a source of its device, a recorder of its files.

use std::fmt::Debug;

/// A source's books, written by its thread and read by anybody.
pub trait SourceAccount: Debug + Send + Sync {
    /// Conversions its device has made, as far as is known.
    fn acquired(&self) -> u64;

    /// Conversions that became no samples, by cause. Together with those that did they are all that were acquired.
    fn lost(&self) -> Vec<(&'static str, u64)>;

    /// Other figures: recoveries, the measured rate.
    fn figures(&self) -> Vec<(&'static str, f64)>;
}

/// What a stage can say of itself at any time, from any thread: how much its queue to a writer holds.
pub trait StageFigures: Debug + Send + Sync {
    /// Names and values, the names with their units.
    fn figures(&self) -> Vec<(&'static str, f64)>;
}

/// A recorder's books: what is in each of its files.
pub trait FileAccount: Debug + Send + Sync {
    /// The files, oldest first.
    fn files(&self) -> Vec<FileRow>;
}

/// One file of a recording. Frames `first_sample..first_sample + recorded + missing` of its stage's input are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRow {
    /// Its name.
    pub name: String,
    /// Index, as the recorder's input counts, of its first sample.
    pub first_sample: u64,
    /// Frames with values.
    pub recorded: u64,
    /// Frames that were lost and stand in it as a gap.
    pub missing: u64,
    /// Whether it is still being written.
    pub open: bool,
}
