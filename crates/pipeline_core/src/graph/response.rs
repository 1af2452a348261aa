//! What a linear stage does to each frequency, for reports: computed by the stage's own maths from the coefficients that run.

use std::fmt::Debug;

/// Gain, phase, delay and settling time of a filter.
pub trait FrequencyResponse: Debug + Send + Sync {
    /// Samples per second at the filter's input; it has a response below half of that.
    fn rate_hz(&self) -> f64;

    /// Complex gain at `hz`, real and imaginary part: its magnitude is the gain, its angle the phase.
    fn response(&self, hz: f64) -> [f64; 2];

    /// By how many seconds the envelope of an oscillation at `hz` comes later.
    fn group_delay_s(&self, hz: f64) -> f64;

    /// Seconds until a transient has fallen to 1 %.
    fn settling_s(&self) -> f64;
}
