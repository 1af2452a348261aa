//! No allocation per packet in the threads of acquire and DSP, counted by an allocator that knows its threads.
#![allow(unsafe_code, reason = "a global allocator can only be installed by an unsafe impl")]

mod support;

use pipeline_core::ErrorAction;
use pipeline_core::executor::start;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::*;

struct Counting;

thread_local! {
    /// This thread's row in `COUNTS`; 0 until the thread asks for one.
    static ROW: Cell<usize> = const { Cell::new(0) };
}
static COUNTS: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];
static ROWS: AtomicU64 = AtomicU64::new(1);

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

/// A stage that claims a row for the thread it runs on, so that the test can tell the threads apart.
struct Mark(Arc<AtomicU64>);
impl pipeline_core::Lockable for Mark {}
impl pipeline_core::StageImpl for Mark {
    fn process(
        &mut self,
        packet: Arc<pipeline_core::RtPacket>,
        _ctx: &mut pipeline_core::StageCtx,
    ) -> pipeline_core::StageResult {
        ROW.with(|row| {
            if row.get() == 0 {
                row.set(ROWS.fetch_add(1, Ordering::Relaxed) as usize);
                self.0.store(row.get() as u64, Ordering::Release);
            }
        });
        Ok(Some(packet))
    }
}

fn mark(row: &Arc<AtomicU64>, kind: pipeline_core::PacketKind) -> Kind {
    let row = Arc::clone(row);
    transform(move || Mark(Arc::clone(&row)), kind)
}

#[test]
fn acquire_and_dsp_threads_do_not_allocate_after_the_first_second() {
    let acquired = Arc::new(AtomicU64::new(0));
    let (one, two) = (Tally::default(), Tally::default());
    let (in_acquire, in_dsp) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    // 20,000 samples/s in packets of 10 frames: one every 500 us.
    let source = source(u64::MAX, true, 500_000, &acquired);
    let mark_acquire = mark(&in_acquire, pipeline_core::PacketKind::RawI32);
    let mark_dsp = mark(&in_dsp, pipeline_core::PacketKind::Voltage);
    let (volts, branch, s1, s2) = (add(0.0), add(1.0), sink(&one), sink(&two));
    let fatal = ErrorAction::Fatal;
    let graph = graph(&[
        ("source", &source, &[], None, fatal),
        ("mark_acquire", &mark_acquire, &[], Some("acquire"), fatal),
        ("volts", &volts, &[], None, fatal),
        ("mark_dsp", &mark_dsp, &[], None, fatal),
        ("sink1", &s1, &["mark_dsp"], None, fatal),
        ("branch", &branch, &["mark_dsp"], None, fatal),
        ("sink2", &s2, &["branch"], None, fatal),
    ]);
    let running = start(graph, &[]).unwrap();
    let wait_for = |frames| {
        while acquired.load(Ordering::Acquire) < frames {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    };
    wait_for(RATE_HZ as u64);
    assert_ne!(in_acquire.load(Ordering::Acquire), in_dsp.load(Ordering::Acquire), "two threads");
    let read = || {
        [&in_acquire, &in_dsp]
            .map(|row| COUNTS[row.load(Ordering::Acquire) as usize].load(Ordering::Relaxed))
    };
    // One allocation a packet would show in every window of 1,000 packets. Another process that holds a thread up
    // for longer than ever before makes a pool grow once, which shows in one window and is why there are several.
    let mut windows = Vec::new();
    while windows.last() != Some(&[0, 0]) && windows.len() < 10 {
        let before = read();
        wait_for(acquired.load(Ordering::Acquire) + 1000 * FRAMES as u64);
        let after = read();
        windows.push([after[0] - before[0], after[1] - before[1]]);
    }
    running.stop();
    let outcome = running.wait();
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    assert_eq!(
        windows.last(),
        Some(&[0, 0]),
        "allocations in [acquire, dsp] in windows of 1,000 packets: {windows:?}"
    );
    let total = acquired.load(Ordering::Acquire);
    assert_eq!(
        (one.0.load(Ordering::Relaxed), two.0.load(Ordering::Relaxed)),
        (total, total),
        "nothing lost"
    );
}
