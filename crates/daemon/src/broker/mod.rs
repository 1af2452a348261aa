//! The broker: takes packets from the pipeline's threads and brings them to WebSocket clients, encoded once per topic.
//!
//! ```text
//! websocket_sink --publish--> hand-over (bounded) --> Encoder (one task) --> a ring per topic --> one feed per client and topic
//! ```
//!
//! Loss can happen in two places, and both are told: a full hand-over (the next frame carries the gap flag and its
//! index jumps; counted per topic), and a client that falls behind its ring (a `lagged` message with the exact count).
//! Neither ever holds up the pipeline or another client.

mod encoder;
mod feed;
mod frame;
mod stream;
mod topics;

pub use encoder::Encoder;
pub use feed::Feed;
pub use frame::{DTYPE_F32, DTYPE_I32, HEADER_BYTES, MAGIC, VERSION};
pub use stream::Stream;
pub use topics::{Frame, TopicCount, TopicStatus};

use axum::extract::ws::Utf8Bytes;
use plugin_api::{Broker, BrokerMessage};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::time::sleep;
use topics::Topics;

/// How much the broker keeps.
#[derive(Debug, Clone, Copy)]
pub struct BrokerSettings {
    /// Packets of all topics that may wait for the encoder; what finds this full is lost to live clients.
    pub hand_over_packets: usize,
    /// Encoded packets of one topic a client may be behind before it is told that it lags; rounded up to a power of
    /// two. Shared by all clients, so it costs memory once.
    pub ring_packets: usize,
}

impl Default for BrokerSettings {
    fn default() -> Self {
        // 2.5 s and more of 10 ms packets: longer than a Wi-Fi hiccup.
        Self { hand_over_packets: 512, ring_packets: 256 }
    }
}

/// How often [`WebSocketBroker::settled`] looks; it waits once in the life of a server.
const SETTLING_POLL: Duration = Duration::from_millis(1);

/// How many events may wait for one client.
const EVENT_RING: usize = 64;

/// What the encoder and the front share.
#[derive(Debug)]
struct Shared {
    topics: Topics,
    /// Packets handed over that are not in a ring yet.
    on_the_way: AtomicU64,
    config_revision: AtomicU64,
}

/// Where `websocket_sink` hands its packets in and clients subscribe.
#[derive(Debug)]
pub struct WebSocketBroker {
    shared: Arc<Shared>,
    hand_over: mpsc::Sender<BrokerMessage>,
    events: broadcast::Sender<Utf8Bytes>,
}

impl WebSocketBroker {
    /// A broker and its encoder. Run [`Encoder::run`] as a task; it ends when the broker is gone.
    pub fn new(settings: BrokerSettings) -> (Arc<Self>, Encoder) {
        let (hand_over, queue) = mpsc::channel(settings.hand_over_packets.max(1));
        let shared = Arc::new(Shared {
            topics: Topics::new(settings.ring_packets.max(1)),
            on_the_way: AtomicU64::new(0),
            config_revision: AtomicU64::new(0),
        });
        let encoder = Encoder::new(queue, Arc::clone(&shared));
        (Arc::new(Self { shared, hand_over, events: broadcast::channel(EVENT_RING).0 }), encoder)
    }

    /// The revision of the merged document, for `stream` messages from now on.
    pub fn set_config_revision(&self, revision: u64) {
        self.shared.config_revision.store(revision, Ordering::Relaxed);
    }

    /// Tells every client: `fields` as they are, with `"type": "event"` before them.
    pub fn publish_event(&self, fields: Map<String, Value>) {
        let mut event = Map::with_capacity(fields.len() + 1);
        event.insert("type".to_owned(), Value::from("event"));
        event.extend(fields.into_iter().filter(|(name, _)| name != "type"));
        // An error means that nobody listens.
        let _ = self.events.send(Value::Object(event).to_string().into());
    }

    /// Events from now on, as text messages.
    pub fn events(&self) -> broadcast::Receiver<Utf8Bytes> {
        self.events.subscribe()
    }

    /// Frames of a topic from now on; `None` while no such topic has been announced.
    pub fn subscribe(&self, topic: &str) -> Option<Feed> {
        self.shared.topics.get(topic).map(|topic| topic.subscribe())
    }

    /// What a topic has counted so far.
    pub fn count(&self, topic: &str) -> Option<TopicCount> {
        self.shared.topics.get(topic).map(|topic| topic.count())
    }

    /// Changes whenever a topic is announced, for clients that wait for one.
    pub fn topics_changed(&self) -> watch::Receiver<usize> {
        self.shared.topics.changed()
    }

    /// Returns once everything that was published is where clients can have it. For a pipeline that has ended.
    pub async fn settled(&self) {
        while self.shared.on_the_way.load(Ordering::Acquire) > 0 && !self.hand_over.is_closed() {
            sleep(SETTLING_POLL).await;
        }
    }

    /// Every topic with its figures, in the order in which they were announced.
    pub fn topics(&self) -> Vec<TopicStatus> {
        self.shared.topics.status()
    }
}

impl Broker for WebSocketBroker {
    fn announce(&self, topic: &Arc<str>) {
        self.shared.topics.announce(topic);
    }

    fn publish(&self, message: BrokerMessage) {
        let shared = &self.shared;
        shared.on_the_way.fetch_add(1, Ordering::Relaxed);
        // The usual way is one push without a lock; the table of topics is only looked into when something is lost.
        let Err(refused) = self.hand_over.try_send(message) else { return };
        shared.on_the_way.fetch_sub(1, Ordering::Relaxed);
        match refused {
            // The encoder finds the jump in the index and flags it.
            TrySendError::Full(lost) => {
                let frames = lost.packet.frames() as u64;
                shared.topics.announce(&lost.topic).count_lost(frames);
                lost.packet.recycle();
            }
            // The encoder ends with the process; then there is nobody to tell.
            TrySendError::Closed(lost) => lost.packet.recycle(),
        }
    }
}
