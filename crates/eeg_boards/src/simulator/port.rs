//! What is behind one chip select: the serial interface of a chip, or of several in a daisy chain, byte by byte.

use super::analog::Analog;
use super::chip::{Chip, Mode};
use crate::ads1299::command;
use crate::ads1299::frame;
use crate::ads1299::register as reg;
use crate::ads1299::timing::DECODE_CLOCKS;

/// The most a chain sends.
const OUT_BYTES: usize = 8 * 27 + 1;

/// Chips that share a chip select. The first one's DOUT goes to the host.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) chips: Vec<Chip>,
    /// Number of the first chip's first channel on the board.
    first_channel: usize,
    /// Bits between the data of one chip and the next.
    gap_bits: usize,
    decoder: Decoder,
    /// A command byte whose decoding is not over: what it does, and when it ended.
    pending: Option<(Action, f64)>,
    out: [u8; OUT_BYTES],
    out_bytes: usize,
    /// The data begin again at their end.
    repeats: bool,
    at: usize,
    /// Of a conversion put out unasked: which run and conversion it is.
    unasked: Option<(u64, u64)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Decoder {
    Idle,
    Count {
        opcode: u8,
    },
    Values {
        address: u8,
        left: u8,
    },
    /// A byte came too early: nothing is understood until CS rises.
    Lost,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Action {
    Opcode(u8),
    Write {
        address: u8,
        value: u8,
    },
    /// Part of a longer command.
    Part,
}

impl Port {
    pub(super) fn new(chips: &[usize], first_channel: usize, gap_bits: usize) -> Self {
        Self {
            chips: chips.iter().map(|channels| Chip::new(*channels)).collect(),
            first_channel,
            gap_bits,
            decoder: Decoder::Idle,
            pending: None,
            out: [0; OUT_BYTES],
            out_bytes: 0,
            repeats: false,
            at: 0,
            unasked: None,
        }
    }

    pub(super) fn select(&mut self) {
        self.decoder = Decoder::Idle;
        self.pending = None;
        (self.at, self.out_bytes, self.unasked) = (0, 0, None);
    }

    /// CS rises: what is still being decoded is lost.
    pub(super) fn deselect(&mut self, clk: f64) {
        if let Some((action, ended_clk)) = self.pending.take() {
            if clk - ended_clk < DECODE_CLOCKS as f64 {
                self.violated("CS rose within 4 clocks after a command");
            } else {
                self.perform(action, clk);
            }
        }
    }

    fn violated(&mut self, what: &str) {
        self.chips[0].violations.push(what.to_owned());
    }

    /// One byte there, one back; `clk` is when it ends.
    pub(super) fn byte(&mut self, mosi: u8, clk: f64, analog: &mut Analog) -> u8 {
        if !self.chips[0].is_awake(clk) {
            return 0;
        }
        if self.chips[0].mode == Mode::Continuous {
            self.load_unasked(clk, analog);
        }
        let miso = self.shift_out();
        self.decode(mosi, clk, analog);
        miso
    }

    fn shift_out(&mut self) -> u8 {
        if self.repeats && self.at == self.out_bytes {
            self.at = 0;
        }
        let byte = if self.at < self.out_bytes { self.out[self.at] } else { 0 };
        self.at += 1;
        byte
    }

    /// Many bytes back while only zeros go there, which no chip takes for a command: as [`byte`](Self::byte), but quick.
    pub(super) fn read_on(
        &mut self,
        bytes: &mut [u8],
        clk: f64,
        clk_per_byte: f64,
        analog: &mut Analog,
    ) {
        let quick = self.decoder == Decoder::Idle && self.chips[0].mode == Mode::OnRequest;
        if !quick || bytes.iter().any(|byte| *byte != 0) || !self.chips[0].is_awake(clk) {
            for (n, byte) in (1..).zip(bytes) {
                *byte = self.byte(*byte, clk + f64::from(n) * clk_per_byte, analog);
            }
            return;
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.repeats && self.at == self.out_bytes {
                self.at = 0;
            }
            let n = rest.len().min(self.out_bytes.saturating_sub(self.at));
            if n == 0 {
                break;
            }
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&self.out[self.at..self.at + n]);
            self.at += n;
            rest = later;
        }
    }

    fn decode(&mut self, byte: u8, clk: f64, analog: &mut Analog) {
        let quiet = byte == 0 && self.decoder == Decoder::Idle;
        if quiet || self.decoder == Decoder::Lost {
            return;
        }
        if let Some((action, ended_clk)) = self.pending.take() {
            if clk - ended_clk < DECODE_CLOCKS as f64 {
                self.violated("a command byte ended within 4 clocks after the one before");
                self.decoder = Decoder::Lost;
                return;
            }
            self.perform(action, clk);
        }
        let (next, action) = match (self.decoder, byte) {
            (Decoder::Idle, command::RDATA) => {
                self.load_last(clk, analog);
                (Decoder::Idle, None)
            }
            (Decoder::Idle, 0x20..=0x5F) => (Decoder::Count { opcode: byte }, Some(Action::Part)),
            (Decoder::Idle, opcode) => (Decoder::Idle, Some(Action::Opcode(opcode))),
            (Decoder::Count { opcode }, count) => {
                let (address, left) = (opcode & 0x1F, (count & 0x1F) + 1);
                if opcode & 0x40 != 0 {
                    (Decoder::Values { address, left }, Some(Action::Part))
                } else {
                    self.load_registers(address, left, clk);
                    (Decoder::Idle, None)
                }
            }
            (Decoder::Values { address, left }, value) => {
                let next = match left {
                    1 => Decoder::Idle,
                    _ => Decoder::Values { address: address + 1, left: left - 1 },
                };
                (next, Some(Action::Write { address, value }))
            }
            (Decoder::Lost, _) => return,
        };
        self.decoder = next;
        self.pending = action.map(|action| (action, clk));
    }

    fn perform(&mut self, action: Action, clk: f64) {
        match action {
            Action::Opcode(opcode) => {
                self.chips.iter_mut().for_each(|chip| chip.command(opcode, clk));
            }
            // Chips in a chain hear the same.
            Action::Write { address, value } => {
                for chip in &mut self.chips {
                    if chip.takes_registers(clk) {
                        chip.write(address, value, clk);
                    }
                }
            }
            Action::Part => {}
        }
    }

    fn load_registers(&mut self, address: u8, count: u8, clk: f64) {
        let chip = &mut self.chips[0];
        if !chip.takes_registers(clk) {
            return;
        }
        for n in 0..usize::from(count) {
            self.out[n] = chip.registers.0.get(usize::from(address) + n).copied().unwrap_or(0);
        }
        (self.out_bytes, self.at, self.repeats) = (usize::from(count), 0, false);
    }

    /// RDATA: the last conversion goes into the shift register, and stays there whatever is converted meanwhile.
    fn load_last(&mut self, clk: f64, analog: &mut Analog) {
        if self.chips[0].mode == Mode::OnRequest
            && let Some(k) = self.chips[0].run.and_then(|run| run.latest(clk))
        {
            self.load(k, analog);
        }
    }

    /// Unasked, a new conversion replaces the old one even while that is being read: what comes out is torn.
    fn load_unasked(&mut self, clk: f64, analog: &mut Analog) {
        let latest = self.chips[0].run.and_then(|run| run.latest(clk));
        let latest = latest.map(|k| (self.chips[0].runs, k));
        if let Some((_, k)) = latest
            && latest != self.unasked
        {
            let at = self.at;
            self.load(k, analog);
            self.at = at;
            self.unasked = latest;
        }
    }

    /// Puts conversion `k` of the present run into the shift register.
    fn load(&mut self, k: u64, analog: &mut Analog) {
        let chained = self.chips[0].registers.get(reg::CONFIG1) & 0x40 == 0;
        let mut first_channel = self.first_channel;
        let mut bits = 0;
        for chip in &self.chips {
            let mut one = [0; 28];
            let bytes = frame::bytes(chip.channels);
            analog.convert(chip, first_channel, k, &mut one[..bytes]);
            if bits % 8 == 0 {
                self.out[bits / 8..bits / 8 + bytes].copy_from_slice(&one[..bytes]);
            } else {
                let shift = bits % 8;
                for (n, byte) in one[..=bytes].iter().enumerate() {
                    let before =
                        if n == 0 { self.out[bits / 8] } else { one[n - 1] << (8 - shift) };
                    self.out[bits / 8 + n] = before | byte >> shift;
                }
            }
            bits += 8 * bytes + self.gap_bits;
            first_channel += chip.channels;
            if !chained {
                break;
            }
        }
        self.out_bytes =
            if chained { bits.div_ceil(8) } else { frame::bytes(self.chips[0].channels) };
        (self.at, self.repeats) = (0, !chained);
    }
}
