//! Monotonic time inside, Unix time at the rim: an NTP step moves no timestamp of a running pipeline.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// One reading of `CLOCK_MONOTONIC` in nanoseconds: the time base of everything inside.
///
/// Kernel GPIO edge events carry the same clock, so an ADC's data-ready edge needs no conversion.
pub fn monotonic_ns() -> u64 {
    nanoseconds(ClockId::Monotonic) as u64
}

fn nanoseconds(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec * 1_000_000_000 + i64::from(now.tv_nsec as i32)
}

/// Maps monotonic time to Unix time by one pair of readings, taken when the pipeline starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    unix_minus_monotonic_ns: i64,
}

impl Clock {
    /// Reads both clocks; the monotonic one before and after, so that a preemption in between costs half of itself.
    pub fn now() -> Self {
        let before = nanoseconds(ClockId::Monotonic);
        let unix = nanoseconds(ClockId::Realtime);
        let after = nanoseconds(ClockId::Monotonic);
        Self { unix_minus_monotonic_ns: unix - before.midpoint(after) }
    }

    /// Nanoseconds since the Unix epoch at a monotonic time.
    pub fn unix_ns(self, monotonic_ns: u64) -> i64 {
        monotonic_ns as i64 + self.unix_minus_monotonic_ns
    }
}

/// The duration of `frames` samples at `rate_hz`, in nanoseconds, rounded.
///
/// Computed from the count, never summed up packet by packet, so that it does not drift.
///
/// ```
/// assert_eq!(pipeline_core::clock::span_ns(1, 250.0), 4_000_000);
/// assert_eq!(pipeline_core::clock::span_ns(86_400 * 16_000, 16_000.0), 86_400_000_000_000);
/// ```
pub fn span_ns(frames: u64, rate_hz: f64) -> i64 {
    // Whole seconds first: f64 has 53 bits, a day in nanoseconds at full precision needs 47, a year 55.
    let whole_s = (frames as f64 / rate_hz).floor();
    let rest = frames as f64 - whole_s * rate_hz;
    whole_s as i64 * 1_000_000_000 + (rest / rate_hz * 1e9).round() as i64
}

/// How long until `deadline_ns` on the monotonic clock; zero when it has passed.
pub fn until(deadline_ns: u64) -> Duration {
    Duration::from_nanos(deadline_ns.saturating_sub(monotonic_ns()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_time_agrees_with_the_system() {
        let clock = Clock::now();
        let ours = clock.unix_ns(monotonic_ns());
        let system =
            std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos()
                as i64;
        // Only a step of the clock or a day-long preemption in between could part them by an hour.
        assert!((system - ours).abs() < 3_600_000_000_000);
    }

    #[test]
    fn spans_are_exact_for_a_year() {
        let year_s = 365 * 86_400;
        assert_eq!(span_ns(year_s * 4000, 4000.0), year_s as i64 * 1_000_000_000);
        assert_eq!(span_ns(1, 3.0), 333_333_333);
    }
}
