//! `eegd` on a real Linux kernel's spidev and gpio-cdev, with a simulated board behind them: run in a virtual machine by
//! `.ci/linux_devices`, which loads the module that has the pins.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod board;
mod edges;
mod eegd;
mod mistakes;
mod streams;

use board::Board;
use std::time::{Duration, Instant};

fn sleep_ms(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms));
}

fn tell(text: &str) {
    println!("{text}");
}

type Test = (&'static str, fn(&Board) -> String);

const TESTS: [Test; 12] = [
    ("edges: stamps and count", edges::stamps),
    ("edges: a full queue", edges::full_queue),
    ("one chip, 250 samples/s", |board| streams::plain(board, &streams::one_chip(), 250, 0)),
    ("pins, read twice, 1000 samples/s", |board| {
        streams::plain(board, &streams::with_pins(), 1000, 0)
    }),
    ("one chip, 4000 samples/s", |board| streams::plain(board, &streams::one_chip(), 4000, 0)),
    ("two chips, 2000 samples/s", |board| streams::plain(board, &streams::side_by_side(), 2000, 0)),
    ("daisy chain of three, 500 samples/s", |board| {
        streams::plain(board, &streams::daisy_chain(), 500, 0)
    }),
    ("stopped for 200 ms", streams::stopped),
    ("pulled off for a second", streams::pulled_off),
    ("wrong devices", mistakes::devices),
    ("wrong wires", mistakes::wires),
    ("rights", mistakes::rights),
];

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let board = Board::new();
    for (n, (name, test)) in (1..).zip(TESTS) {
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        tell(&format!("[{n}/{}] {name}", TESTS.len()));
        let began = Instant::now();
        let result = test(&board);
        tell(&format!("    {result}; {:.1} s", began.elapsed().as_secs_f64()));
    }
    tell("linux_devices: all passed");
}
