//! How the threads are scheduled, as it is told: one object for programs, a sentence or two for people.

use super::awake::Awake;
use super::interrupts::InterruptReport;
use super::{Arranged, MemoryLock, machine};
use crate::machine::{Root, SLOW_TO_WAKE_US};
use pipeline_core::executor::{AchievedScheduling, Refused};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was asked of the system for the sake of time, and what it gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct SchedulingReport {
    /// Whether the process's memory stays in memory; `null` when no group asks for a priority, and so nobody for this.
    pub(crate) memory_locked: Option<bool>,
    /// Why the memory is not locked though it should be.
    pub(crate) memory_refused: Option<String>,
    /// How long an idle core may take to wake up, microseconds, where the kernel had to be asked and heeds it.
    #[serde(default)]
    pub(crate) wake_up_limit_us: Option<u64>,
    /// Why the kernel does not heed it though cores sleep deeply.
    #[serde(default)]
    pub(crate) wake_up_limit_refused: Option<String>,
    /// The threads of the data path.
    pub(crate) threads: Vec<ThreadReport>,
    /// The interrupts of SPI and GPIO, while a board's line is watched.
    #[serde(default)]
    pub(crate) interrupts: Vec<InterruptReport>,
}

/// One thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct ThreadReport {
    /// Its name.
    pub(crate) thread: String,
    /// Its group.
    pub(crate) group: String,
    /// What the group asks for.
    pub(crate) asked: Scheduling,
    /// What the thread has, read back from the system.
    pub(crate) got: Scheduling,
    /// How late its timers may ring, nanoseconds.
    pub(crate) timer_slack_ns: Option<u64>,
    /// What could not be had, and why.
    pub(crate) refused: Vec<String>,
}

/// How a thread is scheduled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct Scheduling {
    /// Priority under `SCHED_FIFO`; `null` under the normal policy.
    pub(crate) priority: Option<u8>,
    /// The cores it may run on; when asked for, empty means any.
    pub(crate) cores: Vec<usize>,
    /// `park` or `spin`.
    pub(crate) wait: String,
}

impl SchedulingReport {
    pub(crate) fn new(threads: &[AchievedScheduling], arranged: Option<&Arranged>) -> Self {
        let memory = arranged.map(|arranged| &arranged.memory);
        let awake = arranged.map(|arranged| &arranged.awake);
        Self {
            memory_locked: memory.map(|memory| *memory == MemoryLock::Locked),
            memory_refused: memory.and_then(|memory| match memory {
                MemoryLock::Locked => None,
                MemoryLock::Refused(why) => Some(why.clone()),
            }),
            wake_up_limit_us: matches!(awake, Some(Awake::Held(_))).then_some(SLOW_TO_WAKE_US),
            wake_up_limit_refused: awake.and_then(|awake| match awake {
                Awake::Refused(why) => Some(why.clone()),
                Awake::Anyway | Awake::Held(_) => None,
            }),
            threads: threads.iter().map(ThreadReport::of).collect(),
            interrupts: arranged.map_or_else(Vec::new, |arranged| arranged.interrupts.clone()),
        }
    }
}

