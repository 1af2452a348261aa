//! What the executor promises: order, no loss, failures that stay in their branch, changes at one known sample.

mod support;

use pipeline_core::executor::start;
use pipeline_core::telemetry::StageState;
use pipeline_core::{
    ErrorAction, Lockable, PacketKind, Role, RtPacket, StageCtx, StageImpl, StageResult,
};
use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use support::*;

const FATAL: ErrorAction = ErrorAction::Fatal;
const DRAIN: ErrorAction = ErrorAction::DrainThenStop;

#[test]
fn every_sample_arrives_once_and_in_order_across_three_threads() {
    let (seen, acquired) = (Seen::default(), Arc::default());
    let (source, add, sink) = (source(5000, false, 0, &acquired), add(0.5), sink(&seen));
    let graph = graph(&[
        ("a", &source, &[], None, FATAL),
        ("b", &add, &[], None, FATAL),
        ("c", &sink, &[], None, DRAIN),
    ]);
    let running = start(graph, &[]).unwrap();
    let outcome = running.wait();
    assert!(outcome.failures.is_empty(), "{outcome:?}");
    seen.assert_counts_to(50_000, 0.5);
    for stage in running.stages().iter() {
        assert_eq!(stage.stats.state(), StageState::Ended);
        assert_eq!(stage.stats.lost_frames.get(), 0);
    }
    assert_eq!(running.stages()[2].stats.frames_in.get(), 50_000);
}

#[test]
fn fan_out_shares_packets_and_no_branch_sees_the_others_changes() {
    let (plain, one, two) = (Seen::default(), Seen::default(), Seen::default());
    let acquired = Arc::default();
    let (source, add1, add2) = (source(500, false, 0, &acquired), add(1.0), add(2.0));
    let (s0, s1, s2) = (sink(&plain), sink(&one), sink(&two));
    // Everything in one group, so that only the reference count keeps the branches apart.
    let g = Some("all");
    let graph = graph(&[
        ("a", &source, &[], g, FATAL),
        ("plain", &s0, &["a"], g, DRAIN),
        ("add1", &add1, &["a"], g, FATAL),
        ("one", &s1, &["add1"], g, DRAIN),
        ("add2", &add2, &["a"], g, FATAL),
        ("two", &s2, &["add2"], g, DRAIN),
    ]);
    start(graph, &[]).unwrap().wait();
    plain.assert_counts_to(5000, 0.0);
    one.assert_counts_to(5000, 1.0);
    two.assert_counts_to(5000, 2.0);
}

/// Adds one; two of them at once add two, and count that.
struct AddOne(Arc<AtomicU64>);
impl Lockable for AddOne {}
impl StageImpl for AddOne {
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        packet.map_samples(ctx, |samples| samples.iter_mut().for_each(|x| *x += 1.0))
    }
    fn joins(&self, before: &dyn Any) -> bool {
        before.is::<Self>()
    }
    fn process_both(&mut self, before: &mut dyn Any, packet: &mut Arc<RtPacket>) -> bool {
        assert!(before.is::<Self>());
        let Some(samples) = packet.own_samples() else { return false };
        samples.iter_mut().for_each(|x| *x += 2.0);
        self.0.fetch_add(1, Ordering::Relaxed);
        true
    }
}

#[test]
fn adjacent_stages_work_at_once_only_where_nobody_can_tell() {
    let at_once = Arc::<AtomicU64>::default();
    let kind = || {
        let at_once = Arc::clone(&at_once);
        transform(move || AddOne(Arc::clone(&at_once)), PacketKind::Voltage)
    };
    let run = |second_group: &str, watched: bool| {
        at_once.store(0, Ordering::Relaxed);
        let (seen, between, acquired) = (Seen::default(), Seen::default(), Arc::default());
        let (source, add, sink, watch) =
            (source(640, false, 0, &acquired), add(0.5), sink(&seen), sink(&between));
        let (one, two) = (kind(), kind());
        let (g, above) = (Some("all"), if watched { "one" } else { "two" });
        let graph = graph(&[
            ("source", &source, &[], g, FATAL),
            ("add", &add, &[], g, FATAL),
            ("one", &one, &[], g, FATAL),
            ("two", &two, &["one"], Some(second_group), FATAL),
            ("seen", &sink, &[], Some(second_group), DRAIN),
            ("watch", &watch, &[above], Some(second_group), DRAIN),
        ]);
        let running = start(graph, &[]).unwrap();
        assert!(running.wait().failures.is_empty());
        seen.assert_counts_to(6400, 2.5);
        between.assert_counts_to(6400, if watched { 1.5 } else { 2.5 });
        for stage in running.stages().iter().filter(|stage| stage.role != Role::Source) {
            let stats = &stage.stats;
            assert_eq!((stats.frames_in.get(), stats.lost_frames.get()), (6400, 0));
        }
        at_once.load(Ordering::Relaxed)
    };
    // One in 32 is timed, stage by stage.
    assert_eq!(run("all", false), 640 / 32 * 31);
    assert_eq!(run("all", true), 0, "somebody takes what is between them");
    assert_eq!(run("other", false), 0, "they are on two threads");
}

