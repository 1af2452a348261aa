//! From bytes to a document that knows where it was written.

use super::build::{Checked, build};
use super::format::Format;
use super::mistake::{Mistake, Place, SourceMap, in_order, lies_in};
use super::model::Document;
use super::read;
use super::set;
use super::tree::Pos;
use pipeline_core::graph::GraphError;
use plugin_api::{Registry, StageInitCtx};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// The largest pipeline file, in bytes.
pub(crate) const MAX_BYTES: usize = 1 << 20;

/// A pipeline file that could be read, its mistakes so far included.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// What it says, as far as it could be understood.
    pub document: Document,
    file: Arc<str>,
    places: SourceMap,
    mistakes: Vec<Mistake>,
}

/// Reads the file at `path`, its format by its extension.
///
/// # Errors
/// As [`load`]; also a file that cannot be read, a folder, an unknown extension.
pub fn open(path: &Path, registry: &Registry) -> Result<Loaded, Vec<Mistake>> {
    let name = path.display().to_string();
    let refuse = |message: String| vec![Mistake::whole_file(&name, message)];
    if path.is_dir() {
        return Err(refuse("is a folder: name the pipeline file in it".to_owned()));
    }
    let Some(format) = Format::of_file(path) else {
        return Err(refuse(
            "a pipeline file's name ends in .yaml, .yml, .toml or .json".to_owned(),
        ));
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => refuse("there is no such file".to_owned()),
            _ => refuse(format!("cannot be read: {error}")),
        })?;
    load(&bytes, &name, format, registry)
}

/// Reads a pipeline from a text. `name` is what its mistakes call it.
///
/// # Errors
/// When there is no document at all: it is too long, is not UTF-8, or breaks the rules of its syntax. Mistakes
/// that leave a document are reported by [`Loaded::build`], together with those found there.
pub fn load(
    text: &[u8],
    name: &str,
    format: Format,
    registry: &Registry,
) -> Result<Loaded, Vec<Mistake>> {
    let file: Arc<str> = name.into();
    let at = |at: Pos| Place { file: Arc::clone(&file), at: Some(at) };
    if text.len() > MAX_BYTES {
        let message = format!("is longer than {} KiB: that is no pipeline file", MAX_BYTES / 1024);
        return Err(vec![Mistake::whole_file(name, message)]);
    }
    let text = std::str::from_utf8(text).map_err(|error| {
        let good = String::from_utf8_lossy(&text[..error.valid_up_to()]);
        let line = good.matches('\n').count() + 1;
        let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let message = "this is not UTF-8 text: save the file as UTF-8";
        vec![at(Pos { line, column }).mistake(GraphError::new("", message))]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut faults = Vec::new();
    let tree = format.read(text, &mut faults);
    let mut mistakes: Vec<Mistake> = faults
        .into_iter()
        .map(|fault| at(fault.at).mistake(GraphError::new("", fault.message)))
        .collect();
    let Some(tree) = tree else { return Err(in_order(mistakes)) };
    let mut read = read::document(&tree, format, registry);
    mistakes.extend(read.found.drain(..).map(|found| at(found.at).mistake(found.error)));
    Ok(Loaded { places: read.source_map(&file), document: read.document, file, mistakes })
}

impl Loaded {
    /// Applies one `--set STAGE.PARAM=VALUE`. A mistake in it is reported by [`build`](Self::build).
    pub fn set(&mut self, argument: &str) {
        let place = Place { file: format!("--set {argument}").into(), at: None };
        match set::apply(&mut self.document, argument) {
            Ok(path) => self.places.replace(path, place),
            Err(error) => self.mistakes.push(place.mistake(error)),
        }
    }

    /// Builds every stage and opens none.
    ///
    /// # Errors
    /// Every mistake in the text, in the arguments and in the graph, each once, in the order of the text.
    pub fn build(&self, registry: &Registry, ctx: &StageInitCtx) -> Result<Checked, Vec<Mistake>> {
        let mut mistakes = self.mistakes.clone();
        let built = match build(&self.document, registry, ctx) {
            Ok(checked) if mistakes.is_empty() => return Ok(checked),
            Ok(_) => Vec::new(),
            Err(errors) => errors,
        };
        // What could not be read is told once, not again as what is missing because of it.
        let told: Vec<String> =
            mistakes.iter().map(|m| m.path.clone()).filter(|path| !path.is_empty()).collect();
        let news = built
            .into_iter()
            .filter(|error| !told.iter().any(|path| same_matter(&error.path, path)));
        mistakes.extend(news.map(|error| self.locate(error)));
        Err(in_order(mistakes))
    }

    /// A mistake found later in this document, with the place where its cause was written.
    pub fn locate(&self, error: GraphError) -> Mistake {
        let whole = Place { file: Arc::clone(&self.file), at: None };
        let against = error.against.clone();
        let mut mistake = self.places.find(&error.path).unwrap_or(&whole).mistake(error);
        if let Some(path) = against
            && let Some(at) = self.places.find(&path).and_then(|place| place.at)
        {
            let param = path.rsplit('/').next().filter(|_| self.places.holds(&path));
            let what = param.map_or_else(String::new, |param| format!("`{param}` on "));
            mistake.message = format!("{} ({what}line {})", mistake.message, at.line);
        }
        mistake
    }
}

/// Whether a mistake at `path` is, or follows from, one at `told`. All stages lie in `/stages`: that says nothing.
fn same_matter(path: &str, told: &str) -> bool {
    if told == "/stages" { path == told } else { lies_in(path, told) }
}
