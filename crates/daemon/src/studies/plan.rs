//! From what somebody asks for to the stages that record it.

use crate::document::{Document, StageDoc, StudyForm};
use pipeline_core::Role;
use pipeline_core::executor::StageInfo;
use serde_json::json;
use std::collections::{BTreeMap, HashSet};

/// The recorders of a study.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The document with them.
    pub(crate) document: Document,
    /// Recorder, what it records, whether that is raw.
    pub(crate) recorders: Vec<(String, String, bool)>,
    /// What has to begin from nothing, so that it can be computed again.
    pub(crate) restart: HashSet<String>,
    /// What words in paths stand for.
    pub(crate) names: BTreeMap<String, String>,
}

impl Plan {
    /// `folder` is the study's, relative to the data dir.
    pub(crate) fn new(
        form: &StudyForm,
        folder: &str,
        document: &Document,
        stages: &[StageInfo],
    ) -> Result<Self, String> {
        let names = [("study", folder), ("participant", &form.participant), ("task", &form.task)];
        let mut plan = Self {
            document: document.clone(),
            recorders: Vec::new(),
            restart: HashSet::new(),
            names: names.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        for source in stages.iter().filter(|stage| stage.role == Role::Source) {
            plan.record(source, true)?;
        }
        for id in &form.record {
            let stage = stages.iter().find(|stage| *stage.id == **id);
            let stage = stage.ok_or_else(|| format!("there is no stage `{id}` to record"))?;
            if stage.role != Role::Source {
                plan.record(stage, false)?;
                plan.restart_above(id);
            }
        }
        Ok(plan)
    }

    fn record(&mut self, stage: &StageInfo, is_raw: bool) -> Result<(), String> {
        let id = &stage.id;
        let output = stage.output.as_ref();
        let output =
            output.ok_or_else(|| format!("`{id}` gives nothing that could be recorded"))?;
        let recorder = format!("study_{id}");
        if self.document.stages.contains_key(&recorder) {
            return Err(format!("there is a stage `{recorder}` already: give it another id"));
        }
        let (kind, ending) =
            if output.kind.has_codes() { ("bdf_sink", "bdf") } else { ("xdf_sink", "xdf") };
        let path = format!("{{study}}/{{participant}}_{{task}}_{id}.{ending}");
        let stage = StageDoc {
            kind: kind.to_owned(),
            inputs: Some(vec![id.to_string()]),
            group: None,
            on_error: None,
            // What is raw must not change; what is computed may, and says so.
            params: json!({ "path": path, "lock": is_raw }),
        };
        self.document.stages.insert(recorder.clone(), stage);
        self.recorders.push((recorder, id.to_string(), is_raw));
        Ok(())
    }

    /// A stage and all that feed it, but for the sources.
    fn restart_above(&mut self, id: &str) {
        let Some(stage) = self.document.stages.get(id) else { return };
        let inputs = stage.inputs.clone().unwrap_or_default();
        if inputs.is_empty() || !self.restart.insert(id.to_owned()) {
            return;
        }
        inputs.iter().for_each(|input| self.restart_above(input));
    }
}
