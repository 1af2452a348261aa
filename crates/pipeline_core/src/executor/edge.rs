//! The only channel of the data path: a bounded SPSC ring between two threads, with room kept for what must not be lost.

use super::node::Target;
use super::notice::{MAX_UNDER_WAY, SharedNotice};
use super::wake::Waker;
use crate::packet::RtPacket;
use crate::telemetry::EdgeStats;
use rtrb::{Consumer, Producer, RingBuffer};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Messages that are shown to the consumer together, at most.
const TOGETHER: usize = 32;

/// What travels between threads, in order. A lane is one sending stage; the edge knows who takes from it.
pub(super) enum Message {
    /// Samples; `sent_ns` is when they were sent, 0 unless this packet is timed.
    Packet { lane: usize, packet: Arc<RtPacket>, sent_ns: u64 },
    /// The lane is over; `next_sample` would have been the index of its next sample.
    End { lane: usize, next_sample: u64 },
    /// Takes effect between what came before and what comes after.
    Notice(SharedNotice),
}

/// Frames that found no room, by lane.
struct Overflow {
    any: AtomicU64,
    frames: Vec<AtomicU64>,
}

/// The other end's bell. Rings once more when it is dropped, so that the other end sees that this one is gone.
struct Bell(Arc<Waker>);

impl Drop for Bell {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// The sending end.
pub(super) struct EdgeTx {
    ring: Producer<Message>,
    /// What the consumer does not see yet: each look at a new message fetches a cache line from here.
    pending: Vec<Message>,
    /// Free slots when last looked at, less what was sent since, pending or not: never more than there are. Looking fetches a cache
    /// line that the consumer writes for every message.
    room: usize,
    reserve: usize,
    overflow: Arc<Overflow>,
    own: Arc<Waker>,
    /// Messages since the consumer was last woken.
    unannounced: usize,
    // INVARIANT: after `ring`. Fields drop in order, and the bell must ring when the ring is seen to be abandoned.
    consumer: Bell,
}

/// The receiving end.
pub(super) struct EdgeRx {
    ring: Consumer<Message>,
    /// For each lane, who takes its packets.
    pub(super) lanes: Vec<Vec<Target>>,
    overflow: Arc<Overflow>,
    overflow_seen: u64,
    pub(super) stats: Arc<EdgeStats>,
    /// A notice that has arrived here and waits for the other edges.
    pub(super) held: Option<SharedNotice>,
    // INVARIANT: after `ring`, as in `EdgeTx`.
    producer: Bell,
}

/// An edge for `packets` packets in as many lanes as given.
pub(super) fn edge(
    packets: usize,
    lanes: Vec<Vec<Target>>,
    producer: &Arc<Waker>,
    consumer: &Arc<Waker>,
    stats: Arc<EdgeStats>,
) -> (EdgeTx, EdgeRx) {
    // Every lane sends one end, and few notices are under way at a time.
    let reserve = lanes.len() + MAX_UNDER_WAY;
    let (tx, rx) = RingBuffer::new(packets + reserve);
    let frames = lanes.iter().map(|_| AtomicU64::new(0)).collect();
    let overflow = Arc::new(Overflow { any: AtomicU64::new(0), frames });
    let tx = EdgeTx {
        ring: tx,
        pending: Vec::with_capacity(TOGETHER),
        room: 0,
        reserve,
        overflow: Arc::clone(&overflow),
        own: Arc::clone(producer),
        unannounced: 0,
        consumer: Bell(Arc::clone(consumer)),
    };
    let rx = EdgeRx {
        ring: rx,
        lanes,
        overflow,
        overflow_seen: 0,
        stats,
        held: None,
        producer: Bell(Arc::clone(producer)),
    };
    (tx, rx)
}

impl EdgeTx {
    /// Sends a packet. When the ring is full: a live stream loses it, counted; another waits.
    pub(super) fn packet(&mut self, lane: usize, packet: Arc<RtPacket>, live: bool, sent_ns: u64) {
        while !self.has_room() {
            if self.ring.is_abandoned() {
                packet.recycle();
                return;
            }
            if live {
                let frames = packet.frames() as u64;
                self.overflow.frames[lane].fetch_add(frames, Ordering::Relaxed);
                self.overflow.any.fetch_add(frames, Ordering::Release);
                packet.recycle();
                return;
            }
            self.announce();
            let (ring, reserve) = (&self.ring, self.reserve);
            self.own.sleep_unless(|| ring.slots() > reserve || ring.is_abandoned(), None);
        }
        self.push(Message::Packet { lane, packet, sent_ns });
    }

    fn has_room(&mut self) -> bool {
        if self.room <= self.reserve {
            self.publish();
            self.room = self.ring.slots();
        }
        self.room > self.reserve
    }

    /// Sends what must arrive; there is always room for it. The consumer sees it at the next [`announce`](Self::announce)
    /// at the latest.
    pub(super) fn push(&mut self, message: Message) {
        self.pending.push(message);
        self.room = self.room.saturating_sub(1);
        self.unannounced += 1;
        if self.pending.len() >= TOGETHER {
            self.publish();
        }
    }

    fn publish(&mut self) {
        match self.ring.write_chunk_uninit(self.pending.len()) {
            Ok(chunk) => drop(chunk.fill_from_iter(self.pending.drain(..))),
            // Only an abandoned edge can be out of reserved room, and then nobody misses the messages.
            Err(_) => self.pending.clear(),
        }
    }

    /// Shows the consumer what was sent, and wakes it if that is anything: once a batch, not once a packet.
    pub(super) fn announce(&mut self) {
        self.publish();
        if std::mem::take(&mut self.unannounced) > 0 {
            self.consumer.0.wake();
        }
    }

    /// As [`announce`](Self::announce), but only once the edge may be half full: for streams that nobody waits for, since a
    /// wake-up costs more than hundreds of packets.
    pub(super) fn announce_many(&mut self) {
        if self.unannounced >= self.ring.buffer().capacity() / 2 {
            self.announce();
        }
    }
}

impl EdgeRx {
    pub(super) fn pop(&mut self) -> Option<Message> {
        self.ring.pop().ok()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ring.is_empty()
    }

    /// Nothing is left and nothing will come.
    pub(super) fn is_over(&self) -> bool {
        // INVARIANT: abandoned first. A producer that goes away after the look at the ring cannot have left anything.
        self.ring.is_abandoned() && self.ring.is_empty()
    }

    pub(super) fn depth(&self) -> usize {
        self.ring.slots()
    }

    /// Lets a producer that waits for room go on, once there is enough that it will not soon wait again.
    pub(super) fn announce_room(&self) {
        if self.ring.slots() <= self.ring.buffer().capacity() / 2 {
            self.producer.0.wake();
        }
    }

    /// Calls `report(lane, frames)` for every lane whose packets found no room since the last call.
    pub(super) fn take_overflow(&mut self, mut report: impl FnMut(usize, u64)) {
        let any = self.overflow.any.load(Ordering::Acquire);
        if any == self.overflow_seen {
            return;
        }
        self.stats.overflow_frames.add(any - self.overflow_seen);
        self.overflow_seen = any;
        for (lane, frames) in self.overflow.frames.iter().enumerate() {
            let lost = frames.swap(0, Ordering::Relaxed);
            if lost > 0 {
                report(lane, lost);
            }
        }
    }
}

impl Drop for EdgeTx {
    fn drop(&mut self) {
        self.publish();
    }
}

impl Drop for EdgeRx {
    fn drop(&mut self) {
        while let Some(message) = self.pop() {
            if let Message::Packet { packet, .. } = message {
                packet.recycle();
            }
        }
    }
}
