//! All chips of a board over their wires: commands, registers, conversions.

use super::bus::{Bus, Pin};
use super::problem::Problem;
use super::register::{self as reg, Registers};
use super::settings::Settings;
use super::timing::{RESET_PULSE_CLOCKS, wait_ns};
use super::{command, frame};
use std::io;

/// How often registers are looked at before they are believed to have changed.
const LOOKS: usize = 3;

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
    /// Which register is looked at next.
    next_look: u8,
}

/// When something was read: every chip took the conversion it sent within this time.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "they are times, and say in which unit")]
pub(super) struct Window {
    pub(super) from_ns: u64,
    pub(super) until_ns: u64,
    /// When all of it was there.
    pub(super) read_ns: u64,
}

impl<W: Bus> Chips<W> {
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
            next_look: 0,
        };
        chips.lay_out();
        chips
    }

    /// Places the regions of the buffer.
    fn lay_out(&mut self) {
        let mut at = 0;
        for select in &mut self.selects {
            select.at = at;
            let bits = select.chain * 8 * frame::bytes(select.on_chip)
                + (select.chain - 1) * self.gap_bits;
            at += 1 + bits.div_ceil(8);
        }
        self.read.resize(at, 0);
        self.again.resize(at, 0);
    }

    pub(super) fn selects(&self) -> usize {
        self.selects.len()
    }

    /// The longest chain.
    pub(super) fn longest_chain(&self) -> usize {
        self.selects.iter().map(|select| select.chain).max().unwrap_or(1)
    }

    pub(super) fn set_gap_bits(&mut self, bits: usize) {
        self.gap_bits = bits;
        self.lay_out();
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

    pub(super) fn read_registers(
        &mut self,
        select: usize,
        first: u8,
        values: &mut [u8],
    ) -> Result<(), Problem> {
        let mut bytes = [0; 2 + reg::COUNT];
        let length = 2 + values.len();
        bytes[..2].copy_from_slice(&command::read_registers(first, values.len() as u8));
        let read = self.wires.command(select, &mut bytes[..length]);
        read.map_err(|error| self.transfer_error(select, error))?;
        values.copy_from_slice(&bytes[2..length]);
        Ok(())
    }

    fn write_registers(&mut self, select: usize, first: u8, values: &[u8]) -> Result<(), Problem> {
        let mut bytes = [0; 2 + reg::COUNT];
        let length = 2 + values.len();
        bytes[..2].copy_from_slice(&command::write_registers(first, values.len() as u8));
        bytes[2..length].copy_from_slice(values);
        let written = self.wires.command(select, &mut bytes[..length]);
        written.map_err(|error| self.transfer_error(select, error))
    }

    /// Finds out which parts they are.
    pub(super) fn identify(&mut self) -> Result<(), Problem> {
        for select in 0..self.selects() {
            let mut identity = [0];
            self.read_registers(select, reg::ID, &mut identity)?;
            let [identity] = identity;
            let Some(channels) = reg::channels_of(identity) else {
                return Err(Problem::Identity { chip: self.wires.name(select), identity });
            };
            // Only the first chip of a chain can be asked; those behind it are taken for the same part.
            self.selects[select].on_chip = channels;
        }
        let found = self.selects.iter().map(|select| select.chain * select.on_chip).sum();
        let wanted = self.settings.channels.len();
        if found < wanted {
            return Err(Problem::Channels { found, wanted });
        }
        self.lay_out();
        Ok(())
    }

    /// Switches the reference on: it needs its time.
    pub(super) fn start_reference(&mut self) -> Result<(), Problem> {
        (0..self.selects()).try_for_each(|select| {
            let config3 = self.registers(select).get(reg::CONFIG3) & 0xE0;
            self.write_registers(select, reg::CONFIG3, &[config3])
        })
    }

    /// What the first chip behind a chip select should hold; in a chain all hear the same.
    fn registers(&self, select: usize) -> Registers {
        let before = &self.selects[..select];
        let first = before.iter().map(|select| select.chain * select.on_chip).sum();
        let Select { chain, on_chip, .. } = self.selects[select];
        self.settings.registers(first, on_chip, chain > 1)
    }

    /// Writes every register and reads every one back.
    pub(super) fn configure(&mut self) -> Result<(), Problem> {
        for select in 0..self.selects() {
            let registers = self.registers(select);
            for (first, last) in [(reg::CONFIG1, reg::LOFF_FLIP), (reg::GPIO, reg::CONFIG4)] {
                let values = &registers.0[usize::from(first)..=usize::from(last)];
                self.write_registers(select, first, values)?;
            }
        }
        for select in 0..self.selects() {
            let mut read = [0; reg::COUNT];
            self.read_registers(select, 0, &mut read)?;
            let (registers, on_chip) = (self.registers(select), self.selects[select].on_chip);
            if let Some((register, written, read)) = registers.difference(&Registers(read), on_chip)
            {
                let chip = self.wires.name(select);
                return Err(Problem::ReadBack { chip, register, written, read });
            }
        }
        Ok(())
    }

    /// Looks whether the chips still are as they were set up: CONFIG3, which holds another value after any reset, and one
    /// more register, another one each time.
    pub(super) fn look(&mut self) -> Result<(), Problem> {
        self.next_look = (self.next_look + 1) % reg::COUNT as u8;
        for select in 0..self.selects() {
            let mut seen = self.look_at(select)?;
            for _ in 1..LOOKS {
                // A disturbed transfer is no reset.
                if seen.is_some() {
                    seen = self.look_at(select)?;
                }
            }
            if let Some((register, written, read)) = seen {
                let chip = self.wires.name(select);
                return Err(Problem::Reset { chip, register, written, read });
            }
        }
        Ok(())
    }

    /// The register of the two that is not what it should be, what it should be, and what it is.
    fn look_at(&mut self, select: usize) -> Result<Option<(u8, u8, u8)>, Problem> {
        let [first, count] = command::read_registers(reg::CONFIG3, 1);
        let [second, _] = command::read_registers(self.next_look, 1);
        let mut bytes = [first, count, 0, second, count, 0];
        let read = self.wires.command(select, &mut bytes);
        read.map_err(|error| self.transfer_error(select, error))?;
        let (registers, on_chip) = (self.registers(select), self.selects[select].on_chip);
        let differs = |(register, read): (u8, u8)| {
            let mask = registers.kept_bits(register, on_chip);
            let written = registers.get(register) & mask;
            (read & mask != written).then_some((register, written, read & mask))
        };
        Ok([(reg::CONFIG3, bytes[2]), (self.next_look, bytes[5])].into_iter().find_map(differs))
    }

    /// Reads the last conversion of every chip, twice if so set.
    ///
    /// By RDATA, not RDATAC: what RDATA asks for stays in the chip's shift register while the next conversion comes in, so a read
    /// that is late, as it is now and then on a system that is not real-time, returns one whole conversion, while under RDATAC
    /// it would be torn; and registers can be read between two conversions. It costs one byte more.
    pub(super) fn read_conversion(&mut self) -> Result<Window, Problem> {
        let from_ns = self.wires.now_ns();
        let mut last_bytes = 0;
        for pass in 0..=usize::from(self.read_twice) {
            let buffer = if pass == 0 { &mut self.read } else { &mut self.again };
            buffer.fill(0);
            for (n, select) in self.selects.iter().enumerate() {
                let end = self.selects.get(n + 1).map_or(buffer.len(), |next| next.at);
                let bytes = &mut buffer[select.at..end];
                bytes[0] = command::RDATA;
                last_bytes = bytes.len() - 1;
                if let Err(error) = self.wires.data(n, bytes) {
                    return Err(Problem::Transfer { chip: self.wires.name(n), error });
                }
            }
        }
        let read_ns = self.wires.now_ns();
        let until_ns = read_ns.saturating_sub(self.wires.data_ns(last_bytes)).max(from_ns);
        Ok(Window { from_ns, until_ns, read_ns })
    }

    /// The chip select whose data are damaged, by what can be seen of it.
    pub(super) fn damaged(&mut self) -> Option<usize> {
        for select in 0..self.selects() {
            for chip in 0..self.selects[select].chain {
                let bytes = self.chip_bytes(select, chip);
                if !frame::Status::from_bytes([bytes[0], bytes[1], bytes[2]]).is_valid() {
                    return Some(select);
                }
            }
        }
        if !self.read_twice {
            return None;
        }
        let differs = |select: &Select| {
            let chips = select.chain * frame::bytes(select.on_chip);
            let (from, to) = (select.at + 1, select.at + 1 + chips);
            self.read[from..to] != self.again[from..to]
        };
        self.selects.iter().position(differs)
    }

    /// Counts for 0 and for 1 bit between the chips of a chain whether the data read make sense with it.
    pub(super) fn vote_on_gap(&mut self, votes: &mut [usize; 2]) {
        for (bits, votes) in votes.iter_mut().enumerate() {
            self.gap_bits = bits;
            *votes += usize::from(self.damaged().is_none());
        }
    }

    /// The first bytes behind a chip select, for an error.
    pub(super) fn first_bytes(&self, select: usize) -> [u8; 3] {
        let at = self.selects[select].at + 1;
        [self.read[at], self.read[at + 1], self.read[at + 2]]
    }

    pub(super) fn name(&self, select: usize) -> String {
        self.wires.name(select)
    }

    /// The bytes of one chip's conversion.
    fn chip_bytes(&mut self, select: usize, chip: usize) -> &[u8] {
        let Select { on_chip, at, .. } = self.selects[select];
        let bytes = frame::bytes(on_chip);
        let first_bit = chip * (8 * bytes + self.gap_bits);
        if first_bit.is_multiple_of(8) {
            let from = at + 1 + first_bit / 8;
            return &self.read[from..from + bytes];
        }
        frame::copy_bits(&self.read[at + 1..], first_bit, &mut self.aligned[..bytes]);
        &self.aligned[..bytes]
    }

    /// Appends the codes of the channels in use.
    pub(super) fn append_codes(&mut self, codes: &mut Vec<i32>) {
        let end = codes.len() + self.settings.channels.len();
        for select in 0..self.selects() {
            for chip in 0..self.selects[select].chain {
                frame::append_codes(self.chip_bytes(select, chip), codes);
            }
        }
        codes.truncate(end);
    }
}
