//! What happened while a recording was made, done again at the same samples while it is processed.
//!
//! A study's `session_meta.json` has every change of the pipeline with its sample; the recording has every event as an
//! annotation. A gate stops the recording at each of these samples until what happened there has been done.

use crate::control::changed;
use crate::document::Document;
use crate::host::{Host, PipelineFiles, Surroundings};
use crate::studies::{self, SessionMeta};
use pipeline_core::Event;
use plugin_api::{Gate, Role};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

#[path = "replay_notes.rs"]
mod notes;
use notes::notes;

/// How often to look whether the gate is reached.
const LOOK: Duration = Duration::from_micros(500);

/// Something to be done at a sample.
#[derive(Debug, Clone)]
enum Act {
    Change(Value),
    Note(Event),
}

/// What there is to do, in order, and the gate that gives time for it.
pub(super) struct Replay {
    acts: Vec<(u64, Act)>,
    gate: Arc<Gate>,
}

/// What a study says about the pipeline file in its folder.
pub(super) fn study_of(pipeline: &Path) -> Option<SessionMeta> {
    let folder = pipeline.parent()?;
    let is_its_own = pipeline.file_name()? == studies::PIPELINE;
    is_its_own.then(|| studies::read_meta(folder).ok()).flatten()
}

/// Puts the recording in the place of the pipeline's source.
pub(super) fn put_in(
    document: &mut Document,
    input: &Path,
    surroundings: &Surroundings,
) -> Result<(), String> {
    let registry = &surroundings.registry;
    let is_source = |kind: &str| registry.get(kind).is_some_and(|entry| entry.role == Role::Source);
    let mut sources = document.stages.values_mut().filter(|stage| is_source(&stage.kind));
    let (Some(source), None) = (sources.next(), sources.next()) else {
        return Err("--input takes the place of the one source of a pipeline, and this one has none or several".to_owned());
    };
    let full = std::path::absolute(input)
        .map_err(|error| format!("cannot find {}: {error}", input.display()))?;
    let frames = source.params.get("packet_frames").cloned();
    "playback".clone_into(&mut source.kind);
    source.params = json!({ "path": full.to_string_lossy() });
    if let (Some(frames), Some(params)) = (frames, source.params.as_object_mut()) {
        params.insert("packet_frames".to_owned(), frames);
    }
    Ok(())
}

impl Replay {
    /// From the changes of a study and the annotations of its recording.
    pub(super) fn new(meta: &SessionMeta, input: &Path) -> Result<Self, String> {
        let mut acts: Vec<(u64, Act)> = meta
            .changes
            .iter()
            .map(|change| (change.at_sample, Act::Change(change.patch.clone())))
            .collect();
        let notes = notes(input).map_err(|error| error.to_string())?;
        acts.extend(notes.into_iter().map(|(at, event)| (at, Act::Note(event))));
        acts.sort_by_key(|(at, _)| *at);
        let first = acts.first().map_or(u64::MAX, |(at, _)| *at);
        Ok(Self { acts, gate: Arc::new(Gate::new(first)) })
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Does it all, while the pipeline runs. A change that cannot be made ends the replay.
    pub(super) fn run(
        self,
        host: &Host,
        surroundings: &Surroundings,
        files: &Arc<PipelineFiles>,
    ) -> Result<(), String> {
        let Self { acts, gate } = self;
        for (i, (at, act)) in acts.iter().enumerate() {
            while !gate.is_reached() {
                if host.running().is_none() {
                    return Ok(());
                }
                std::thread::sleep(LOOK);
            }
            match act {
                Act::Change(patch) => change(host, surroundings, files, patch)
                    .map_err(|why| format!("the change at sample {at} cannot be made again: {why}"))
                    .inspect_err(|_| host.drain())?,
                Act::Note(event) => host.note(event).map_err(|why| {
                    format!("the event at sample {at} cannot be told again: {why}")
                })?,
            }
            let next = acts.get(i + 1).map_or(u64::MAX, |(at, _)| *at);
            if next > *at {
                // A note is only posted: the source has to look at its mail before it goes on.
                for _ in 0..2 {
                    gate.ask_again();
                    while !gate.is_reached() && host.running().is_some() {
                        std::thread::sleep(LOOK);
                    }
                }
                gate.open_until(next);
            }
        }
        Ok(())
    }
}

fn change(
    host: &Host,
    surroundings: &Surroundings,
    files: &Arc<PipelineFiles>,
    patch: &Value,
) -> Result<(), String> {
    let patch: json_patch::Patch =
        serde_json::from_value(patch.clone()).map_err(|error| error.to_string())?;
    let before = host.document();
    let mut value = before.to_json();
    json_patch::patch(&mut value, &patch).map_err(|error| error.to_string())?;
    let after = Document::from_json(&value)
        .map_err(|errors| errors.first().map_or_else(String::new, ToString::to_string))?;
    let prepared = surroundings
        .prepare_document(&after, files)
        .map_err(|mistakes| mistakes.first().map_or_else(String::new, ToString::to_string))?;
    let differs = changed(&before, &prepared.checked.document);
    host.change(prepared.checked, differs, HashSet::new())
        .map(drop)
        .map_err(|error| error.to_string())
}
