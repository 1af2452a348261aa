//! Wires of the parts of embedded-hal 1.0, whoever implements them: `linux-embedded-hal`, `ftdi-embedded-hal`, `esp-idf-hal`.
//!
//! ```
//! use eeg_boards::ads1299::bus::Drdy;
//! use eeg_boards::ads1299::hal::HalWires;
//! use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
//! use eeg_boards::ads1299::{Ads1299, Ads1299Options};
//! use embedded_hal::{delay::DelayNs, digital::OutputPin, spi::SpiDevice};
//!
//! # fn board(
//! #     spi: impl SpiDevice + Send + 'static, start: impl OutputPin + Send + 'static,
//! #     delay: impl DelayNs + Send + 'static, drdy: impl Drdy + Send + 'static,
//! # ) -> Box<dyn eeg_boards::Board> {
//! let settings = Settings::new(Rate::Sps500, Gain::X24, 8);
//! let (sclk_hz, clock_hz) = (8_000_000, settings.clock_hz);
//! let (spi, reset) = (vec![spi], None);
//! let wires = HalWires { spi, sclk_hz, clock_hz, reset, start: Some(start), delay, drdy };
//! Box::new(Ads1299::new(wires, settings, Ads1299Options::new(vec![1])))
//! # }
//! ```

use super::bus::{Bus, Drdy, Edge, Pin};
use super::register::COUNT;
use super::timing::{DECODE_CLOCKS, wait_ns};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::OutputPin;
use embedded_hal::spi::{Operation, SpiDevice};
use std::fmt::Debug;
use std::io;

/// The longest command: all registers written or read.
const COMMAND_BYTES: usize = 2 + COUNT;

/// An SPI device for each chip select, pins, a delay, and the data-ready line.
#[derive(Debug)]
pub struct HalWires<SPI, PIN, DELAY, DRDY> {
    /// One for each chip select: mode 1 (CPOL 0, CPHA 1), most significant bit first. It has to know
    /// [`Operation::DelayNs`].
    pub spi: Vec<SPI>,
    /// SCLK of all of them, at most 20 MHz: for commands too, whose bytes are sent one by one with the decoding time between.
    pub sclk_hz: u32,
    /// What the chips' clock runs at.
    pub clock_hz: f64,
    /// The RESET pins, if connected.
    pub reset: Option<PIN>,
    /// The START pins, if connected.
    pub start: Option<PIN>,
    /// To wait by.
    pub delay: DELAY,
    /// The data-ready line with the clock of its edges, for which embedded-hal has no trait.
    pub drdy: DRDY,
}

fn failed(error: impl Debug) -> io::Error {
    io::Error::other(format!("{error:?}"))
}

impl<SPI: SpiDevice, PIN, DELAY, DRDY> HalWires<SPI, PIN, DELAY, DRDY> {
    fn transaction(&mut self, chip: usize, operations: &mut [Operation<'_, u8>]) -> io::Result<()> {
        let spi = self.spi.get_mut(chip).ok_or(io::ErrorKind::NotFound)?;
        spi.transaction(operations).map_err(failed)
    }
}

impl<SPI, PIN, DELAY: DelayNs, DRDY> DelayNs for HalWires<SPI, PIN, DELAY, DRDY> {
    fn delay_ns(&mut self, ns: u32) {
        self.delay.delay_ns(ns);
    }
}

impl<SPI, PIN, DELAY, DRDY> Bus for HalWires<SPI, PIN, DELAY, DRDY>
where
    SPI: SpiDevice,
    PIN: OutputPin,
    DELAY: DelayNs,
{
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let decode_ns = wait_ns(DECODE_CLOCKS, self.clock_hz) as u32;
        let length = 2 * bytes.len();
        let mut bytes = bytes.chunks_exact_mut(1);
        // A byte, a wait, a byte, a wait.
        let mut operations: [Operation<'_, u8>; 2 * COMMAND_BYTES] =
            std::array::from_fn(|n| match if n % 2 == 0 { bytes.next() } else { None } {
                Some(byte) => Operation::TransferInPlace(byte),
                None => Operation::DelayNs(decode_ns),
            });
        let operations = operations.get_mut(..length).ok_or(io::ErrorKind::InvalidInput)?;
        self.transaction(chip, operations)
    }

    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        self.transaction(chip, &mut [Operation::TransferInPlace(bytes)])
    }

    fn data_ns(&self, bytes: usize) -> u64 {
        bytes as u64 * 8_000_000_000 / u64::from(self.sclk_hz.max(1))
    }

    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        let pin = match pin {
            Pin::Reset => &mut self.reset,
            Pin::Start => &mut self.start,
        };
        let Some(pin) = pin else { return Ok(false) };
        pin.set_state(high.into()).map_err(failed)?;
        Ok(true)
    }

    fn name(&self, chip: usize) -> String {
        format!("chip select {chip}")
    }
}

impl<SPI, PIN, DELAY, DRDY: Drdy> Drdy for HalWires<SPI, PIN, DELAY, DRDY> {
    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        self.drdy.wait(deadline_ns)
    }

    fn now_ns(&self) -> u64 {
        self.drdy.now_ns()
    }

    fn clocks(&self) -> (u64, i64) {
        self.drdy.clocks()
    }

    fn line_name(&self) -> String {
        self.drdy.line_name()
    }

    fn clear(&mut self) -> io::Result<()> {
        self.drdy.clear()
    }
}
