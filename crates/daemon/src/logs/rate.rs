//! How many lines of a kind may be written: what happens a thousand times a second is said some times, then counted.

use std::collections::HashMap;
use std::hash::Hash;

/// Lines of one kind that may be written within [`WINDOW_NS`].
const LINES: u32 = 20;
const WINDOW_NS: i64 = 10_000_000_000;

/// What is to be done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Write it; so many of its kind have been left out before it.
    Write { left_out: u64 },
    /// Leave it out.
    LeaveOut,
}

/// The lines of each kind in the window that runs.
#[derive(Debug)]
pub(super) struct Rate<K> {
    kinds: HashMap<K, Window>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    began_ns: i64,
    written: u32,
    left_out: u64,
}

impl<K: Eq + Hash> Rate<K> {
    /// What is to be done with a line of this kind at this time.
    pub(super) fn take(&mut self, kind: K, now_ns: i64) -> Verdict {
        let new = Window { began_ns: now_ns, written: 0, left_out: 0 };
        let window = self.kinds.entry(kind).or_insert(new);
        // A clock that is set back begins a window too.
        if !(window.began_ns..window.began_ns.saturating_add(WINDOW_NS)).contains(&now_ns) {
            *window = Window { left_out: window.left_out, ..new };
        }
        if window.written >= LINES {
            window.left_out += 1;
            return Verdict::LeaveOut;
        }
        window.written += 1;
        Verdict::Write { left_out: std::mem::take(&mut window.left_out) }
    }
}

impl<K> Default for Rate<K> {
    fn default() -> Self {
        Self { kinds: HashMap::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_written_the_rest_counted_and_told_with_the_next() {
        let mut rate = Rate::default();
        let write = |left_out| Verdict::Write { left_out };
        for n in 0..i64::from(LINES) {
            assert_eq!(rate.take("a", n), write(0));
        }
        assert_eq!(rate.take("a", 100), Verdict::LeaveOut);
        assert_eq!(rate.take("a", WINDOW_NS - 1), Verdict::LeaveOut);
        assert_eq!(rate.take("b", 100), write(0), "another kind");
        assert_eq!(rate.take("a", WINDOW_NS), write(2));
        assert_eq!(rate.take("a", WINDOW_NS + 1), write(0));
        assert_eq!(rate.take("a", -5), write(0), "the clock was set back");
    }
}
