//! From a path on the command line to a checked graph, or to every mistake on the way.

use super::Failed;
use super::replay::put_in;
use crate::control::Candidate;
use crate::document::{self, Format, Loaded, Mistake};
use crate::host::{DEMO, PipelineFiles, Surroundings};
use anyhow::anyhow;
use pipeline_core::graph::GraphError;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Reads and checks a pipeline; without a path, the demo.
pub(super) fn prepare(
    pipeline: Option<&Path>,
    set: &[String],
    input: Option<&Path>,
    surroundings: &Surroundings,
) -> Result<Candidate, Failed> {
    let registry = &surroundings.registry;
    let loaded = match pipeline {
        Some(path) => document::open(path, registry),
        None => document::load(DEMO.as_bytes(), "demo", Format::Yaml, registry),
    };
    let name = pipeline.map_or_else(|| "the demo".to_owned(), |path| path.display().to_string());
    let mut loaded = loaded.map_err(|mistakes| refuse(&name, &mistakes))?;
    set.iter().for_each(|argument| loaded.set(argument));
    if let Some(input) = input {
        put_in(&mut loaded.document, input, surroundings).map_err(Failed::Input)?;
    }
    let folder = pipeline.and_then(Path::parent).map_or_else(PathBuf::new, Path::to_path_buf);
    let files = Arc::new(PipelineFiles::new(folder));
    let prepared =
        surroundings.prepare(&loaded, &files).map_err(|mistakes| refuse(&name, &mistakes))?;
    Ok(Candidate { prepared, loaded: Some(loaded), files, origin: name })
}

/// Stages that could not be opened: the file is good, the world is not.
pub(super) fn not_opened(name: &str, mistakes: &[Mistake]) -> Failed {
    Failed::Other(anyhow!("{name} cannot be started\n{}", lines(mistakes)))
}

/// What could not be opened, with the line where it was written.
pub(super) fn located(loaded: Option<&Loaded>, errors: Vec<GraphError>) -> Vec<Mistake> {
    let locate = |error: GraphError| match loaded {
        Some(loaded) => loaded.locate(error),
        None => error.into(),
    };
    errors.into_iter().map(locate).collect()
}

/// One plain sentence, then a line for every mistake.
fn refuse(name: &str, mistakes: &[Mistake]) -> Failed {
    let count = if mistakes.len() == 1 {
        "a mistake".to_owned()
    } else {
        format!("{} mistakes", mistakes.len())
    };
    Failed::Input(format!("{name} has {count}\n{}", lines(mistakes)))
}

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
