//! What is wrong is said, with what to do about it.

use crate::support::{counter, options, wiring};
use eeg_boards::ads1299::bus::{Bus, Drdy, Edge, Pin};
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::ads1299::{Ads1299, Ads1299Options};
use eeg_boards::board::Board;
use eeg_boards::simulator::{Bench, BenchSettings, Fault};
use embedded_hal::delay::DelayNs;
use std::io;

/// Changes what comes back of a transfer: chip select, bytes sent, bytes received.
type Spoil = fn(usize, &[u8], &mut [u8]);

/// Wires on which something is wrong.
struct Spoiled {
    bench: Bench,
    command: Spoil,
    data: Spoil,
}

impl DelayNs for Spoiled {
    fn delay_ns(&mut self, ns: u32) {
        self.bench.delay_ns(ns);
    }
}

impl Bus for Spoiled {
    fn command(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let sent = bytes.to_vec();
        self.bench.command(chip, bytes)?;
        (self.command)(chip, &sent, bytes);
        Ok(())
    }
    fn data(&mut self, chip: usize, bytes: &mut [u8]) -> io::Result<()> {
        let sent = bytes.to_vec();
        self.bench.data(chip, bytes)?;
        (self.data)(chip, &sent, bytes);
        Ok(())
    }
    fn data_ns(&self, bytes: usize) -> u64 {
        self.bench.data_ns(bytes)
    }
    fn set(&mut self, pin: Pin, high: bool) -> io::Result<bool> {
        self.bench.set(pin, high)
    }
    fn name(&self, chip: usize) -> String {
        format!("/dev/spidev0.{chip}")
    }
}

impl Drdy for Spoiled {
    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        self.bench.wait(deadline_ns)
    }
    fn now_ns(&self) -> u64 {
        self.bench.now_ns()
    }
    fn line_name(&self) -> String {
        "line 26 of pinctrl-rp1".to_owned()
    }
}

fn refusal(bench: BenchSettings, channels: usize, command: Spoil, data: Spoil) -> String {
    let options: Ads1299Options = options(&bench.wiring);
    let wires = Spoiled { bench: Bench::new(bench, counter()), command, data };
    let settings = Settings::new(Rate::Sps500, Gain::X24, channels);
    let mut board = Ads1299::new(wires, settings, options);
    board.open().unwrap_err().to_string()
}

fn nothing(_: usize, _: &[u8], _: &mut [u8]) {}

fn bench() -> BenchSettings {
    BenchSettings::new(wiring(1))
}

#[test]
fn a_board_without_power_is_told_from_a_line_that_is_high() {
    let off = vec![Fault::Unplugged { at_s: 0.0, for_s: 100.0 }];
    let silent = refusal(BenchSettings { faults: off, ..bench() }, 8, nothing, nothing);
    assert!(silent.starts_with("/dev/spidev0.0 answers with identity 0x00"), "{silent}");
    assert!(silent.contains("powered") && silent.contains("MISO"), "{silent}");
    let high = refusal(bench(), 8, |_, _, back| back.fill(0xFF), nothing);
    assert!(high.contains("0xFF") && high.contains("high all the time"), "{high}");
}

#[test]
fn a_chip_of_another_family_is_refused_by_name() {
    let ads1298 = |_: usize, sent: &[u8], back: &mut [u8]| {
        if sent[0] == 0x20 {
            back[2] = 0x92;
        }
    };
    let message = refusal(bench(), 8, ads1298, nothing);
    assert!(message.contains("0x92") && message.contains("other gains"), "{message}");
}

#[test]
fn a_register_that_does_not_keep_its_value_is_named() {
    let stuck = |_: usize, sent: &[u8], back: &mut [u8]| {
        if sent.starts_with(&[0x20, 23]) {
            back[2 + 5] = 0x61;
        }
    };
    let message = refusal(bench(), 8, stuck, nothing);
    assert!(message.contains("CH1SET was written as 0x60 and reads back 0x61"), "{message}");
}

#[test]
fn more_channels_than_there_are_is_a_mistake_with_its_cure() {
    let message = refusal(bench(), 16, nothing, nothing);
    assert!(message.contains("8 channels, but 16") && message.contains("channels: 8"), "{message}");
}

#[test]
fn a_line_without_edges_is_named() {
    let silent = vec![Fault::SilentDrdy { at_s: 0.0, for_s: 100.0 }];
    let message = refusal(BenchSettings { faults: silent, ..bench() }, 8, nothing, nothing);
    assert!(message.contains("no data-ready edge on line 26 of pinctrl-rp1"), "{message}");
}

#[test]
fn a_clock_of_another_frequency_shows_in_the_rate() {
    let message = refusal(BenchSettings { clock_hz: 1_600_000.0, ..bench() }, 8, nothing, nothing);
    assert!(message.contains("390.6 a second instead of 500"), "{message}");
    assert!(message.contains("clock_hz"), "{message}");
}

#[test]
fn data_that_do_not_look_like_conversions_are_shown() {
    let shifted = |_: usize, _: &[u8], back: &mut [u8]| {
        for n in 0..back.len() - 1 {
            back[n] = back[n] << 1 | back[n + 1] >> 7;
        }
    };
    let message = refusal(bench(), 8, nothing, shifted);
    assert!(message.contains("do not begin with the four bits 1100 ([80, 00,"), "{message}");
}

#[test]
fn the_status_of_every_chip_is_looked_at() {
    // PiEEG-16's scripts look at the second chip's alone.
    let first =
        |chip: usize, _: &[u8], back: &mut [u8]| back[1] ^= if chip == 0 { 0x80 } else { 0 };
    let second =
        |chip: usize, _: &[u8], back: &mut [u8]| back[1] ^= if chip == 1 { 0x80 } else { 0 };
    for (chip, spoil) in [(0, first as Spoil), (1, second)] {
        let message = refusal(BenchSettings::new(wiring(2)), 16, nothing, spoil);
        let expected = format!("/dev/spidev0.{chip} sends data that do not begin");
        assert!(message.starts_with(&expected), "{message}");
    }
}
