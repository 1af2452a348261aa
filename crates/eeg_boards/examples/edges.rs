//! Listens to a GPIO line as the driver does, and tells how its falling edges come: `edges CHIP LINE SECONDS [READ_EVERY_MS]`.
//!
//! For a board that is new on the table: are there edges at all, at which rate, how even, and does the kernel lose any? With
//! `READ_EVERY_MS` the reader sleeps in between, to see the kernel's queue fill and overflow.
#![allow(clippy::unwrap_used, reason = "an example says what it could not do by ending")]

use eeg_boards::ads1299::bus::Drdy;
use eeg_boards::ads1299::linux::{GpioLine, LinuxWires, LinuxWiring};
use std::time::Duration;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [chip, line, seconds, ..] = arguments.as_slice() else {
        eprintln!("edges CHIP LINE SECONDS [READ_EVERY_MS], for example: edges pinctrl-rp1 26 10");
        std::process::exit(2);
    };
    let every_ms: u64 = arguments.get(3).map_or(0, |text| text.parse().unwrap());
    let mut wires = LinuxWires::new(LinuxWiring {
        spi: Vec::new(),
        drdy: GpioLine { chip: chip.clone(), line: line.parse().unwrap() },
        reset: None,
        start: None,
        command_hz: 2_000_000,
        data_hz: 8_000_000,
        clock_hz: 2_048_000.0,
    });
    let end_ns = wires.now_ns() + seconds.parse::<u64>().unwrap() * 1_000_000_000;
    let (mut edges, mut unkept, mut late_ns) = (Vec::new(), 0, Vec::new());
    let mut last_seqno = None;
    while wires.now_ns() < end_ns {
        match wires.wait(wires.now_ns() + 100_000_000) {
            Err(error) => {
                eprintln!("{error}");
                std::process::exit(1);
            }
            Ok(None) => {}
            Ok(Some(edge)) => {
                late_ns.push(wires.now_ns() - edge.monotonic_ns);
                let step = last_seqno.map_or(1, |last| edge.line_seqno.wrapping_sub(last));
                unkept += step - 1;
                last_seqno = Some(edge.line_seqno);
                edges.push(edge.monotonic_ns);
                if every_ms > 0 {
                    std::thread::sleep(Duration::from_millis(every_ms));
                }
            }
        }
    }
    let mut intervals: Vec<u64> = edges.windows(2).map(|w| w[1] - w[0]).collect();
    intervals.sort_unstable();
    late_ns.sort_unstable();
    let at = |sorted: &[u64], share: f64| {
        let n = (sorted.len() as f64 * share) as usize;
        sorted.get(n.min(sorted.len().saturating_sub(1))).map_or(0.0, |ns| *ns as f64 / 1e3)
    };
    println!(
        "{} edges, {unkept} more that the kernel could not keep; interval {:.1} us (1 %: {:.1}, 99 %: {:.1}); from stamp to reader {:.1} us \
         (99 %: {:.1}, most: {:.1}); stamps rise: {}",
        edges.len(),
        at(&intervals, 0.5),
        at(&intervals, 0.01),
        at(&intervals, 0.99),
        at(&late_ns, 0.5),
        at(&late_ns, 0.99),
        at(&late_ns, 1.0),
        edges.windows(2).all(|w| w[1] > w[0]),
    );
}
