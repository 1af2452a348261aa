//! `eegd run`: a pipeline, live, with its page in the browser, until Ctrl-C.

use super::load::{not_opened, prepare};
use super::report::{report, sentence};
use super::resume::{self, Start};
use super::{Failed, cli::Serve};
use crate::api::{Access, AppState, Limits, Token, check_listen, serve};
use crate::broker::{BrokerSettings, WebSocketBroker};
use crate::control::{Candidate, Control, Operator, Presets, Refused, Setup};
use crate::host::{Host, State, Surroundings};
use crate::logs;
use crate::realtime;
use crate::service;
use anyhow::{Context, anyhow};
use plugin_api::Registry;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Threads of the network side. Live clients cost microseconds each; more threads only cost wake-ups.
const NETWORK_THREADS: usize = 2;
/// How long recordings are waited for whose disk does not answer.
const LATE: Duration = Duration::from_secs(30);

/// The threads that serve live clients and requests.
pub(super) fn network_threads() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(NETWORK_THREADS)
        .thread_name("network")
        .enable_all()
        .build()
        .context("cannot set up the network threads")
}

pub(super) fn run(
    pipeline: Option<&Path>,
    options: &Serve,
    registry: Registry,
) -> Result<(), Failed> {
    let flight = logs::start(options.log_format, options.log_level);
    let token = options.token_file.as_deref().map(read_token).transpose()?;
    check_listen(options.listen, token.is_some())
        .map_err(|error| Failed::Input(error.to_string()))?;
    let presets = presets(options)?;
    let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
    let registry = Arc::new(registry);
    let data_dir = options.data.data_dir.clone();
    let surroundings = Surroundings {
        broker: Some(broker.clone()),
        ..Surroundings::new(Arc::clone(&registry), data_dir.clone())
    };
    let start = resume::prepare(pipeline, options, &surroundings)?;
    let runtime = network_threads()?;
    let done = runtime.block_on(async {
        let listener = TcpListener::bind(options.listen).await.map_err(|error| {
            let words = not_listening(options.listen, &error);
            anyhow::Error::new(error).context(words)
        })?;
        let address = listener.local_addr().context("cannot tell the address")?;
        tokio::spawn(encoder.run());
        let host = Host::new(Some(broker.clone()));
        let fallback = options.fallback.clone();
        let setup = Setup {
            host,
            registry: Arc::clone(&registry),
            data_dir,
            presets,
            fallback,
            keep_running: options.resume,
        };
        let control = Control::new(setup).context("cannot start the control thread")?;
        let looked_after = Arc::clone(control.host());
        tokio::spawn(logs::watch(looked_after, flight, options.data.data_dir.clone()));
        let state = AppState {
            broker,
            control: control.clone(),
            registry,
            access: Arc::new(Access::new(address, options.host_name.clone(), token)),
            limits: Limits::default(),
        };
        let (close, closed) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, state, async {
            // A dropped sender means the same: close.
            let _ = closed.await;
        }));
        let reload = || {
            let path = pipeline.ok_or_else(|| {
                Failed::Input("no PIPELINE was named when eegd was started".to_owned())
            })?;
            prepare(Some(path), &options.data.set, None, &surroundings)
        };
        let served = until_stopped(&control, start, reload, address).await;
        drop(close);
        let _ = server.await;
        served
    });
    // A thread that still writes to a client that takes nothing is not waited for.
    runtime.shutdown_background();
    done
}

/// Ctrl-C, or a service manager's stop.
struct Stop {
    interrupt: Signal,
    terminate: Signal,
}

fn listen_for(kind: SignalKind) -> Result<Signal, Failed> {
    Ok(signal(kind).context("cannot wait for signals")?)
}

impl Stop {
    fn new() -> Result<Self, Failed> {
        Ok(Self {
            interrupt: listen_for(SignalKind::interrupt())?,
            terminate: listen_for(SignalKind::terminate())?,
        })
    }

