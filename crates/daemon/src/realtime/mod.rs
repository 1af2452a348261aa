//! What the daemon does so that the data path is on time: memory that stays, and word of what could not be had.
//!
//! The threads arrange themselves ([`pipeline_core::executor::AchievedScheduling`]); here is what concerns the whole
//! process, and the report on both for the log, `GET /pipeline` and `session_meta.json`.

mod machine;
mod memory;
mod report;

pub(crate) use memory::{MemoryLock, lock_memory};
pub(crate) use report::{SchedulingReport, warnings};
