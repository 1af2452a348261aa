//! What happens when a stage fails: chosen in the pipeline file (`on_error`), decided here, carried out by the executor.

use pipeline_core::{ErrorAction, ErrorPolicy, Role, StageError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What to do when a stage fails or panics, or its queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StagePolicy {
    /// Stop the pipeline. What is in flight is delivered to the other branches first.
    Fatal,
    /// Close this branch; the others go on.
    DrainThenStop,
    /// Lose this packet, count it, and go on.
    SkipPacket,
}

impl StagePolicy {
    /// Without `on_error`: nothing can come after a failed source or transform, so the pipeline stops;
    /// a sink that fails leaves the other sinks alone.
    pub const fn default_for(role: Role) -> Self {
        match role {
            Role::Source | Role::Transform => Self::Fatal,
            Role::Sink => Self::DrainThenStop,
        }
    }
}

impl ErrorPolicy for StagePolicy {
    fn action(&self, _error: &StageError) -> ErrorAction {
        match self {
            Self::Fatal => ErrorAction::Fatal,
            Self::DrainThenStop => ErrorAction::DrainThenStop,
            Self::SkipPacket => ErrorAction::SkipPacket,
        }
    }
}
