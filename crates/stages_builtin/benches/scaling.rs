//! What a second of signal costs by number of channels, of stages, and by rate; started by `benches/scaling`, which draws it.
//!
//! `cargo bench -p stages_builtin --bench scaling [-- --quick]`
//!
//! Packets of 40 ms through the executor in one group: codes to volts, notches (one, but where stages are counted), a band-pass of order 2,
//! sink. Points take turns; the best turn counts, as the one that was least disturbed. One row a point: axis, value,
//! microseconds per second of signal; at the end how much memory the program held after the second round and after the last.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::effort::Effort;
use bench::stages::{Node, Replay, StopWatch, WARM_UP, codes_spec, run_line};
use serde_json::json;
use std::fs;
use support::kinds::node;

const PACKETS_PER_S: f64 = 25.0;

/// Something to measure.
struct Point {
    axis: &'static str,
    value: usize,
    channels: usize,
    stages: usize,
    rate_hz: usize,
    best_us: f64,
}

fn main() {
    let rounds = Effort::from_args().rounds();
    let usual = |axis, value| Point {
        axis,
        value,
        channels: 8,
        stages: 3,
        rate_hz: 1000,
        best_us: f64::INFINITY,
    };
    let channels = [8, 16, 32, 64, 128, 256].map(|n| Point { channels: n, ..usual("channels", n) });
    let stages = [2, 5, 10, 20, 35, 50].map(|n| Point { stages: n, ..usual("stages", n) });
    let rates = [250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000]
        .map(|n| Point { rate_hz: n, ..usual("rate_hz", n) });
    let mut points: Vec<Point> = channels.into_iter().chain(stages).chain(rates).collect();
    let mut early_kb = 0;
    for round in 0..rounds {
        points.iter_mut().for_each(Point::turn);
        if round == 1 {
            early_kb = resident_kb();
        }
    }
    for Point { axis, value, best_us, .. } in points {
        println!("{axis}\t{value}\t{best_us:.2}");
    }
    println!("memory_kb\t{early_kb}\t{}", resident_kb());
}

impl Point {
    fn turn(&mut self) {
        let frames = (self.rate_hz as f64 / PACKETS_PER_S) as usize;
        let packets = (4_000_000 / (frames * self.channels * self.stages)).clamp(50, 2000);
        let watch = StopWatch::over(packets);
        let rate_hz = self.rate_hz as f64;
        let source = Replay::node(&codes_spec(self.channels, rate_hz, frames), packets + WARM_UP);
        let volts = node("to_voltage", &json!({}));
        let notch = node("notch", &json!({"hz": 50.0}));
        let band = node("bandpass", &json!({"low_hz": 0.5, "high_hz": 100.0, "order": 2}));
        let sink = watch.node();
        let mut line: Vec<&Node> = vec![&source, &volts];
        line.extend(std::iter::repeat_n(&notch, self.stages - 2));
        line.extend([&band, &sink]);
        let line: Vec<(&str, &Node)> = line.into_iter().map(|node| ("dsp", node)).collect();
        run_line(&line, &[]);
        self.best_us = self.best_us.min(watch.mean_ns() * PACKETS_PER_S / 1e3);
    }
}

/// Resident memory of this program (`VmRSS`), kB.
fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
