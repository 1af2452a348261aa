//! The driver over embedded-hal's traits alone, on the simulated chips, which insist on every wait.

use crate::support::{counter, wiring};
use eeg_boards::ads1299::bus::{Bus, Drdy, Edge, Pin};
use eeg_boards::ads1299::hal::HalWires;
use eeg_boards::ads1299::settings::{Gain, Rate, Settings};
use eeg_boards::ads1299::{Ads1299, Ads1299Options};
use eeg_boards::board::{Board, Frames, Reading};
use eeg_boards::simulator::{Bench, BenchSettings};
use embedded_hal::delay::DelayNs;
use embedded_hal::digital::{self, OutputPin};
use embedded_hal::spi::{self, Operation, SpiDevice};
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};

/// One bench, of which everybody holds a part.
#[derive(Clone)]
struct Shared(Arc<Mutex<Bench>>);

struct Spi {
    bench: Shared,
    chip: usize,
    sclk_hz: u32,
}

struct ControlPin(Shared, Pin);

impl spi::ErrorType for Spi {
    type Error = Infallible;
}

impl SpiDevice for Spi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
        self.bench.0.lock().unwrap().transaction(self.chip, self.sclk_hz, operations);
        Ok(())
    }
}

impl digital::ErrorType for ControlPin {
    type Error = Infallible;
}

impl OutputPin for ControlPin {
    fn set_low(&mut self) -> Result<(), Infallible> {
        self.0.0.lock().unwrap().set(self.1, false).unwrap();
        Ok(())
    }

    fn set_high(&mut self) -> Result<(), Infallible> {
        self.0.0.lock().unwrap().set(self.1, true).unwrap();
        Ok(())
    }
}

impl DelayNs for Shared {
    fn delay_ns(&mut self, ns: u32) {
        self.0.lock().unwrap().delay_ns(ns);
    }
}

impl Drdy for Shared {
    fn wait(&mut self, deadline_ns: u64) -> io::Result<Option<Edge>> {
        self.0.lock().unwrap().wait(deadline_ns)
    }

    fn now_ns(&self) -> u64 {
        self.0.lock().unwrap().now_ns()
    }

    fn line_name(&self) -> String {
        "the pin of DRDY".to_owned()
    }
}

fn open(chips: usize, sclk_hz: u32, has_pins: bool) -> (Shared, impl Board) {
    let bench = Bench::new(BenchSettings::new(wiring(chips)), counter());
    let bench = Shared(Arc::new(Mutex::new(bench)));
    let settings = Settings::new(Rate::Sps1000, Gain::X24, 8 * chips);
    let pin = |pin| has_pins.then(|| ControlPin(bench.clone(), pin));
    let wires = HalWires {
        spi: (0..chips).map(|chip| Spi { bench: bench.clone(), chip, sclk_hz }).collect(),
        sclk_hz,
        clock_hz: settings.clock_hz,
        reset: pin(Pin::Reset),
        start: pin(Pin::Start),
        delay: bench.clone(),
        drdy: bench.clone(),
    };
    let mut board = Ads1299::new(wires, settings, Ads1299Options::new(vec![1; chips]));
    board.open().unwrap();
    (bench, board)
}

#[test]
fn embedded_hal_is_enough_at_one_speed_with_and_without_pins() {
    // Far below the speed at which command bytes may follow each other without a gap, and at the most the chip takes.
    for (chips, sclk_hz, has_pins) in
        [(1, 1_000_000, true), (1, 20_000_000, false), (2, 20_000_000, true)]
    {
        let (bench, mut board) = open(chips, sclk_hz, has_pins);
        let (mut frames, mut n) = (Frames::default(), 0);
        while n < 1000 {
            let Reading::Block(block) = board.read(10, &mut frames) else { continue };
            assert_eq!((block.first_sample, block.lost_before), (n, 0));
            for frame in frames.codes.chunks_exact(8 * chips) {
                assert_eq!(frame, vec![n as i32; 8 * chips]);
                n += 1;
            }
            frames.clear();
        }
        assert_eq!(bench.0.lock().unwrap().violations(), [""; 0], "{sclk_hz}");
    }
}
