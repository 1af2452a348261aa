//! The disk that recordings go to, tried: room, speed, and how long a sync takes.

use anyhow::Context;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Enough to tell a card from a disk, little enough for a slow card.
const BYTES: usize = 8 << 20;
const PIECE: usize = 64 << 10;
/// Syncs of one piece each, as a recorder makes them.
const SYNCS: usize = 16;
/// However slow the disk is, the rest is left after this.
const PATIENCE: Duration = Duration::from_secs(10);

/// What was measured.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Disk {
    /// The folder that was tried: the data dir, or where it would be made.
    pub(crate) folder: PathBuf,
    /// Bytes that are free to this user.
    pub(crate) free_bytes: u64,
    /// Written and synced.
    pub(crate) bytes_per_s: f64,
    /// How long a sync of 64 KiB took: the middle one, and the longest.
    pub(crate) sync_p50_s: f64,
    pub(crate) sync_max_s: f64,
}

/// Writes a file of 8 MiB into the data dir, or into the nearest folder above it that there is; no trace is left.
pub(crate) fn try_disk(data_dir: &Path) -> anyhow::Result<Disk> {
    let folder = nearest(data_dir);
    let mut file = tempfile::tempfile_in(&folder)
        .with_context(|| format!("cannot write in {}", folder.display()))?;
    let tried = || format!("writing in {} fails", folder.display());
    let piece = vec![0xA5; PIECE];
    let began = Instant::now();
    let mut written = 0;
    while written < BYTES && began.elapsed() < PATIENCE {
        file.write_all(&piece).with_context(tried)?;
        written += PIECE;
    }
    file.sync_all().with_context(tried)?;
    let bytes_per_s = written as f64 / began.elapsed().as_secs_f64();
    let mut syncs = Vec::with_capacity(SYNCS);
    while syncs.len() < SYNCS && (syncs.is_empty() || began.elapsed() < 2 * PATIENCE) {
        file.write_all(&piece).with_context(tried)?;
        let began = Instant::now();
        file.sync_data().with_context(tried)?;
        syncs.push(began.elapsed().as_secs_f64());
    }
    syncs.sort_by(f64::total_cmp);
    let room = rustix::fs::fstatvfs(&file).with_context(tried)?;
    Ok(Disk {
        free_bytes: room.f_bavail * room.f_frsize,
        bytes_per_s,
        sync_p50_s: syncs[syncs.len() / 2],
        sync_max_s: syncs[syncs.len() - 1],
        folder,
    })
}

/// The folder itself, or the nearest above it that exists.
pub(crate) fn nearest(folder: &Path) -> PathBuf {
    let there = folder.ancestors().find(|folder| fs::metadata(folder).is_ok());
    match there {
        Some(there) if !there.as_os_str().is_empty() => there.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_tried_and_left_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let disk = try_disk(&folder.path().join("not/there/yet")).unwrap();
        assert_eq!(disk.folder, folder.path());
        assert!(disk.free_bytes > 0 && disk.bytes_per_s > 0.0);
        assert!(disk.sync_max_s >= disk.sync_p50_s && disk.sync_p50_s > 0.0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_folder_is_said() {
        let error = try_disk(Path::new("/proc/self/status")).unwrap_err();
        assert!(format!("{error:#}").contains("cannot write in /proc/self/status"), "{error:#}");
    }
}
