//! Between a recorder and its writer thread: packets in order, and the little that both look at.

use super::books::Books;
use crossbeam_queue::ArrayQueue;
use plugin_api::{Event, LockReason, RtPacket, StageError, StageFigures};
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Places kept for what is no packet.
const NOTES: usize = 1024;
/// Most places, whatever the length in seconds.
const MAX_PLACES: usize = 1 << 20;
/// Reports of the writer that wait for the next packet.
const REPORTS: usize = 64;

/// What goes to the writer.
pub(super) enum Item {
    /// Samples.
    Packet(Arc<RtPacket>),
    /// The sample of this index is the recording's first.
    Begin(u64),
    /// So many frames found no room before the next packet.
    Overflow(u64),
    /// So many frames were lost after the last packet, and the first number of them because there was no room.
    End { overflow: u64, lost: u64 },
    /// Something to write down.
    Note(Box<Event>),
}

/// What both sides see.
pub(super) struct Shared {
    /// Frames on their way, those being written included.
    pub(super) queued: AtomicU64,
    /// The disk refuses at present.
    pub(super) failing: AtomicBool,
    /// Nothing more will be written.
    pub(super) over: AtomicBool,
    /// Write what is there, then close.
    pub(super) finish: AtomicBool,
    /// Frames taken over that did not reach the file.
    pub(super) dropped: AtomicU64,
    /// Word for the world, from the writer.
    pub(super) reports: ArrayQueue<Event>,
    /// There is something to be told once.
    pub(super) any_once: AtomicBool,
    /// For the ledger.
    pub(super) books: Arc<Books>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    error: Option<StageError>,
    once: Option<StageError>,
    open: Option<LockReason>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong with some samples alone, to be told once.
    pub(super) fn take_once(&self) -> Option<StageError> {
        if !self.any_once.swap(false, Ordering::AcqRel) {
            return None;
        }
        self.state().once.take()
    }

    pub(super) fn tell_once(&self, error: StageError) {
        self.state().once = Some(error);
        self.any_once.store(true, Ordering::Release);
    }

    /// What goes wrong at present.
    pub(super) fn error(&self) -> Option<StageError> {
        self.state().error
    }

    pub(super) fn set_error(&self, error: Option<StageError>) {
        self.state().error = error;
    }

    /// The file that is open, for whoever wants to change something.
    pub(super) fn open_file(&self) -> Option<LockReason> {
        self.state().open.clone()
    }

    pub(super) fn set_open_file(&self, file: Option<LockReason>) {
        self.state().open = file;
    }

    /// Tells the world with the next packet. When too much waits, the newest goes.
    pub(super) fn report(&self, event: Event) {
        drop(self.reports.push(event));
    }
}

/// The recorder's end.
pub(super) struct QueueTx {
    ring: Producer<Item>,
    pub(super) shared: Arc<Shared>,
    capacity_frames: u64,
}

/// How full the queue is.
struct QueueFigures {
    shared: Arc<Shared>,
    capacity_frames: u64,
}

impl StageFigures for QueueFigures {
    fn figures(&self) -> Vec<(&'static str, f64)> {
        let queued = self.shared.queued.load(Ordering::Acquire);
        vec![
            ("recorder_queue_frames", queued as f64),
            ("recorder_queue_capacity_frames", self.capacity_frames as f64),
        ]
    }
}

impl std::fmt::Debug for QueueFigures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.figures()).finish()
    }
}

/// The writer's end.
pub(super) struct QueueRx {
    ring: Consumer<Item>,
    pub(super) shared: Arc<Shared>,
}

