//! A new graph for a running pipeline, and what can stand against it.

use super::Group;
use crate::graph::{CheckedGraph, GraphError};
use crate::stage::LockReason;
use std::collections::HashSet;

/// What a running pipeline is to become.
#[derive(Debug)]
pub struct Proposal {
    /// The new graph, built but not open. Of a stage that lives on, the new one is dropped.
    pub graph: CheckedGraph,
    /// The groups of threads.
    pub groups: Vec<Group>,
    /// Stages of the same id that are described differently: another kind, other parameters, another policy. What
    /// differs in wiring, group or streams is found by comparison.
    pub changed: HashSet<String>,
    /// Stages to begin from nothing although their description is the same: a branch that died.
    pub restart: HashSet<String>,
}

/// Why a running pipeline was not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A stage that the change would reach must not be disturbed. Nothing was changed.
    #[error("`{stage}` is locked: {}", reason.text)]
    Locked {
        /// The stage.
        stage: String,
        /// Why, and since when.
        reason: LockReason,
    },
    /// New stages could not be opened. Nothing was changed.
    #[error("{}", texts(.0))]
    NotOpened(Vec<GraphError>),
    /// A thread did not get to the change in time. Nothing was changed; it can be tried again.
    #[error("thread `{thread}` is too far behind to change anything now: try again")]
    Behind {
        /// The thread.
        thread: String,
    },
    /// The pipeline has ended.
    #[error("the pipeline has ended")]
    Over,
    /// The change was made, but a source that it restarts could not be opened again: its branch is dead.
    #[error("changed, but {}", texts(.0))]
    Broken(Vec<GraphError>),
}

fn texts(errors: &[GraphError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
