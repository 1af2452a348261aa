//! `eegd process`: a pipeline over a recording, as fast as it can be read, with a progress bar.

use super::load::{located, not_opened, prepare};
use super::replay::{Replay, study_of};
use super::report::report;
use super::{Failed, cli::Data};
use crate::control::Candidate;
use crate::host::{Host, Surroundings};
use crate::logs::{self, LogFormat, LogLevel};
use anyhow::{Context, anyhow};
use indicatif::{ProgressBar, ProgressStyle};
use pipeline_core::Role;
use pipeline_core::executor::{Running, StageInfo};
use plugin_api::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

pub(super) fn process(
    pipeline: &Path,
    input: Option<&Path>,
    data: &Data,
    registry: Registry,
) -> Result<(), Failed> {
    logs::start(LogFormat::Text, LogLevel::Info);
    let surroundings = Surroundings::new(Arc::new(registry), data.data_dir.clone());
    let study = study_of(pipeline);
    let replay = match (&study, input) {
        (Some(study), Some(input)) => Some(Replay::new(study, input).map_err(Failed::Input)?),
        _ => None,
    };
    let names = study.as_ref().map(|study| Arc::new(study.names())).unwrap_or_default();
    let gate = replay.as_ref().map(Replay::gate);
    let surroundings = Surroundings { offline: true, names, gate, ..surroundings };
    let Candidate { prepared, loaded, origin, files } =
        prepare(Some(pipeline), &data.set, input, &surroundings)?;
    prepared.warnings.iter().for_each(|warning| eprintln!("eegd: warning: {warning}"));
    if prepared.checked.document.record.is_some() {
        eprintln!("eegd: warning: `record` counts for `eegd run`: no study is recorded");
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot set up the runtime")?;
    let host = Host::new(None);
    let began = Instant::now();
    let running = host
        .start(prepared.checked)
        .map_err(|errors| not_opened(&origin, &located(loaded.as_ref(), errors)))?;
    let replaying = replay.map(|replay| {
        let host = Arc::clone(&host);
        std::thread::Builder::new()
            .name("replay".to_owned())
            .spawn(move || replay.run(&host, &surroundings, &files))
    });
    let replaying = replaying.transpose().context("cannot start the replay's thread")?;
    let interrupted = runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        let mut bar = Bar::new(&running);
        let mut interrupted = false;
        loop {
            tokio::select! {
                () = host.ended() => break,
                _ = interrupt.recv() => { interrupted = true; host.drain(); }
                _ = terminate.recv() => { interrupted = true; host.drain(); }
                () = tokio::time::sleep(Duration::from_millis(100)) => bar.show(&running),
            }
        }
        bar.0.finish_and_clear();
        Ok::<bool, std::io::Error>(interrupted)
    });
    let interrupted = interrupted.context("cannot wait for signals")?;
    if let Some(Err(why)) = replaying.and_then(|thread| thread.join().ok()) {
        return Err(Failed::Other(anyhow!(why)));
    }
    let frames: u64 = sources(&running).iter().map(|s| s.stats.frames_out.get()).sum();
    let outcome = host.outcome().unwrap_or_default();
    report(&outcome, &running.stages())?;
    summary(&running, frames, began.elapsed());
    if interrupted {
        return Err(Failed::Other(anyhow!(
            "interrupted after {frames} frames; what was read has been written"
        )));
    }
    Ok(())
}

fn sources(running: &Running) -> Vec<StageInfo> {
    running.stages().iter().filter(|stage| stage.role == Role::Source).cloned().collect()
}

fn summary(running: &Running, frames: u64, took: Duration) {
    let recorded_s: f64 = sources(running)
        .iter()
        .filter_map(|s| {
            s.output.as_ref().map(|spec| s.stats.frames_out.get() as f64 / spec.rate_hz)
        })
        .fold(0.0, f64::max);
    let took_s = took.as_secs_f64().max(1e-9);
    eprintln!(
        "{frames} frames, {recorded_s:.1} s of signal, in {took_s:.2} s ({:.0} times real time)",
        recorded_s / took_s
    );
}

/// A bar where the sources know their length, a count where they do not; nothing where nobody looks.
struct Bar(ProgressBar);

impl Bar {
    fn new(running: &Running) -> Self {
        let totals: Option<u64> = sources(running)
            .iter()
            .map(|s| s.output.as_ref().and_then(|spec| spec.total_frames))
            .sum();
        let (bar, template) = match totals {
            Some(total) => {
                (ProgressBar::new(total), "{bar:40} {percent:>3} %  {human_pos} frames  {eta} left")
            }
            None => (ProgressBar::new_spinner(), "{spinner} {human_pos} frames  {elapsed}"),
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&mut self, running: &Running) {
        self.0.set_position(sources(running).iter().map(|s| s.stats.frames_out.get()).sum());
    }
}
