//! What a board is to a source of samples, whatever its wires: opened once, then asked for blocks until it is closed.
//!
//! A board never gives up while it runs. What goes wrong is counted ([`BoardCounters`]), told ([`BoardEvent`]) and
//! mended; the samples it costs are missing from the numbering of the blocks, so that every loss has a length and a place.

mod counters;

pub use counters::{BoardCounters, Loss};

use std::error::Error;
use std::sync::Arc;

/// A board with channels that all convert at the same instants.
pub trait Board: Send {
    /// Finds the board, sets it up and checks it. Takes up to seconds.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to do about it.
    fn open(&mut self) -> Result<(), Box<dyn Error + Send + Sync>>;

    /// Appends conversions that follow each other without a gap to `frames` until it holds `frames_wanted` of them.
    ///
    /// Waits at most about 50 ms. After [`Reading::Idle`] and [`Reading::Event`] what has been appended stays, and the
    /// next call goes on with it; after [`Reading::Block`] the caller takes everything out.
    fn read(&mut self, frames_wanted: usize, frames: &mut Frames) -> Reading;

    /// `CLOCK_MONOTONIC` time at which conversion `sample` was complete, fitted to all that has been seen of the board's
    /// clock. Asked for rising samples; the answers rise too.
    fn time_ns(&mut self, sample: u64) -> u64;

    /// The board's figures, live.
    fn counters(&self) -> Arc<BoardCounters>;

    /// The monotonic clock and the Unix time now, nanoseconds: those of the machine, unless both are simulated.
    fn now(&self) -> (u64, i64) {
        crate::clock::now()
    }

    /// Stops converting, counts what was lost since the last block, and lets go of the hardware. Frames that were not handed
    /// out yet are as if they had never been converted.
    fn close(&mut self) {}
}

/// Conversions read from a board.
#[derive(Debug, Default)]
pub struct Frames {
    /// 24-bit codes, `[frame][channel]`.
    pub codes: Vec<i32>,
    /// When the kernel saw each frame's conversion end, monotonic nanoseconds; 0 where it did not.
    pub edges_ns: Vec<u64>,
}

impl Frames {
    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.edges_ns.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.edges_ns.is_empty()
    }

    /// Takes everything out, and keeps the room.
    pub fn clear(&mut self) {
        self.codes.clear();
        self.edges_ns.clear();
    }
}

/// What came of reading.
#[derive(Debug)]
pub enum Reading {
    /// The frames are whole: as many as wanted, or fewer because a gap follows them.
    Block(Block),
    /// Nothing to hand out yet.
    Idle,
    /// Something happened.
    Event(BoardEvent),
}

/// What is known about a block of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Number of the first conversion; lost ones count.
    pub first_sample: u64,
    /// Conversions lost between the block before and this one.
    pub lost_before: u64,
    /// When the last frame was in the host's memory, monotonic nanoseconds.
    pub captured_ns: u64,
    /// A code is within 5 % of full scale.
    pub railed: bool,
}

/// Something that happened to a board: a fault, a recovery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardEvent {
    /// When, monotonic nanoseconds.
    pub monotonic_ns: u64,
    /// What, one line for people.
    pub text: String,
}
