//! A pipeline is started, or another takes the place of the one that runs.

use super::compare::changed;
use super::operator::{Operator, difference};
use super::refused::Refused;
use crate::document::{self, Format, Loaded, Mistake};
use crate::host::{About, PipelineFiles, Prepared};
use pipeline_core::executor::ChangeError;
use pipeline_core::graph::GraphError;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// What to start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    /// A document that somebody sent.
    Text { bytes: Vec<u8>, format: Format },
    /// One of the presets.
    Preset(String),
    /// The one there is, with its overrides, from the beginning.
    Again,
}

/// A pipeline that builds.
pub(crate) struct Candidate {
    pub(crate) prepared: Prepared,
    /// The text it comes from, if there is one: knows the line of each mistake.
    pub(crate) loaded: Option<Loaded>,
    pub(crate) files: Arc<PipelineFiles>,
    /// What it is, for people.
    pub(crate) origin: String,
}

/// What came of a start.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Begun {
    pub(crate) revision: u64,
    /// For how long nothing can have flowed; `None` when nothing ran before.
    pub(crate) gap_ms: Option<f64>,
    pub(crate) warnings: Vec<String>,
}

impl Operator {
    /// Starts a pipeline. The one that runs streams on until the new one has been built; stages that both have live on.
    pub(crate) fn start(&mut self, source: Source, by: &str) -> Result<Begun, Refused> {
        let again = source == Source::Again;
        let candidate = self.candidate(source)?;
        self.begin(candidate, again, by)
    }

    fn candidate(&self, source: Source) -> Result<Candidate, Refused> {
        let (text, name, format, folder, origin) = match source {
            Source::Again => {
                let document = self.host.document();
                let prepared = self.surroundings.prepare_document(&document, &self.files);
                return Ok(Candidate {
                    prepared: prepared.map_err(Refused::Invalid)?,
                    loaded: None,
                    files: Arc::clone(&self.files),
                    origin: self.host.about().origin,
                });
            }
            Source::Text { bytes, format } => {
                (bytes, "body".to_owned(), format, None, "body".to_owned())
            }
            Source::Preset(name) => {
                let preset = self.presets.get(&name)?;
                let folder = self.presets.folder().map(PathBuf::from);
                let origin = format!("preset {}", preset.name);
                (preset.text, preset.name, preset.format, folder, origin)
            }
        };
        let loaded = document::load(&text, &name, format, &self.surroundings.registry)
            .map_err(Refused::Invalid)?;
        let folder = folder.unwrap_or_else(|| self.surroundings.data_dir.clone());
        let files = Arc::new(PipelineFiles::new(folder));
        let prepared = self.surroundings.prepare(&loaded, &files).map_err(Refused::Invalid)?;
        Ok(Candidate { prepared, loaded: Some(loaded), files, origin })
    }

    /// Starts what has been built. `again`: every stage anew, although nothing is different.
    pub(crate) fn begin(
        &mut self,
        candidate: Candidate,
        again: bool,
        by: &str,
    ) -> Result<Begun, Refused> {
        let Candidate { prepared, loaded, files, origin } = candidate;
        let sensors = prepared.sensors();
        let Prepared { checked, warnings } = prepared;
        let after = checked.document.clone();
        let mut about = About { origin, base: after.clone(), reason: None, gap_ms: None };
        if again {
            about.base = self.host.about().base;
        }
        let began = Instant::now();
        let mut rest = Some(checked);
        let mut kept = None;
        if self.host.running().is_some()
            && let Some(checked) = rest.take()
        {
            let before = self.host.document();
            let restart: HashSet<String> =
                if again { after.stages.keys().cloned().collect() } else { HashSet::new() };
            let what = difference(&before, &after, &restart);
            match self.host.change(checked, changed(&before, &after), restart) {
                Ok(samples) => {
                    self.note_change(&what, &samples, by);
                    kept = Some(before).filter(|_| !again);
                }
                Err(ChangeError::Over) => {
                    // It ended between the question and the change: built again, for the old graph is gone with it.
                    self.host.wait_until_over();
                    rest = Some(self.rebuild(&after, &files)?);
                }
                Err(ChangeError::Broken(errors)) => {
                    self.host.drain();
                    self.host.wait_until_over();
                    return Err(self.fall_back(about, errors, loaded.as_ref()));
                }
                Err(error) => {
                    let refused = Refused::of_change(error, self.host.revision());
                    self.note_refusal(&refused, &what, by);
                    return Err(located(refused, loaded.as_ref()));
                }
            }
            about.gap_ms = Some(began.elapsed().as_secs_f64() * 1e3);
        }
        self.files = files;
        if let Some(checked) = rest {
            self.host.wait_until_over();
            if let Err(errors) = self.host.start(checked) {
                return Err(self.fall_back(about, errors, loaded.as_ref()));
            }
        }
        self.surroundings.remember(sensors);
        let gap_ms = about.gap_ms;
        self.host.set_about(about);
        self.note_settings(kept.as_ref());
        if let Err(refused) = self.record_from_the_start(by) {
            // Who asks for a recording does not want the pipeline without it.
            self.host.drain();
            self.host.wait_until_over();
            let mut about = self.host.about();
            about.reason = Some(format!("its study cannot begin: {refused}"));
            self.host.set_about(about);
            return Err(located(refused, loaded.as_ref()));
        }
        Ok(Begun { revision: self.host.revision(), gap_ms, warnings })
    }

