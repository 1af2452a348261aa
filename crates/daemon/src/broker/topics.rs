//! The table of topics: what exists, who listens, what was lost.

use super::feed::Feed;
use super::stream::Stream;
use bytes::Bytes;
use pipeline_core::telemetry::{Histogram, HistogramSnapshot};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use tokio::sync::{broadcast, watch};

/// An encoded packet, shared by all clients of its topic.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Counts the frames of a topic, without gaps: what a client has missed is a difference of two of these.
    pub sequence: u64,
    /// The form it is in.
    pub stream: Arc<Stream>,
    /// What goes over the wire.
    pub bytes: Bytes,
    /// When its last sample reached the host, monotonic nanoseconds; 0 when it was not acquired live.
    pub captured_ns: u64,
    /// How many frames of samples are in it.
    pub frames: u64,
    /// What the topic has counted with them.
    pub count: TopicCount,
}

/// Samples of a topic, in frames, since it was announced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TopicCount {
    /// In the packets that came.
    pub taken: u64,
    /// Missing in them, wherever they were lost.
    pub lost: u64,
}

impl TopicCount {
    /// What there should be.
    pub const fn due(self) -> u64 {
        self.taken + self.lost
    }
}

/// Figures of a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicStatus {
    /// Its name.
    pub topic: Arc<str>,
    /// Clients that listen now.
    pub clients: usize,
    /// Packets that came through the hand-over.
    pub packets: u64,
    /// Packets that found it full.
    pub lost_packets: u64,
    /// Packets that clients were told they missed, over all clients.
    pub lagged_packets: u64,
    /// Age of a packet's newest sample when a client's socket had taken it, nanoseconds.
    pub age_ns: HistogramSnapshot,
    /// Samples that came, and that were missing in them.
    pub count: TopicCount,
    /// Of those that were missing, the ones that found the hand-over full.
    pub overflow: u64,
}

#[derive(Debug)]
pub(super) struct Topic {
    name: Arc<str>,
    ring: broadcast::Sender<Frame>,
    /// Held while a frame enters the ring, so that a subscriber's place and sequence number agree.
    live: Mutex<Live>,
    packets: AtomicU64,
    lost_packets: AtomicU64,
    overflow: AtomicU64,
    lagged_packets: Arc<AtomicU64>,
    age_ns: Arc<Histogram>,
}

#[derive(Debug, Default)]
struct Live {
    stream: Option<Arc<Stream>>,
    next_sequence: u64,
    count: TopicCount,
}

impl Topic {
    pub(super) fn subscribe(&self) -> Feed {
        let live = self.live();
        Feed {
            frames: self.ring.subscribe(),
            stream: live.stream.clone(),
            next_sequence: live.next_sequence,
            lagged_packets: Arc::clone(&self.lagged_packets),
            age_ns: Arc::clone(&self.age_ns),
            count: live.count,
        }
    }

    /// What has been counted so far.
    pub(super) fn count(&self) -> TopicCount {
        self.live().count
    }

    /// The form of what comes from now on.
    pub(super) fn set_stream(&self, stream: Arc<Stream>) {
        self.live().stream = Some(stream);
    }

    /// Counts a packet and sends it on, if somebody listens; `encode` runs only then.
    pub(super) fn send(
        &self,
        stream: &Arc<Stream>,
        captured_ns: u64,
        packet: TopicCount,
        encode: impl FnOnce() -> Bytes,
    ) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        let bytes = (self.ring.receiver_count() > 0).then(encode);
        let mut live = self.live();
        live.count.taken += packet.taken;
        live.count.lost += packet.lost;
        let Some(bytes) = bytes else { return };
        let (sequence, stream, count) = (live.next_sequence, Arc::clone(stream), live.count);
        let frame = Frame { sequence, stream, bytes, captured_ns, frames: packet.taken, count };
        // Refused only when the last client has just left; then nobody misses the number.
        if self.ring.send(frame).is_ok() {
            live.next_sequence += 1;
        }
    }

    pub(super) fn count_lost(&self, frames: u64) {
        self.lost_packets.fetch_add(1, Ordering::Relaxed);
        self.overflow.fetch_add(frames, Ordering::Relaxed);
    }

    fn live(&self) -> MutexGuard<'_, Live> {
        // Nothing that holds it can panic half-way through a change.
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn status(&self) -> TopicStatus {
        TopicStatus {
            topic: Arc::clone(&self.name),
            clients: self.ring.receiver_count(),
            packets: self.packets.load(Ordering::Relaxed),
            lost_packets: self.lost_packets.load(Ordering::Relaxed),
            lagged_packets: self.lagged_packets.load(Ordering::Relaxed),
            age_ns: self.age_ns.snapshot(),
            count: self.count(),
            overflow: self.overflow.load(Ordering::Relaxed),
        }
    }
}

/// All topics. A topic once announced stays: clients may come back to it after a restart of the pipeline.
#[derive(Debug)]
pub(super) struct Topics {
    ring_packets: usize,
    table: RwLock<Vec<Arc<Topic>>>,
    changed: watch::Sender<usize>,
}

impl Topics {
    pub(super) fn new(ring_packets: usize) -> Self {
        Self { ring_packets, table: RwLock::default(), changed: watch::Sender::new(0) }
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.iter().find(|topic| &*topic.name == name).map(Arc::clone)
    }

    /// The topic of that name, made when there is none.
    pub(super) fn announce(&self, name: &Arc<str>) -> Arc<Topic> {
        if let Some(known) = self.get(name) {
            return known;
        }
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = table.iter().find(|topic| topic.name == *name) {
            return Arc::clone(known);
        }
        let topic = Arc::new(Topic {
            name: Arc::clone(name),
            ring: broadcast::channel(self.ring_packets).0,
            live: Mutex::default(),
            packets: AtomicU64::new(0),
            lost_packets: AtomicU64::new(0),
            overflow: AtomicU64::new(0),
            lagged_packets: Arc::default(),
            age_ns: Arc::default(),
        });
        table.push(Arc::clone(&topic));
        self.changed.send_replace(table.len());
        topic
    }

    pub(super) fn changed(&self) -> watch::Receiver<usize> {
        self.changed.subscribe()
    }

    pub(super) fn status(&self) -> Vec<TopicStatus> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        table.iter().map(|topic| topic.status()).collect()
    }
}
