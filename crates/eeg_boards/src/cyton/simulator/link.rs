//! A link to a simulated board in simulated time: an hour passes as fast as it is read.

use super::super::link::Link;
use super::SimulatedCyton;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The host's end. Time passes when it waits.
#[derive(Debug, Clone)]
pub struct SimulatedLink {
    bench: Arc<Mutex<Bench>>,
}

/// Board, wire and clock.
#[derive(Debug)]
struct Bench {
    cyton: SimulatedCyton,
    now_ns: u64,
    open: bool,
    /// Bytes that have arrived and were not read.
    arrived: VecDeque<u8>,
}

/// Bytes that the system keeps for a reader that is late; more are lost.
const SYSTEM_KEEPS: usize = 4096;
/// Unix time when the monotonic clock reads 0.
const UNIX_NS: i64 = 1_750_000_000_000_000_000;

impl SimulatedLink {
    /// A link to a board.
    pub fn new(cyton: SimulatedCyton) -> Self {
        let bench = Bench { cyton, now_ns: 0, open: false, arrived: VecDeque::new() };
        Self { bench: Arc::new(Mutex::new(bench)) }
    }

    /// Looks at the board, from outside.
    pub fn with<T>(&self, look: impl FnOnce(&mut SimulatedCyton) -> T) -> T {
        look(&mut self.bench.lock().unwrap_or_else(PoisonError::into_inner).cyton)
    }

    /// The host does something else for a while, and reads nothing.
    pub fn be_away(&self, for_ms: u64) {
        let mut bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let until_ns = bench.now_ns + for_ms * 1_000_000;
        bench.pass(until_ns);
    }
}

impl Bench {
    fn pass(&mut self, until_ns: u64) {
        self.now_ns = self.now_ns.max(until_ns);
        let mut arrived = VecDeque::new();
        self.cyton.transmit(self.now_ns, &mut arrived);
        if self.open {
            let room = SYSTEM_KEEPS.saturating_sub(self.arrived.len());
            self.arrived.extend(arrived.into_iter().take(room));
        }
    }
}

impl Link for SimulatedLink {
    fn name(&self) -> String {
        "the simulated port".to_owned()
    }

    fn open(&mut self) -> io::Result<()> {
        let mut bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ns = bench.now_ns;
        if !bench.cyton.is_plugged_in(now_ns) {
            return Err(io::ErrorKind::NotFound.into());
        }
        bench.arrived.clear();
        bench.open = true;
        Ok(())
    }

    fn close(&mut self) {
        self.bench.lock().unwrap_or_else(PoisonError::into_inner).open = false;
    }

    fn read(&mut self, bytes: &mut [u8], wait_ms: u32) -> io::Result<usize> {
        let mut bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let deadline_ns = bench.now_ns + u64::from(wait_ms) * 1_000_000;
        loop {
            let now_ns = bench.now_ns;
            if !bench.open || !bench.cyton.is_plugged_in(now_ns) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            bench.pass(now_ns);
            if !bench.arrived.is_empty() {
                // Waking up takes a little.
                bench.pass(now_ns + 50_000);
                let count = bytes.len().min(bench.arrived.len());
                bytes
                    .iter_mut()
                    .zip(bench.arrived.drain(..count))
                    .for_each(|(to, from)| *to = from);
                return Ok(count);
            }
            if now_ns >= deadline_ns {
                return Ok(0);
            }
            // In small steps, since the board may send something at any time.
            let next_ns = bench.cyton.next_ns().unwrap_or(u64::MAX);
            bench.pass(next_ns.clamp(now_ns + 1, now_ns + 500_000).min(deadline_ns));
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut bench = self.bench.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ns = bench.now_ns;
        if !bench.open || !bench.cyton.is_plugged_in(now_ns) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bench.cyton.receive(bytes, now_ns);
        Ok(())
    }

    fn sleep(&mut self, wait_ms: u32) {
        self.be_away(wait_ms.into());
    }

    fn now(&self) -> (u64, i64) {
        let now_ns = self.bench.lock().unwrap_or_else(PoisonError::into_inner).now_ns;
        (now_ns, UNIX_NS + now_ns as i64)
    }
}
