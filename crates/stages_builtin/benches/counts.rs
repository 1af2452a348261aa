//! The same work as `stages` and `chain`, for counting instructions instead of nanoseconds: started by `benches/counts`.
//!
//! Calls [`mark`] before and after what counts, and prints its name, how many samples (or packets) that was, and whether the
//! count of the row above has to come off. callgrind writes down what was executed from mark to mark.

#[path = "../../pipeline_core/benches/support/mod.rs"]
mod bench;
mod support;

use bench::stages::{Node, Replay, StopWatch, codes_spec, run_line};
use plugin_api::{Role, StageInitCtx};
use serde_json::json;
use std::hint::black_box;
use support::feed::{FRAMES, Feed};
use support::kinds::node;

const RATE_HZ: f64 = 4000.0;
/// Stages whose work depends on the clock, the file system or the size of a number's text.
const UNEVEN: [&str; 4] = ["csv_sink", "bdf_sink", "edf_sink", "xdf_sink"];

/// Where callgrind starts a new count: `--dump-before=*mark*`.
#[inline(never)]
fn mark(at: u32) {
    black_box(at);
}

fn counted(name: &str, units: usize, work: impl FnOnce()) {
    mark(0);
    work();
    mark(1);
    println!("{name}\t{units}");
}

fn main() {
    let folder = tempfile::tempdir().expect("a scratch folder can be made");
    let ctx = StageInitCtx::in_folder(folder.path());
    let entries = stages_builtin::STAGES.iter();
    for entry in entries.filter(|e| e.role != Role::Source && !UNEVEN.contains(&e.kind)) {
        let mut feed = Feed::new(Some(entry), 8, &ctx);
        // A second and a half: windows are full, filters have settled.
        (0..150).for_each(|_| feed.packet());
        let units = 100 * FRAMES * 8 * feed.ports();
        counted(&format!("stage {}", entry.kind), units, || (0..100).for_each(|_| feed.packet()));
    }
    for (channels, order) in [(4, 4), (8, 2), (8, 4), (16, 2), (16, 4), (64, 4)] {
        let name = format!("chain of {channels} channels, order {order}");
        line(&name, FRAMES * channels, &|packets| chain(channels, order, packets));
    }
    // Over two threads the count depends on who waits for whom.
    line("packet from source to sink, one thread", 1, &|packets| {
        let source = Replay::node(&codes_spec(8, 512.0, 1), packets);
        let sink = StopWatch::over(packets).node();
        run_line(&[("dsp", &source), ("dsp", &sink)], &[]);
    });
}

/// What 2000 packets more cost: starting and stopping come off.
fn line(name: &str, units_per_packet: usize, run: &dyn Fn(usize)) {
    counted("(start)", 0, || run(100));
    counted(name, 2000 * units_per_packet, || run(2100));
}

fn chain(channels: usize, order: usize, packets: usize) {
    let source = Replay::node(&codes_spec(channels, RATE_HZ, FRAMES), packets);
    let volts = node("to_voltage", &json!({}));
    let notch = node("notch", &json!({"hz": 50.0}));
    let band = node("bandpass", &json!({"low_hz": 0.5, "high_hz": 100.0, "order": order}));
    let sink = StopWatch::over(packets).node();
    run_line(&[&source, &volts, &notch, &band, &sink].map(|node: &Node| ("dsp", node)), &[]);
}