impl ThreadReport {
    fn of(thread: &AchievedScheduling) -> Self {
        let AchievedScheduling { asked, priority, cores, timer_slack_ns, refused, .. } = thread;
        let wait = asked.wait.name().to_owned();
        Self {
            thread: thread.thread.clone(),
            group: asked.name.clone(),
            asked: Scheduling {
                priority: asked.priority,
                cores: asked.cores.clone(),
                wait: wait.clone(),
            },
            got: Scheduling { priority: *priority, cores: cores.clone(), wait },
            timer_slack_ns: *timer_slack_ns,
            refused: refused.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What could not be had, a sentence each, with what to type where privileges are missing.
pub(crate) fn warnings(
    root: &Root,
    threads: &[AchievedScheduling],
    arranged: Option<&Arranged>,
) -> Vec<String> {
    let mut unprivileged: Vec<String> = Vec::new();
    let mut warnings: Vec<String> = Vec::new();
    let once = |list: &mut Vec<String>, text: String| {
        if !list.contains(&text) {
            list.push(text);
        }
    };
    for AchievedScheduling { asked, refused, .. } in threads {
        for refused in refused {
            if matches!(refused, Refused::Priority { not_permitted: true, .. }) {
                once(&mut unprivileged, format!("`{}`", asked.name));
            } else {
                once(&mut warnings, format!("group `{}`: {refused}", asked.name));
            }
        }
    }
    let mut without = Vec::new();
    if !unprivileged.is_empty() {
        let s = if unprivileged.len() > 1 { "groups" } else { "group" };
        without.push(format!("real-time priority for {s} {}", unprivileged.join(", ")));
    }
    if let Some(Arranged { memory: MemoryLock::Refused(why), .. }) = arranged {
        without.push(format!("locked memory ({why})"));
    }
    if !without.is_empty() {
        warnings.push(format!(
            "eegd runs without {}, so under load samples may be lost (and are counted). To grant it: {}",
            without.join(" and without "),
            how_to_grant()
        ));
    }
    warnings.extend(machine::warnings(root, threads, arranged.map(|arranged| &arranged.awake)));
    let interrupts = arranged.into_iter().flat_map(|arranged| &arranged.interrupts);
    warnings.extend(interrupts.flat_map(|interrupt| interrupt.refused.clone()));
    warnings
}

fn how_to_grant() -> String {
    let program = std::env::current_exe()
        .map_or_else(|_| "$(command -v eegd)".to_owned(), |program| program.display().to_string());
    format!(
        "`sudo setcap cap_sys_nice,cap_ipc_lock=ep {program}`, or in a systemd service \
         `AmbientCapabilities=CAP_SYS_NICE CAP_IPC_LOCK` (docs/realtime.md)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline_core::executor::Group;

    fn refused(group: &str, refused: Vec<Refused>) -> AchievedScheduling {
        let asked = Group { name: group.to_owned(), priority: Some(80), ..Group::default() };
        AchievedScheduling {
            thread: group.to_owned(),
            thread_id: 1,
            asked,
            priority: None,
            cores: vec![0, 1],
            timer_slack_ns: Some(1),
            refused,
        }
    }

    fn not_permitted() -> Refused {
        let why = "Operation not permitted".to_owned();
        Refused::Priority { priority: 80, not_permitted: true, why }
    }

    #[test]
    fn missing_privileges_are_one_sentence_that_says_what_to_type() {
        let threads = [
            refused("acquire", vec![not_permitted()]),
            refused("acquire", vec![not_permitted()]),
            refused("dsp", vec![not_permitted(), Refused::Cores { missing: vec![7] }]),
        ];
        let arranged = |memory| Arranged { memory, awake: Awake::Anyway, interrupts: Vec::new() };
        let not_locked = arranged(MemoryLock::Refused("not permitted".to_owned()));
        let nothing = Root::new("/nothing/is/here");
        let told = warnings(&nothing, &threads, Some(&not_locked));
        assert_eq!(told.len(), 2, "{told:?}");
        assert_eq!(told[0], "group `dsp`: it is not pinned: this machine has no core [7]");
        assert!(
            told[1].starts_with(
                "eegd runs without real-time priority for groups `acquire`, `dsp` and without locked memory"
            ) && told[1].contains("sudo setcap cap_sys_nice,cap_ipc_lock=ep "),
            "{}",
            told[1]
        );
        assert_eq!(
            warnings(
                &nothing,
                &[refused("acquire", Vec::new())],
                Some(&arranged(MemoryLock::Locked))
            )
            .len(),
            0
        );
    }

    #[test]
    fn idle_cores_and_interrupts_are_told_too() {
        let interrupt = InterruptReport {
            interrupt: 185,
            name: "eegd data-ready".to_owned(),
            asked_priority: 85,
            asked_cores: vec![3],
            priority: Some(50),
            cores: vec![3],
            thread_cores: vec![3],
            refused: vec!["type this".to_owned()],
        };
        let memory = MemoryLock::Locked;
        let awake = Awake::Refused("Permission denied".to_owned());
        let arranged = Arranged { memory, awake, interrupts: vec![interrupt.clone()] };
        let report = SchedulingReport::new(&[], Some(&arranged));
        assert_eq!((report.memory_locked, report.wake_up_limit_us), (Some(true), None));
        assert_eq!(report.wake_up_limit_refused.as_deref(), Some("Permission denied"));
        assert_eq!(report.interrupts, [interrupt]);
        let nothing = Root::new("/nothing/is/here");
        assert_eq!(warnings(&nothing, &[], Some(&arranged)), ["type this"]);
        // A study of an earlier version has none of these.
        let old =
            serde_json::json!({ "memory_locked": null, "memory_refused": null, "threads": [] });
        assert!(serde_json::from_value::<SchedulingReport>(old).unwrap().interrupts.is_empty());
    }

    #[test]
    fn the_report_keeps_asked_and_got_apart() {
        let report = SchedulingReport::new(&[refused("dsp", vec![not_permitted()])], None);
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["memory_locked"], serde_json::Value::Null);
        let thread = &json["threads"][0];
        assert_eq!(
            (&thread["asked"]["priority"], &thread["got"]["priority"]),
            (&80.into(), &serde_json::Value::Null)
        );
        assert_eq!(thread["got"]["cores"], serde_json::json!([0, 1]));
        assert_eq!(thread["refused"].as_array().unwrap().len(), 1);
    }
}
