//! What stands against being on time in the machine itself, once a group asks for it: a sentence each, with what to type.

use crate::machine::{Root, cores, governors, in_words, interrupt_threads, power};
use pipeline_core::executor::{AchievedScheduling, Wait};

/// How far above the threads of the data path the threads of interrupts should be.
const ABOVE: u8 = 5;

/// Nothing when no group asks for a priority or spins.
pub(super) fn warnings(root: &Root, threads: &[AchievedScheduling]) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Some(highest) = threads.iter().filter_map(|thread| thread.asked.priority).max() {
        warnings.extend(slow_clocks(root));
        warnings.extend(slowed_down(root));
        warnings.extend(late_interrupts(root, highest));
    }
    let isolated = cores(root).isolated;
    for thread in threads.iter().filter(|thread| thread.asked.wait == Wait::Spin) {
        let shared: Vec<usize> =
            thread.cores.iter().copied().filter(|core| !isolated.contains(core)).collect();
        if !shared.is_empty() {
            warnings.push(format!(
                "group `{}` spins on {}, which others use too: a spinning thread needs a core of its own \
                 (`isolcpus=` in the kernel's command line, `cores: [N]` in the group; docs/realtime.md)",
                thread.asked.name,
                in_words(&shared)
            ));
        }
    }
    warnings
}

fn slow_clocks(root: &Root) -> Option<String> {
    let slow = |governor: &str| governor != "performance";
    let governors = governors(root);
    let (_, name) = governors.iter().find(|(_, governor)| slow(governor))?;
    let cores: Vec<usize> =
        governors.iter().filter(|(_, governor)| slow(governor)).map(|(core, _)| *core).collect();
    Some(format!(
        "{} may be clocked down (governor `{name}`), which costs time when samples come: \
         `echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor`",
        in_words(&cores)
    ))
}

fn slowed_down(root: &Root) -> Option<String> {
    let now = power(root)?.now();
    (!now.is_empty()).then(|| {
        format!(
            "this Raspberry Pi slows down: {}; see to its supply and its cooling",
            now.join(", ")
        )
    })
}

/// A thread that serves the interrupt of a data-ready line must not wait for the thread that it wakes.
fn late_interrupts(root: &Root, highest: u8) -> Vec<String> {
    let late = interrupt_threads(root).into_iter().filter(|t| t.priority <= u32::from(highest));
    let warning = |thread: crate::machine::InterruptThread| {
        format!(
            "`{}` has priority {}, not above the {highest} of the threads that wait for it: \
             `sudo chrt --fifo --pid {} {}`",
            thread.name,
            thread.priority,
            highest.saturating_add(ABOVE).min(99),
            thread.thread
        )
    };
    late.map(warning).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::interrupts::tests::put;
    use crate::machine::tree::Tree;
    use pipeline_core::executor::Group;

    fn thread(priority: Option<u8>, wait: Wait, cores: Vec<usize>) -> AchievedScheduling {
        let asked = Group { name: "acquire".to_owned(), priority, wait, ..Group::default() };
        let (thread, thread_id) = ("acquire".to_owned(), 1);
        let (timer_slack_ns, refused) = (None, Vec::new());
        AchievedScheduling { thread, thread_id, asked, priority, cores, timer_slack_ns, refused }
    }

    fn pi() -> Tree {
        let tree = Tree::new(&[
            ("/sys/devices/system/cpu/online", "0-3\n"),
            ("/sys/devices/system/cpu/isolated", "3\n"),
            ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n"),
            ("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n"),
            ("/sys/devices/platform/soc/soc:firmware/get_throttled", "5\n"),
        ]);
        put(&tree, 301, "irq/185-eegd", 50);
        put(&tree, 302, "irq/170-1f00050000.spi", 90);
        tree
    }

    #[test]
    fn everything_that_stands_against_being_on_time_is_said_when_somebody_asks_for_it() {
        let tree = pi();
        let asks = [thread(Some(80), Wait::Park, vec![3])];
        let told = warnings(&tree.root(), &asks);
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(
            told[0].starts_with("core 0 may be clocked down (governor `ondemand`)"),
            "{}",
            told[0]
        );
        assert!(told[1].contains("under-voltage, throttling"), "{}", told[1]);
        assert!(
            told[2].starts_with("`irq/185-eegd` has priority 50")
                && told[2].ends_with("`sudo chrt --fifo --pid 85 301`"),
            "{}",
            told[2]
        );
        assert!(warnings(&tree.root(), &[thread(None, Wait::Park, vec![3])]).is_empty());
        assert!(warnings(&Tree::new(&[]).root(), &asks).is_empty(), "nothing known, nothing said");
    }

    #[test]
    fn spinning_is_for_isolated_cores() {
        let spins = |cores| warnings(&pi().root(), &[thread(None, Wait::Spin, cores)]);
        assert!(spins(vec![3]).is_empty());
        assert!(spins(vec![0, 1, 3])[0].starts_with("group `acquire` spins on cores 0-1"));
    }
}
