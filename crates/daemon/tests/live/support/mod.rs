//! A server to test against, a signal to send, and clients.

mod client;
mod raw;
mod signal;

pub(crate) use client::{Client, Got};
pub(crate) use raw::{RawSocket, request};
pub(crate) use signal::{Signal, value_at};

use daemon::api::{Access, AppState, Limits, Token, serve};
use daemon::broker::{BrokerSettings, TopicStatus, WebSocketBroker};
use daemon::control::{Control, Presets, Setup};
use daemon::host::Host;
use plugin_api::{Built, ConfigError, Registry, StageEntry, simple_stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// Nothing here takes this long; a test that hangs says so instead.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Waits, but not for ever.
pub(crate) async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("still waiting: {what}"))
}

/// Polls until something holds.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    soon(what, async {
        while !holds() {
            sleep(Duration::from_millis(1)).await;
        }
    })
    .await;
}

/// What a test may choose.
#[derive(Default)]
pub(crate) struct Choice {
    pub(crate) limits: Limits,
    pub(crate) broker: BrokerSettings,
    pub(crate) token: Option<&'static str>,
}

/// A running server.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) broker: Arc<WebSocketBroker>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
    _data_dir: tempfile::TempDir,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with(Choice::default()).await
    }

    pub(crate) async fn with(choice: Choice) -> Self {
        let (broker, encoder) = WebSocketBroker::new(choice.broker);
        tokio::spawn(encoder.run());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let token = choice.token.map(|token| Token::new(token).unwrap());
        let registry = Registry::default().with(&[StageEntry::of::<GainDesc>()]).unwrap();
        let registry = Arc::new(registry);
        let data_dir = tempfile::tempdir().unwrap();
        let control = Control::new(Setup {
            keep_running: false,
            host: Host::new(Some(Arc::clone(&broker))),
            registry: Arc::clone(&registry),
            data_dir: data_dir.path().to_owned(),
            presets: Presets::default(),
            fallback: None,
        });
        let state = AppState {
            broker: Arc::clone(&broker),
            control: control.unwrap(),
            registry,
            access: Arc::new(Access::new(address, Vec::new(), token)),
            limits: choice.limits,
        };
        let (stop, stopped) = oneshot::channel();
        let serving =
            tokio::spawn(serve(listener, state, async { stopped.await.unwrap_or_default() }));
        Self { address, broker, stop, serving, _data_dir: data_dir }
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.send(()).unwrap();
        soon("the server's end", self.serving).await.unwrap();
    }

    pub(crate) fn status(&self, topic: &str) -> TopicStatus {
        let topics = self.broker.topics();
        topics
            .into_iter()
            .find(|t| &*t.topic == topic)
            .unwrap_or_else(|| panic!("no topic {topic}"))
    }

    /// Waits until so many clients listen to a topic.
    pub(crate) async fn has_clients(&self, topic: &str, count: usize) {
        until(&format!("{count} clients of {topic}"), || self.status(topic).clients == count).await;
    }
}

/// A kind of stage for `GET /stages`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct GainDesc {
    /// The factor.
    factor: f32,
}

#[derive(Debug)]
struct Gain(f32);

simple_stage! {
    GainDesc as "gain" => Gain, example: GainDesc { factor: 2.0 };
    build(desc, inputs) {
        ConfigError::require(desc.factor.is_finite(), "factor", "a finite number", desc.factor)?;
        Ok(Built::same(Gain(desc.factor), inputs.microvolts()?))
    }
    process(stage, packet, ctx) {
        packet.map_samples(ctx, |uv| uv.iter_mut().for_each(|x| *x *= stage.0))
    }
}
