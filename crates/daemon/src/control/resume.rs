//! After a crash: the study that was being recorded is made whole, and recorded on in a folder of its own.

use super::operator::Operator;
use super::refused::Refused;
use crate::studies::{INTERRUPTED, RECORDING, SessionMeta, Store, StudyForm, list};
use std::path::{Component, Path};

/// A study that nobody stopped.
pub(crate) struct Interrupted {
    store: Store,
    meta: SessionMeta,
}

impl Interrupted {
    /// Those below a data dir in which nothing else records, the newest first.
    pub(crate) fn all_in(data_dir: &Path) -> Vec<Self> {
        // What the file says of its own place is not to lead anywhere else.
        let inside =
            |study: &str| Path::new(study).components().all(|c| matches!(c, Component::Normal(_)));
        let left = list(data_dir)
            .into_iter()
            .filter(|(meta, _)| meta.state == RECORDING && inside(&meta.study));
        left.map(|(meta, _)| Self { store: Store::known(data_dir, &meta.study), meta }).collect()
    }

    /// Its folder, relative to the data dir.
    pub(crate) fn name(&self) -> &str {
        &self.store.name
    }

    /// What it would be asked for with.
    fn form(&self) -> StudyForm {
        let computed = self.meta.recordings.iter().filter(|recorded| !recorded.is_raw);
        StudyForm {
            participant: self.meta.participant.clone(),
            task: self.meta.task.clone(),
            notes: self.meta.notes.clone(),
            record: computed.map(|recorded| recorded.of.clone()).collect(),
        }
    }

    /// Makes its files whole, sums them up and says so in its description. Takes as long as reading them does.
    pub(crate) fn make_whole(mut self) -> anyhow::Result<()> {
        self.store.recover()?;
        self.meta.checksums = self.store.checksums()?;
        INTERRUPTED.clone_into(&mut self.meta.state);
        self.store.write_meta(&self.meta)
    }
}

impl Operator {
    /// The next study that begins goes on with this one.
    pub(crate) fn continue_study(&mut self, name: String) {
        self.continues = Some(name);
    }

    /// Records on what was being recorded, in a new study of the same form, unless the pipeline has begun one by itself.
    /// Answers with its name.
    pub(crate) fn record_on(&mut self, interrupted: &Interrupted) -> Result<String, Refused> {
        if let Some(name) = self.study_name() {
            return Ok(name);
        }
        Ok(self.begin_study(&interrupted.form(), "eegd, after a crash")?.study)
    }
}
