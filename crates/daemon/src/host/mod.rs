//! The one pipeline that runs in this process: started, changed, watched, drained, and told about.
//!
//! Everybody may look and ask for a drain; what starts or changes it comes in turn, from [`control`](crate::control).

mod events;
mod files;
mod snapshot;
mod surroundings;
mod told;

pub use files::DEMO;
pub(crate) use files::PipelineFiles;
pub(crate) use surroundings::{Prepared, Surroundings};
pub(crate) use told::Told;

use crate::broker::WebSocketBroker;
use crate::document::{Checked, Document};
use crate::filter_report::{self, Filters};
use crate::machine::Root;
use crate::realtime::{self, Arranged, SchedulingReport};
use pipeline_core::executor::{self, ChangeError, Group, Outcome, Proposal, Running};
use pipeline_core::graph::GraphError;
use pipeline_core::{Event, Role};
use serde_json::{Map, Value};
use std::collections::HashSet;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use tokio::sync::{broadcast, watch};

/// How many messages may wait for one client of `/ws/control`; who misses one gets a new snapshot.
const CONTROL_RING: usize = 64;

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
    /// A stage under `fatal` failed.
    Failed,
}

impl State {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::Idle, Self::Starting, Self::Running, Self::Draining, Self::Failed];

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

    /// Whether nothing runs any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Idle | Self::Failed)
    }
}

/// Holds the pipeline and answers for it.
pub struct Host {
    broker: Option<Arc<WebSocketBroker>>,
    inner: Mutex<Inner>,
    state: watch::Sender<State>,
    over: Condvar,
    told: broadcast::Sender<Told>,
}

#[derive(Default)]
struct Inner {
    revision: u64,
    document: Document,
    about: About,
    running: Option<Arc<Running>>,
    /// What the running filters do to each frequency.
    filters: Filters,
    outcome: Option<Outcome>,
    /// What could not be opened.
    not_opened: Vec<GraphError>,
    /// What was done beyond the pipeline's own threads, once a group wanted to be on time.
    arranged: Option<Arranged>,
}

/// Where the document comes from and how it fared, for `GET /pipeline`.
#[derive(Debug, Clone, Default)]
pub(crate) struct About {
    /// What was loaded: a file, a preset, a body.
    pub(crate) origin: String,
    /// The document as it was loaded.
    pub(crate) base: Document,
    /// Why nothing runs, or why something else does than was asked for.
    pub(crate) reason: Option<String>,
    /// For how long nothing can have flowed when the pipeline was last replaced, milliseconds.
    pub(crate) gap_ms: Option<f64>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host").field("state", &*self.state.borrow()).finish_non_exhaustive()
    }
}

impl Host {
    /// A host without a pipeline. Clients of `broker`, if there is one, are told of every change of state.
    pub fn new(broker: Option<Arc<WebSocketBroker>>) -> Arc<Self> {
        Arc::new(Self {
            broker,
            inner: Mutex::default(),
            state: watch::Sender::new(State::Idle),
            over: Condvar::new(),
            told: broadcast::Sender::new(CONTROL_RING),
        })
    }

    /// Opens the stages and starts the threads. One pipeline runs at a time: the one before must have ended.
    ///
    /// # Errors
    /// Every stage that could not be opened.
    pub fn start(self: &Arc<Self>, checked: Checked) -> Result<Arc<Running>, Vec<GraphError>> {
        self.enter(State::Starting);
        let groups = groups(&checked.document);
        self.arrange_process(&groups);
        self.adopt(checked.document);
        {
            let mut inner = self.lock();
            inner.outcome = None;
            inner.filters = filter_report::filters(&checked.graph);
        }
        let running = match executor::start(checked.graph, &groups) {
            Ok(running) => Arc::new(running),
            Err(errors) => {
                self.lock().not_opened.clone_from(&errors);
                self.enter(State::Idle);
                return Err(errors);
            }
        };
        self.lock().running = Some(Arc::clone(&running));
        self.arrange_interrupts();
        self.enter(State::Running);
        events::relay(&running, self.broker.clone());
        self.watch(&running);
        Ok(running)
    }

    /// Turns the running pipeline into another; `changed` and `restart` as in [`Proposal`]. Answers with the sample at
    /// which each stage took the change.
    pub(crate) fn change(
        &self,
        checked: Checked,
        changed: HashSet<String>,
        restart: HashSet<String>,
    ) -> Result<Vec<(String, u64)>, ChangeError> {
        let running = self.running().ok_or(ChangeError::Over)?;
        let Checked { document, graph } = checked;
        let filters = filter_report::filters(&graph);
        let groups = groups(&document);
        self.arrange_process(&groups);
        let proposal = Proposal { graph, groups, changed, restart };
        // The first packet of a new form may come before the change is acknowledged.
        let revision = self.revision();
        self.tell_broker(revision + 1);
        let result = running.change(proposal);
        match &result {
            Ok(_) | Err(ChangeError::Broken(_)) => {
                self.adopt(document);
                self.lock().filters = filters;
                self.arrange_interrupts();
            }
            Err(_) => self.tell_broker(revision),
        }
        if let Err(ChangeError::Broken(errors)) = &result {
            self.lock().not_opened.clone_from(errors);
        }
        result
    }

    /// Locks the memory of the process, and so on, as soon as a group asks for a real-time priority.
    fn arrange_process(&self, groups: &[Group]) {
        if groups.iter().any(|group| group.priority.is_some()) {
            let mut inner = self.lock();
            inner.arranged.get_or_insert_with(|| Arranged::of_the_process(&Root::default()));
        }
    }

