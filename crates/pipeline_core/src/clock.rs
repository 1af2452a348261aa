//! Monotonic time inside, Unix time at the rim: an NTP step moves no timestamp of a running pipeline.

use rustix::time::{ClockId, clock_gettime};
use std::fmt;
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

/// The monotonic clock and the Unix time of one moment. The monotonic clock is read before and after, so that a preemption
/// in between costs half of itself; of three readings the one with the least in between counts.
pub fn pair_ns() -> (u64, i64) {
    let reading = || {
        let before = monotonic_ns();
        let unix_ns = nanoseconds(ClockId::Realtime);
        let after = monotonic_ns();
        (after - before, before.midpoint(after), unix_ns)
    };
    let (_, monotonic_ns, unix_ns) = reading().min(reading()).min(reading());
    (monotonic_ns, unix_ns)
}

/// Maps monotonic time to Unix time by the pair of readings with which a run began.
///
/// NTP slews both clocks alike, so their difference changes only when somebody sets the system's clock. That moves no
/// time of the run: a recording stays continuous and two of its times differ by what passed between them. Pairs
/// taken now and then ([`observe`](Self::observe)) tell when it happened and by how much.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    unix_minus_monotonic_ns: i64,
    /// Nanoseconds that the system's clock has been set by since.
    moved_by: i64,
    /// A setting seen once. One reading may be off, if the thread was held up in its midst.
    suspected: Option<i64>,
}

/// Somebody set the system's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockStep {
    /// By how much, forward positive.
    pub step_ns: i64,
    /// By how much the system's clock is now ahead of the times of this run, in all.
    pub ahead_ns: i64,
}

/// Two pairs of readings that differ by less do not show a step.
const LEAST_STEP_NS: u64 = 1_000_000;

impl Clock {
    /// A clock by the present pair of readings.
    pub fn now() -> Self {
        let (monotonic_ns, unix_ns) = pair_ns();
        Self::at(monotonic_ns, unix_ns)
    }

    /// A clock by a pair of readings.
    pub const fn at(monotonic_ns: u64, unix_ns: i64) -> Self {
        let unix_minus_monotonic_ns = unix_ns - monotonic_ns as i64;
        Self { unix_minus_monotonic_ns, moved_by: 0, suspected: None }
    }

    /// Nanoseconds since the Unix epoch at a monotonic time.
    pub const fn unix_ns(self, monotonic_ns: u64) -> i64 {
        monotonic_ns as i64 + self.unix_minus_monotonic_ns
    }

    /// Takes note of a later pair of readings. Says when two pairs in a row agree that the system's clock was set.
    pub fn observe(&mut self, monotonic_ns: u64, unix_ns: i64) -> Option<ClockStep> {
        let near = |a: i64, b: i64| a.abs_diff(b) < LEAST_STEP_NS;
        let ahead_ns = unix_ns - self.unix_ns(monotonic_ns);
        if near(ahead_ns, self.moved_by) {
            self.suspected = None;
            return None;
        }
        match self.suspected.replace(ahead_ns) {
            Some(suspected_ns) if near(suspected_ns, ahead_ns) => {
                self.suspected = None;
                let step_ns = ahead_ns - std::mem::replace(&mut self.moved_by, ahead_ns);
                Some(ClockStep { step_ns, ahead_ns })
            }
            _ => None,
        }
    }
}

impl fmt::Display for ClockStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.step_ns < 0 { "back" } else { "forward" };
        let by_s = self.step_ns.unsigned_abs() as f64 / 1e9;
        let ahead_s = self.ahead_ns as f64 / 1e9;
        write!(
            f,
            "the system's clock was set {way} by {by_s:.3} s; the times of this run go on as before: \
             the system's clock is {ahead_s:+.3} s from them"
        )
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
    fn setting_the_systems_clock_moves_no_time_of_the_run_and_is_told_once() {
        let mut clock = Clock::at(5_000_000_000, 1_700_000_000_000_000_000);
        let unix_ns = |s: i64| 1_700_000_000_000_000_000 + (s - 5) * 1_000_000_000;
        let mut pair =
            |s: u64, set_ns: i64| clock.observe(s * 1_000_000_000, unix_ns(s as i64) + set_ns);
        assert_eq!(pair(10, 0), None);
        // One reading that was interrupted for 8 ms.
        assert_eq!([pair(15, 4_000_000), pair(20, 300)], [None, None]);
        // An hour forward, then 2.5 s back.
        assert_eq!(pair(25, 3_600_000_000_000), None);
        let step = pair(30, 3_600_000_000_000).unwrap();
        assert_eq!((step.step_ns, step.ahead_ns), (3_600_000_000_000, 3_600_000_000_000));
        assert_eq!([pair(35, 3_600_000_000_000), pair(40, 3_597_500_000_000)], [None, None]);
        let step = pair(45, 3_597_500_000_000).unwrap();
        assert_eq!(
            step.to_string(),
            "the system's clock was set back by 2.500 s; the times of this run go on as before: \
             the system's clock is +3597.500 s from them"
        );
        assert_eq!(clock.unix_ns(50_000_000_000), unix_ns(50));
    }

    #[test]
    fn spans_are_exact_for_a_year() {
        let year_s = 365 * 86_400;
        assert_eq!(span_ns(year_s * 4000, 4000.0), year_s as i64 * 1_000_000_000);
        assert_eq!(span_ns(1, 3.0), 333_333_333);
    }
}
