//! What a source counts that no stage behind it can see: conversions of its device, and why some became no samples.

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
