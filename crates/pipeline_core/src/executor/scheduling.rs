//! What a thread asks of the system's scheduler, tried and read back: priority, cores, timer slack, a stack that is there.
//!
//! Nothing here can fail a pipeline: what was refused is written down beside what was asked for, and the thread runs
//! all the same, with more jitter.

use super::Group;
use rustix::io::Errno;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};
use std::fmt;
use std::hint::black_box;
use std::num::NonZeroU64;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id, thread_schedule_policy_param,
};
use thread_priority::{Error, ThreadPriority};

/// The scale of the library on which a normal thread has niceness 0.
const NICE_0: u8 = 49;

/// Stack that is touched before the first packet, so that no packet waits for the system to find a page for it.
const STACK_BYTES: usize = 256 << 10;

/// How late the system may ring a timer of a thread to save wake-ups; normally 50 us.
const TIMER_SLACK_NS: u64 = 1;

/// How a thread waits for packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Wait {
    /// Asleep; a wake-up costs what the system takes for it.
    #[default]
    Park,
    /// Looking all the time: the shortest wait there is, at the price of the whole core. For isolated cores.
    Spin,
}

impl Wait {
    /// All there are, in the order of the documentation.
    pub const ALL: [Self; 2] = [Self::Park, Self::Spin];

    /// As the pipeline file and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Park => "park",
            Self::Spin => "spin",
        }
    }
}

/// What one thread asked for and what it has, read back from the system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AchievedScheduling {
    /// The thread's name.
    pub thread: String,
    /// Its number with the system, as below `/proc/self/task`.
    pub thread_id: i32,
    /// What its group asks for.
    pub asked: Group,
    /// Its `SCHED_FIFO` priority; `None` under the normal policy.
    pub priority: Option<u8>,
    /// The cores it may run on.
    pub cores: Vec<usize>,
    /// How late its timers may ring, nanoseconds, where the system says.
    pub timer_slack_ns: Option<u64>,
    /// What could not be had.
    pub refused: Vec<Refused>,
}

/// Something a thread asked for and did not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// A real-time priority.
    Priority {
        /// What was asked for.
        priority: u8,
        /// Whether it is a matter of privileges.
        not_permitted: bool,
        /// What the system said.
        why: String,
    },
    /// Cores that the machine, or what limits this process, has not.
    Cores {
        /// Those that are missing.
        missing: Vec<usize>,
    },
    /// To be pinned.
    Affinity {
        /// What the system said.
        why: String,
    },
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Priority { priority, why, .. } => {
                write!(f, "it runs without real-time priority {priority}: {why}")
            }
            Self::Cores { missing } => {
                write!(f, "it is not pinned: this machine has no core {missing:?}")
            }
            Self::Affinity { why } => write!(f, "it is not pinned: {why}"),
        }
    }
}

/// Arranges the calling thread as a thread of the data path in this group would be, and reads back what came of it: for
/// whoever wants to know beforehand, or measures under the same conditions.
pub fn arrange_this_thread(asked: &Group) -> AchievedScheduling {
    let name = std::thread::current().name().unwrap_or_default().to_owned();
    arrange(&name, asked, &allowed_cores(), false)
}

/// Arranges the calling thread as its group asks, and reads back what came of it. `allowed` are the cores of the
/// whole process; `was_real_time` says that an earlier call gave the thread a priority.
pub(super) fn arrange(
    thread: &str,
    asked: &Group,
    allowed: &[usize],
    was_real_time: bool,
) -> AchievedScheduling {
    let mut refused = Vec::new();
    refused.extend(pin(&asked.cores, allowed));
    if let Some(priority) = asked.priority {
        refused.extend(raise(priority));
    } else if was_real_time {
        step_down();
    }
    // Where there is no such thing as slack there is nothing to lower.
    let _ = set_current_timer_slack(NonZeroU64::new(TIMER_SLACK_NS));
    touch_stack();
    AchievedScheduling {
        thread: thread.to_owned(),
        thread_id: rustix::thread::gettid().as_raw_nonzero().get(),
        asked: asked.clone(),
        priority: real_time_priority(),
        cores: allowed_cores(),
        timer_slack_ns: rustix::thread::current_timer_slack().ok(),
        refused,
    }
}

/// The cores that the calling thread may run on.
pub(super) fn allowed_cores() -> Vec<usize> {
    let Ok(allowed) = sched_getaffinity(None) else { return Vec::new() };
    (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect()
}

/// To the group's cores; to all of them when it names none, or some that are not there.
fn pin(cores: &[usize], allowed: &[usize]) -> Option<Refused> {
    let missing: Vec<usize> = cores.iter().copied().filter(|c| !allowed.contains(c)).collect();
    let wanted = if cores.is_empty() || !missing.is_empty() { allowed } else { cores };
    let mut set = CpuSet::new();
    wanted.iter().for_each(|core| set.set(*core));
    if !missing.is_empty() {
        let _ = sched_setaffinity(None, &set);
        return Some(Refused::Cores { missing });
    }
    let why = sched_setaffinity(None, &set).err()?;
    (!cores.is_empty()).then(|| Refused::Affinity { why: text(why) })
}

fn raise(priority: u8) -> Option<Refused> {
    let refused = |why: String, not_permitted| Refused::Priority { priority, not_permitted, why };
    let Ok(value) = ThreadPriority::try_from(priority) else {
        return Some(refused("it must be from 1 to 99".to_owned(), false));
    };
    let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    match set_thread_priority_and_policy(thread_native_id(), value, fifo) {
        Ok(()) => None,
        Err(Error::OS(code)) => {
            let error = Errno::from_raw_os_error(code);
            Some(refused(text(error), error == Errno::PERM))
        }
        Err(error) => Some(refused(error.to_string(), false)),
    }
}

/// Back to the normal policy, for which nobody needs a privilege.
fn step_down() {
    if let Ok(value) = ThreadPriority::try_from(NICE_0) {
        let normal = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
        let _ = set_thread_priority_and_policy(thread_native_id(), value, normal);
    }
}

fn real_time_priority() -> Option<u8> {
    match thread_schedule_policy_param(thread_native_id()) {
        Ok((ThreadSchedulePolicy::Realtime(_), params)) => u8::try_from(params.sched_priority).ok(),
        _ => None,
    }
}

fn text(error: Errno) -> String {
    std::io::Error::from(error).to_string()
}

#[inline(never)]
#[expect(clippy::large_stack_arrays, reason = "a large piece of the stack is what this is for")]
fn touch_stack() {
    black_box(&mut [0_u8; STACK_BYTES]);
}
