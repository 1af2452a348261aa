//! Carries out orders: every change of the pipeline goes through [`Operator::change_to`].

use super::compare::{changed, dead_around};
use super::patch::Patch;
use super::presets::Presets;
use super::refused::Refused;
use super::stage_order::{self, StageOrder};
use crate::document::Document;
use crate::host::{Host, PipelineFiles, Prepared, Surroundings};
use crate::studies::SessionMeta;
use pipeline_core::clock::Clock;
use pipeline_core::executor::ChangeError;
use pipeline_core::telemetry::StageState;
use pipeline_core::{Event, EventKind};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Refusals are written into recordings at most this often: a client that knocks without end must not fill them.
const REFUSAL_PAUSE: Duration = Duration::from_secs(1);

/// Carries out orders, one at a time.
pub(crate) struct Operator {
    pub(super) host: Arc<Host>,
    pub(super) surroundings: Surroundings,
    pub(super) presets: Presets,
    pub(super) fallback: Option<PathBuf>,
    /// The files that the document's relative paths mean.
    pub(super) files: Arc<PipelineFiles>,
    closing: bool,
    refusal_noted: Option<Instant>,
    refusals_unnoted: u64,
    pub(super) study: Option<super::study::Current>,
    /// The same, for those who ask without waiting their turn.
    pub(super) study_told: watch::Sender<Option<SessionMeta>>,
    /// The study that the next one goes on with.
    pub(super) continues: Option<String>,
    /// Whether `running.yaml` is kept, and the revision it has.
    pub(super) keep_running: bool,
    pub(super) kept: Option<u64>,
}

/// What came of a change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Applied {
    pub(crate) revision: u64,
    /// The sample at which each stage took it.
    pub(crate) samples: Vec<(String, u64)>,
    pub(crate) warnings: Vec<String>,
}

impl Operator {
    pub(super) fn new(
        host: Arc<Host>,
        surroundings: Surroundings,
        presets: Presets,
        fallback: Option<PathBuf>,
        study_told: watch::Sender<Option<SessionMeta>>,
        keep_running: bool,
    ) -> Self {
        let files = Arc::new(PipelineFiles::new(surroundings.data_dir.clone()));
        Self {
            host,
            surroundings,
            presets,
            fallback,
            files,
            closing: false,
            refusal_noted: None,
            refusals_unnoted: 0,
            study: None,
            study_told,
            // What a crash has left stays until something else runs.
            continues: None,
            keep_running,
            kept: None,
        }
    }

    /// A JSON Patch on the merged document. While nothing runs, it counts from the next start.
    pub(crate) fn patch(&mut self, patch: &Patch, by: &str) -> Result<Applied, Refused> {
        self.expect_revision(patch.if_revision)?;
        let document = patch.apply(&self.host.document())?;
        self.change_to(&document, HashSet::new(), by)
    }

    /// Adds, removes or restarts one stage.
    pub(crate) fn stage(
        &mut self,
        id: &str,
        order: StageOrder,
        if_revision: Option<u64>,
        by: &str,
    ) -> Result<Applied, Refused> {
        self.expect_revision(if_revision)?;
        let document = self.host.document();
        match order {
            StageOrder::Add { kind, after, params, on_error } => {
                let more = stage_order::add(&document, id, kind, after, params, on_error)?;
                self.change_to(&more, HashSet::new(), by)
            }
            StageOrder::Remove {} => {
                stage_order::known(&document, id)?;
                let prepared = self.prepare(&document)?;
                let rest = stage_order::remove(&document, id, &prepared.checked.graph)?;
                self.change_to(&rest, HashSet::new(), by)
            }
            StageOrder::Restart {} => {
                stage_order::known(&document, id)?;
                let running = self.host.running().ok_or(Refused::NotRunning)?;
                let stages = running.stages();
                let is_dead = |id: &str| {
                    let stage = stages.iter().find(|stage| &*stage.id == id);
                    stage.is_some_and(|stage| stage.stats.state() != StageState::Running)
                };
                let restart = dead_around(id, &document, is_dead);
                self.change_to(&document, restart, by)
            }
        }
    }

    /// An event that somebody saw: to every recording and every live client.
    pub(crate) fn mark(&mut self, text: &str, time_ns: Option<i64>) -> Result<i64, Refused> {
        let time_ns = time_ns.unwrap_or_else(now_ns);
        self.host
            .note(&Event::new(EventKind::Marker, time_ns, text))
            .map_err(|error| Refused::of_change(error, self.host.revision()))?;
        Ok(time_ns)
    }

