//! How a thread waits until there is work, and how others wake it: one flag, park and unpark, or a look all the time.
//!
//! Measured against flume, crossbeam, std, kanal and tokio, every blocked wake costs what the operating system's
//! wake costs; so this is the smallest thing that is right, allocates nothing, and costs a waker that finds the
//! thread awake one fence and one load. A thread that spins is always awake.

use super::scheduling::Wait;
use std::hint::spin_loop;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// Looks between two looks at the clock, for a wait that has an end.
const LOOKS: usize = 64;

/// The bell of one thread.
#[derive(Debug, Default)]
pub(crate) struct Waker {
    asleep: AtomicBool,
    spins: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Waker {
    /// The calling thread is the one to be woken. Later calls change nothing.
    pub(crate) fn attach(&self) {
        let _ = self.thread.set(std::thread::current());
    }

    /// How the thread waits from now on.
    pub(crate) fn set_wait(&self, wait: Wait) {
        self.spins.store(wait == Wait::Spin, Ordering::Relaxed);
    }

    /// Wakes the thread if it sleeps. Call after making visible what it waits for.
    pub(crate) fn wake(&self) {
        // INVARIANT: pairs with the fence in `sleep_unless`. Either we see the flag, or the sleeper sees our work.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed)
            && self.asleep.swap(false, Ordering::AcqRel)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// Sleeps until woken, unless `ready` already. May return early; the caller looks again.
    pub(crate) fn sleep_unless(&self, ready: impl Fn() -> bool, at_most: Option<Duration>) {
        if self.spins.load(Ordering::Relaxed) {
            return spin_until(ready, at_most);
        }
        self.asleep.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        if !ready() {
            match at_most {
                Some(at_most) => std::thread::park_timeout(at_most),
                None => std::thread::park(),
            }
        }
        self.asleep.store(false, Ordering::Relaxed);
    }
}

fn spin_until(ready: impl Fn() -> bool, at_most: Option<Duration>) {
    let began = at_most.map(|at_most| (Instant::now(), at_most));
    loop {
        for _ in 0..LOOKS {
            if ready() {
                return;
            }
            spin_loop();
        }
        if began.is_some_and(|(began, at_most)| began.elapsed() >= at_most) {
            return;
        }
    }
}
