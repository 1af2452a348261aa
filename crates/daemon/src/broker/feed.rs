//! What a client holds of a topic: its place in the ring, and how it finds its way when it has fallen behind.

use super::stream::Stream;
use super::topics::{Frame, TopicCount};
use pipeline_core::clock::monotonic_ns;
use pipeline_core::telemetry::Histogram;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// Frames of one topic from the moment of subscription on.
#[derive(Debug)]
pub struct Feed {
    pub(super) frames: Receiver<Frame>,
    pub(super) stream: Option<Arc<Stream>>,
    pub(super) next_sequence: u64,
    pub(super) lagged_packets: Arc<AtomicU64>,
    pub(super) age_ns: Arc<Histogram>,
    /// What the topic had counted on subscription.
    pub(super) count: TopicCount,
}

impl Feed {
    /// The form the topic had on subscription, if it had one.
    pub const fn stream(&self) -> Option<&Arc<Stream>> {
        self.stream.as_ref()
    }

    /// What the topic had counted on subscription: what comes after that is due to this client.
    pub const fn due_from(&self) -> TopicCount {
        self.count
    }

    /// The next frame, and how many packets were missed before it. Who has fallen out of the ring goes on with the
    /// newest frame, not the oldest that is left: it would only fall out again. `None` when the topic is gone.
    ///
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<(u64, Frame)> {
        let frame = loop {
            match self.frames.recv().await {
                Ok(frame) => break frame,
                Err(RecvError::Closed) => return None,
                Err(RecvError::Lagged(_)) => {
                    if let Some(newest) = self.newest() {
                        break newest;
                    }
                }
            }
        };
        let missed = frame.sequence - self.next_sequence;
        self.next_sequence = frame.sequence + 1;
        self.lagged_packets.fetch_add(missed, Ordering::Relaxed);
        Some((missed, frame))
    }

    /// The client's socket has taken the frame that was captured then.
    pub fn delivered(&self, captured_ns: u64) {
        if captured_ns > 0 {
            self.age_ns.record_shared(monotonic_ns().saturating_sub(captured_ns));
        }
    }

    /// Whether the next frame is there already.
    pub fn has_more(&self) -> bool {
        !self.frames.is_empty()
    }

    fn newest(&mut self) -> Option<Frame> {
        let mut newest = None;
        loop {
            match self.frames.try_recv() {
                Ok(frame) => newest = Some(frame),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return newest,
            }
        }
    }
}
