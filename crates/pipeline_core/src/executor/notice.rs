//! What travels through the queues beside packets: word of an event, and the cut at which a running graph changes.
//!
//! A cut goes from the sources to every thread, in order with the data. A thread that it has reached says where its
//! stages stand and whether one of them is locked, passes the cut on and holds: it takes no packet from behind the cut
//! until the decision. A source's thread goes on acquiring and keeps its packets back. So when all threads have
//! answered, the whole pipeline stands between the same two samples, nothing is under way, and the change can be made
//! or be called off everywhere alike.

use super::layout::{Layout, Moved};
use super::shared::lock;
use crate::event::Event;
use crate::stage::LockReason;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex};

/// How many notices may be under way at a time; edges keep room for them.
pub(super) const MAX_UNDER_WAY: usize = 8;

/// Something every thread is told, in order with the data.
pub(super) enum Notice {
    /// Something happened; recorders write it down.
    Event(Event),
    /// The graph is to change here.
    Cut(Cut),
}

/// Where one stage stood when the cut reached it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// For each input: index of the sample that comes next, and whether any will.
    pub(super) inputs: Vec<(u64, bool)>,
    /// Index of the next sample it would have made.
    pub(super) next_out: u64,
}

/// What a thread answers when the cut reaches it.
pub(super) struct Vote {
    pub(super) thread: usize,
    /// The first stage that must not be disturbed, by its index in the graph.
    pub(super) locked: Option<(usize, LockReason)>,
    /// Where its stages stand, by their index in the graph.
    pub(super) marks: Vec<(usize, Mark)>,
}

/// Word from a thread to whoever changes the pipeline.
pub(super) enum Answer {
    /// The cut is here, and the thread holds.
    Reached(Vote),
    /// The thread runs its new layout.
    Adopted { thread: usize },
}

/// What has been decided about a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Decision {
    /// Nothing yet: hold.
    Pending = 0,
    /// Take the new layout.
    Change = 1,
    /// Go on as before.
    Release = 2,
}

/// The point of the stream at which a graph changes.
pub(super) struct Cut {
    /// The stages, by index in the running graph, that the change reaches: none of them may be locked.
    asked: Vec<bool>,
    decision: AtomicU8,
    answers: SyncSender<Answer>,
    /// What each thread is to run from here on.
    layouts: Mutex<HashMap<usize, Layout>>,
    /// Stages on their way from one thread to another, by their index in the graph before.
    moving: Mutex<HashMap<usize, Moved>>,
}

impl Cut {
    pub(super) fn new(asked: Vec<bool>, answers: SyncSender<Answer>) -> Self {
        Self {
            asked,
            decision: AtomicU8::new(Decision::Pending as u8),
            answers,
            layouts: Mutex::default(),
            moving: Mutex::default(),
        }
    }

    pub(super) fn asks(&self, node: usize) -> bool {
        self.asked.get(node).copied().unwrap_or(false)
    }

    /// Tells whoever changes the pipeline; who has given up does not want to know.
    pub(super) fn answer(&self, answer: Answer) {
        let _ = self.answers.send(answer);
    }

    /// Hands out layouts, before the decision or before the thread starts.
    pub(super) fn lay_out(&self, layouts: HashMap<usize, Layout>) {
        lock(&self.layouts).extend(layouts);
    }

    /// What `thread` is to run; `None` when there is nothing left for it to do.
    pub(super) fn take_layout(&self, thread: usize) -> Option<Layout> {
        lock(&self.layouts).remove(&thread)
    }

    /// Takes back what no thread has taken, after a release.
    pub(super) fn take_layouts(&self) -> HashMap<usize, Layout> {
        std::mem::take(&mut *lock(&self.layouts))
    }

    pub(super) fn decide(&self, decision: Decision) {
        self.decision.store(decision as u8, Ordering::Release);
    }

    pub(super) fn decision(&self) -> Decision {
        match self.decision.load(Ordering::Acquire) {
            0 => Decision::Pending,
            1 => Decision::Change,
            _ => Decision::Release,
        }
    }

    /// A stage leaves its thread for another.
    pub(super) fn send_off(&self, node: usize, moved: Moved) {
        lock(&self.moving).insert(node, moved);
    }

    /// The stage that was `node`, once its thread has let go of it.
    pub(super) fn receive(&self, node: usize) -> Option<Moved> {
        lock(&self.moving).remove(&node)
    }
}

impl std::fmt::Debug for Notice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Cut(cut) => f.debug_tuple("Cut").field(&cut.decision()).finish(),
        }
    }
}

/// Notices as the queues carry them.
pub(super) type SharedNotice = Arc<Notice>;
