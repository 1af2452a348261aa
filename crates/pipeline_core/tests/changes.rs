//! What a change of a running graph promises: one stated sample, nothing lost or doubled, state kept, all or nothing.

#![allow(clippy::unwrap_used, reason = "a test says no more than that it failed")]

mod support;

use pipeline_core::executor::{ChangeError, Proposal, Running, start};
use pipeline_core::graph::CheckedGraph;
use pipeline_core::telemetry::StageState;
use pipeline_core::{
    Built, ErrorAction, Event, EventKind, LockReason, Lockable, OpenError, PacketKind, Role,
    RtPacket, SourceImpl, SourceStep, StageCtx, StageError, StageImpl, StageResult, StreamSpec,
};
use std::any::Any;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use support::*;

const FATAL: ErrorAction = ErrorAction::Fatal;
const DRAIN: ErrorAction = ErrorAction::DrainThenStop;

fn propose(graph: CheckedGraph, changed: &[&str]) -> Proposal {
    Proposal {
        graph,
        groups: Vec::new(),
        changed: changed.iter().map(|id| (*id).to_owned()).collect(),
        restart: HashSet::new(),
    }
}

/// A recorder: locked while `recording`, which it switches itself on and off; keeps what it was told.
#[derive(Clone, Default)]
struct Recorder {
    recording: Arc<AtomicBool>,
    opened: Arc<AtomicUsize>,
    notes: Arc<Mutex<Vec<(String, usize)>>>,
    seen: Indexed,
}
impl Lockable for Recorder {
    fn is_locked(&self) -> bool {
        self.recording.load(Ordering::Acquire)
    }
    fn lock_reason(&self) -> LockReason {
        LockReason { text: "it records".to_owned(), since_ns: Some(7) }
    }
}
impl StageImpl for Recorder {
    fn open(&mut self) -> Result<(), OpenError> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        self.seen.process(packet, ctx)
    }
    fn note(&mut self, event: &Event) {
        let frames = self.seen.0.lock().unwrap().len();
        self.notes.lock().unwrap().push((event.text.clone(), frames));
    }
}

/// Two branches from one source: `b` and the recorder `r` behind it, `c` and the sink `k` behind that.
struct Branches {
    acquired: Arc<AtomicU64>,
    recorder: Recorder,
    other: Indexed,
}

impl Branches {
    fn new() -> Self {
        Self { acquired: Arc::default(), recorder: Recorder::default(), other: Indexed::default() }
    }

    fn graph(&self, b: u64, c: u64) -> CheckedGraph {
        let source = source(u64::MAX, true, 200_000, &self.acquired);
        let counting =
            |amount| transform(move || Counting { amount, seen: 0 }, PacketKind::Voltage);
        let (b, c) = (counting(b), counting(c));
        let (r, k) = (sink(&self.recorder), sink(&self.other));
        graph(&[
            ("s", &source, &[], None, FATAL),
            ("b", &b, &["s"], None, FATAL),
            ("r", &r, &["b"], None, DRAIN),
            ("c", &c, &["s"], None, FATAL),
            ("k", &k, &["c"], None, DRAIN),
        ])
    }

    fn start(&self) -> Running {
        let running = start(self.graph(1, 1), &[]).unwrap();
        wait_for(|| self.acquired.load(Ordering::Acquire) > 100);
        running
    }
}

#[test]
fn a_locked_recorder_refuses_what_reaches_it_and_nothing_else() {
    let branches = Branches::new();
    let running = branches.start();
    branches.recorder.recording.store(true, Ordering::Release);
    let opened = branches.recorder.opened.load(Ordering::Relaxed);
    let refused = running.change(propose(branches.graph(2, 3), &["b", "c"])).unwrap_err();
    let reason = LockReason { text: "it records".to_owned(), since_ns: Some(7) };
    assert_eq!(refused, ChangeError::Locked { stage: "r".to_owned(), reason });
    // Not even the part that would have been allowed was done, and nothing was opened.
    assert_eq!(branches.recorder.opened.load(Ordering::Relaxed), opened);
    let applied = running.change(propose(branches.graph(1, 5), &["c"])).unwrap();
    assert_eq!(applied.len(), 1);
    let (id, at) = &applied[0];
    assert_eq!(id, "c");
    branches.recorder.recording.store(false, Ordering::Release);
    let applied = running.change(propose(branches.graph(9, 5), &["b"])).unwrap();
    let (id, b_at) = &applied[0];
    assert_eq!(id, "b");
    running.stop();
    running.wait();
    let check = |seen: &Indexed, at: u64, first: u64, then: u64| {
        let seen = seen.0.lock().unwrap();
        assert_eq!(seen.len() as u64, branches.acquired.load(Ordering::Acquire));
        for (n, (index, x)) in seen.iter().enumerate() {
            let amount = if *index < at { first } else { then };
            assert_eq!((*index, *x), (n as u64, (n as u64 + amount + n as u64 % 64) as f32));
        }
    };
    check(&branches.other, *at, 1, 5);
    check(&branches.recorder.seen, *b_at, 1, 9);
}