#[test]
fn a_failure_stays_in_its_branch_under_every_policy_by_error_and_by_panic() {
    std::panic::set_hook(Box::new(|_| {})); // planted panics need no backtrace
    for by_panic in [false, true] {
        for policy in [ErrorAction::Fatal, ErrorAction::DrainThenStop, ErrorAction::SkipPacket] {
            let (good, bad, acquired) =
                (Seen::default(), Seen::default(), Arc::new(AtomicU64::new(0)));
            let (source, fail) = (source(2000, false, 0, &acquired), fail_at(5000, by_panic));
            let (good_sink, bad_sink) = (sink(&good), sink(&bad));
            let graph = graph(&[
                ("a", &source, &[], None, FATAL),
                ("fail", &fail, &["a"], None, policy),
                ("bad", &bad_sink, &["fail"], None, DRAIN),
                ("good", &good_sink, &["a"], None, DRAIN),
            ]);
            let running = start(graph, &[]).unwrap();
            let outcome = running.wait();
            let failure = &outcome.failures[0];
            assert_eq!(
                (&*failure.stage, failure.action, failure.at_sample),
                ("fail", policy, 5010)
            );
            assert!(failure.message.contains("planted"), "{}", failure.message);
            // The other branch has everything that was acquired, also when the pipeline was torn down.
            good.assert_counts_to(acquired.load(Ordering::Acquire), 0.0);
            let lost =
                running.stages().iter().find(|s| &*s.id == "bad").unwrap().stats.lost_frames.get();
            match policy {
                ErrorAction::SkipPacket => {
                    let seen = bad.take();
                    assert_eq!((seen.len(), lost), (20_000 - FRAMES, FRAMES as u64));
                    assert_eq!(seen[5000] as usize, 5000 + FRAMES);
                }
                _ => assert_eq!(bad.take().len(), 5000),
            }
        }
    }
}

#[test]
fn a_live_stream_never_waits_and_what_it_loses_is_counted_to_the_sample() {
    /// Blocks the sinks' thread until released.
    #[derive(Clone)]
    struct Stall(Arc<AtomicBool>, Tally);
    impl Lockable for Stall {}
    impl StageImpl for Stall {
        fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
            while !self.0.load(Ordering::Acquire) {
                std::thread::yield_now();
            }
            self.1.process(packet, ctx)
        }
    }
    let (release, tally, seen) =
        (Arc::new(AtomicBool::new(false)), Tally::default(), Seen::default());
    let acquired = Arc::default();
    let total = 60_000;
    let source = source(total, true, 0, &acquired);
    let (stalled, fine) = (sink(&Stall(Arc::clone(&release), tally.clone())), sink(&seen));
    let graph = graph(&[
        ("a", &source, &[], None, FATAL),
        ("fine", &fine, &["a"], Some("acquire"), DRAIN),
        ("stalled", &stalled, &["a"], None, ErrorAction::SkipPacket),
    ]);
    let running = start(graph, &[]).unwrap();
    while running.stages()[0].stats.frames_out.get() < total * FRAMES as u64 {
        std::thread::yield_now(); // the source gets through although nobody takes from the queue
    }
    release.store(true, Ordering::Release);
    let outcome = running.wait();
    seen.assert_counts_to(total * FRAMES as u64, 0.0);
    let stages = running.stages();
    let stats = &stages.iter().find(|s| &*s.id == "stalled").unwrap().stats;
    let (delivered, lost) = (tally.0.load(Ordering::Relaxed), stats.lost_frames.get());
    assert!(lost > 0 && delivered > 0);
    assert_eq!(delivered + lost, total * FRAMES as u64, "acquired = delivered + lost");
    assert_eq!(stats.overflow_frames.get(), lost);
    assert!(outcome.failures.iter().any(|f| f.message.contains("queue was full")), "{outcome:?}");
}

#[test]
fn stop_drains_what_is_in_flight() {
    let (seen, acquired) = (Seen::default(), Arc::new(AtomicU64::new(0)));
    let (source, add, sink) = (source(u64::MAX, false, 100_000, &acquired), add(0.0), sink(&seen));
    let graph = graph(&[
        ("a", &source, &[], None, FATAL),
        ("b", &add, &[], None, FATAL),
        ("c", &sink, &[], None, DRAIN),
    ]);
    let running = start(graph, &[]).unwrap();
    while acquired.load(Ordering::Acquire) < 500 {
        std::thread::yield_now();
    }
    running.stop();
    running.wait();
    seen.assert_counts_to(acquired.load(Ordering::Acquire), 0.0);
}

#[test]
fn a_pipeline_whose_last_sink_failed_does_not_run_on_for_nobody() {
    let acquired = Arc::new(AtomicU64::new(0));
    let source = source(u64::MAX, false, 0, &acquired);
    let broken = Kind { role: Role::Sink, ..fail_sink() };
    let graph = graph(&[("a", &source, &[], None, FATAL), ("c", &broken, &[], None, DRAIN)]);
    let outcome = start(graph, &[]).unwrap().wait();
    assert_eq!(outcome.failures.len(), 1);
}

fn fail_sink() -> Kind {
    Kind {
        role: Role::Sink,
        most_inputs: 1,
        make: Box::new(|_| {
            Ok(pipeline_core::Built::sink(FailAt { at_sample: 100, by_panic: false }))
        }),
    }
}
