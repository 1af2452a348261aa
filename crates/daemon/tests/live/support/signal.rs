//! A signal whose every value says where it belongs.

use super::until;
use daemon::broker::WebSocketBroker;
use plugin_api::{
    Broker, BrokerMessage, ChannelMeta, Flags, PacketHeader, PacketKind, RtPacket, SensorMeta,
    StageCtx,
};
use std::sync::Arc;

/// The value of a sample of a channel; exact in f32.
pub(crate) fn value_at(sample: u64, channel: usize) -> f32 {
    ((sample * 8 + channel as u64) % (1 << 22)) as f32
}

/// Publishes consecutive packets on one topic.
pub(crate) struct Signal {
    pub(crate) topic: Arc<str>,
    pub(crate) header: PacketHeader,
    pub(crate) kind: PacketKind,
    pub(crate) frames: usize,
    pub(crate) next_sample: u64,
    pub(crate) published: u64,
    ctx: StageCtx,
}

impl Signal {
    pub(crate) fn new(topic: &str, channels: usize, frames: usize) -> Self {
        let channels = (0..channels).map(|c| ChannelMeta::microvolts(format!("ch{c}"))).collect();
        let sensor = SensorMeta { name: "test".to_owned(), channels, ..SensorMeta::default() };
        let header = PacketHeader {
            sensor: Arc::new(sensor),
            first_sample: 0,
            time_ns: 0,
            captured_ns: 0,
            rate_hz: 250.0,
            frames: 0,
            flags: Flags::NONE,
        };
        let ctx = StageCtx::for_test(frames * header.sensor.channels.len());
        Self {
            topic: topic.into(),
            header,
            kind: PacketKind::Voltage,
            frames,
            next_sample: 0,
            published: 0,
            ctx,
        }
    }

    /// The next packet.
    pub(crate) fn packet(&mut self) -> Arc<RtPacket> {
        let header = PacketHeader { first_sample: self.next_sample, ..self.header.clone() };
        let channels = header.sensor.channels.len();
        let samples = self.next_sample..self.next_sample + self.frames as u64;
        self.next_sample = samples.end;
        let mut fresh = self.ctx.fresh(header, self.kind);
        for sample in samples {
            if self.kind.has_codes() {
                fresh.codes_mut().extend((0..channels).map(|c| value_at(sample, c) as i32));
            }
            if self.kind.has_microvolts() {
                fresh.microvolts_mut().extend((0..channels).map(|c| value_at(sample, c)));
            }
        }
        fresh.share()
    }

    /// Makes a packet and hands it over, come what may.
    pub(crate) fn publish(&mut self, broker: &WebSocketBroker) {
        let packet = self.packet();
        self.published += 1;
        broker.publish(BrokerMessage { topic: Arc::clone(&self.topic), packet, lost_before: 0 });
    }

    /// As [`publish`](Self::publish), and waits until the encoder has it.
    pub(crate) async fn send(&mut self, broker: &WebSocketBroker) {
        self.publish(broker);
        self.arrived(broker).await;
    }

    /// Waits until every packet is in the ring or counted as lost.
    pub(crate) async fn arrived(&self, broker: &WebSocketBroker) {
        until("the encoder", || {
            let topics = broker.topics();
            let topic = topics.iter().find(|t| t.topic == self.topic);
            topic.is_some_and(|t| t.packets + t.lost_packets == self.published)
        })
        .await;
    }

    /// Packets that came from the allocator so far.
    pub(crate) fn shells_made(&self) -> u64 {
        self.ctx.shells_made()
    }
}
