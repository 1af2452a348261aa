//! How a sink reaches the live clients without knowing tokio: it hands a message to this trait.

use pipeline_core::RtPacket;
use std::sync::Arc;

/// A packet for everyone who listens to a topic.
#[derive(Debug, Clone)]
pub struct BrokerMessage {
    /// The topic.
    pub topic: Arc<str>,
    /// The packet, shared.
    pub packet: Arc<RtPacket>,
    /// Frames lost between the packet before and this one, on the way to the sink.
    pub lost_before: u64,
}

/// Takes packets to live clients. Never blocks: what it cannot take it counts and reports to the clients.
pub trait Broker: Send + Sync {
    /// Declares a topic before its first packet, so that clients can be told it exists.
    fn announce(&self, topic: &Arc<str>);

    /// Hands a packet over.
    fn publish(&self, message: BrokerMessage);
}
