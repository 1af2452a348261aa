//! Where a recording that is played has to wait: so that something can be done at exactly one sample of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A sample that is not to be passed yet.
#[derive(Debug)]
pub struct Gate {
    until: AtomicU64,
    waits: AtomicBool,
}

impl Gate {
    /// Closed before a sample.
    pub const fn new(until: u64) -> Self {
        Self { until: AtomicU64::new(until), waits: AtomicBool::new(false) }
    }

    /// The first sample that has to wait.
    pub fn until(&self) -> u64 {
        self.until.load(Ordering::Acquire)
    }

    /// Asked by the source before each sample: whether this one has to wait.
    pub fn stops(&self, sample: u64) -> bool {
        let stops = sample >= self.until();
        self.waits.store(stops, Ordering::Release);
        stops
    }

    /// Whether the source stands at the gate.
    pub fn is_reached(&self) -> bool {
        self.waits.load(Ordering::Acquire)
    }

    /// Forgets that the source stands here, until it says so again.
    pub fn ask_again(&self) {
        self.waits.store(false, Ordering::Release);
    }

    /// Moves it on.
    pub fn open_until(&self, sample: u64) {
        self.waits.store(false, Ordering::Release);
        self.until.store(sample, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gate_stops_what_is_behind_it_until_it_moves() {
        let gate = Gate::new(10);
        assert!(!gate.stops(9) && !gate.is_reached());
        assert!(gate.stops(10) && gate.is_reached());
        gate.open_until(20);
        assert!(!gate.is_reached() && !gate.stops(19) && gate.stops(25));
    }
}
