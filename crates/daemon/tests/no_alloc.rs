//! The stages that ship, in a live pipeline: no allocation per packet in the threads of acquire and DSP after the first second.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(unsafe_code, reason = "a global allocator can only be installed by an unsafe impl")]

mod common;

use common::Scratch;
use daemon::document::{Format, load};
use daemon::host::Host;
use plugin_api::{Built, Registry, StageEntry, StageInitCtx, simple_stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

struct Counting;

thread_local! {
    /// This thread's row in `COUNTS`; 0 until a `mark` stage runs on it.
    static ROW: Cell<usize> = const { Cell::new(0) };
}
const ROWS: usize = 3;
static COUNTS: [AtomicU64; ROWS] = [const { AtomicU64::new(0) }; ROWS];

// SAFETY: every call goes to the system allocator unchanged; counting touches a const thread-local and atomics only,
// neither of which allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(ptr, layout) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    let _ = ROW.try_with(|row| COUNTS[row.get()].fetch_add(1, Ordering::Relaxed));
}

/// Passes packets on and makes its thread count in a row of its own.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct MarkDesc {
    /// The row.
    row: usize,
}

#[derive(Debug)]
struct Mark(usize);

simple_stage! {
    MarkDesc as "mark" => Mark, example: MarkDesc { row: 1 };
    build(desc, inputs) { Ok(Built::same(Mark(desc.row), inputs.only())) }
    process(stage, packet, _ctx) {
        ROW.with(|row| {
            assert!(row.get() == 0 || row.get() == stage.0, "a thread for each group");
            row.set(stage.0);
        });
        Ok(Some(packet))
    }
}

/// Every transform, in one thread, with branches that share packets; playback beside the board, for the sources' own part.
const PIPELINE: &str = "\
sensors:
  0: { driver: simulated, channels: 16 }
stages:
  - acquire: { board: 0, sps: 20000, gain: 24, packet_frames: 10 }
  - mark: { id: in_acquire, row: 1, group: acquire }
  - to_voltage
  - mark: { id: in_dsp, row: 2 }
  - notch: { hz: 60, harmonics: 2 }
  - bandpass: { low_hz: 1, high_hz: 40 }
  - csv_sink: { path: eeg.csv }
  - bandstop: { low_hz: 48, high_hz: 52, inputs: notch }
  - highpass: { hz: 0.5, inputs: to_voltage }
  - lowpass: { hz: 100 }
  - align_and_zip: { inputs: [bandstop, lowpass] }
  - downsample: { to: 1000 }
  - websocket_sink: { topic: eeg }
";

/// A recording as the source: readers must not allocate per packet either.
const PLAYBACK: &str = "\
stages:
  - playback: { path: '{data}/cyton_blinks_jaw_alpha.{ext}', speed: 80, repeat: true, packet_frames: 10 }
  - mark: { id: in_acquire, row: 1, group: acquire }
  - to_voltage
  - mark: { id: in_dsp, row: 2 }
  - bandpass: { low_hz: 1, high_hz: 40 }
  - websocket_sink: { topic: eeg }
";

/// Runs for more than a second, then counts in windows of 1,000 packets until one is clean.
fn assert_none_after_the_first_second(pipeline: &str) {
    COUNTS.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    let scratch = Scratch::new(pipeline);
    let text = std::fs::read_to_string(scratch.path("p.yaml")).unwrap();
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap();
    let registry = registry.with(&[StageEntry::of::<MarkDesc>()]).unwrap();
    let ctx = StageInitCtx::in_folder(scratch.folder.path());
    let loaded = load(text.as_bytes(), "p.yaml", Format::Yaml, &registry).unwrap();
    let host = Host::new(None);
    let running = host.start(loaded.build(&registry, &ctx).unwrap()).unwrap();
    let packets = || {
        running.stages().iter().find(|stage| &*stage.id == "in_dsp").unwrap().stats.packets_in.get()
    };
    let wait_for = |count: u64| {
        let began = Instant::now();
        while packets() < count {
            assert!(
                began.elapsed() < common::PATIENCE,
                "no more packets come: {:?}",
                host.outcome()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let read = || [1, 2].map(|row: usize| COUNTS[row].load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_secs(1));
    wait_for(2000);
    // One allocation a packet would show in every window. Another process that holds a thread up for longer than ever
    // before makes a pool grow once, which shows in one window and is why there are several.
    let mut windows = Vec::new();
    while windows.last() != Some(&[0, 0]) && windows.len() < 10 {
        let before = read();
        wait_for(packets() + 1000);
        let after = read();
        windows.push([after[0] - before[0], after[1] - before[1]]);
    }
    host.drain();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(host.ended());
    let outcome = host.outcome().unwrap();
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(
        windows.last(),
        Some(&[0, 0]),
        "allocations in [acquire, dsp] in windows of 1,000 packets: {windows:?}"
    );
    // The threads do count: they allocated while they ended.
    assert!(read().iter().all(|count| *count > 0), "nothing is counted: {:?}", read());
}

/// One after another: the rows are shared.
#[test]
fn acquire_and_dsp_threads_do_not_allocate_after_the_first_second() {
    assert_none_after_the_first_second(PIPELINE);
    assert_none_after_the_first_second(&PLAYBACK.replace("{ext}", "bdf"));
    assert_none_after_the_first_second(&PLAYBACK.replace("{ext}", "txt"));
}
