//! `pipeline.yaml` in the data dir: the pipeline as it was when the daemon was shut down, whole or not at all.

use crate::document::Document;
use plugin_api::SAVED_PIPELINE;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// How a file that is not finished is called; what a kill has left of one is swept away by the next.
const UNFINISHED: &str = ".pipeline-";

const HEAD: &str =
    "# The pipeline as it was when eegd was shut down; `eegd run --resume` goes on with it.\n";

/// Writes the file beside its place and puts it there in one step: whatever happens, either the old one or the new
/// one is there.
pub(super) fn save(document: &Document, data_dir: &Path) -> io::Result<()> {
    fs::create_dir_all(data_dir)?;
    sweep(data_dir)?;
    let mut file = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(Permissions::from_mode(0o640))
        .tempfile_in(data_dir)?;
    file.write_all(HEAD.as_bytes())?;
    file.write_all(document.to_yaml().as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(data_dir.join(SAVED_PIPELINE))?;
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
