//! What one thread runs: stages in their seats, and the edges to other threads.

use super::Group;
use super::edge::{EdgeRx, EdgeTx};
use super::node::RtNode;

/// A stage on its way from one thread to another, with all it has.
pub(super) type Moved = RtNode;

/// A thread's stages and edges. Without a seat there is nothing left for the thread to do.
#[derive(Default)]
pub(super) struct Layout {
    /// In an order in which inputs come first.
    pub(super) seats: Vec<Seat>,
    pub(super) inputs: Vec<EdgeRx>,
    pub(super) outputs: Vec<EdgeTx>,
    /// Stages of this thread that go on in another one, by their index in the graph before.
    pub(super) leaving: Vec<usize>,
    /// How the thread is to be scheduled.
    pub(super) group: Group,
    /// The cores of the whole process.
    pub(super) allowed: Vec<usize>,
}

/// A stage's place in a thread.
pub(super) struct Seat {
    /// The stage with its new wiring; its body is still to come when it is kept.
    pub(super) node: RtNode,
    pub(super) past: Past,
}

/// What a seat takes over from the graph before, which knew the stage by this index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Past {
    /// Nothing.
    None,
    /// The stage itself.
    Stage(usize),
    /// Its state: the seat has a new stage that inherits.
    State(usize),
}

impl Past {
    pub(super) const fn node(self) -> Option<usize> {
        match self {
            Self::None => None,
            Self::Stage(node) | Self::State(node) => Some(node),
        }
    }
}
