//! The simulated chip at its pins: what the data sheet says of a driver that keeps to it, and of those that do not.

use crate::support::{counter, wiring};
use eeg_boards::ads1299::bus::{Bus, Drdy, Pin};
use eeg_boards::ads1299::frame;
use eeg_boards::ads1299::settings::Rate;
use eeg_boards::ads1299::timing::first_drdy_clocks;
use eeg_boards::simulator::{Bench, BenchSettings};
use embedded_hal::delay::DelayNs;

const RESET: u8 = 0x06;
const START: u8 = 0x08;
const RDATAC: u8 = 0x10;
const SDATAC: u8 = 0x11;
const RDATA: u8 = 0x12;

/// A chip that has just been powered, and the commands of a driver.
struct Chip(Bench);

impl Chip {
    fn powered() -> Self {
        Self(Bench::new(BenchSettings::new(wiring(1)), counter()))
    }

    /// Reset after its power-up time, and listening.
    fn ready() -> Self {
        let mut chip = Self::powered();
        chip.0.delay_ms(130);
        chip.send(&[RESET]);
        chip.0.delay_us(10);
        chip.send(&[SDATAC]);
        chip
    }

    fn send(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        self.0.command(0, &mut bytes).unwrap();
        bytes
    }

    fn register(&mut self, address: u8) -> u8 {
        self.send(&[0x20 | address, 0, 0])[2]
    }

    fn write(&mut self, address: u8, value: u8) {
        self.send(&[0x40 | address, 0, value]);
    }

    fn data(&mut self, command: u8, bytes: usize) -> Vec<u8> {
        let mut read = vec![0; bytes + usize::from(command != 0)];
        read[0] = command;
        self.0.data(0, &mut read).unwrap();
        read[usize::from(command != 0)..].to_vec()
    }
}

#[test]
fn a_driver_that_keeps_to_the_data_sheet_reads_identity_and_reset_values() {
    let mut chip = Chip::ready();
    let registers = chip.send(&[&[0x20, 23][..], &[0; 24]].concat())[2..].to_vec();
    let expected = [
        0x3E, 0x96, 0xC0, 0x60, 0x00, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0x61, 0, 0, 0, 0,
        0, 0, 0, 0x0F, 0, 0, 0,
    ];
    assert_eq!(registers, expected);
    assert_eq!(chip.0.violations(), [""; 0]);
}

#[test]
fn before_its_power_up_time_the_chip_hears_nothing() {
    // An older data sheet said 2^16 clocks; one power-up in fifty failed.
    let mut chip = Chip::powered();
    chip.0.delay_ms(33);
    chip.send(&[RESET]);
    chip.0.delay_us(10);
    chip.send(&[SDATAC]);
    assert_eq!(chip.register(0), 0);
}

#[test]
fn what_is_written_before_sdatac_is_not_written() {
    // BrainFlow's driver for PiEEG writes all registers in the mode the chip wakes up in, and sends 10h for SDATAC.
    let mut chip = Chip::powered();
    chip.0.delay_ms(130);
    chip.send(&[RESET]);
    chip.0.delay_us(10);
    chip.write(0x05, 0x00);
    chip.send(&[RDATAC]);
    assert_ne!(chip.register(0), 0x3E, "registers cannot be read in that mode either");
    chip.send(&[SDATAC]);
    assert_eq!(chip.register(0x05), 0x61);
    assert!(chip.0.violations()[0].contains("without SDATAC"), "{:?}", chip.0.violations());
}

#[test]
fn a_command_right_after_reset_is_lost() {
    // PiEEG's scripts do not wait.
    let mut chip = Chip::powered();
    chip.0.delay_ms(130);
    chip.send(&[RESET]);
    chip.send(&[SDATAC]);
    chip.0.delay_us(100);
    assert_ne!(chip.register(0), 0x3E);
    assert!(chip.0.violations()[0].contains("within 18 clocks"), "{:?}", chip.0.violations());
}

#[test]
fn registers_at_the_speed_of_data_are_not_understood() {
    for (hz, understood) in [(2_000_000, true), (3_900_000, true), (8_000_000, false)] {
        let bench = BenchSettings { speeds_hz: (hz, 20_000_000), ..BenchSettings::new(wiring(1)) };
        let mut chip = Chip(Bench::new(bench, counter()));
        chip.0.delay_ms(130);
        chip.send(&[RESET]);
        chip.0.delay_us(10);
        chip.send(&[SDATAC]);
        assert_eq!(chip.register(0) == 0x3E, understood, "{hz}");
        assert_eq!(chip.0.violations().is_empty(), understood, "{hz}");
    }
}

#[test]
fn a_chip_select_that_rises_at_once_loses_the_command() {
    let mut chip = Chip::ready();
    chip.0.data(0, &mut [START]).unwrap();
    chip.0.delay_ms(100);
    assert_eq!(chip.0.wait(0).unwrap(), None);
    assert!(chip.0.violations()[0].contains("CS rose"), "{:?}", chip.0.violations());
}