    /// Ends the pipeline: everything in flight is delivered, files are closed, `pipeline.yaml` is written. Answers
    /// with what was odd.
    pub(crate) fn shutdown(&mut self) -> Vec<String> {
        self.host.drain();
        self.host.wait_until_over();
        let mut about = self.host.about();
        about.reason = Some("it was shut down".to_owned());
        self.host.set_about(about);
        let mut odd: Vec<String> = self.end_study_with_the_pipeline().into_iter().collect();
        odd.extend(self.save().err());
        odd
    }

    /// As [`shutdown`](Self::shutdown); after this, no order is carried out.
    pub(crate) fn close(&mut self) -> Vec<String> {
        self.closing = true;
        self.shutdown()
    }

    pub(super) const fn is_closing(&self) -> bool {
        self.closing
    }

    fn expect_revision(&self, given: Option<u64>) -> Result<(), Refused> {
        let current = self.host.revision();
        match given {
            Some(given) if given != current => Err(Refused::Stale { given, current }),
            _ => Ok(()),
        }
    }

    fn prepare(&self, document: &Document) -> Result<Prepared, Refused> {
        self.surroundings.prepare_document(document, &self.files).map_err(Refused::Invalid)
    }

    /// The one way to another document: built, compared, and changed in band while something runs.
    pub(super) fn change_to(
        &mut self,
        document: &Document,
        restart: HashSet<String>,
        by: &str,
    ) -> Result<Applied, Refused> {
        let prepared = self.prepare(document)?;
        let before = self.host.document();
        let after = prepared.checked.document.clone();
        let sensors = prepared.sensors();
        let warnings = prepared.warnings;
        let mut samples = Vec::new();
        let only_restart = before == after;
        if !only_restart || !restart.is_empty() {
            let what = difference(&before, &after, &restart);
            let changed = changed(&before, &after);
            match self.host.change(prepared.checked, changed, restart) {
                Ok(taken) => samples = taken,
                Err(ChangeError::Over) if !only_restart => {
                    self.host.wait_until_over();
                    self.host.adopt(after);
                }
                Err(error) => {
                    let refused = Refused::of_change(error, self.host.revision());
                    self.note_refusal(&refused, &what, by);
                    return Err(refused);
                }
            }
            self.surroundings.remember(sensors);
            self.note_change(&what, &samples, by);
            self.note_settings(Some(&before));
            self.note_in_study(&before, &self.host.document(), &samples, by);
        }
        Ok(Applied { revision: self.host.revision(), samples, warnings })
    }

    pub(super) fn note_change(&self, what: &str, samples: &[(String, u64)], by: &str) {
        let revision = self.host.revision();
        let mut event =
            Event::new(EventKind::Change, now_ns(), format!("revision {revision} by {by}: {what}"));
        if let Some((stage, sample)) = samples.first() {
            event.stage = Some(stage.as_str().into());
            event.sample = Some(*sample);
        }
        // The change itself stands; a pipeline that has ended meanwhile has nobody to write it down.
        let _ = self.host.note(&event);
    }

    pub(super) fn note_refusal(&mut self, refused: &Refused, what: &str, by: &str) {
        let Refused::Locked { stage, .. } = refused else { return };
        if self.refusal_noted.is_some_and(|noted| noted.elapsed() < REFUSAL_PAUSE) {
            self.refusals_unnoted += 1;
            return;
        }
        self.refusal_noted = Some(Instant::now());
        let more = match std::mem::take(&mut self.refusals_unnoted) {
            0 => String::new(),
            n => format!(" ({n} more were refused before it)"),
        };
        let text = format!("refused to {by}: {what}: {refused}{more}");
        let mut event = Event::new(EventKind::Refusal, now_ns(), text);
        event.stage = Some(stage.as_str().into());
        let _ = self.host.note(&event);
    }
}

/// What is different, in one line.
pub(super) fn difference(before: &Document, after: &Document, restart: &HashSet<String>) -> String {
    /// Longer than this, and a recording's annotation would be cut anyway.
    const LONGEST: usize = 200;
    let patch = json_patch::diff(&before.to_json(), &after.to_json());
    let mut parts: Vec<String> = patch
        .iter()
        .map(|operation| {
            use json_patch::PatchOperation::{Add, Remove, Replace};
            match operation {
                Add(add) => format!("added {} = {}", add.path, add.value),
                Remove(remove) => format!("removed {}", remove.path),
                Replace(replace) => format!("{} = {}", replace.path, replace.value),
                other => other.to_string(),
            }
        })
        .collect();
    let mut restarted: Vec<&str> = restart.iter().map(String::as_str).collect();
    restarted.sort_unstable();
    parts.extend(restarted.iter().map(|id| format!("restarted {id}")));
    let text = parts.join(", ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// The time on the wall, nanoseconds since the Unix epoch.
pub(super) fn now_ns() -> i64 {
    Clock::now().unix_ns(pipeline_core::clock::monotonic_ns())
}
