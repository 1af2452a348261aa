//! Keeps idle cores out of states that take long to leave: `PM QoS`, a wish that the kernel heeds for as long as a file is open.

use crate::machine::{Root, SLOW_TO_WAKE_US, idle_states, slow_idle_states};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

/// The kernel's file for the wish (its documentation, "PM Quality of Service Interface").
const WISH: &str = "/dev/cpu_dma_latency";

/// What came of the wish that cores wake up fast.
#[derive(Debug, Clone)]
pub(crate) enum Awake {
    /// No core may sleep so deeply that it matters, or the kernel does not show how deeply they sleep.
    Anyway,
    /// The kernel has been asked, for as long as this is held.
    Held(#[expect(dead_code, reason = "held, not used")] Arc<File>),
    /// Why not.
    Refused(String),
}

/// Asks for cores that wake up within [`SLOW_TO_WAKE_US`], where there are any that do not.
pub(super) fn stay_awake(root: &Root) -> Awake {
    if slow_idle_states(&idle_states(root)).is_empty() {
        return Awake::Anyway;
    }
    match wish(root) {
        Ok(file) => Awake::Held(Arc::new(file)),
        Err(error) => Awake::Refused(error.to_string()),
    }
}

/// The largest latency that is wanted, in microseconds, as an `i32` of this machine.
fn wish(root: &Root) -> io::Result<File> {
    let mut file = File::options().write(true).open(root.path(WISH))?;
    file.write_all(&(SLOW_TO_WAKE_US as i32).to_ne_bytes())?;
    Ok(file)
}

/// Whether this process may ask; nothing is asked for.
pub(crate) fn may_stay_awake(root: &Root) -> bool {
    File::options().write(true).open(root.path(WISH)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;

    #[test]
    fn asked_for_only_where_a_core_sleeps_deeply() {
        let tree = Tree::new(&[("/sys/devices/system/cpu/online", "0\n"), (WISH, "")]);
        let state = |file: &str| format!("/sys/devices/system/cpu/cpu0/cpuidle/state1/{file}");
        tree.put(&state("name"), "cpu-sleep\n");
        tree.put(&state("latency"), "50\n");
        assert!(matches!(stay_awake(&tree.root()), Awake::Anyway));
        assert!(std::fs::read(tree.root().path(WISH)).unwrap().is_empty());
        tree.put(&state("latency"), "51\n");
        assert!(matches!(stay_awake(&tree.root()), Awake::Held(_)));
        assert_eq!(std::fs::read(tree.root().path(WISH)).unwrap(), 50_i32.to_ne_bytes());
        assert!(may_stay_awake(&tree.root()));
        std::fs::remove_file(tree.root().path(WISH)).unwrap();
        let Awake::Refused(why) = stay_awake(&tree.root()) else { panic!("there is no file") };
        assert!(why.contains("No such file") && !may_stay_awake(&tree.root()), "{why}");
    }
}
