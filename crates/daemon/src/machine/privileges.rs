//! The real-time priority that this process has a right to, by what the system shows.

use super::Root;

const CAP_SYS_NICE: u32 = 23;

/// The highest priority under `SCHED_FIFO`, from the capabilities and limits of this process; 0 means none.
pub(crate) fn highest_priority(root: &Root) -> u32 {
    let status = root.text("/proc/self/status").unwrap_or_default();
    let capabilities = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok())
        .unwrap_or(0);
    if capabilities >> CAP_SYS_NICE & 1 == 1 { 99 } else { limit(root).unwrap_or(0).min(99) }
}

/// The soft limit in `/proc/self/limits`.
fn limit(root: &Root) -> Option<u32> {
    let limits = root.text("/proc/self/limits")?;
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max realtime priority"))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(u32::MAX),
        number => number.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    fn of(capabilities: &str, rtprio: &str) -> u32 {
        let limits = format!(
            "Limit                     Soft Limit           Hard Limit           Units     \n\
             Max locked memory         8388608              8388608              bytes     \n\
             Max realtime priority     {rtprio:<20} {rtprio:<20} \n"
        );
        let tree = Tree::new(&[
            ("/proc/self/status", &format!("Name:\teegd\nCapEff:\t{capabilities}\n")),
            ("/proc/self/limits", &limits),
        ]);
        highest_priority(&tree.root())
    }

    #[test]
    fn a_capability_or_a_limit() {
        assert_eq!(of("0000000000000000", "0"), 0);
        // CAP_SYS_NICE is bit 23.
        assert_eq!(of("0000000000800000", "0"), 99);
        assert_eq!(of("0000000000000000", "95"), 95);
        assert_eq!(of("0000000000000000", "unlimited"), 99);
        assert_eq!(highest_priority(&Tree::new(&[]).root()), 0);
    }
}
