//! What the daemon does so that the data path is on time: memory that stays, cores that wake up fast, interrupts that do not
//! wait; and word of what could not be had.
//!
//! The threads arrange themselves ([`pipeline_core::executor::AchievedScheduling`]); here is what concerns the whole
//! process and the machine, and the report on all of it for the log, `GET /pipeline` and `session_meta.json`.

mod awake;
mod interrupts;
mod look;
mod machine;
mod memory;
mod report;
mod trial;

pub(crate) use awake::may_stay_awake;
pub(crate) use interrupts::InterruptReport;
pub(crate) use look::look_after;
pub(crate) use memory::{MemoryLock, lock_memory};
pub(crate) use report::{SchedulingReport, warnings};
pub(crate) use trial::{ACQUISITION_PRIORITY, try_priority};

use crate::machine::Root;
use awake::Awake;
use interrupts::Needs;
use pipeline_core::executor::Group;

/// What was arranged beyond the threads of the pipeline, once a group asked for a priority.
#[derive(Debug, Clone)]
pub(crate) struct Arranged {
    pub(crate) memory: MemoryLock,
    awake: Awake,
    interrupts: Vec<InterruptReport>,
}

impl Arranged {
    /// What holds for the whole process: done once, before the first thread starts.
    pub(crate) fn of_the_process(root: &Root) -> Self {
        Self { memory: lock_memory(), awake: awake::stay_awake(root), interrupts: Vec::new() }
    }

    /// Takes what came of the interrupts.
    pub(crate) fn with_interrupts(&mut self, interrupts: Vec<InterruptReport>) {
        self.interrupts = interrupts;
    }
}

/// Puts the interrupts of SPI and GPIO where groups that run sources need them; `None` when no group asks for a priority.
///
/// Lines are requested when boards are opened, and anew when a board comes back: to be repeated.
pub(crate) fn arrange_interrupts(
    root: &Root,
    groups: &[Group],
    runs_sources: impl Fn(&str) -> bool,
) -> Option<Vec<InterruptReport>> {
    let above = groups.iter().filter_map(|group| group.priority).max()?;
    let sources = groups.iter().filter(|group| runs_sources(&group.name));
    let mut cores: Vec<usize> = sources.flat_map(|group| group.cores.clone()).collect();
    cores.sort_unstable();
    cores.dedup();
    Some(interrupts::arrange(root, &Needs { above, cores }, &interrupts::System))
}
