//! How much room there is where recordings are written.

use schemars::JsonSchema;
use serde::Serialize;
use std::path::Path;

/// The disk of the data dir.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub(crate) struct Disk {
    /// Bytes that recordings may still take.
    pub(crate) free_bytes: u64,
    /// Bytes it has in all.
    pub(crate) total_bytes: u64,
}

impl Disk {
    /// The disk that a folder lies on, or will lie on once it is made; `None` where the system does not tell.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        let folder = std::path::absolute(folder).ok()?;
        let disk = folder.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok())?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Some(Self { free_bytes: bytes(disk.f_bavail), total_bytes: bytes(disk.f_blocks) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_that_is_not_there_yet_has_the_room_of_what_it_will_lie_in() {
        let folder = tempfile::tempdir().unwrap();
        let [there, not_yet] = ["", "a/b"].map(|name| Disk::of(&folder.path().join(name)).unwrap());
        assert_eq!(there.total_bytes, not_yet.total_bytes);
        assert!(there.free_bytes > 0 && there.free_bytes <= there.total_bytes, "{there:?}");
    }
}
