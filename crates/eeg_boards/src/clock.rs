//! The machine's clocks: the monotonic one that everything is measured by, and Unix time beside it.

use rustix::time::{ClockId, clock_gettime};

/// `CLOCK_MONOTONIC` in nanoseconds: the clock that the kernel stamps GPIO edges with.
pub(crate) fn monotonic_ns() -> u64 {
    nanoseconds(ClockId::Monotonic) as u64
}

/// The monotonic clock and the Unix time at one moment. The monotonic clock is read before and after, so that a preemption
/// in between costs half of itself.
pub(crate) fn now() -> (u64, i64) {
    let before = monotonic_ns();
    let unix = nanoseconds(ClockId::Realtime);
    (before.midpoint(monotonic_ns()), unix)
}

fn nanoseconds(clock: ClockId) -> i64 {
    let now = clock_gettime(clock);
    now.tv_sec * 1_000_000_000 + i64::from(now.tv_nsec as i32)
}
