//! The chips' conversions: the buffer they are read into, when that was, whether they look whole, and their codes.

use super::{Chips, Select};
use crate::ads1299::bus::{Bus, Drdy};
use crate::ads1299::problem::Problem;
use crate::ads1299::{command, frame};

/// When something was read: every chip took the conversion it sent within this time.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "they are times, and say in which unit")]
pub(in crate::ads1299) struct Window {
    pub(in crate::ads1299) from_ns: u64,
    pub(in crate::ads1299) until_ns: u64,
    /// When all of it was there.
    pub(in crate::ads1299) read_ns: u64,
}

impl<W: Bus + Drdy> Chips<W> {
    /// Places the regions of the buffer.
    pub(super) fn lay_out(&mut self) {
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

    /// The longest chain.
    pub(in crate::ads1299) fn longest_chain(&self) -> usize {
        self.selects.iter().map(|select| select.chain).max().unwrap_or(1)
    }

    pub(in crate::ads1299) fn set_gap_bits(&mut self, bits: usize) {
        self.gap_bits = bits;
        self.lay_out();
    }

    /// Reads the last conversion of every chip, twice if so set.
    ///
    /// By RDATA, not RDATAC: what RDATA asks for stays in the chip's shift register while the next conversion comes in, so a read
    /// that is late, as it is now and then on a system that is not real-time, returns one whole conversion, while under RDATAC
    /// it would be torn; and registers can be read between two conversions. It costs one byte more.
    pub(in crate::ads1299) fn read_conversion(&mut self) -> Result<Window, Problem> {
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
    pub(in crate::ads1299) fn damaged(&mut self) -> Option<usize> {
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
    pub(in crate::ads1299) fn vote_on_gap(&mut self, votes: &mut [usize; 2]) {
        for (bits, votes) in votes.iter_mut().enumerate() {
            self.gap_bits = bits;
            *votes += usize::from(self.damaged().is_none());
        }
    }

    /// The first bytes behind a chip select, for an error.
    pub(in crate::ads1299) fn first_bytes(&self, select: usize) -> [u8; 3] {
        let at = self.selects[select].at + 1;
        [self.read[at], self.read[at + 1], self.read[at + 2]]
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
    pub(in crate::ads1299) fn append_codes(&mut self, codes: &mut Vec<i32>) {
        let end = codes.len() + self.settings.channels.len();
        for select in 0..self.selects() {
            for chip in 0..self.selects[select].chain {
                frame::append_codes(self.chip_bytes(select, chip), codes);
            }
        }
        codes.truncate(end);
    }
}
