//! What the system lets this process do for its timing: real-time priority, memory that stays in RAM.

use super::Root;

const CAP_IPC_LOCK: u32 = 14;
const CAP_SYS_NICE: u32 = 23;

/// What is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Privileges {
    /// The highest priority under `SCHED_FIFO`; 0 means none.
    pub(crate) rt_priority: u32,
    /// Bytes that may be locked into memory; `None` means all there are.
    pub(crate) locked_bytes: Option<u64>,
}

/// From the capabilities and limits of this process.
pub(crate) fn privileges(root: &Root) -> Privileges {
    let status = root.text("/proc/self/status").unwrap_or_default();
    let capabilities = status
        .lines()
        .find_map(|line| u64::from_str_radix(line.strip_prefix("CapEff:")?.trim(), 16).ok())
        .unwrap_or(0);
    let can = |capability: u32| capabilities >> capability & 1 == 1;
    let limit = soft_limits(root);
    let rt_priority = if can(CAP_SYS_NICE) {
        99
    } else {
        limit("Max realtime priority").flatten().unwrap_or(0).min(99) as u32
    };
    let locked_bytes =
        if can(CAP_IPC_LOCK) { None } else { limit("Max locked memory").unwrap_or(Some(0)) };
    Privileges { rt_priority, locked_bytes }
}

/// The soft limit of a name in `/proc/self/limits`; the inner `None` is "unlimited".
fn soft_limits(root: &Root) -> impl Fn(&str) -> Option<Option<u64>> {
    let limits = root.text("/proc/self/limits").unwrap_or_default();
    move |name| {
        let rest = limits.lines().find_map(|line| line.strip_prefix(name))?;
        match rest.split_whitespace().next()? {
            "unlimited" => Some(None),
            number => number.parse().ok().map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    fn of(capabilities: &str, rtprio: &str, memlock: &str) -> Privileges {
        let limits = format!(
            "Limit                     Soft Limit           Hard Limit           Units     \n\
             Max locked memory         {memlock:<20} {memlock:<20} bytes     \n\
             Max realtime priority     {rtprio:<20} {rtprio:<20} \n"
        );
        let tree = Tree::new(&[
            ("/proc/self/status", &format!("Name:\teegd\nCapEff:\t{capabilities}\n")),
            ("/proc/self/limits", &limits),
        ]);
        privileges(&tree.root())
    }

    #[test]
    fn capabilities_or_limits() {
        let none = of("0000000000000000", "0", "8388608");
        assert_eq!(none, Privileges { rt_priority: 0, locked_bytes: Some(8_388_608) });
        // CAP_SYS_NICE is bit 23, CAP_IPC_LOCK bit 14.
        let capable = of("0000000000804000", "0", "8388608");
        assert_eq!(capable, Privileges { rt_priority: 99, locked_bytes: None });
        let limited = of("0000000000000000", "95", "unlimited");
        assert_eq!(limited, Privileges { rt_priority: 95, locked_bytes: None });
        let nothing = privileges(&Tree::new(&[]).root());
        assert_eq!(nothing, Privileges { rt_priority: 0, locked_bytes: Some(0) });
    }
}
