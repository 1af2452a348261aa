//! Keeps the pages of the process in memory, so that no packet waits for the disk to bring one back.

use rustix::io::Errno;
use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, getrlimit};
use rustix::thread::{CapabilitySet, capabilities};

/// What came of the wish to keep the pages of the process in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MemoryLock {
    /// Every page stays, from the first time it is used.
    Locked,
    /// Why not.
    Refused(String),
}

/// Locks what is in memory and what will come, each page once it is used: a page that nobody touches (most of a
/// thread's stack) takes no memory.
///
/// Where the limit on locked memory is finite nothing is locked: with a limit, memory that is asked for later is refused
/// instead, and a daemon without memory is worse than one with a page fault.
pub(crate) fn lock_memory() -> MemoryLock {
    if let Some(limit) = getrlimit(Resource::Memlock).current
        && !may_lock_all()
    {
        return MemoryLock::Refused(format!("this process may lock {} KiB only", limit / 1024));
    }
    match mlockall(MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT) {
        Ok(()) => MemoryLock::Locked,
        Err(Errno::PERM) => MemoryLock::Refused("not permitted".to_owned()),
        Err(error) => MemoryLock::Refused(std::io::Error::from(error).to_string()),
    }
}

/// Whether the limit does not count.
fn may_lock_all() -> bool {
    capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::IPC_LOCK))
}