    /// Begins the study that the document asks for, if it does and none is being recorded.
    fn record_from_the_start(&mut self, by: &str) -> Result<(), Refused> {
        match self.host.document().record {
            Some(form) if !self.is_recording() => self.begin_study(&form, by).map(drop),
            _ => Ok(()),
        }
    }

    fn rebuild(
        &self,
        document: &document::Document,
        files: &Arc<PipelineFiles>,
    ) -> Result<document::Checked, Refused> {
        let prepared = self.surroundings.prepare_document(document, files);
        Ok(prepared.map_err(Refused::Invalid)?.checked)
    }

    /// What was asked for cannot be opened and the one before is gone: the fallback, or nothing. The answer says so.
    fn fall_back(
        &mut self,
        about: About,
        errors: Vec<GraphError>,
        loaded: Option<&Loaded>,
    ) -> Refused {
        let locate = |error: GraphError| match loaded {
            Some(loaded) => loaded.locate(error),
            None => error.into(),
        };
        let mistakes: Vec<Mistake> = errors.into_iter().map(locate).collect();
        let why = mistakes.first().map_or_else(String::new, |mistake| mistake.message.clone());
        let reason = format!("{} cannot be started: {why}", about.origin);
        let (reason, then) = match self.start_fallback(&reason) {
            None => (reason, "nothing runs now"),
            Some(Ok(())) => {
                let then = match self.record_from_the_start("the fallback") {
                    Ok(()) => "the fallback runs instead",
                    Err(_) => "the fallback runs instead, but its study could not begin",
                };
                return Refused::NotOpened { mistakes, then };
            }
            Some(Err(more)) => {
                (format!("{reason}; nor can the fallback: {more}"), "nor can the fallback run")
            }
        };
        self.host.set_about(About { reason: Some(reason), ..about });
        Refused::NotOpened { mistakes, then }
    }

    /// `None` without a fallback.
    fn start_fallback(&mut self, reason: &str) -> Option<Result<(), String>> {
        let path = self.fallback.clone()?;
        let first =
            |mistakes: Vec<Mistake>| mistakes.first().map_or_else(String::new, ToString::to_string);
        let start = || {
            let loaded = document::open(&path, &self.surroundings.registry).map_err(first)?;
            let folder = path.parent().map(PathBuf::from).unwrap_or_default();
            let files = Arc::new(PipelineFiles::new(folder));
            let prepared = self.surroundings.prepare(&loaded, &files).map_err(first)?;
            let (sensors, base) = (prepared.sensors(), prepared.checked.document.clone());
            let locate = |errors: Vec<GraphError>| {
                first(errors.into_iter().map(|error| loaded.locate(error)).collect())
            };
            self.host.start(prepared.checked).map_err(locate)?;
            Ok((files, sensors, base))
        };
        Some(start().map(|(files, sensors, base)| {
            self.files = files;
            self.surroundings.remember(sensors);
            let origin = format!("fallback {}", path.display());
            let reason = Some(format!("{reason}; the fallback runs instead"));
            self.host.set_about(About { origin, base, reason, gap_ms: None });
        }))
    }
}

/// With the lines of the text it comes from.
fn located(refused: Refused, loaded: Option<&Loaded>) -> Refused {
    match (refused, loaded) {
        (Refused::NotOpened { mistakes, then }, Some(loaded)) => {
            let again = |m: Mistake| loaded.locate(GraphError::new(m.path, m.message));
            Refused::NotOpened { mistakes: mistakes.into_iter().map(again).collect(), then }
        }
        (refused, _) => refused,
    }
}
