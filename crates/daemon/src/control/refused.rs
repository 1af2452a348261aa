//! Why an order was not carried out. HTTP and `/ws/control` both answer from this.

use crate::document::Mistake;
use pipeline_core::LockReason;
use pipeline_core::executor::ChangeError;
use pipeline_core::graph::GraphError;

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It could not be understood.
    #[error("{0}")]
    Malformed(String),
    /// The document does not build.
    #[error("{}", count(.0.len()))]
    Invalid(Vec<Mistake>),
    /// It builds, but the world did not play along: a file that cannot be made, a board that is gone.
    #[error("{}; {then}", first(mistakes))]
    NotOpened {
        /// What could not be opened.
        mistakes: Vec<Mistake>,
        /// How things stand now.
        then: &'static str,
    },
    /// The change was made, but a source could not be opened again after it.
    #[error(
        "the change was made (revision {revision}), but {}; when the cause is gone, restart the stage",
        first(mistakes)
    )]
    Broken {
        /// The revision that counts now.
        revision: u64,
        /// What could not be opened.
        mistakes: Vec<Mistake>,
    },
    /// Somebody else was first.
    #[error(
        "the document is at revision {current}, not {given}: look at it again (GET /pipeline), then change it"
    )]
    Stale {
        /// The revision the client spoke of.
        given: u64,
        /// The revision that counts.
        current: u64,
    },
    /// A `test` of the patch failed.
    #[error("{message}")]
    TestFailed {
        /// What was tested.
        path: String,
        /// The sentence.
        message: String,
    },
    /// A stage must not be disturbed.
    #[error("{}", locked(stage, reason))]
    Locked {
        /// The stage.
        stage: String,
        /// Why, and since when.
        reason: LockReason,
    },
    /// A thread is too far behind.
    #[error(
        "thread `{0}` is too far behind to change anything now; nothing was changed, try again"
    )]
    Behind(String),
    /// Nothing runs.
    #[error("no pipeline runs: start one with POST /pipeline/start")]
    NotRunning,
    /// There is a stage of that id.
    #[error("there is a stage `{0}` already")]
    Exists(String),
    /// There is no such stage.
    #[error("{0}")]
    NoStage(String),
    /// A study cannot begin, or end, as things stand.
    #[error("{0}")]
    Study(String),
    /// There is no such preset.
    #[error("{0}")]
    NoPreset(String),
    /// Too many orders wait.
    #[error("too many orders wait to be carried out: try again in a second")]
    Busy,
    /// The daemon is about to end.
    #[error("the daemon is shutting down")]
    Closing,
}

impl Refused {
    /// What the executor said about a change that made `revision`, if it was made.
    pub(super) fn of_change(error: ChangeError, revision: u64) -> Self {
        match error {
            ChangeError::Locked { stage, reason } => Self::Locked { stage, reason },
            ChangeError::Behind { thread } => Self::Behind(thread),
            ChangeError::NotOpened(errors) => {
                Self::NotOpened { mistakes: mistakes(errors), then: "nothing was changed" }
            }
            ChangeError::Broken(errors) => Self::Broken { revision, mistakes: mistakes(errors) },
            ChangeError::Over => Self::NotRunning,
        }
    }

    /// All mistakes, where there are any.
    pub(crate) fn mistakes(&self) -> &[Mistake] {
        match self {
            Self::Invalid(mistakes)
            | Self::NotOpened { mistakes, .. }
            | Self::Broken { mistakes, .. } => mistakes,
            _ => &[],
        }
    }
}

pub(super) fn mistakes(errors: Vec<GraphError>) -> Vec<Mistake> {
    errors.into_iter().map(Mistake::from).collect()
}

fn count(mistakes: usize) -> String {
    match mistakes {
        1 => "the document has a mistake; nothing was changed".to_owned(),
        n => format!("the document has {n} mistakes; nothing was changed"),
    }
}

fn first(mistakes: &[Mistake]) -> String {
    mistakes.first().map_or_else(String::new, |mistake| mistake.message.clone())
}

fn locked(stage: &str, reason: &LockReason) -> String {
    format!("stage `{stage}` is locked: {}; nothing was changed", reason.text)
}