#[test]
fn the_first_data_ready_comes_when_table_7_says_and_then_at_the_rate() {
    for rate in Rate::ALL {
        let mut chip = Chip::ready();
        chip.write(0x01, 0x90 | rate.code());
        let started_ns = chip.0.now_ns();
        chip.0.set(Pin::Start, true).unwrap();
        let first = chip.0.wait(u64::MAX).unwrap().unwrap();
        let clocks = (first.monotonic_ns - started_ns) as f64 * 2.048e-3;
        // The kernel's stamp is a few microseconds late.
        let late = clocks - first_drdy_clocks(rate) as f64;
        assert!((2.0..12.0).contains(&late), "{rate:?}: {late}");
        let second = chip.0.wait(u64::MAX).unwrap().unwrap();
        let period = (second.monotonic_ns - first.monotonic_ns) as f64 * 2.048e-3;
        assert!((period - rate.clocks() as f64).abs() < 8.0, "{rate:?}: {period}");
    }
}

#[test]
fn a_new_rate_restarts_the_filter() {
    let mut chip = Chip::ready();
    chip.0.set(Pin::Start, true).unwrap();
    chip.0.wait(u64::MAX).unwrap();
    chip.write(0x01, 0x94);
    let written_ns = chip.0.now_ns();
    let next = chip.0.wait(u64::MAX).unwrap().unwrap();
    let clocks = (next.monotonic_ns - written_ns) as f64 * 2.048e-3;
    assert!((clocks - first_drdy_clocks(Rate::Sps1000) as f64).abs() < 20.0, "{clocks}");
}

#[test]
fn start_while_converting_does_nothing_and_stop_first_does() {
    let mut chip = Chip::ready();
    chip.send(&[START]);
    let first = chip.0.wait(u64::MAX).unwrap().unwrap();
    chip.0.delay_us(1500);
    chip.send(&[START]);
    let second = chip.0.wait(u64::MAX).unwrap().unwrap();
    assert!((second.monotonic_ns - first.monotonic_ns).abs_diff(4_000_000) < 5000);
    chip.send(&[0x0A]);
    // The conversion in progress is completed, and no other.
    assert!(chip.0.wait(chip.0.now_ns() + 5_000_000).unwrap().is_some());
    assert_eq!(chip.0.wait(chip.0.now_ns() + 50_000_000).unwrap(), None);
    chip.send(&[START]);
    let again = chip.0.wait(u64::MAX).unwrap().unwrap();
    assert!(again.monotonic_ns > second.monotonic_ns);
}

#[test]
fn a_late_read_under_rdatac_is_torn_and_by_rdata_is_not() {
    // Data at 20 kHz: a read of 27 bytes takes 11 ms, more than two conversions at 250 samples/s.
    let torn = |command: u8| {
        let bench =
            BenchSettings { speeds_hz: (2_000_000, 20_000), ..BenchSettings::new(wiring(1)) };
        let mut chip = Chip(Bench::new(bench, counter()));
        chip.0.delay_ms(130);
        chip.send(&[RESET]);
        chip.0.delay_us(10);
        chip.send(&[SDATAC]);
        chip.write(0x03, 0xE0);
        for channel in 0..8 {
            chip.write(0x05 + channel, 0x60);
        }
        chip.0.delay_ms(150);
        chip.0.set(Pin::Start, true).unwrap();
        if command == 0 {
            chip.send(&[RDATAC]);
        }
        chip.0.wait(u64::MAX).unwrap();
        let bytes = chip.data(command, 27);
        let mut codes = Vec::new();
        frame::append_codes(&bytes, &mut codes);
        codes.iter().any(|code| *code != codes[0])
    };
    assert!(torn(0), "RDATAC");
    assert!(!torn(RDATA), "RDATA");
}

#[test]
fn the_data_of_one_conversion_can_be_read_again() {
    let mut chip = Chip::ready();
    chip.write(0x01, 0xD6);
    chip.0.set(Pin::Start, true).unwrap();
    chip.0.wait(u64::MAX).unwrap();
    let twice = chip.data(RDATA, 54);
    assert_eq!(twice[..27], twice[27..]);
    assert_eq!(twice[0] >> 4, 0b1100);
}

#[test]
fn general_pins_that_are_outputs_show_in_the_status() {
    // PiEEG's scripts write 80h to GPIO and expect C0 00 08.
    let mut chip = Chip::ready();
    chip.write(0x14, 0x80);
    chip.0.set(Pin::Start, true).unwrap();
    chip.0.wait(u64::MAX).unwrap();
    assert_eq!(chip.data(RDATA, 3), [0xC0, 0x00, 0x08]);
}
