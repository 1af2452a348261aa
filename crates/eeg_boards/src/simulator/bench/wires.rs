//! The bench as the wires of a driver: bytes over SPI, the control pins, data-ready edges, and what all of it costs the host.

use super::Bench;
use crate::ads1299::bus::{Bus, Drdy, Edge, Pin};
use crate::ads1299::timing::{DECODE_CLOCKS, wait_ns};
use crate::simulator::noise;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::Operation;
use std::io;

impl Bench {
    /// One selection of a chip, with SCLK at `hz`: what embedded-hal's `SpiDevice` calls a transaction.
    pub fn transaction(&mut self, chip: usize, hz: u32, operations: &mut [Operation<'_, u8>]) {
        self.advance(self.now_ns + self.settings.transfer_ns as f64);
        self.ports[chip].select();
        for operation in operations {
            match operation {
                Operation::TransferInPlace(bytes) => self.transfer(chip, bytes, hz),
                Operation::Transfer(read, write) => {
                    let mut bytes = vec![0; read.len().max(write.len())];
                    bytes[..write.len()].copy_from_slice(write);
                    self.transfer(chip, &mut bytes, hz);
                    read.copy_from_slice(&bytes[..read.len()]);
                }
                Operation::Write(bytes) => self.transfer(chip, &mut bytes.to_vec(), hz),
                Operation::Read(bytes) => {
                    bytes.fill(0);
                    self.transfer(chip, bytes, hz);
                }
                Operation::DelayNs(ns) => self.advance(self.now_ns + f64::from(*ns)),
            }
        }
        let clk = self.clk();
        self.ports.iter_mut().for_each(|port| port.deselect(clk));
        self.edges_until(self.now_ns);
        self.advance(self.now_ns + self.settings.transfer_ns as f64);
    }

    fn transfer(&mut self, chip: usize, bytes: &mut [u8], hz: u32) {
        let began_clk = self.clk();
        let per_byte = self.analog.oscillator.hz() * 8.0 / f64::from(hz);
        let port = &mut self.ports[chip];
        let commands = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()).min(1);
        let (command, rest) = bytes.split_at_mut(commands);
        for byte in command {
            *byte = port.byte(*byte, began_clk + per_byte, &mut self.analog);
        }
        port.read_on(rest, began_clk + commands as f64 * per_byte, per_byte, &mut self.analog);
        self.advance(self.now_ns + bytes.len() as f64 * 8e9 / f64::from(hz));
        if self.unplugged {
            bytes.fill(0);
        } else if self.flips > 0 {
            self.flips -= 1;
            self.flipped += 1;
            let where_ = noise::unit(self.settings.seed, 9, self.flipped).to_bits() >> 8;
            bytes[where_ as usize % bytes.len()] ^= 1 << (where_ >> 32 & 7);
        }
    }
}

impl DelayNs for Bench {
    fn delay_ns(&mut self, ns: u32) {
        self.pass_ns(u64::from(ns));
    }
}

impl Bus for Bench {
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let decode_ns = wait_ns(DECODE_CLOCKS, self.settings.clock_hz) as u32;
        let wait = Operation::DelayNs(decode_ns);
        let operations = &mut [Operation::TransferInPlace(bytes), wait];
        self.transaction(chip, self.settings.speeds_hz.0, operations);
        Ok(())
    }

    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let operations = &mut [Operation::TransferInPlace(bytes)];
        self.transaction(chip, self.settings.speeds_hz.1, operations);
        Ok(())
    }

    fn data_ns(&self, bytes: usize) -> u64 {
        bytes as u64 * 8_000_000_000 / u64::from(self.settings.speeds_hz.1)
    }

    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        if !self.settings.control_pins {
            return Ok(false);
        }
        let clk = self.clk();
        for chip in self.chips_mut() {
            match pin {
                Pin::Reset if !high => chip.reset(clk),
                Pin::Reset => {}
                Pin::Start => chip.set_start_pin(high, clk),
            }
        }
        self.edges_until(self.now_ns);
        Ok(true)
    }

    fn name(&self, chip: usize) -> String {
        format!("simulated chip {}", chip + 1)
    }
}

impl Drdy for Bench {
    fn now_ns(&self) -> u64 {
        self.settings.began_ns.0 + self.now_ns as u64
    }

    fn clocks(&self) -> (u64, i64) {
        let monotonic = self.now_ns();
        (monotonic, monotonic as i64 + self.unix_minus_monotonic_ns)
    }

    fn line_name(&self) -> String {
        "the simulated data-ready line".to_owned()
    }

    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        let deadline_ns = deadline_ns.saturating_sub(self.settings.began_ns.0) as f64;
        loop {
            let readable_ns = self.line.readable_ns();
            if let Some(ns) = readable_ns.filter(|ns| *ns <= self.now_ns.max(deadline_ns)) {
                if ns > self.now_ns {
                    self.advance(ns + self.settings.wake_ns as f64);
                }
                let stall_ns = std::mem::take(&mut self.stall_ns);
                if stall_ns > 0.0 {
                    self.advance(self.now_ns + stall_ns);
                    continue;
                }
                return Ok(self.line.take());
            }
            let next_ns =
                self.next_edge_ns.min(self.turns.last().map_or(f64::INFINITY, |t| t.at_ns));
            if next_ns > deadline_ns || readable_ns.is_some() {
                self.advance(deadline_ns);
                return Ok(None);
            }
            self.advance(next_ns);
        }
    }
}
