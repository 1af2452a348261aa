//! The pipeline in the data dir, whole or not at all: `pipeline.yaml` as it was when the daemon was shut down, and
//! `running.yaml` as it runs, which is there only until then: who finds it knows that there was no shutdown.

use super::operator::Operator;
use crate::document::Document;
use plugin_api::{RUNNING_PIPELINE, SAVED_PIPELINE};
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// How a file that is not finished is called; what a kill has left of one is swept away by the next.
const UNFINISHED: &str = ".pipeline-";

/// The pipeline to go on with, and whether it was left in good order; `None` when nothing was left.
pub(crate) fn left_in(data_dir: &Path) -> Option<(PathBuf, Left)> {
    let all = [(RUNNING_PIPELINE, Left::Running), (SAVED_PIPELINE, Left::ShutDown)];
    all.into_iter().map(|(name, left)| (data_dir.join(name), left)).find(|(path, _)| path.exists())
}

/// How a pipeline was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Left {
    /// By a shutdown.
    ShutDown,
    /// By a crash, a kill, a loss of power.
    Running,
}

impl Left {
    const fn head(self) -> &'static str {
        match self {
            Self::ShutDown => {
                "# The pipeline as it was when eegd was shut down; `eegd run --resume` goes on with it.\n"
            }
            Self::Running => {
                "# The pipeline as it runs; `eegd run --resume` goes on with it should there be no shutdown.\n"
            }
        }
    }
}

impl Operator {
    /// Keeps `pipeline.yaml`, after the pipeline has ended.
    pub(super) fn save(&self) -> Result<(), String> {
        let document = self.host.document();
        if document.stages.is_empty() {
            return Ok(());
        }
        let document = self.files.made_absolute(&document);
        save(&document, &self.surroundings.data_dir, SAVED_PIPELINE, Left::ShutDown).map_err(
            |error| {
                let folder = self.surroundings.data_dir.display();
                format!("the pipeline could not be kept as pipeline.yaml in {folder}: {error}")
            },
        )
    }

    /// Keeps `running.yaml` as the pipeline is now, without the recorders of a study: that is begun again by its form.
    pub(super) fn keep_running(&mut self) {
        let now = self.host.running().map(|_| self.host.revision());
        if !self.keep_running || self.kept == now {
            return;
        }
        self.kept = now;
        let data_dir = &self.surroundings.data_dir;
        let done = if now.is_some() {
            let document = self.files.made_absolute(&self.document_without_study());
            save(&document, data_dir, RUNNING_PIPELINE, Left::Running)
        } else {
            match fs::remove_file(data_dir.join(RUNNING_PIPELINE)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        };
        if let Err(error) = done {
            tracing::warn!(
                "{RUNNING_PIPELINE} in {} could not be kept, so a crash would lose the changes since the start: {error}",
                data_dir.display()
            );
        }
    }
}

/// Writes the file beside its place and puts it there in one step: whatever happens, either the old one or the new
/// one is there.
fn save(document: &Document, data_dir: &Path, name: &str, left: Left) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    sweep(data_dir)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o640))
        .tempfile_in(data_dir)?;
    file.write_all(left.head().as_bytes())?;
    file.write_all(document.to_yaml().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(data_dir.join(name))?;
    // The name, too, is on the disk only after this.
    File::open(data_dir)?.sync_all()
}

fn sweep(data_dir: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data_dir)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(UNFINISHED) {
            // Somebody else may have been quicker.
            let _ = fs::remove_file(entry.path());
        }
    }
    Ok(())
}