/// A queue for so many frames, in packets of any length.
pub(super) fn queue(capacity_frames: u64, books: &Arc<Books>) -> (QueueTx, QueueRx) {
    let places = usize::try_from(capacity_frames).unwrap_or(MAX_PLACES).min(MAX_PLACES);
    let (mut producer, mut consumer) = RingBuffer::new(places + NOTES);
    // Every place is used once before the first packet is: a ring goes round all of its places even when it is nearly empty, so
    // without this a recording would take new pages of memory for minutes, and its packets would wait for them.
    while producer.push(Item::Overflow(0)).is_ok() {}
    while consumer.pop().is_ok() {}
    let shared = Arc::new(Shared {
        queued: AtomicU64::new(0),
        failing: AtomicBool::new(false),
        over: AtomicBool::new(false),
        finish: AtomicBool::new(false),
        dropped: AtomicU64::new(0),
        reports: ArrayQueue::new(REPORTS),
        any_once: AtomicBool::new(false),
        books: Arc::clone(books),
        state: Mutex::default(),
    });
    let tx = QueueTx { ring: producer, shared: Arc::clone(&shared), capacity_frames };
    (tx, QueueRx { ring: consumer, shared })
}

impl QueueTx {
    pub(super) fn queued(&self) -> u64 {
        self.shared.queued.load(Ordering::Acquire)
    }

    pub(super) const fn capacity_frames(&self) -> u64 {
        self.capacity_frames
    }

    /// How full it is, for whoever asks.
    pub(super) fn figures(&self) -> Arc<dyn StageFigures> {
        let shared = Arc::clone(&self.shared);
        Arc::new(QueueFigures { shared, capacity_frames: self.capacity_frames })
    }

    /// Whether so many frames would fit with `spare` more. A packet longer than all of the queue fits into an empty one.
    pub(super) fn has_room(&self, frames: u64, spare: u64) -> bool {
        let queued = self.queued();
        let fits = queued + frames + spare <= self.capacity_frames || queued == 0;
        fits && self.ring.slots() > NOTES / 2
    }

    /// Takes a packet that there is room for.
    pub(super) fn push_packet(&mut self, packet: Arc<RtPacket>) {
        let frames = packet.frames() as u64;
        self.shared.queued.fetch_add(frames, Ordering::AcqRel);
        if let Err(rtrb::PushError::Full(Item::Packet(packet))) =
            self.ring.push(Item::Packet(packet))
        {
            // `has_room` keeps places for this; still, a packet must not be forgotten without a word.
            self.shared.queued.fetch_sub(frames, Ordering::AcqRel);
            self.shared.dropped.fetch_add(frames, Ordering::AcqRel);
            packet.recycle();
        }
    }

    /// False when there is no place for it.
    pub(super) fn push(&mut self, item: Item) -> bool {
        self.ring.push(item).is_ok()
    }
}

impl QueueRx {
    pub(super) fn pop(&mut self) -> Option<Item> {
        self.ring.pop().ok()
    }

    /// The recorder wants an end, or is gone.
    pub(super) fn is_finishing(&self) -> bool {
        self.shared.finish.load(Ordering::Acquire) || self.ring.is_abandoned()
    }

    /// So many frames are in the file, or let go of.
    pub(super) fn done(&self, frames: u64) {
        self.shared.queued.fetch_sub(frames, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Memory of the process that is no file's, KiB.
    fn resident_kib() -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn a_queue_that_goes_round_takes_no_memory_it_had_not_before() {
        let (mut tx, mut rx) = queue(MAX_PLACES as u64, &Arc::default());
        let places = MAX_PLACES + NOTES;
        assert_eq!((tx.ring.slots(), rx.pop().is_none()), (places, true));
        let before = resident_kib();
        for _ in 0..places {
            assert!(tx.push(Item::Overflow(1)));
            assert!(matches!(rx.pop(), Some(Item::Overflow(1))));
        }
        let grown = resident_kib().saturating_sub(before);
        // Other tests take memory meanwhile, but none as much as the queue would.
        let all = (places * size_of::<Item>() / 1024) as u64;
        assert!(grown < all / 2, "{grown} KiB more, of {all}");
    }
}
