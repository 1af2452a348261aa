//! The files a pipeline reads: beside the pipeline file, or built into the binary.

use plugin_api::{InputFiles, ReadSeek};
use std::io::{self, Cursor};
use std::path::PathBuf;

/// The built-in demo, as text.
pub const DEMO: &str = include_str!("../../../../pipelines/demo.yaml");

const BUILTIN: &str = "builtin:";
const CYTON: (&str, &[u8]) =
    ("cyton_blinks_jaw_alpha.bdf", include_bytes!("../../../../data/cyton_blinks_jaw_alpha.bdf"));

/// Paths relative to the pipeline file's folder; `builtin:NAME` for a recording inside the binary.
#[derive(Debug)]
pub(crate) struct PipelineFiles {
    pub(crate) folder: PathBuf,
}

impl InputFiles for PipelineFiles {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        match path.strip_prefix(BUILTIN) {
            None => self.folder.open(path),
            Some(name) if name == CYTON.0 => Ok(Box::new(Cursor::new(CYTON.1))),
            Some(_) => {
                let message = format!("the only recording built in is `{BUILTIN}{}`", CYTON.0);
                Err(io::Error::new(io::ErrorKind::InvalidInput, message))
            }
        }
    }
}
