//! A simulated board whose time is the machine's: from the first read on it is asked for as much as has passed.

use super::bench::Bench;
use crate::ads1299::Ads1299;
use crate::board::{Board, BoardCounters, Frames, Reading};
use std::error::Error;
use std::sync::Arc;

/// A board on the bench, for a caller that waits until the machine's clock has reached the board's.
#[derive(Debug)]
pub struct RealTime {
    board: Ads1299<Bench>,
    is_running: bool,
}

impl RealTime {
    /// A board whose time will begin with the first read.
    pub const fn new(board: Ads1299<Bench>) -> Self {
        Self { board, is_running: false }
    }
}

impl Board for RealTime {
    fn open(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.is_running = false;
        self.board.open()
    }

    fn read(&mut self, frames_wanted: usize, frames: &mut Frames) -> Reading {
        if !self.is_running {
            self.is_running = true;
            let (monotonic_ns, unix_ns) = crate::clock::now();
            let bench = self.board.wires_mut();
            let elapsed_ns = bench.elapsed_ns();
            let began_ns = (monotonic_ns - elapsed_ns, unix_ns - elapsed_ns as i64);
            bench.set_began_ns(began_ns);
        }
        self.board.read(frames_wanted, frames)
    }

    fn time_ns(&mut self, sample: u64) -> u64 {
        self.board.time_ns(sample)
    }

    fn counters(&self) -> Arc<BoardCounters> {
        self.board.counters()
    }

    fn now(&self) -> (u64, i64) {
        self.board.now()
    }

    fn close(&mut self) {
        self.board.close();
    }
}
