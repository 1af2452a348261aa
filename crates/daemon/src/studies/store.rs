//! The folder of a study on the disk: made, described, listed, summed up.

use super::meta::SessionMeta;
use crate::document::Document;
use anyhow::{Context, anyhow};
use schemars::JsonSchema;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The folder of all studies, relative to the data dir.
const STUDIES: &str = "studies";
pub(crate) const META: &str = "session_meta.json";
pub(crate) const PIPELINE: &str = "pipeline.yaml";

/// One study's folder.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// Relative to the data dir.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

impl Store {
    /// Makes a folder that was not there.
    pub(crate) fn make(data_dir: &Path, name: &str) -> anyhow::Result<Self> {
        let all = data_dir.join(STUDIES);
        DirBuilder::new()
            .recursive(true)
            .mode(0o750)
            .create(&all)
            .with_context(|| format!("cannot make the folder {}", all.display()))?;
        for n in 1..1000 {
            let name = if n == 1 { name.to_owned() } else { format!("{name}-{n}") };
            let folder = all.join(&name);
            match DirBuilder::new().mode(0o750).create(&folder) {
                Ok(()) => return Ok(Self { name: format!("{STUDIES}/{name}"), folder }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot make {}", folder.display()));
                }
            }
        }
        Err(anyhow!("there are a thousand studies of this second already"))
    }

    /// A folder that is there already; `name` relative to the data dir.
    pub(crate) fn known(data_dir: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), folder: data_dir.join(name) }
    }

    /// Makes every recording whole that is not.
    pub(crate) fn recover(&self) -> anyhow::Result<()> {
        for name in files_in(&self.folder)? {
            if name != META && name != PIPELINE {
                let path = self.folder.join(&name);
                eeg_formats::recover(&path).with_context(|| format!("cannot make {name} whole"))?;
            }
        }
        Ok(())
    }

    /// Takes back a folder in which nothing was recorded.
    pub(crate) fn unmake(&self) {
        for file in [META, PIPELINE] {
            let _ = fs::remove_file(self.folder.join(file));
        }
        // Not when something else is in it.
        let _ = fs::remove_dir(&self.folder);
    }

    /// Writes the pipeline as it ran.
    pub(crate) fn write_pipeline(&self, document: &Document) -> anyhow::Result<()> {
        self.write(PIPELINE, document.to_yaml().as_bytes())
    }

    /// Writes `session_meta.json` anew: either the old one or the new one is there, whatever happens.
    pub(crate) fn write_meta(&self, meta: &SessionMeta) -> anyhow::Result<()> {
        let mut text = serde_json::to_vec_pretty(meta).context("cannot write JSON")?;
        text.push(b'\n');
        self.write(META, &text)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
        let write = || -> io::Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".writing-")
                .permissions(Permissions::from_mode(0o640))
                .tempfile_in(&self.folder)?;
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(self.folder.join(name))?;
            File::open(&self.folder)?.sync_all()
        };
        write().with_context(|| format!("cannot write {name} in {}", self.folder.display()))
    }

    /// SHA-256 of every file but the description itself. Reads all of them.
    pub(crate) fn checksums(&self) -> anyhow::Result<BTreeMap<String, String>> {
        let mut sums = BTreeMap::new();
        for name in files_in(&self.folder)? {
            if name != META {
                let sum = checksum(&self.folder.join(&name));
                sums.insert(name.clone(), sum.with_context(|| format!("cannot read {name}"))?);
            }
        }
        Ok(sums)
    }
}

fn checksum(path: &Path) -> io::Result<String> {
    let (mut file, mut sum) = (File::open(path)?, Sha256::new());
    let mut bytes = vec![0; 1 << 18];
    loop {
        match file.read(&mut bytes)? {
            0 => break,
            n => sum.update(&bytes[..n]),
        }
    }
    Ok(sum.finalize().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Names of the files of a folder, in order.
pub(crate) fn files_in(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_file() && !name.starts_with('.') {
            names.push(name);
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// What a folder says about itself.
pub(crate) fn read_meta(folder: &Path) -> anyhow::Result<SessionMeta> {
    let path = folder.join(META);
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&text)
        .with_context(|| format!("{} is no description of a study", path.display()))
}

/// A file of a study.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct StudyFile {
    /// Its name, as `/studies/{study}/files/{name}` takes it.
    name: String,
    /// How long it is now.
    bytes: u64,
}

/// The files of a study, by its folder relative to the data dir; none when that cannot be read.
pub(crate) fn files(data_dir: &Path, study: &str) -> Vec<StudyFile> {
    sized(&data_dir.join(study))
}

fn sized(folder: &Path) -> Vec<StudyFile> {
    let size = |name: String| {
        let bytes = fs::metadata(folder.join(&name)).ok()?.len();
        Some(StudyFile { name, bytes })
    };
    files_in(folder).unwrap_or_default().into_iter().filter_map(size).collect()
}

/// Every study below a data dir, with its files; the newest first.
pub(crate) fn list(data_dir: &Path) -> Vec<(SessionMeta, Vec<StudyFile>)> {
    let Ok(folders) = fs::read_dir(data_dir.join(STUDIES)) else { return Vec::new() };
    let read = |entry: io::Result<fs::DirEntry>| {
        let folder = entry.ok()?.path();
        Some((read_meta(&folder).ok()?, sized(&folder)))
    };
    let mut all: Vec<_> = folders.filter_map(read).collect();
    all.sort_by_key(|(meta, _)| std::cmp::Reverse(meta.started_unix_ns));
    all
}

/// A file of a study, if there is one: nothing else can be asked for.
pub(crate) fn file(data_dir: &Path, study: &str, name: &str) -> Option<PathBuf> {
    let plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['/', '\\', '\0'])
    };
    if !plain(study) || !plain(name) {
        return None;
    }
    let folder = data_dir.join(STUDIES).join(study);
    let known = files_in(&folder).ok()?.iter().any(|known| known == name);
    known.then(|| folder.join(name))
}
