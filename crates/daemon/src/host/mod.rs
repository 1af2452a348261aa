//! The one pipeline that runs in this process: started, watched, drained, and told about.

mod files;
mod snapshot;

pub use files::DEMO;
pub(crate) use files::PipelineFiles;

use crate::broker::WebSocketBroker;
use crate::document::{Checked, Document};
use pipeline_core::executor::{self, Group, Outcome, Running};
use pipeline_core::graph::GraphError;
use serde_json::{Map, Value};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// What the pipeline is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing runs.
    Idle,
    /// Stages are being opened.
    Starting,
    /// Packets flow.
    Running,
    /// Sources have ended; what is in flight is being delivered.
    Draining,
    /// A stage under `fatal` failed, or a stage could not be opened.
    Failed,
}

impl State {
    /// As the API says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Draining => "draining",
            Self::Failed => "failed",
        }
    }
}

/// Holds the pipeline and answers for it.
pub struct Host {
    broker: Option<Arc<WebSocketBroker>>,
    inner: Mutex<Inner>,
    state: watch::Sender<State>,
}

#[derive(Default)]
struct Inner {
    revision: u64,
    document: Document,
    running: Option<Arc<Running>>,
    outcome: Option<Outcome>,
    /// Why the pipeline could not be opened.
    not_opened: Vec<GraphError>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl Host {
    /// A host without a pipeline. Clients of `broker`, if there is one, are told of every change of state.
    pub fn new(broker: Option<Arc<WebSocketBroker>>) -> Arc<Self> {
        Arc::new(Self { broker, inner: Mutex::default(), state: watch::Sender::new(State::Idle) })
    }

    /// Opens the stages and starts the threads. One pipeline runs at a time: the one before must have ended.
    ///
    /// # Errors
    /// Every stage that could not be opened.
    pub fn start(self: &Arc<Self>, checked: Checked) -> Result<Arc<Running>, Vec<GraphError>> {
        self.enter(State::Starting);
        let groups: Vec<Group> = checked
            .document
            .groups
            .iter()
            .map(|(name, group)| Group { name: name.clone(), cores: group.cores.clone() })
            .collect();
        let revision = {
            let mut inner = self.lock();
            inner.revision += 1;
            inner.document = checked.document;
            inner.outcome = None;
            inner.not_opened.clear();
            inner.revision
        };
        if let Some(broker) = &self.broker {
            broker.set_config_revision(revision);
        }
        let running = match executor::start(checked.graph, &groups) {
            Ok(running) => Arc::new(running),
            Err(errors) => {
                self.lock().not_opened.clone_from(&errors);
                self.enter(State::Failed);
                return Err(errors);
            }
        };
        self.lock().running = Some(Arc::clone(&running));
        self.enter(State::Running);
        self.watch(&running);
        Ok(running)
    }

    /// A thread that waits for the end, keeps how it came and tells everyone.
    fn watch(self: &Arc<Self>, running: &Arc<Running>) {
        let (host, running) = (Arc::clone(self), Arc::clone(running));
        let watcher = std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            let outcome = running.wait();
            let failed = outcome.is_fatal();
            host.lock().outcome = Some(outcome);
            host.enter(if failed { State::Failed } else { State::Idle });
        });
        if watcher.is_err() {
            // Without a watcher the end would pass unseen; better to end now and say so.
            self.drain();
            self.enter(State::Failed);
        }
    }

    /// Ends the sources. What is in flight is delivered, then the state becomes `idle` or `failed`.
    pub fn drain(&self) {
        let running = self.lock().running.clone();
        if let Some(running) = running.filter(|running| !running.is_over()) {
            self.enter(State::Draining);
            running.stop();
        }
    }

    /// The state, and word of every change.
    pub fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Waits until nothing runs any more.
    pub async fn ended(&self) {
        let over = |state: &State| matches!(state, State::Idle | State::Failed);
        // The sender lives as long as `self`.
        let _ = self.states().wait_for(over).await;
    }

    /// How the last pipeline ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.lock().outcome.clone()
    }

    fn enter(&self, state: State) {
        self.state.send_replace(state);
        if let Some(broker) = &self.broker {
            let mut event = Map::new();
            event.insert("event".to_owned(), Value::from("state"));
            event.insert("state".to_owned(), Value::from(state.name()));
            broker.publish_event(event);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
