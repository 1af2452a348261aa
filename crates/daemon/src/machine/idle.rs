//! How deeply an idle core sleeps, and how long it takes to wake up.

use super::Root;

const CPUIDLE: &str = "/sys/devices/system/cpu/cpu0/cpuidle";

/// A state an idle core may enter (a C-state).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdleState {
    /// Its number in sysfs.
    pub(crate) number: usize,
    pub(crate) name: String,
    /// How long waking up takes, in microseconds.
    pub(crate) exit_us: u64,
}

/// The states that core 0 may enter, the deepest last; those that are switched off are left out.
pub(crate) fn idle_states(root: &Root) -> Vec<IdleState> {
    let state = |folder: String| {
        let file = |name: &str| format!("{CPUIDLE}/{folder}/{name}");
        if root.number(&file("disable")).unwrap_or(0) != 0 {
            return None;
        }
        Some(IdleState {
            number: folder.strip_prefix("state")?.parse().ok()?,
            name: root.text(&file("name"))?,
            exit_us: root.number(&file("latency"))?.try_into().ok()?,
        })
    };
    root.names(CPUIDLE, "state").into_iter().filter_map(state).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn states_that_are_switched_off_are_left_out() {
        let file = |n: usize, name: &str| format!("{CPUIDLE}/state{n}/{name}");
        let tree = Tree::new(&[]);
        for (n, name, latency, disable) in
            [(0, "WFI", "1", "0"), (1, "C1", "150", "0"), (2, "C6", "900", "1")]
        {
            tree.put(&file(n, "name"), name);
            tree.put(&file(n, "latency"), latency);
            tree.put(&file(n, "disable"), disable);
        }
        let states = idle_states(&tree.root());
        let seen: Vec<_> = states.iter().map(|s| (s.number, s.name.as_str(), s.exit_us)).collect();
        assert_eq!(seen, [(0, "WFI", 1), (1, "C1", 150)]);
    }
}