#[test]
fn a_recorder_that_starts_by_itself_is_never_overrun_by_a_change() {
    /// Starts and stops recording on its own, as fast as packets come; a change while it records is a defect.
    #[derive(Clone, Default)]
    struct Fickle {
        recording: Arc<AtomicBool>,
        packets: u64,
    }
    impl Lockable for Fickle {
        fn is_locked(&self) -> bool {
            self.recording.load(Ordering::Acquire)
        }
    }
    impl StageImpl for Fickle {
        fn process(&mut self, _packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
            self.packets += 1;
            self.recording.store(self.packets.is_multiple_of(2), Ordering::Release);
            Ok(None)
        }
    }
    /// Looks at the recorder at the moment it is put in.
    struct Look(Arc<AtomicBool>, Arc<AtomicUsize>);
    impl Lockable for Look {}
    impl StageImpl for Look {
        fn process(&mut self, packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
            Ok(Some(packet))
        }
        fn inherit(&mut self, _previous: &mut dyn Any) {
            self.1.fetch_add(usize::from(self.0.load(Ordering::Acquire)), Ordering::Relaxed);
        }
    }
    let (fickle, slipped) = (Fickle::default(), Arc::new(AtomicUsize::new(0)));
    let acquired = Arc::default();
    let source = source(u64::MAX, true, 30_000, &acquired);
    let look = {
        let (recording, slipped) = (Arc::clone(&fickle.recording), Arc::clone(&slipped));
        let make = move || Look(Arc::clone(&recording), Arc::clone(&slipped));
        transform(make, PacketKind::RawI32)
    };
    let recorder = sink(&fickle);
    let build = || {
        graph(&[
            ("s", &source, &[], None, FATAL),
            ("look", &look, &["s"], None, FATAL),
            ("r", &recorder, &["look"], None, DRAIN),
        ])
    };
    let running = start(build(), &[]).unwrap();
    let (mut made, mut refused) = (0, 0);
    while made < 1000 || refused < 1000 {
        match running.change(propose(build(), &["look"])) {
            Ok(_) => made += 1,
            Err(ChangeError::Locked { .. }) => refused += 1,
            Err(error) => assert!(matches!(error, ChangeError::Behind { .. }), "{error}"),
        }
    }
    assert_eq!(slipped.load(Ordering::Relaxed), 0, "of {made} changes, beside {refused} refusals");
}

#[test]
fn notes_reach_every_stage_at_the_same_sample() {
    let branches = Branches::new();
    let running = branches.start();
    for n in 0..20 {
        let event = Event::new(EventKind::Marker, 0, format!("marker {n}"));
        while running.note(event.clone()).is_err() {
            std::thread::yield_now();
        }
    }
    running.stop();
    running.wait();
    let notes = branches.recorder.notes.lock().unwrap();
    assert_eq!(notes.len(), 20);
    assert!(notes.iter().enumerate().all(|(n, (text, _))| *text == format!("marker {n}")));
    assert!(notes.is_sorted_by_key(|(_, frames)| *frames));
}

#[test]
fn what_cannot_be_opened_changes_nothing() {
    #[derive(Clone)]
    struct Unwritable;
    impl Lockable for Unwritable {}
    impl StageImpl for Unwritable {
        fn open(&mut self) -> Result<(), OpenError> {
            Err(OpenError("cannot write there".to_owned()))
        }
        fn process(&mut self, _packet: Arc<RtPacket>, _ctx: &mut StageCtx) -> StageResult {
            Ok(None)
        }
    }
    let (seen, acquired) = (Indexed::default(), Arc::default());
    let source = source(u64::MAX, true, 200_000, &acquired);
    let (good, bad) = (sink(&seen), sink(&Unwritable));
    let rows = [("s", &source, &[][..], None, FATAL), ("k", &good, &["s"][..], None, DRAIN)];
    let running = start(graph(&rows), &[]).unwrap();
    let with_bad = graph(&[rows[0], rows[1], ("bad", &bad, &["s"], None, DRAIN)]);
    let ChangeError::NotOpened(errors) = running.change(propose(with_bad, &[])).unwrap_err() else {
        panic!("not opened");
    };
    assert_eq!(errors[0].to_string(), "/stages/bad: cannot write there");
    assert_eq!(running.stages().len(), 2);
    running.stop();
    assert!(running.wait().failures.is_empty());
    assert_eq!(seen.0.lock().unwrap().len() as u64, acquired.load(Ordering::Acquire));
    assert_eq!(running.change(propose(graph(&rows), &["k"])), Err(ChangeError::Over));
}

