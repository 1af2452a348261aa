//! Hands packets to the broker, which encodes each once and sends it to every client of the topic.

use plugin_api::{
    Broker, BrokerMessage, Built, ConfigError, Inputs, Lockable, OpenError, Role, RtPacket,
    StageCtx, StageDesc, StageImpl, StageInitCtx, StagePolicy, StageResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Serves the stream live, over WebSocket, as a topic.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebsocketSinkDesc {
    /// Name of the topic: letters, digits, `_`, `-` and `.`, at most 64.
    pub topic: String,
}

impl StageDesc for WebsocketSinkDesc {
    const KIND: &'static str = "websocket_sink";
    const ROLE: Role = Role::Sink;
    // A live view that was late once is still a live view.
    const POLICY: StagePolicy = StagePolicy::SkipPacket;

    fn example() -> Self {
        Self { topic: "eeg_filtered".to_owned() }
    }

    fn build(&self, _inputs: &Inputs<'_>, ctx: &StageInitCtx) -> Result<Built, Vec<ConfigError>> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        ConfigError::require(
            (1..=64).contains(&self.topic.len()) && self.topic.chars().all(plain),
            "topic",
            "1 to 64 letters, digits, `_`, `-` or `.`",
            format_args!("{:?}", self.topic),
        )?;
        Ok(Built::sink(WebsocketSink {
            topic: self.topic.as_str().into(),
            broker: ctx.broker.clone(),
        }))
    }
}

struct WebsocketSink {
    topic: Arc<str>,
    broker: Option<Arc<dyn Broker>>,
}

impl Lockable for WebsocketSink {}

impl StageImpl for WebsocketSink {
    fn open(&mut self) -> Result<(), OpenError> {
        if let Some(broker) = &self.broker {
            broker.announce(&self.topic);
        }
        Ok(())
    }

    fn process(&mut self, packet: Arc<RtPacket>, ctx: &mut StageCtx) -> StageResult {
        // Without a broker there is nobody to have it; it goes home like any other.
        let Some(broker) = &self.broker else { return Ok(Some(packet)) };
        broker.publish(BrokerMessage {
            topic: Arc::clone(&self.topic),
            packet,
            lost_before: ctx.lost_before(),
        });
        Ok(None)
    }
}
