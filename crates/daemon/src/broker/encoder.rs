//! The task between the hand-over and the rings: finds gaps and new forms, encodes, lets the packet go home.

use super::Shared;
use super::frame::encode;
use super::stream::{Form, Stream};
use super::topics::{Topic, TopicCount};
use plugin_api::{BrokerMessage, RtPacket};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::mpsc;

/// Encodes every packet once per topic. Runs on the network's runtime, never on a thread of the pipeline.
#[derive(Debug)]
pub struct Encoder {
    queue: mpsc::Receiver<BrokerMessage>,
    shared: Arc<Shared>,
    lanes: HashMap<Arc<str>, Lane>,
    streams: u32,
}

/// What the encoder knows of a topic. It is the only one to send there, so nothing here is locked.
#[derive(Debug)]
struct Lane {
    topic: Arc<Topic>,
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    form: Form,
    stream: Arc<Stream>,
    /// Index of the sample that comes next if nothing is lost.
    expected_sample: u64,
}

impl Encoder {
    pub(super) fn new(queue: mpsc::Receiver<BrokerMessage>, shared: Arc<Shared>) -> Self {
        Self { queue, shared, lanes: HashMap::new(), streams: 0 }
    }

    /// Works until the broker is gone.
    pub async fn run(mut self) {
        while let Some(message) = self.queue.recv().await {
            self.take(&message.topic, &message.packet, message.lost_before > 0);
            message.packet.recycle();
            // Release: who sees it at zero sees the rings filled.
            self.shared.on_the_way.fetch_sub(1, Ordering::Release);
        }
    }

    fn take(&mut self, name: &Arc<str>, packet: &RtPacket, lost: bool) {
        let shared = &self.shared;
        let lane = self
            .lanes
            .entry(Arc::clone(name))
            .or_insert_with(|| Lane { topic: shared.topics.announce(name), current: None });

        if !lane.current.as_ref().is_some_and(|current| current.form.fits(packet)) {
            self.streams = self.streams.wrapping_add(1);
            let form = Form::of(packet);
            let revision = shared.config_revision.load(Ordering::Relaxed);
            let stream = Arc::new(form.stream(self.streams, name, revision));
            lane.topic.set_stream(Arc::clone(&stream));
            // New labels or a new gain do not stop the conversions; at another rate the count is another one.
            let expected_sample = match &lane.current {
                Some(before) if before.form.rate_is(packet) => before.expected_sample,
                _ => packet.header().first_sample,
            };
            lane.current = Some(Current { form, stream, expected_sample });
        }
        let current = lane.current.as_mut().expect("set just above when there was none");

        let first = packet.header().first_sample;
        let gap = lost || first != current.expected_sample;
        // A pipeline that is started again counts from 0: nothing of it is lost.
        let lost = first.saturating_sub(current.expected_sample);
        let count = TopicCount { taken: packet.frames() as u64, lost };
        current.expected_sample = first.wrapping_add(count.taken);
        let captured_ns = packet.header().captured_ns;
        lane.topic.send(&current.stream, captured_ns, count, || {
            encode(packet, current.stream.number, gap)
        });
    }
}