/// A source that has a device to itself: opening it twice fails.
struct Device {
    inner: CountSource,
    busy: Arc<AtomicBool>,
    broken: Arc<AtomicBool>,
    /// How much each life has acquired.
    lives: Arc<Mutex<Vec<Arc<AtomicU64>>>>,
}
impl Lockable for Device {}
impl SourceImpl for Device {
    fn open(&mut self) -> Result<(), OpenError> {
        if self.broken.load(Ordering::Acquire) || self.busy.swap(true, Ordering::AcqRel) {
            return Err(OpenError("the device is busy".to_owned()));
        }
        self.lives.lock().unwrap().push(Arc::clone(&self.inner.acquired));
        Ok(())
    }
    fn next(&mut self, ctx: &mut StageCtx) -> Result<SourceStep, StageError> {
        self.inner.next(ctx)
    }
    fn close(&mut self) -> Result<(), StageError> {
        self.busy.store(false, Ordering::Release);
        Ok(())
    }
}

#[test]
fn a_source_that_is_changed_starts_over_alone() {
    let (seen, other) = (Indexed::default(), Indexed::default());
    let (lives, others) = (Arc::<Mutex<Vec<_>>>::default(), Arc::<AtomicU64>::default());
    let (busy, broken) = (Arc::<AtomicBool>::default(), Arc::<AtomicBool>::default());
    let device = Kind {
        role: Role::Source,
        most_inputs: 0,
        make: {
            let (lives, busy, broken) =
                (Arc::clone(&lives), Arc::clone(&busy), Arc::clone(&broken));
            Box::new(move |_| {
                let spec: StreamSpec = spec(true);
                let inner = CountSource {
                    spec: spec.clone(),
                    packets: u64::MAX,
                    sent: 0,
                    pace_ns: 200_000,
                    began_ns: 0,
                    acquired: Arc::default(),
                };
                let (busy, broken) = (Arc::clone(&busy), Arc::clone(&broken));
                let device = Device { inner, busy, broken, lives: Arc::clone(&lives) };
                Ok(Built::source(device, spec))
            })
        },
    };
    let plain = source(u64::MAX, true, 200_000, &others);
    let (k, l) = (sink(&seen), sink(&other));
    let counting = transform(|| Counting { amount: 0, seen: 0 }, PacketKind::Voltage);
    let build = || {
        graph(&[
            ("s", &device, &[], None, FATAL),
            ("t", &plain, &[], None, FATAL),
            ("b", &counting, &["s"], None, FATAL),
            ("k", &k, &["b"], None, DRAIN),
            ("l", &l, &["t"], None, DRAIN),
        ])
    };
    let lived = |life: usize| {
        let lives: std::sync::MutexGuard<'_, Vec<Arc<AtomicU64>>> = lives.lock().unwrap();
        lives.get(life).is_some_and(|acquired| acquired.load(Ordering::Acquire) > 100)
    };
    let running = start(build(), &[]).unwrap();
    wait_for(|| lived(0));
    let applied = running.change(propose(build(), &["s"])).unwrap();
    assert!(applied.contains(&("s".to_owned(), 0)), "{applied:?}");
    assert!(applied.iter().all(|(id, _)| id != "t" && id != "l"), "{applied:?}");
    wait_for(|| lived(1));
    broken.store(true, Ordering::Release);
    let error = running.change(propose(build(), &["s"])).unwrap_err();
    assert_eq!(error.to_string(), "changed, but /stages/s: the device is busy");
    let state =
        |id: &str| running.stages().iter().find(|s| &*s.id == id).map(|s| s.stats.state()).unwrap();
    assert_eq!((state("s"), state("t")), (StageState::Failed, StageState::Running));
    wait_for(|| state("k") == StageState::Ended);
    // The branch comes back by being restarted, and the other one has never noticed.
    broken.store(false, Ordering::Release);
    let restart = ["s".to_owned()].into();
    running.change(Proposal { restart, ..propose(build(), &[]) }).unwrap();
    assert_eq!(state("k"), StageState::Running);
    wait_for(|| lived(2));
    running.stop();
    running.wait();
    let seen = seen.0.lock().unwrap();
    let starts: Vec<usize> = (0..seen.len()).filter(|n| seen[*n].0 == 0).collect();
    assert_eq!(starts.len(), 3, "three lives, each from its first sample");
    for (n, (index, x)) in seen.iter().enumerate() {
        let start = *starts.iter().rfind(|start| **start <= n).unwrap();
        assert_eq!((*index, *x), ((n - start) as u64, (*index + *index % 64) as f32));
    }
    let other = other.0.lock().unwrap();
    assert_eq!(other.len() as u64, others.load(Ordering::Acquire));
    assert!(other.iter().enumerate().all(|(n, (index, _))| *index == n as u64));
}
