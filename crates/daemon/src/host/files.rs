//! The files a pipeline reads: beside the pipeline file, or built into the binary.

use crate::document::Document;
use plugin_api::{InputFiles, ReadSeek};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Cursor};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// The built-in demo, as text.
pub const DEMO: &str = include_str!("../../../../pipelines/demo.yaml");

const BUILTIN: &str = "builtin:";
const CYTON: (&str, &[u8]) =
    ("cyton_blinks_jaw_alpha.bdf", include_bytes!("../../../../data/cyton_blinks_jaw_alpha.bdf"));

/// Paths relative to the pipeline file's folder; `builtin:NAME` for a recording inside the binary.
#[derive(Debug)]
pub(crate) struct PipelineFiles {
    folder: PathBuf,
    /// Relative paths that were opened: what means another file once the document lies elsewhere.
    opened: Mutex<BTreeSet<String>>,
}

impl PipelineFiles {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, opened: Mutex::default() }
    }

    /// The document with the files it reads named in full, so that it can be kept in another folder.
    pub(crate) fn made_absolute(&self, document: &Document) -> Document {
        let mut document = document.clone();
        let opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let sources = document
            .stages
            .values_mut()
            .filter(|stage| stage.inputs.as_deref().is_some_and(<[_]>::is_empty));
        let params = sources.filter_map(|stage| stage.params.as_object_mut());
        for value in params.flat_map(serde_json::Map::values_mut) {
            if let Value::String(text) = value
                && opened.contains(text)
                && let Ok(full) = std::path::absolute(self.folder.join(&*text))
            {
                *text = full.to_string_lossy().into_owned();
            }
        }
        document
    }
}

impl InputFiles for PipelineFiles {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        match path.strip_prefix(BUILTIN) {
            None => {
                let file = self.folder.open(path)?;
                self.opened.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
                Ok(file)
            }
            Some(name) if name == CYTON.0 => Ok(Box::new(Cursor::new(CYTON.1))),
            Some(_) => {
                let message = format!("the only recording built in is `{BUILTIN}{}`", CYTON.0);
                Err(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
        }
    }
}
