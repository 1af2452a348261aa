//! What the chain is measured with: a broker, a server, clients, and a folder for recordings, for the whole run.

use crate::api::{Access, AppState, Limits, serve};
use crate::broker::{BrokerSettings, WebSocketBroker};
use crate::commands::run::network_threads;
use crate::control::{Control, Presets, Setup};
use crate::host::Host;
use anyhow::Context;
use futures_util::StreamExt;
use plugin_api::{Registry, StageInitCtx};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;

/// The topic that clients listen to.
pub(super) const TOPIC: &str = "bench";
/// A machine that takes longer to connect a client is not measured.
const CONNECTING: Duration = Duration::from_secs(30);
/// What is under way to a client on this machine arrives within this.
const QUIET: Duration = Duration::from_millis(50);

/// Everything around the chain.
pub(super) struct Rig {
    pub(super) registry: Arc<Registry>,
    pub(super) broker: Arc<WebSocketBroker>,
    folder: TempDir,
    address: SocketAddr,
    runtime: Runtime,
}

impl Rig {
    /// Recordings go into a folder below `beside`, which is removed in the end.
    pub(super) fn new(registry: Registry, beside: &Path) -> anyhow::Result<Self> {
        let registry = Arc::new(registry);
        let folder = tempfile::tempdir_in(beside)
            .with_context(|| format!("cannot write in {}", beside.display()))?;
        let runtime = network_threads()?;
        let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
        let setup = Setup {
            keep_running: false,
            host: Host::new(Some(Arc::clone(&broker))),
            registry: Arc::clone(&registry),
            data_dir: folder.path().to_owned(),
            presets: Presets::default(),
            fallback: None,
        };
        let control = Control::new(setup).context("cannot start the control thread")?;
        let listener = runtime
            .block_on(TcpListener::bind("127.0.0.1:0"))
            .context("cannot listen on 127.0.0.1")?;
        let address = listener.local_addr().context("cannot tell the address")?;
        let state = AppState {
            broker: Arc::clone(&broker),
            control,
            registry: Arc::clone(&registry),
            access: Arc::new(Access::new(address, Vec::new(), None)),
            limits: Limits::default(),
        };
        runtime.spawn(encoder.run());
        runtime.spawn(serve(listener, state, std::future::pending()));
        Ok(Self { registry, broker, folder, address, runtime })
    }

    /// What stages are built with.
    pub(super) fn ctx(&self) -> StageInitCtx {
        StageInitCtx {
            broker: Some(self.broker.clone()),
            ..StageInitCtx::in_folder(self.folder.path())
        }
    }

    /// Runs what has to know the runtime.
    pub(super) fn in_runtime<T>(&self, work: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.enter();
        work()
    }

    /// Runs a task beside it.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    /// Connects clients that take whatever comes, until what is returned is dropped.
    pub(super) fn clients(&self, count: usize) -> anyhow::Result<Clients> {
        let connected = Arc::new(AtomicUsize::new(0));
        let frames: Arc<[AtomicU64]> = (0..count).map(|_| AtomicU64::new(0)).collect();
        let mut tasks = JoinSet::new();
        let address = self.address;
        for client in 0..count {
            let (connected, frames) = (Arc::clone(&connected), Arc::clone(&frames));
            tasks.spawn_on(
                async move {
                    let stream = TcpStream::connect(address).await.ok()?;
                    let url = format!("ws://{address}/ws/data?topics={TOPIC}");
                    let (mut socket, _) = client_async(url, stream).await.ok()?;
                    connected.fetch_add(1, Ordering::AcqRel);
                    while let Some(Ok(message)) = socket.next().await {
                        // The number of frames is a u32 at offset 24 (a text has none).
                        if let Message::Binary(bytes) = message
                            && let Some(number) = bytes.get(24..28)
                        {
                            let number = number.try_into().map_or(0, u32::from_le_bytes);
                            frames[client].fetch_add(u64::from(number), Ordering::AcqRel);
                        }
                    }
                    Some(())
                },
                self.runtime.handle(),
            );
        }
        let began = Instant::now();
        while connected.load(Ordering::Acquire) < count {
            let (there, waited) = (connected.load(Ordering::Acquire), began.elapsed());
            anyhow::ensure!(waited < CONNECTING, "only {there} of {count} clients could connect");
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(Clients { frames, _tasks: tasks })
    }

    /// Packets that did not reach every client: lost before the broker, or told as lagged.
    pub(super) fn not_delivered(&self) -> u64 {
        let topics = self.broker.topics();
        topics.iter().map(|topic| topic.lost_packets + topic.lagged_packets).sum()
    }

    /// Removes what has been recorded.
    pub(super) fn tidy(&self) {
        let files = std::fs::read_dir(self.folder.path()).into_iter().flatten().flatten();
        // What cannot be removed now goes with the folder.
        files.for_each(|file| drop(std::fs::remove_file(file.path())));
    }

    /// Ends the server without waiting for clients.
    pub(super) fn end(self) {
        self.runtime.shutdown_background();
    }
}

/// Clients that listen; they leave when this is dropped.
pub(super) struct Clients {
    /// Frames that each has received.
    frames: Arc<[AtomicU64]>,
    _tasks: JoinSet<Option<()>>,
}

impl Clients {
    /// Frames that each has received so far.
    pub(super) fn received(&self) -> Vec<u64> {
        self.frames.iter().map(|frames| frames.load(Ordering::Acquire)).collect()
    }

    /// Waits until nothing comes any more.
    pub(super) fn settle(&self) {
        let began = Instant::now();
        let mut before = self.received();
        while began.elapsed() < CONNECTING && !before.is_empty() {
            std::thread::sleep(QUIET);
            let now = self.received();
            if now == before {
                break;
            }
            before = now;
        }
    }
}
