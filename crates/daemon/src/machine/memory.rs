//! How much memory there is, is free, and has been moved to a disk.

use super::Root;

/// Memory, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    /// Can be had without moving anything to a disk.
    pub(crate) available: u64,
    /// Has been moved to a disk (or to compressed memory).
    pub(crate) swapped: u64,
}

/// From `/proc/meminfo`.
pub(crate) fn memory(root: &Root) -> Option<Memory> {
    let text = root.text("/proc/meminfo")?;
    let bytes = |name: &str| {
        let rest = text.lines().find_map(|line| line.strip_prefix(name))?.strip_prefix(':')?;
        rest.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024)
    };
    let swapped = bytes("SwapTotal").unwrap_or(0).saturating_sub(bytes("SwapFree").unwrap_or(0));
    Some(Memory { total: bytes("MemTotal")?, available: bytes("MemAvailable")?, swapped })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn total_available_and_swapped() {
        let text = "MemTotal:        8244944 kB\nMemFree:  1 kB\nMemAvailable:    7000000 kB\n\
                    SwapTotal:        524284 kB\nSwapFree:         500000 kB\n";
        let memory = memory(&Tree::new(&[("/proc/meminfo", text)]).root()).unwrap();
        assert_eq!(
            (memory.total, memory.available, memory.swapped),
            (8_244_944 * 1024, 7_000_000 * 1024, 24_284 * 1024)
        );
    }
}
