//! All chips of a board over their wires: commands and pins here, [registers](registers) and [conversions](conversions) beside it.

mod conversions;
mod registers;

pub(super) use conversions::Window;

use super::bus::{Bus, Drdy, Pin};
use super::command;
use super::problem::Problem;
use super::settings::{Input, Settings};
use super::timing::{RESET_PULSE_CLOCKS, wait_ns};
use std::io;

/// The chips behind one chip select.
#[derive(Debug, Clone)]
struct Select {
    /// How many, one behind the other.
    chain: usize,
    /// Channels of each, once it is known which part it is.
    on_chip: usize,
    /// Where its bytes begin in the buffer: the command, then the data.
    at: usize,
}

/// All chips of one board.
#[derive(Debug)]
pub(super) struct Chips<W> {
    pub(super) wires: W,
    pub(super) settings: Settings,
    selects: Vec<Select>,
    /// Bits between the data of two chips in a chain.
    gap_bits: usize,
    read_twice: bool,
    /// One region for each chip select: the command, then what was read. And all of it once more, to compare.
    read: Vec<u8>,
    again: Vec<u8>,
    /// The bytes of one chip, moved to where they begin at a byte.
    aligned: [u8; 27],
    /// What all channels measure for the self-test; `None`: what the settings say.
    test_input: Option<Input>,
    /// Which register is looked at next.
    next_look: u8,
}

impl<W: Bus + Drdy> Chips<W> {
    /// `chains`: how many chips are behind each chip select.
    pub(super) fn new(wires: W, settings: Settings, chains: &[usize], read_twice: bool) -> Self {
        let select = |chain: &usize| Select { chain: *chain, on_chip: 8, at: 0 };
        let mut chips = Self {
            wires,
            settings,
            selects: chains.iter().map(select).collect(),
            gap_bits: 0,
            read_twice,
            read: Vec::new(),
            again: Vec::new(),
            aligned: [0; 27],
            test_input: None,
            next_look: 0,
        };
        chips.lay_out();
        chips
    }

    pub(super) fn selects(&self) -> usize {
        self.selects.len()
    }

    fn transfer_error(&self, select: usize, error: io::Error) -> Problem {
        Problem::Transfer { chip: self.wires.name(select), error }
    }

    pub(super) fn wait_clocks(&mut self, clocks: u64) {
        let ns = wait_ns(clocks, self.settings.clock_hz);
        self.wires.delay_ns(u32::try_from(ns).unwrap_or(u32::MAX));
    }

    /// One command to the chips behind one chip select.
    fn send(&mut self, select: usize, opcode: u8) -> Result<(), Problem> {
        self.wires.command(select, &mut [opcode]).map_err(|e| self.transfer_error(select, e))
    }

    /// One command to all chips.
    pub(super) fn send_all(&mut self, opcode: u8) -> Result<(), Problem> {
        (0..self.selects()).try_for_each(|select| self.send(select, opcode))
    }

    fn set(&mut self, pin: Pin, high: bool) -> Result<bool, Problem> {
        self.wires.set(pin, high).map_err(|error| {
            let line = match pin {
                Pin::Reset => "the line of RESET",
                Pin::Start => "the line of START",
            };
            Problem::Line { line: line.to_owned(), error }
        })
    }

    /// Resets all chips: by the pin where there is one.
    pub(super) fn reset(&mut self) -> Result<(), Problem> {
        if self.set(Pin::Reset, false)? {
            self.wait_clocks(RESET_PULSE_CLOCKS);
            self.set(Pin::Reset, true)?;
            return Ok(());
        }
        // In standby the chip would not hear RESET.
        self.send_all(command::WAKEUP)?;
        self.send_all(command::RESET)
    }

    /// All chips begin to convert at the same instant, if START or one chip select reaches them all.
    pub(super) fn start(&mut self) -> Result<(), Problem> {
        if !self.set(Pin::Start, true)? {
            self.send_all(command::START)?;
        }
        Ok(())
    }

    pub(super) fn stop(&mut self) -> Result<(), Problem> {
        if !self.set(Pin::Start, false)? {
            self.send_all(command::STOP)?;
        }
        Ok(())
    }

    /// START low, so that nothing converts before it is meant to.
    pub(super) fn hold(&mut self) -> Result<(), Problem> {
        self.set(Pin::Start, false).map(|_| ())
    }

    pub(super) fn name(&self, select: usize) -> String {
        self.wires.name(select)
    }
}
