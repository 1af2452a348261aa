//! `eegd run`: a pipeline, live, with its page in the browser, until Ctrl-C.

use super::load::{Prepared, Surroundings, not_opened, prepare};
use super::report::{report, sentence};
use super::{Failed, cli::Serve};
use crate::api::{Access, AppState, Limits, Token, check_listen, serve};
use crate::broker::{BrokerSettings, WebSocketBroker};
use crate::document::Document;
use crate::host::{Host, State};
use anyhow::{Context, anyhow};
use plugin_api::Registry;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Threads of the network side. Live clients cost microseconds each; more threads only cost wake-ups.
const NETWORK_THREADS: usize = 2;

pub(super) fn run(
    pipeline: Option<&Path>,
    options: &Serve,
    registry: Registry,
) -> Result<(), Failed> {
    let token = options.token_file.as_deref().map(read_token).transpose()?;
    check_listen(options.listen, token.is_some())
        .map_err(|error| Failed::Input(error.to_string()))?;
    let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
    let around = Surroundings {
        data_dir: options.data.data_dir.clone(),
        broker: Some(broker.clone()),
        offline: false,
    };
    let prepared = prepare(pipeline, &options.data.set, &registry, around)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(NETWORK_THREADS)
        .thread_name("network")
        .enable_all()
        .build()
        .context("cannot set up the network threads")?;
    let done = runtime.block_on(async {
        let listener =
            TcpListener::bind(options.listen).await.with_context(|| busy(options.listen))?;
        let address = listener.local_addr().context("cannot tell the address")?;
        tokio::spawn(encoder.run());
        let host = Host::new(Some(broker.clone()));
        let state = AppState {
            broker,
            pipeline: host.clone(),
            registry: Arc::new(registry),
            access: Arc::new(Access::new(address, Vec::new(), token)),
            limits: Limits::default(),
        };
        let (close, closed) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, state, async {
            // A dropped sender means the same: close.
            let _ = closed.await;
        }));
        let served = until_stopped(&host, prepared, pipeline, address).await;
        drop(close);
        let _ = server.await;
        served
    });
    // A thread that still writes to a client that takes nothing is not waited for.
    runtime.shutdown_background();
    done
}

/// Starts the pipeline and waits for Ctrl-C; then drains it.
async fn until_stopped(
    host: &Arc<Host>,
    prepared: Prepared,
    pipeline: Option<&Path>,
    address: SocketAddr,
) -> Result<(), Failed> {
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot wait for signals")?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot wait for signals")?;
    let Prepared { checked, warnings, loaded } = prepared;
    let banner = banner(&checked.document, pipeline, address);
    let running = host.start(checked).map_err(|errors| not_opened(pipeline, &loaded, errors))?;
    println!("{banner}");
    warnings
        .into_iter()
        .chain(running.notes())
        .for_each(|warning| eprintln!("eegd: warning: {warning}"));
    let mut stop = async || {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    };
    let ended = tokio::select! {
        () = stop() => false,
        () = host.ended() => true,
    };
    if ended {
        say_ended(host);
        stop().await;
    } else {
        eprintln!("eegd: draining; once more Ctrl-C to leave at once");
        host.drain();
        tokio::select! {
            () = host.ended() => {}
            () = stop() => return Err(Failed::Other(anyhow!("left before everything was delivered"))),
        }
    }
    Ok(report(&host.outcome().unwrap_or_default(), &running.stages())?)
}

/// The pipeline is over, the server is not.
fn say_ended(host: &Host) {
    let failed = *host.states().borrow() == State::Failed;
    let how = if failed { "has failed" } else { "has ended" };
    eprintln!("eegd: the pipeline {how}; the page is still served, Ctrl-C leaves");
    for failure in host.outcome().unwrap_or_default().failures {
        eprintln!("eegd: {}", sentence(&failure));
    }
}

fn banner(document: &Document, pipeline: Option<&Path>, address: SocketAddr) -> String {
    let what = match pipeline {
        Some(path) => path.display().to_string(),
        None => "the built-in demo: a real recording from an ADS1299 (OpenBCI Cyton, 8 channels)"
            .to_owned(),
    };
    let stages: Vec<&str> = document.stages.keys().map(String::as_str).collect();
    format!(
        "eegd {} runs {what}\n  stages  {}\n  viewer  http://{address}\n  stop    Ctrl-C",
        env!("CARGO_PKG_VERSION"),
        stages.join(", ")
    )
}

fn busy(address: SocketAddr) -> String {
    format!(
        "cannot listen on {address} (another eegd? `--listen {}:0` takes a free port)",
        address.ip()
    )
}

fn read_token(path: &Path) -> Result<Token, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failed::Input(format!("cannot read the token file {}: {error}", path.display()))
    })?;
    Token::new(&text)
        .map_err(|error| Failed::Input(format!("token file {}: {error}", path.display())))
}
