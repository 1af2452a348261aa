//! What `eegd run --resume` begins with: what was left in the data dir, by a shutdown or by a crash.

use super::Failed;
use super::cli::Serve;
use super::load;
use crate::control::{Candidate, Control, Interrupted, Left, Operator, left_in};
use crate::host::Surroundings;
use std::path::Path;

/// The pipeline to begin with, and what there is to do beside it.
pub(super) struct Start {
    pub(super) candidate: Candidate,
    pub(super) crash: Crash,
}

/// What a crash has left to be done.
#[derive(Default)]
pub(super) struct Crash {
    /// Studies that nobody stopped, the newest first.
    interrupted: Vec<Interrupted>,
    /// Whether the newest is to be recorded on.
    record_on: bool,
}

/// Prepares what was left, if that is wanted and there is something; else `pipeline`.
pub(super) fn prepare(
    pipeline: Option<&Path>,
    options: &Serve,
    surroundings: &Surroundings,
) -> Result<Start, Failed> {
    let prepare = |path| load::prepare(path, &options.data.set, None, surroundings);
    if !options.resume {
        return Ok(Start { candidate: prepare(pipeline)?, crash: Crash::default() });
    }
    let data_dir = &options.data.data_dir;
    let interrupted = Interrupted::all_in(data_dir);
    let Some((path, left)) = left_in(data_dir) else {
        let crash = Crash { interrupted, record_on: false };
        return Ok(Start { candidate: prepare(pipeline)?, crash });
    };
    let candidate = match (prepare(Some(&path)), pipeline) {
        // Written by another version, perhaps. A service that is left alone had better run what it was set up with.
        (Err(Failed::Input(why)), Some(pipeline)) => {
            let name = pipeline.display();
            tracing::warn!("{name} is started instead of what was left: {why}");
            prepare(Some(pipeline))?
        }
        (left, _) => left?,
    };
    Ok(Start { candidate, crash: Crash { interrupted, record_on: left == Left::Running } })
}

impl Crash {
    /// Before the pipeline is started: the study that begins with it, if one does, goes on with the newest.
    pub(super) async fn announce(&self, control: &Control) {
        let newest = self.interrupted.first().filter(|_| self.record_on);
        let Some(name) = newest.map(|study| study.name().to_owned()) else { return };
        let order = |operator: &mut Operator| {
            operator.continue_study(name);
            Ok(())
        };
        // Only a daemon that closes already refuses.
        let _ = control.ask(order).await;
    }

    /// Once the pipeline runs: the newest is recorded on; all are made whole beside that, as their files may be long.
    pub(super) async fn clear_up(mut self, control: &Control) {
        if self.record_on && !self.interrupted.is_empty() {
            let newest = self.interrupted.remove(0);
            let order = |operator: &mut Operator| {
                let begun = operator.record_on(&newest);
                Ok((newest, begun))
            };
            let Ok((newest, begun)) = control.ask(order).await else { return };
            let old = newest.name();
            match begun {
                Ok(new) => tracing::info!("{old} was interrupted; it is recorded on as {new}"),
                Err(why) => {
                    tracing::warn!("{old} was interrupted and cannot be recorded on: {why}");
                }
            }
            self.interrupted.insert(0, newest);
        }
        let make_whole = move || {
            for study in self.interrupted {
                let name = study.name().to_owned();
                if let Err(error) = study.make_whole() {
                    tracing::warn!("{name} was interrupted: {error:#}");
                }
            }
        };
        let thread = std::thread::Builder::new().name("recover".to_owned()).spawn(make_whole);
        if let Err(error) = thread {
            tracing::warn!("interrupted studies are not made whole: {error}");
        }
    }
}
