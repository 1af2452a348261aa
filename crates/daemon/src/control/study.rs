//! Studies begin and end: recorders come into the running pipeline and leave it, in band.

use super::operator::{Applied, Operator, now_ns};
use super::refused::Refused;
use crate::document::Document;
use crate::ledger::LedgerReport;
use crate::studies::{
    Change, Figures, Machine, Plan, RECORDING, Recorded, SessionMeta, Store, StudyForm, sensor,
};
use pipeline_core::Role;
use pipeline_core::executor::StageInfo;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// How long a disk that does not answer is waited for before the recordings are summed up.
const PATIENCE: Duration = Duration::from_mins(1);

/// The study that is being recorded.
pub(crate) struct Current {
    store: Store,
    meta: SessionMeta,
    may_end: Arc<AtomicBool>,
}

/// A study that has ended, to be summed up: its files are read once.
pub(crate) struct Ended {
    store: Store,
    meta: SessionMeta,
}

impl Ended {
    /// Adds the checksums and writes it down. Takes as long as reading the recordings does.
    pub(crate) fn sum_up(mut self) -> anyhow::Result<SessionMeta> {
        stages_builtin::wait_for_late_recordings(PATIENCE).map_err(anyhow::Error::msg)?;
        self.meta.checksums = self.store.checksums()?;
        "complete".clone_into(&mut self.meta.state);
        self.store.write_meta(&self.meta)?;
        Ok(self.meta)
    }
}

impl Operator {
    /// Makes the folder and adds the recorders. When that does not work out, nothing is left of it.
    pub(crate) fn begin_study(
        &mut self,
        form: &StudyForm,
        by: &str,
    ) -> Result<SessionMeta, Refused> {
        if let Some(current) = &self.study {
            let text = format!("`{}` is being recorded: stop it first", current.meta.study);
            return Err(Refused::Study(text));
        }
        let running = self.host.running().ok_or(Refused::NotRunning)?;
        if let Some(mistake) = form.mistake() {
            return Err(Refused::Malformed(mistake));
        }
        let started_ns = now_ns();
        let name = format!(
            "{}_{}_{}",
            crate::studies::compact_utc(started_ns),
            form.participant,
            form.task
        );
        let store = Store::make(&self.surroundings.data_dir, &name)
            .map_err(|error| Refused::Study(format!("{error:#}")))?;
        let stages = running.stages();
        let begun = Plan::new(form, &store.name, &self.host.document(), &stages)
            .map_err(Refused::Malformed)
            .and_then(|plan| self.add_recorders(&plan, &store, form, started_ns, by, &stages));
        if begun.is_err() {
            store.unmake();
        }
        begun
    }

    fn add_recorders(
        &mut self,
        plan: &Plan,
        store: &Store,
        form: &StudyForm,
        started_unix_ns: i64,
        by: &str,
        stages: &[StageInfo],
    ) -> Result<SessionMeta, Refused> {
        let may_end = Arc::new(AtomicBool::new(false));
        self.surroundings.names = Arc::new(plan.names.clone());
        self.surroundings.may_end = Arc::clone(&may_end);
        let applied = self.change_to(&plan.document, plan.restart.clone(), by);
        if applied.is_err() {
            self.forget_study();
        }
        let Applied { samples, .. } = applied?;
        let sources = stages.iter().filter(|stage| stage.role == Role::Source);
        let outputs = sources.filter_map(|stage| stage.output.as_ref());
        let recorded = |(stage, of, is_raw): &(String, String, bool)| Recorded {
            stage: stage.clone(),
            of: of.clone(),
            first_sample: samples.iter().find(|(id, _)| id == stage).map_or(0, |(_, at)| *at),
            rate_hz: rate_of(stages, of),
            is_raw: *is_raw,
        };
        let meta = SessionMeta {
            study: store.name.clone(),
            participant: form.participant.clone(),
            task: form.task.clone(),
            notes: form.notes.clone(),
            continues: self.continues.take(),
            state: RECORDING.to_owned(),
            started_unix_ns,
            stopped_unix_ns: None,
            software: concat!("eegd ", env!("CARGO_PKG_VERSION")).to_owned(),
            machine: Machine::this(),
            scheduling: Some(self.host.scheduling()),
            sensors: outputs.map(|output| sensor(&output.sensor)).collect(),
            recordings: plan.recorders.iter().map(recorded).collect(),
            changes: Vec::new(),
            stages: BTreeMap::new(),
            ledger: None,
            checksums: BTreeMap::new(),
        };
        // What begins a study is not part of what it computes.
        let document = Document { record: None, ..self.host.document() };
        let document = self.files.made_absolute(&document);
        let written = store.write_pipeline(&document).and_then(|()| store.write_meta(&meta));
        self.study = Some(Current { store: store.clone(), meta: meta.clone(), may_end });
        self.study_told.send_replace(Some(meta.clone()));
        if let Err(error) = written {
            // A study that does not say what it is cannot be repeated.
            let _ = self.end_study(by);
            return Err(Refused::Study(format!("{error:#}")));
        }
        Ok(meta)
    }

