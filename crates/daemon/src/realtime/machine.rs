//! What stands against being on time in the machine itself, once a group asks for it: a sentence each, with what to type.

use super::awake::Awake;
use crate::machine::{
    Root, cores, governors, how_to_stay_awake, idle_states, in_words, power, slow_idle_states,
};
use pipeline_core::executor::{AchievedScheduling, Wait};

/// Nothing when no group asks for a priority or spins.
pub(super) fn warnings(
    root: &Root,
    threads: &[AchievedScheduling],
    awake: Option<&Awake>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if threads.iter().any(|thread| thread.asked.priority.is_some()) {
        warnings.extend(slow_clocks(root));
        warnings.extend(awake.and_then(|awake| slow_to_wake(root, awake)));
        warnings.extend(slowed_down(root));
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

/// Only when the kernel would not hear of it.
fn slow_to_wake(root: &Root, awake: &Awake) -> Option<String> {
    let Awake::Refused(why) = awake else { return None };
    let states = idle_states(root);
    let slow = slow_idle_states(&states);
    let deepest = slow.last()?;
    Some(format!(
        "an idle core may take {} us to wake up ({}), and eegd may not keep it from that (/dev/cpu_dma_latency: {why}): \
         `{}`",
        deepest.exit_us,
        deepest.name,
        how_to_stay_awake(&slow)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::tree::Tree;
    use pipeline_core::executor::Group;

    fn thread(priority: Option<u8>, wait: Wait, cores: Vec<usize>) -> AchievedScheduling {
        let asked = Group { name: "acquire".to_owned(), priority, wait, ..Group::default() };
        let (thread, thread_id) = ("acquire".to_owned(), 1);
        let (timer_slack_ns, refused) = (None, Vec::new());
        AchievedScheduling { thread, thread_id, asked, priority, cores, timer_slack_ns, refused }
    }

    fn pi() -> Tree {
        Tree::new(&[
            ("/sys/devices/system/cpu/online", "0-3\n"),
            ("/sys/devices/system/cpu/cpu3/cpuidle/state1/name", "cpu-sleep\n"),
            ("/sys/devices/system/cpu/cpu3/cpuidle/state1/latency", "250\n"),
            ("/sys/devices/system/cpu/isolated", "3\n"),
            ("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n"),
            ("/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor", "performance\n"),
            ("/sys/devices/platform/soc/soc:firmware/get_throttled", "5\n"),
        ])
    }

    #[test]
    fn everything_that_stands_against_being_on_time_is_said_when_somebody_asks_for_it() {
        let tree = pi();
        let asks = [thread(Some(80), Wait::Park, vec![3])];
        let refused = Awake::Refused("Permission denied".to_owned());
        let told = warnings(&tree.root(), &asks, Some(&refused));
        assert_eq!(told.len(), 3, "{told:#?}");
        assert!(
            told[0].starts_with("core 0 may be clocked down (governor `ondemand`)"),
            "{}",
            told[0]
        );
        assert!(
            told[1].starts_with("an idle core may take 250 us to wake up (cpu-sleep)")
                && told[1].contains("Permission denied")
                && told[1].ends_with("cpu*/cpuidle/state1/disable`"),
            "{}",
            told[1]
        );
        assert!(told[2].contains("under-voltage, throttling"), "{}", told[2]);
        assert_eq!(warnings(&tree.root(), &asks, Some(&Awake::Anyway)).len(), 2);
        let asks_for_nothing = [thread(None, Wait::Park, vec![3])];
        assert!(warnings(&tree.root(), &asks_for_nothing, Some(&refused)).is_empty());
        let nothing = Tree::new(&[]).root();
        assert!(
            warnings(&nothing, &asks, Some(&refused)).is_empty(),
            "nothing known, nothing said"
        );
    }

    #[test]
    fn spinning_is_for_isolated_cores() {
        let spins = |cores| warnings(&pi().root(), &[thread(None, Wait::Spin, cores)], None);
        assert!(spins(vec![3]).is_empty());
        assert!(spins(vec![0, 1, 3])[0].starts_with("group `acquire` spins on cores 0-1"));
    }
}
