//! How deeply idle cores sleep, and how long they take to wake up.

use super::{Root, cores};

/// A core that takes longer to wake up costs more than all that eegd does with a packet.
pub(crate) const SLOW_TO_WAKE_US: u64 = 50;

/// A state an idle core may enter (a C-state).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdleState {
    /// Its number in sysfs.
    pub(crate) number: usize,
    pub(crate) name: String,
    /// How long waking up takes, in microseconds.
    pub(crate) exit_us: u64,
}

/// The states that any core may enter, the deepest last; those that are switched off are left out.
pub(crate) fn idle_states(root: &Root) -> Vec<IdleState> {
    let mut states: Vec<IdleState> = Vec::new();
    for state in cores(root).online.into_iter().flat_map(|core| of_core(root, core)) {
        if states.iter().all(|known| known.number != state.number) {
            states.push(state);
        }
    }
    states.sort_by_key(|state| state.number);
    states
}

fn of_core(root: &Root, core: usize) -> Vec<IdleState> {
    let folder = format!("/sys/devices/system/cpu/cpu{core}/cpuidle");
    let state = |state: String| {
        let file = |name: &str| format!("{folder}/{state}/{name}");
        if root.number(&file("disable")).unwrap_or(0) != 0 {
            return None;
        }
        Some(IdleState {
            number: state.strip_prefix("state")?.parse().ok()?,
            name: root.text(&file("name"))?,
            exit_us: root.number(&file("latency"))?.try_into().ok()?,
        })
    };
    root.names(&folder, "state").into_iter().filter_map(state).collect()
}

/// Those that take too long to leave.
pub(crate) fn slow_idle_states(states: &[IdleState]) -> Vec<&IdleState> {
    states.iter().filter(|state| state.exit_us > SLOW_TO_WAKE_US).collect()
}

/// What to type so that no core enters these states until the next boot.
pub(crate) fn how_to_stay_awake(slow: &[&IdleState]) -> String {
    let numbers: Vec<String> = slow.iter().map(|state| state.number.to_string()).collect();
    let numbers =
        if let [one] = &numbers[..] { one.clone() } else { format!("{{{}}}", numbers.join(",")) };
    format!("echo 1 | sudo tee /sys/devices/system/cpu/cpu*/cpuidle/state{numbers}/disable")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn states_that_are_switched_off_on_every_core_are_left_out() {
        let tree = Tree::new(&[("/sys/devices/system/cpu/online", "0-1\n")]);
        for (core, n, name, latency, disable) in [
            (0, 0, "WFI", "1", "0"),
            (0, 1, "C1", "150", "1"),
            (0, 2, "C6", "900", "1"),
            (1, 0, "WFI", "1", "0"),
            (1, 1, "C1", "150", "0"),
            (1, 2, "C6", "900", "1"),
        ] {
            let file =
                |name: &str| format!("/sys/devices/system/cpu/cpu{core}/cpuidle/state{n}/{name}");
            tree.put(&file("name"), name);
            tree.put(&file("latency"), latency);
            tree.put(&file("disable"), disable);
        }
        let states = idle_states(&tree.root());
        let seen: Vec<_> = states.iter().map(|s| (s.number, s.name.as_str(), s.exit_us)).collect();
        assert_eq!(seen, [(0, "WFI", 1), (1, "C1", 150)]);
        let slow = slow_idle_states(&states);
        assert!(how_to_stay_awake(&slow).ends_with("cpu*/cpuidle/state1/disable"));
        assert!(how_to_stay_awake(&[slow[0], slow[0]]).ends_with("state{1,1}/disable"));
    }
}