    /// Has the interrupts that the running boards need put where they are needed; to be repeated, since a board that comes
    /// back has a new one. Starts programs: not for a network thread.
    pub(crate) fn arrange_interrupts(&self) {
        let Some(running) = self.running() else { return };
        let stages = running.stages();
        let runs_sources = |group: &str| {
            stages.iter().any(|stage| stage.role == Role::Source && *stage.group == *group)
        };
        let groups = groups(&self.document());
        let arranged = realtime::arrange_interrupts(&Root::default(), &groups, runs_sources);
        if let Some(known) = &mut self.lock().arranged {
            known.with_interrupts(arranged.unwrap_or_default());
        }
    }

    /// How the threads of the pipeline that runs, or ran last, are scheduled, whether memory stays, and the interrupts.
    pub(crate) fn scheduling(&self) -> SchedulingReport {
        let (running, arranged) = self.running_and_arranged();
        SchedulingReport::new(&running.map_or_else(Vec::new, |r| r.scheduling()), arranged.as_ref())
    }

    /// What of that could not be had, in sentences.
    pub(crate) fn scheduling_warnings(&self) -> Vec<String> {
        let (running, arranged) = self.running_and_arranged();
        let threads = running.map_or_else(Vec::new, |r| r.scheduling());
        realtime::warnings(&Root::default(), &threads, arranged.as_ref())
    }

    fn running_and_arranged(&self) -> (Option<Arc<Running>>, Option<Arranged>) {
        let inner = self.lock();
        (inner.running.clone(), inner.arranged.clone())
    }

    /// Takes a document: the next revision. Everybody hears what is different.
    pub(crate) fn adopt(&self, document: Document) {
        let mut inner = self.lock();
        inner.revision += 1;
        inner.not_opened.clear();
        let before = std::mem::replace(&mut inner.document, document);
        self.tell_broker(inner.revision);
        tracing::debug!(revision = inner.revision, "a document was taken");
        // An error means that nobody listens.
        let _ = self.told.send(Told::change(inner.revision, &before, &inner.document));
    }

    /// The filters that run, or ran last.
    pub(crate) fn filters(&self) -> Filters {
        self.lock().filters.clone()
    }

    /// Something happened: every recorder is told, in order with the data, and every live client. May wait a while.
    pub(crate) fn note(&self, event: &Event) -> Result<(), ChangeError> {
        let running = self.running().ok_or(ChangeError::Over)?;
        events::note(&running, event)?;
        if let Some(broker) = &self.broker {
            broker.publish_event(events::fields(event));
        }
        Ok(())
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
        // What has ended by itself meanwhile stays ended.
        self.enter_from(State::Draining, |state| state == State::Running);
        if let Some(running) = self.running() {
            running.stop();
        }
    }

    /// The state, and word of every change.
    pub fn states(&self) -> watch::Receiver<State> {
        self.state.subscribe()
    }

    /// Waits until nothing runs any more.
    pub async fn ended(&self) {
        // The sender lives as long as `self`.
        let _ = self.states().wait_for(|state| state.is_over()).await;
    }

    /// As [`ended`](Self::ended), for a thread that may block.
    pub(crate) fn wait_until_over(&self) {
        let mut inner = self.lock();
        while !self.state.borrow().is_over() {
            inner = self.over.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// How the last pipeline ended, once it has.
    pub fn outcome(&self) -> Option<Outcome> {
        self.lock().outcome.clone()
    }

    pub(crate) const fn broker(&self) -> Option<&Arc<WebSocketBroker>> {
        self.broker.as_ref()
    }

    /// The pipeline, while it runs.
    pub(crate) fn running(&self) -> Option<Arc<Running>> {
        self.lock().running.clone().filter(|running| !running.is_over())
    }

    /// The pipeline that runs, or the last that did.
    pub(crate) fn last(&self) -> Option<Arc<Running>> {
        self.lock().running.clone()
    }

    pub(crate) fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// The merged document.
    pub(crate) fn document(&self) -> Document {
        self.lock().document.clone()
    }

    pub(crate) fn about(&self) -> About {
        self.lock().about.clone()
    }

    pub(crate) fn set_about(&self, about: About) {
        self.lock().about = about;
    }

    /// A snapshot for a client of `/ws/control`, and every message after it.
    pub(crate) fn follow(&self) -> (Told, broadcast::Receiver<Told>) {
        let inner = self.lock();
        let state = *self.state.borrow();
        (Told::snapshot(inner.revision, state, &inner.document), self.told.subscribe())
    }

    fn enter(&self, state: State) {
        self.enter_from(state, |_| true);
    }

    fn enter_from(&self, state: State, may: impl Fn(State) -> bool) {
        {
            // Under the lock, so that a snapshot and the messages after it agree and nobody waits past the end.
            let _inner = self.lock();
            if !may(*self.state.borrow()) {
                return;
            }
            self.state.send_replace(state);
            let _ = self.told.send(Told::state(state));
            self.over.notify_all();
        }
        tracing::debug!(state = state.name(), "the pipeline's state");
        if let Some(broker) = &self.broker {
            let mut event = Map::new();
            event.insert("event".to_owned(), Value::from("state"));
            event.insert("state".to_owned(), Value::from(state.name()));
            broker.publish_event(event);
        }
    }

    fn tell_broker(&self, revision: u64) {
        if let Some(broker) = &self.broker {
            broker.set_config_revision(revision);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn groups(document: &Document) -> Vec<Group> {
    let group = |(name, group): (&String, &crate::document::GroupDoc)| Group {
        name: name.clone(),
        cores: group.cores.clone(),
        priority: group.priority,
        wait: group.wait,
    };
    document.groups.iter().map(group).collect()
}
