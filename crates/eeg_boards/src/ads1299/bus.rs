//! The wires between host and chips, as the driver sees them: [`Bus`] to talk to the chips, [`Drdy`] to hear from them.
//!
//! [`HalWires`](super::hal::HalWires) makes both of the parts of embedded-hal 1.0, for any of its implementations;
//! [`LinuxWires`](super::linux::LinuxWires) of the kernel's own interfaces, for what embedded-hal cannot ask for: two speeds of one chip
//! select (short commands need no gaps between their bytes below 4 MHz, data go as fast as the wires carry), transfers
//! without an allocation, and devices that are opened again after a fault.
//!
//! `Drdy` is ours because embedded-hal's `InputPin` and `Wait` have neither time nor count, while here the kernel's time of an edge is
//! what sample times are made of, and its count is what shows that edges were lost.

use embedded_hal::delay::DelayNs;
use std::io;

/// The SPI bus, the control pins, and a way to wait.
pub trait Bus: DelayNs {
    /// One selection of a chip at the speed of commands: sends `bytes` and puts the answer in their place. Gives every
    /// byte the chip's decoding time, the last one before it lets go of CS.
    ///
    /// # Errors
    /// As the system says.
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()>;

    /// The same at the speed of data, without the waits: `bytes` are one command that is over with its first byte, and zeros.
    ///
    /// # Errors
    /// As the system says.
    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()>;

    /// How long the wire is busy with so many bytes of data, at least.
    fn data_ns(&self, bytes: usize) -> u64;

    /// Sets a control pin; false when it is not connected.
    ///
    /// # Errors
    /// As the system says.
    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool>;

    /// Lets go of whatever is open; the next use opens it again.
    fn release(&mut self) {}

    /// What to call a chip select in a message.
    fn name(&self, chip: usize) -> String;
}

/// Control pins that all chips of a board share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// Low resets.
    Reset,
    /// High converts.
    Start,
}

/// The data-ready line, one for all chips that convert together, and the clock its edges are stamped with.
pub trait Drdy {
    /// Waits for the next falling edge, until `deadline_ns` at most. Edges come in order; those that have been waiting
    /// come at once.
    ///
    /// # Errors
    /// As the system says.
    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>>;

    /// The clock that edges are stamped with, in nanoseconds.
    fn now_ns(&self) -> u64;

    /// That clock and Unix time.
    fn clocks(&self) -> (u64, i64) {
        crate::clock::now()
    }

    /// What to call the line in a message.
    fn line_name(&self) -> String;

    /// Forgets the edges that are waiting.
    ///
    /// # Errors
    /// As the system says.
    fn clear(&mut self) -> io::Result<()> {
        while self.wait(0)?.is_some() {}
        Ok(())
    }
}

/// A falling edge as the kernel saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// When its interrupt was handled, by the clock of [`Drdy::now_ns`]: never early.
    pub monotonic_ns: u64,
    /// Its number among the edges of this line that the kernel saw. A jump: its queue overflowed.
    pub line_seqno: u32,
}