    /// Takes the recorders away: their files are closed, whole.
    pub(crate) fn end_study(&mut self, by: &str) -> Result<Ended, Refused> {
        let none =
            || Refused::Study("no study is being recorded: POST /studies begins one".to_owned());
        let current = self.study.take().ok_or_else(none)?;
        let last = self.host.last().map(|running| (running.stages(), running.ledger()));
        if self.host.running().is_some() {
            let rest = without(&self.host.document(), &current.meta);
            current.may_end.store(true, Ordering::Release);
            if let Err(refused) = self.change_to(&rest, HashSet::new(), by)
                && refused != Refused::NotRunning
            {
                current.may_end.store(false, Ordering::Release);
                self.study = Some(current);
                return Err(refused);
            }
        } else {
            self.host.adopt(without(&self.host.document(), &current.meta));
        }
        self.forget_study();
        self.study_told.send_replace(None);
        let Current { store, mut meta, .. } = current;
        meta.stopped_unix_ns = Some(now_ns());
        let figures = |stage: &StageInfo| (stage.id.to_string(), Figures::of(stage));
        if let Some((stages, ledger)) = last {
            meta.stages = stages.iter().map(figures).collect();
            meta.ledger = Some(LedgerReport::of_stages(&ledger));
        }
        Ok(Ended { store, meta })
    }

    pub(super) fn study_name(&self) -> Option<String> {
        self.study.as_ref().map(|current| current.meta.study.clone())
    }

    pub(super) const fn is_recording(&self) -> bool {
        self.study.is_some()
    }

    /// The document as it would be had the study never begun.
    pub(super) fn document_without_study(&self) -> Document {
        let document = self.host.document();
        match &self.study {
            Some(current) => without(&document, &current.meta),
            None => document,
        }
    }

    fn forget_study(&mut self) {
        self.surroundings.names = Arc::default();
        self.surroundings.may_end = Arc::default();
    }

    /// The daemon ends, and the pipeline has: so has the study.
    pub(super) fn end_study_with_the_pipeline(&mut self) -> Option<String> {
        self.study.as_ref()?;
        let ended = self.end_study("shutdown").map_err(|refused| refused.to_string());
        ended.and_then(|ended| ended.sum_up().map_err(|error| format!("{error:#}"))).err()
    }

    /// Writes a change down with the sample of the raw recording at which it counts.
    pub(super) fn note_in_study(
        &mut self,
        before: &Document,
        after: &Document,
        samples: &[(String, u64)],
        by: &str,
    ) {
        let Some(running) = self.host.last() else { return };
        let Some(Current { store, meta, .. }) = &mut self.study else { return };
        let Some(raw) = meta.recordings.iter().find(|recorded| recorded.is_raw) else { return };
        let stages = running.stages();
        // The stage that counts fastest knows best which sample of the source it was.
        let fed_at = |id: &str| {
            let input = after.stages.get(id)?.inputs.as_ref()?.first()?;
            Some(rate_of(&stages, input)).filter(|rate| *rate > 0.0)
        };
        let fastest = samples
            .iter()
            .filter_map(|(id, sample)| Some((fed_at(id)?, *sample)))
            .max_by(|a, b| a.0.total_cmp(&b.0));
        let Some((rate_hz, sample)) = fastest else { return };
        let at_source = (sample as f64 * (raw.rate_hz / rate_hz)).round() as u64;
        let patch = json_patch::diff(&before.to_json(), &after.to_json());
        meta.changes.push(Change {
            at_sample: at_source.saturating_sub(raw.first_sample),
            by: by.to_owned(),
            patch: serde_json::to_value(&patch).unwrap_or_default(),
        });
        // The end writes it again; until then a crash should not cost it.
        let _ = store.write_meta(meta);
    }
}

fn rate_of(stages: &[StageInfo], id: &str) -> f64 {
    let stage = stages.iter().find(|stage| *stage.id == *id);
    stage.and_then(|stage| stage.output.as_ref()).map_or(0.0, |output| output.rate_hz)
}

/// The document without the recorders of a study.
fn without(document: &Document, meta: &SessionMeta) -> Document {
    let mut document = document.clone();
    document.stages.retain(|id, _| !meta.recordings.iter().any(|recorded| recorded.stage == *id));
    document
}
