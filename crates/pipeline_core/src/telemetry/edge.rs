//! The figures of one edge: how full it is, and how long packets wait in it.

use super::{Counter, Histogram};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is counted of one edge, by the thread at its receiving end.
#[derive(Debug, Default)]
pub struct EdgeStats {
    depth: AtomicU64,
    high_water: AtomicU64,
    /// Frames that found no room.
    pub overflow_frames: Counter,
    /// From when a packet was sent until it was taken, nanoseconds; of every 32nd packet or so.
    pub wait_ns: Histogram,
}

impl EdgeStats {
    /// Messages that waited when last looked at.
    pub fn depth(&self) -> u64 {
        self.depth.load(Ordering::Relaxed)
    }

    /// The most that have ever waited.
    pub fn high_water(&self) -> u64 {
        self.high_water.load(Ordering::Relaxed)
    }

    /// Takes note of how many wait.
    pub(crate) fn look(&self, depth: u64) {
        self.depth.store(depth, Ordering::Relaxed);
        if depth > self.high_water.load(Ordering::Relaxed) {
            self.high_water.store(depth, Ordering::Relaxed);
        }
    }
}

/// An edge of a running pipeline, between two threads.
#[derive(Debug, Clone)]
pub struct EdgeInfo {
    /// The thread that sends.
    pub from: String,
    /// The thread that receives.
    pub to: String,
    /// Packets it has room for.
    pub room: usize,
    /// Its figures, live. A change of the pipeline keeps them while the two threads stay.
    pub stats: Arc<EdgeStats>,
}
