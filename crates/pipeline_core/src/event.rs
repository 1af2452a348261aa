//! What happens beside the samples and belongs into every recording: markers, live changes, rails, refusals.
//!
//! Stages report events ([`StageCtx::report`](crate::StageCtx::report)), people set markers, the executor tells of
//! changes. All of them come back to every stage in order with the data ([`StageImpl::note`](crate::StageImpl::note)),
//! so that a recorder can write them down.

use std::sync::Arc;

/// Something that happened at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// What sort of thing.
    pub kind: EventKind,
    /// When, nanoseconds since the Unix epoch: the time a sample of that moment bears.
    pub time_ns: i64,
    /// How long it lasted, where that is known.
    pub duration_s: Option<f64>,
    /// What happened, one line for people.
    pub text: String,
    /// The stage it happened in or to.
    pub stage: Option<Arc<str>>,
    /// Index of the sample it happened at, as that stage counts.
    pub sample: Option<u64>,
    /// The channel it is about.
    pub channel: Option<String>,
}

impl Event {
    /// An event at a time, about nothing in particular yet.
    pub fn new(kind: EventKind, time_ns: i64, text: impl Into<String>) -> Self {
        Self {
            kind,
            time_ns,
            duration_s: None,
            text: text.into(),
            stage: None,
            sample: None,
            channel: None,
        }
    }
}

/// Sorts of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// Somebody said so.
    Marker,
    /// The pipeline was changed while it ran.
    Change,
    /// A change was refused because a stage was locked.
    Refusal,
    /// A board: settings, a fault, a recovery.
    Board,
    /// The signal: a channel railed, an electrode came off.
    Signal,
    /// A detector found something: a blink, a threshold crossed.
    Detection,
    /// A recorder: its disk is slow or nearly full, a part was closed.
    Recording,
}

impl EventKind {
    /// As files and the API write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Marker => "marker",
            Self::Change => "change",
            Self::Refusal => "refusal",
            Self::Board => "board",
            Self::Signal => "signal",
            Self::Detection => "detection",
            Self::Recording => "recording",
        }
    }
}
