//! From a path on the command line to a checked graph, or to every mistake on the way.

use super::Failed;
use crate::document::{self, Checked, Format, Loaded, Mistake};
use crate::host::{DEMO, PipelineFiles};
use anyhow::anyhow;
use pipeline_core::graph::GraphError;
use plugin_api::{Broker, Registry, StageInitCtx};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// What is to be run, and what was odd about it.
pub(super) struct Prepared {
    pub(super) checked: Checked,
    pub(super) warnings: Vec<String>,
    pub(super) loaded: Loaded,
}

/// What surrounds the stages.
pub(super) struct Surroundings {
    pub(super) data_dir: PathBuf,
    pub(super) broker: Option<Arc<dyn Broker>>,
    pub(super) offline: bool,
}

/// Reads and checks a pipeline; without a path, the demo.
pub(super) fn prepare(
    pipeline: Option<&Path>,
    set: &[String],
    registry: &Registry,
    around: Surroundings,
) -> Result<Prepared, Failed> {
    let loaded = match pipeline {
        Some(path) => document::open(path, registry),
        None => document::load(DEMO.as_bytes(), "demo", Format::Yaml, registry),
    };
    let name = pipeline.map_or_else(|| "the demo".to_owned(), |path| path.display().to_string());
    let mut loaded = loaded.map_err(|mistakes| refuse(&name, &mistakes))?;
    set.iter().for_each(|argument| loaded.set(argument));
    let folder = pipeline.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf);
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&warnings);
    let ctx = StageInitCtx {
        files: Arc::new(PipelineFiles { folder }),
        data_dir: around.data_dir,
        broker: around.broker,
        sensors: Arc::new(Value::Null),
        names: Arc::default(),
        known_sensors: Arc::default(),
        offline: around.offline,
        warn: Arc::new(move |warning| {
            told.lock().unwrap_or_else(PoisonError::into_inner).push(warning)
        }),
    };
    let checked = loaded.build(registry, &ctx).map_err(|mistakes| refuse(&name, &mistakes))?;
    let warnings = std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Prepared { checked, warnings, loaded })
}

/// Stages that could not be opened: the file is good, the world is not.
pub(super) fn not_opened(
    pipeline: Option<&Path>,
    loaded: &Loaded,
    errors: Vec<GraphError>,
) -> Failed {
    let lines: Vec<String> =
        errors.into_iter().map(|error| loaded.locate(error).to_string()).collect();
    let name = pipeline.map_or_else(|| "the demo".to_owned(), |path| path.display().to_string());
    Failed::Other(anyhow!("{name} cannot be started\n{}", lines.join("\n")))
}

/// One plain sentence, then a line for every mistake.
fn refuse(name: &str, mistakes: &[Mistake]) -> Failed {
    let count = if mistakes.len() == 1 {
        "a mistake".to_owned()
    } else {
        format!("{} mistakes", mistakes.len())
    };
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    Failed::Input(format!("{name} has {count}\n{}", lines.join("\n")))
}
