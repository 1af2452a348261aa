//! How late a sleeping thread wakes up: what `cyclictest` measures, in the same way.
//!
//! A thread sleeps until moments one millisecond apart on the monotonic clock (`clock_nanosleep` with `TIMER_ABSTIME`), and
//! reads the clock when it is back. Its timer slack is that of the executor's threads; cyclictest leaves the system's, so under
//! the normal policy its figures are 50 us higher.

use anyhow::{Context, anyhow};
use pipeline_core::clock::monotonic_ns;
use pipeline_core::executor::{Group, arrange_this_thread};
use rustix::thread::{CpuSet, clock_nanosleep_absolute, sched_getaffinity};
use rustix::time::{ClockId, Timespec};

const INTERVAL_NS: u64 = 1_000_000;

/// Microseconds by which each of `wakes` wake-ups was late; `None` when the thread may not have this priority.
pub(super) fn lateness_us(wakes: usize, priority: Option<u8>) -> anyhow::Result<Option<Vec<f64>>> {
    let work = move || {
        let group =
            Group { priority, cores: last_core().into_iter().collect(), ..Group::default() };
        if arrange_this_thread(&group).priority != priority {
            return None;
        }
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

fn sleep_until(due_ns: u64) {
    let due = Timespec {
        tv_sec: (due_ns / 1_000_000_000) as i64,
        tv_nsec: (due_ns % 1_000_000_000) as _,
    };
    // Interrupted by a signal, it goes on to sleep.
    while clock_nanosleep_absolute(ClockId::Monotonic, &due).is_err() && monotonic_ns() < due_ns {}
}

/// Where a core has been set aside it is the last one; without any that is known, the thread runs where it may.
fn last_core() -> Option<usize> {
    let allowed = sched_getaffinity(None).ok()?;
    (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core))
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
