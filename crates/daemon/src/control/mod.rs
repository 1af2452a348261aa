//! Orders that start, change and stop the pipeline: carried out one at a time, on a thread of their own.
//!
//! HTTP, `/ws/control` and the command line all hand their orders to the same [`Control`]; behind it stands one
//! `Operator` with one way of doing things: new document, built, compared with the running one, changed in band.

mod compare;
mod operator;
mod patch;
mod presets;
mod refused;
mod resume;
mod save;
mod settings;
mod stage_order;
mod start;
mod study;

pub(crate) use compare::changed;
pub(crate) use operator::{Applied, Operator};
pub(crate) use patch::Patch;
pub use presets::Presets;
pub(crate) use presets::{BadPreset, Preset};
pub(crate) use refused::Refused;
pub(crate) use resume::Interrupted;
pub(crate) use save::{Left, left_in};
pub(crate) use stage_order::StageOrder;
pub(crate) use start::{Begun, Candidate, Source};

use crate::host::{Host, Surroundings};
use crate::studies::SessionMeta;
use plugin_api::{Broker, Registry};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};

/// How many orders may wait. Each client waits for its answer, so this many are many clients.
const WAITING: usize = 64;

type Order = Box<dyn FnOnce(&mut Operator) + Send>;

/// Takes orders. Clones give theirs to the same operator.
#[derive(Clone)]
pub struct Control {
    orders: mpsc::Sender<Order>,
    host: Arc<Host>,
    presets: Presets,
    data_dir: Arc<PathBuf>,
    study: watch::Receiver<Option<SessionMeta>>,
}

/// What a [`Control`] is made from.
#[derive(Debug)]
pub struct Setup {
    /// The pipeline's host.
    pub host: Arc<Host>,
    /// The kinds of stage.
    pub registry: Arc<Registry>,
    /// Where everything is written, `pipeline.yaml` too.
    pub data_dir: PathBuf,
    /// Pipelines by name.
    pub presets: Presets,
    /// The pipeline to run when the one that was asked for cannot be opened.
    pub fallback: Option<PathBuf>,
    /// Whether `running.yaml` is kept in the data dir, for a start after a crash.
    pub keep_running: bool,
}

impl Control {
    /// Starts the thread that carries out orders. It ends when the last clone is gone.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(setup: Setup) -> io::Result<Self> {
        let Setup { host, registry, data_dir, presets, fallback, keep_running } = setup;
        let data_dir_shown = Arc::new(data_dir.clone());
        let broker = host.broker().cloned().map(|broker| -> Arc<dyn Broker> { broker });
        let surroundings = Surroundings { broker, ..Surroundings::new(registry, data_dir) };
        let (study_told, study) = watch::channel(None);
        let mut operator = Operator::new(
            Arc::clone(&host),
            surroundings,
            presets.clone(),
            fallback,
            study_told,
            keep_running,
        );
        let (orders, mut waiting) = mpsc::channel::<Order>(WAITING);
        let work = move || {
            while let Some(order) = waiting.blocking_recv() {
                order(&mut operator);
                operator.keep_running();
            }
        };
        std::thread::Builder::new().name("control".to_owned()).spawn(work)?;
        Ok(Self { orders, host, presets, data_dir: data_dir_shown, study })
    }

    /// Has an order carried out; waits for its turn if need be.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Operator) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let (order, answer) = with_answer(order);
        self.orders.send(order).await.map_err(|_| Refused::Closing)?;
        answer.await.unwrap_or(Err(Refused::Closing))
    }

    /// As [`ask`](Self::ask), but refuses when too many orders wait already.
    pub(crate) async fn try_ask<T: Send + 'static>(
        &self,
        order: impl FnOnce(&mut Operator) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let (order, answer) = with_answer(order);
        self.orders.try_send(order).map_err(|refused| match refused {
            mpsc::error::TrySendError::Full(_) => Refused::Busy,
            mpsc::error::TrySendError::Closed(_) => Refused::Closing,
        })?;
        answer.await.unwrap_or(Err(Refused::Closing))
    }

    /// What runs.
    pub(crate) fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// Where everything is written.
    pub(crate) fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// The study that is being recorded. Does not wait.
    pub(crate) fn study(&self) -> Option<SessionMeta> {
        self.study.borrow().clone()
    }

    /// Pipelines by name.
    pub(crate) fn presets(&self) -> &Presets {
        &self.presets
    }
}

/// The order, and where its answer comes.
fn with_answer<T: Send + 'static>(
    order: impl FnOnce(&mut Operator) -> Result<T, Refused> + Send + 'static,
) -> (Order, oneshot::Receiver<Result<T, Refused>>) {
    let (tell, answer) = oneshot::channel();
    let order = move |operator: &mut Operator| {
        let done = if operator.is_closing() { Err(Refused::Closing) } else { order(operator) };
        // Who has gone meanwhile does not want to know; the order counts all the same.
        let _ = tell.send(done);
    };
    (Box::new(order), answer)
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("host", &self.host).finish_non_exhaustive()
    }
}
