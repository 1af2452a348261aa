//! How the file of a recording is made: new, nobody else's, below the data dir, still there after a power cut.

use super::path::{PathTemplate, with_ending};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

const MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;
/// Runs looked through for one that is free.
const MAX_RUNS: u32 = 99_999;

/// Makes the files of one recording, part by part.
#[derive(Debug)]
pub(crate) struct Files {
    template: PathTemplate,
    run: Option<u32>,
    start: String,
}

/// A file that was just made.
#[derive(Debug)]
pub(crate) struct Made {
    pub(crate) file: File,
    pub(crate) path: PathBuf,
    /// Relative to the data dir, for people.
    pub(crate) name: String,
}

impl Files {
    /// `start` is what `{start}` stands for.
    pub(super) fn new(template: PathTemplate, start: String) -> Self {
        Self { template, run: None, start }
    }

    /// Makes the file of a part, counted from 1. The first decides the run.
    pub(super) fn make(&mut self, part: u32) -> io::Result<Made> {
        let mut run = self.run.unwrap_or(1);
        loop {
            let relative = self.template.relative(run, &self.start, part);
            let made = self.make_at(&relative);
            let taken = self.run.is_none() && self.template.has_run() && run < MAX_RUNS;
            match made {
                Err(error) if taken && error.kind() == io::ErrorKind::AlreadyExists => run += 1,
                other => {
                    self.run = Some(run);
                    return other;
                }
            }
        }
    }

    /// The path of a part, for a message.
    pub(super) fn shown(&self, part: u32) -> PathBuf {
        let run = self.run.unwrap_or(1);
        self.template.data_dir().join(self.template.relative(run, &self.start, part))
    }

    fn make_at(&self, relative: &Path) -> io::Result<Made> {
        let data_dir = self.template.data_dir();
        let path = data_dir.join(relative);
        let folder = path.parent().unwrap_or(data_dir);
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder).map_err(|error| {
            let message = format!("the folder {} cannot be made: {error}", folder.display());
            io::Error::new(error.kind(), message)
        })?;
        // A link in the way could lead anywhere.
        if !folder.canonicalize()?.starts_with(data_dir.canonicalize()?) {
            return Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                format!("{} leads out of the data dir", folder.display()),
            ));
        }
        let keeps_old = !self.template.has_run();
        let file = match create(&path) {
            Err(error) if keeps_old && error.kind() == io::ErrorKind::AlreadyExists => {
                move_aside(&path)?;
                create(&path)?
            }
            other => other?,
        };
        file.lock_shared()?;
        File::open(folder)?.sync_all()?;
        Ok(Made { file, path, name: relative.display().to_string() })
    }
}

fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

/// A file beside a recording that is about it: `a.csv` and `_events.tsv` make `a_events.tsv`. One that is there already is
/// about a recording that is gone, and goes.
pub(crate) fn sidecar(recording: &Path, ending: &str) -> io::Result<File> {
    let path = sidecar_path(recording, ending);
    match create(&path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::rename(&path, free_name(&path, "")?)?;
            create(&path)
        }
        other => other,
    }
}

fn sidecar_path(recording: &Path, ending: &str) -> PathBuf {
    let stem = recording.file_stem().unwrap_or_default().to_string_lossy();
    recording.with_file_name(format!("{stem}{ending}"))
}

/// `name.csv` becomes `name.1.csv`, or the first number that is free; its table of events goes with it.
fn move_aside(path: &Path) -> io::Result<()> {
    if File::open(path)?.try_lock().is_err() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "another recorder writes this file: give them different paths",
        ));
    }
    let aside = free_name(path, EVENTS)?;
    let (events, events_aside) = (sidecar_path(path, EVENTS), sidecar_path(&aside, EVENTS));
    if events.exists() {
        fs::rename(events, events_aside)?;
    }
    // A hard link fails where a rename would overwrite.
    match fs::hard_link(path, &aside) {
        Ok(()) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => fs::rename(path, aside),
    }
}

/// The ending of a table of events beside a recording.
pub(crate) const EVENTS: &str = "_events.tsv";

/// The first of `name.1.csv`, `name.2.csv`, ... that is free, and whose table of events is.
fn free_name(path: &Path, ending: &str) -> io::Result<PathBuf> {
    (1..u32::MAX)
        .map(|n| with_ending(path, &format!(".{n}")))
        .find(|aside| {
            let beside = sidecar_path(aside, ending);
            !aside.exists() && (ending.is_empty() || !beside.exists())
        })
        .ok_or_else(|| {
            io::Error::new(io::ErrorKind::AlreadyExists, "no free name for the old file")
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use plugin_api::StageInitCtx;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn files(folder: &Path, path: &str) -> Files {
        let template = PathTemplate::parse(path, &StageInitCtx::in_folder(folder)).unwrap();
        Files::new(template, "now".to_owned())
    }

    #[test]
    fn never_over_another_file_and_not_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..3 {
            let made = files(folder.path(), "sub/a.bdf").make(1).unwrap();
            fs::write(&made.path, format!("{n}")).unwrap();
            assert_eq!(made.file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
            // While it is written it is not moved out of the way.
            let error = files(folder.path(), "sub/a.bdf").make(1).unwrap_err();
            assert!(error.to_string().contains("another recorder"), "{error}");
        }
        let text = |name: &str| fs::read_to_string(folder.path().join("sub").join(name)).unwrap();
        assert_eq!([text("a.1.bdf"), text("a.2.bdf"), text("a.bdf")], ["0", "1", "2"]);
    }

    #[test]
    fn a_run_is_the_first_that_is_free_and_stays_for_all_parts() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = files(folder.path(), "r{run}.bdf");
        let mut second = files(folder.path(), "r{run}.bdf");
        let names = [&mut first, &mut second].map(|files| files.make(1).unwrap().name);
        assert_eq!(names, ["r01.bdf", "r02.bdf"]);
        assert_eq!(second.make(2).unwrap().name, "r02_part-02.bdf");
    }

    #[test]
    fn a_link_out_of_the_data_dir_is_not_followed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        symlink(other.path(), folder.path().join("out")).unwrap();
        let error = files(folder.path(), "out/a.bdf").make(1).unwrap_err();
        assert!(error.to_string().contains("leads out of the data dir"), "{error}");
        assert_eq!(fs::read_dir(other.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_table_of_events_goes_with_its_recording() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..2 {
            let made = files(folder.path(), "a.csv").make(1).unwrap();
            let mut beside = sidecar(&made.path, EVENTS).unwrap();
            io::Write::write_all(&mut beside, format!("{n}").as_bytes()).unwrap();
        }
        let text = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
        assert_eq!([text("a.1_events.tsv"), text("a_events.tsv")], ["0", "1"]);
    }
}