    async fn wanted(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Starts the pipeline and waits for Ctrl-C; then ends whatever runs by then in good order. A SIGHUP has the pipeline
/// file read again.
async fn until_stopped(
    control: &Control,
    start: Start,
    reload: impl Fn() -> Result<Candidate, Failed>,
    address: SocketAddr,
) -> Result<(), Failed> {
    let mut stop = Stop::new()?;
    let mut hang_up = listen_for(SignalKind::hangup())?;
    let Start { candidate, crash } = start;
    let banner = banner(&candidate, address);
    crash.announce(control).await;
    begin(control, candidate).await?;
    crash.clear_up(control).await;
    println!("{banner}");
    let host = control.host();
    service::ready(&format!("runs {}", host.about().origin));
    let watchdog = tokio::spawn(service::watchdog(Arc::clone(host)));
    let mut states = host.states();
    let mut was = *states.borrow_and_update();
    let timing = tokio::spawn(realtime::look_after(Arc::clone(host)));
    loop {
        tokio::select! {
            () = stop.wanted() => break,
            _ = hang_up.recv() => {
                service::reloading();
                match read_again(control, &reload).await {
                    Ok(revision) => tracing::info!("the pipeline file was read again: revision {revision}"),
                    Err(why) => tracing::info!("the pipeline file was not taken, the pipeline goes on as it is: {why}"),
                }
                service::ready(&format!("runs {}", host.about().origin));
            }
            _ = states.changed() => {
                let is = *states.borrow_and_update();
                if is.is_over() && !was.is_over() {
                    say_ended(host);
                }
                was = is;
            }
        }
    }
    service::stopping();
    watchdog.abort();
    timing.abort();
    if host.running().is_some() {
        tracing::info!("draining; once more Ctrl-C to leave at once");
    }
    let warnings = tokio::select! {
        warnings = control.ask(|operator| Ok(operator.close())) => warnings.unwrap_or_default(),
        () = stop.wanted() => return Err(Failed::Other(anyhow!("left before everything was delivered"))),
    };
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if let Err(why) = stages_builtin::wait_for_late_recordings(LATE) {
        tracing::warn!("{why}");
    }
    let stages = host.last().map(|running| running.stages());
    Ok(report(&host.outcome().unwrap_or_default(), stages.as_deref().unwrap_or_default())?)
}

/// Puts the pipeline file as it is now in the place of what runs; answers with the revision that it is, or with why not.
async fn read_again(
    control: &Control,
    reload: impl Fn() -> Result<Candidate, Failed>,
) -> Result<u64, String> {
    let candidate = reload().map_err(|failed| match failed {
        Failed::Input(why) => why,
        Failed::Other(error) => format!("{error:#}"),
        Failed::Told => String::new(),
    })?;
    let order = |operator: &mut Operator| operator.begin(candidate, false, "SIGHUP");
    let begun = control.ask(order).await.map_err(|refused| refused.to_string())?;
    begun.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    Ok(begun.revision)
}

/// Starts the first pipeline, or its fallback.
async fn begin(control: &Control, candidate: Candidate) -> Result<(), Failed> {
    let name = candidate.origin.clone();
    let begun = control.ask(|operator| operator.begin(candidate, false, "the command line")).await;
    match begun {
        Ok(begun) => {
            begun.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
            Ok(())
        }
        Err(Refused::NotOpened { mistakes, then }) => {
            let failed = not_opened(&name, &mistakes);
            let Failed::Other(error) = failed else { return Err(failed) };
            if control.host().running().is_none() {
                return Err(Failed::Other(error));
            }
            tracing::error!("{error:#}");
            tracing::info!("{then}");
            Ok(())
        }
        Err(refused) => Err(Failed::Other(anyhow!("{name} cannot be started: {refused}"))),
    }
}

/// The pipeline is over, the server is not.
fn say_ended(host: &Host) {
    let failed = *host.states().borrow() == State::Failed;
    let how = if failed { "has failed" } else { "has ended" };
    tracing::info!("the pipeline {how}; the page is still served, Ctrl-C leaves");
    for failure in host.outcome().unwrap_or_default().failures {
        tracing::info!("{}", sentence(&failure));
    }
}

fn banner(candidate: &Candidate, address: SocketAddr) -> String {
    let what = match candidate.origin.as_str() {
        "the demo" => {
            "the built-in demo: a real recording from an ADS1299 (OpenBCI Cyton, 8 channels)"
        }
        path => path,
    };
    let document = &candidate.prepared.checked.document;
    let stages: Vec<&str> = document.stages.keys().map(String::as_str).collect();
    let record = document.record.as_ref();
    let record = record.map_or_else(String::new, |form| format!("\n  records {form}"));
    format!(
        "eegd {} runs {what}\n  stages  {}{record}\n  viewer  http://{address}\n  stop    Ctrl-C",
        env!("CARGO_PKG_VERSION"),
        stages.join(", ")
    )
}

fn not_listening(address: SocketAddr, error: &io::Error) -> String {
    let advice = match error.kind() {
        io::ErrorKind::PermissionDenied => "ports below 1024 are for root".to_owned(),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => format!("another eegd? `--listen {}:0` takes a free port", address.ip()),
    };
    format!("cannot listen on {address} ({advice})")
}

fn presets(options: &Serve) -> Result<Presets, Failed> {
    Presets::new(options.presets.clone()).map_err(|error| {
        let folder = options.presets.as_deref().unwrap_or(Path::new("")).display();
        Failed::Input(format!("cannot read the presets folder {folder}: {error}"))
    })
}

pub(super) fn read_token(path: &Path) -> Result<Token, Failed> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        Failed::Input(format!("cannot read the token file {}: {error}", path.display()))
    })?;
    Token::new(&text)
        .map_err(|error| Failed::Input(format!("token file {}: {error}", path.display())))
}
