//! How much room the disk has, and when a recording has to end before it is full.

use super::settings::Limits;
use plugin_api::StageError;
use std::io;
use std::path::Path;

/// Without a parameter a twentieth of the disk is kept free, at most so much.
const MOST_KEPT: u64 = 100_000_000;
/// What closing takes at most, with what is on its way.
const LEAST_KEPT: u64 = 256 * 1024;
/// Seconds before the end at which it is said.
pub(super) const WARN_S: f64 = 600.0;

/// Why a recording ended.
pub(super) const NEARLY_FULL: StageError = StageError::Io {
    doing: "go on recording, the disk is nearly full",
    kind: io::ErrorKind::StorageFull,
    os_code: None,
};

/// Bytes of a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    /// For us.
    pub(super) available: u64,
    /// To be kept free.
    pub(super) reserve: u64,
}

impl Room {
    /// Of the disk that a file lies on; `None` where the system does not tell.
    pub(super) fn of(path: &Path, limits: Limits) -> Option<Self> {
        let disk = rustix::fs::statvfs(path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        let reserve = match limits.min_free_mb {
            Some(mb) => (mb * 1e6) as u64,
            None => (bytes(disk.f_blocks) / 20).min(MOST_KEPT),
        };
        Some(Self { available: bytes(disk.f_bavail), reserve: reserve.max(LEAST_KEPT) })
    }

    /// How long a recording may go on; 0 or less when it has to end.
    pub(super) fn seconds_left(self, bytes_per_s: f64) -> f64 {
        // What is on its way until the next look.
        let free = self.available as f64 - self.reserve as f64 - 2.0 * bytes_per_s;
        free / bytes_per_s.max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_ends_before_the_reserve() {
        let room = Room { available: 10_000_000, reserve: 1_000_000 };
        assert_eq!(room.seconds_left(9000.0).round(), 998.0);
        assert!(Room { available: 1_000_000, ..room }.seconds_left(9000.0) < 0.0);
    }

    #[test]
    fn the_system_tells() {
        let limits = Limits {
            buffer_s: 10.0,
            sync_s: 1.0,
            split_s: None,
            split_mb: None,
            min_free_mb: None,
            lock: true,
        };
        let room = Room::of(Path::new("/"), limits).unwrap();
        assert!(room.available > 0 && room.reserve >= LEAST_KEPT && room.reserve <= MOST_KEPT);
        let asked = Limits { min_free_mb: Some(12.0), ..limits };
        assert_eq!(Room::of(Path::new("/"), asked).unwrap().reserve, 12_000_000);
    }
}
