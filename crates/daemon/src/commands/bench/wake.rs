//! How late a sleeping thread wakes up: what `cyclictest` measures, in the same way.
//!
//! A thread sleeps until moments one millisecond apart on the monotonic clock (`clock_nanosleep` with `TIMER_ABSTIME`), and
//! reads the clock when it is back. Its timer slack is that of the executor's threads; cyclictest leaves the system's, so under
//! the normal policy its figures are 50 us higher.

use anyhow::{Context, anyhow};
use pipeline_core::clock::monotonic_ns;
use rustix::thread::{
    CpuSet, clock_nanosleep_absolute, sched_getaffinity, sched_setaffinity, set_current_timer_slack,
};
use rustix::time::{ClockId, Timespec};
use std::num::NonZeroU64;
use thread_priority::ThreadPriority;
use thread_priority::unix::{
    RealtimeThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy,
    thread_native_id,
};

const INTERVAL_NS: u64 = 1_000_000;

/// The priority that is tried: above interrupt threads (50), as for acquisition.
pub(super) const FIFO: u8 = 80;

/// Microseconds by which each of `wakes` wake-ups was late; `None` when the thread may not have this priority.
pub(super) fn lateness_us(wakes: usize, priority: Option<u8>) -> anyhow::Result<Option<Vec<f64>>> {
    let work = move || {
        pin_to_last_core();
        if priority.is_some_and(|priority| !raise(priority)) {
            return None;
        }
        let _ = set_current_timer_slack(NonZeroU64::new(1));
        let mut due_ns = monotonic_ns() + INTERVAL_NS;
        let wake = |_| {
            sleep_until(due_ns);
            let late_ns = monotonic_ns().saturating_sub(due_ns);
            // As cyclictest does: a moment that is over already is not waited for.
            due_ns += INTERVAL_NS * (1 + late_ns / INTERVAL_NS);
            late_ns as f64 / 1e3
        };
        Some((0..wakes).map(wake).collect())
    };
    let thread = std::thread::Builder::new().name("wake".to_owned()).spawn(work);
    let thread = thread.context("cannot start a thread")?;
    thread.join().map_err(|_| anyhow!("the thread that measures wake-ups has panicked"))
}

/// Whether the calling thread has this priority under `SCHED_FIFO` now.
fn raise(priority: u8) -> bool {
    let Ok(priority) = ThreadPriority::try_from(priority) else { return false };
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), priority, policy).is_ok()
}

fn sleep_until(due_ns: u64) {
    let due = Timespec {
        tv_sec: (due_ns / 1_000_000_000) as i64,
        tv_nsec: (due_ns % 1_000_000_000) as _,
    };
    // Interrupted by a signal, it goes on to sleep.
    while clock_nanosleep_absolute(ClockId::Monotonic, &due).is_err() && monotonic_ns() < due_ns {}
}

/// Where a core has been set aside it is the last one. On failure the thread runs where it may.
fn pin_to_last_core() {
    let Ok(allowed) = sched_getaffinity(None) else { return };
    let last = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core));
    let mut set = CpuSet::new();
    last.into_iter().for_each(|core| set.set(core));
    let _ = sched_setaffinity(None, &set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wake_up_is_measured_and_none_is_early() {
        let late = lateness_us(20, None).unwrap().unwrap();
        assert_eq!(late.len(), 20);
        assert!(late.iter().all(|us| *us >= 0.0));
        // A call takes time, so not all can be exactly on time.
        assert!(late.iter().any(|us| *us > 0.0), "{late:?}");
    }

    #[test]
    fn it_sleeps_until_it_is_due() {
        let due_ns = monotonic_ns() + 3_000_000;
        sleep_until(due_ns);
        assert!(monotonic_ns() >= due_ns);
    }
}
