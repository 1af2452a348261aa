//! How a running pipeline becomes another one: everything at one cut through the stream, or nothing at all.
//!
//! 1. What becomes of each stage is found by comparison (`fate.rs`).
//! 2. When stages have to be opened: everybody whom the change reaches is asked whether it is locked, then they are.
//! 3. A cut goes through the pipeline (`notice.rs`), asks again and stops everything between the same two samples.
//! 4. The threads get their new layouts (`plan.rs`, `switch.rs`) and go on. A source that starts over is opened when its
//!    predecessor is closed: a device has room for one.

use super::fate::{Fate, fates};
use super::notice::{Answer, Cut, Decision, MAX_UNDER_WAY, Notice, SharedNotice, Vote};
use super::plan::ThreadHandle;
use super::position::Before;
use super::proposal::{ChangeError, Proposal};
use super::shared::lock;
use super::switch::Switched;
use super::{Group, Running, open};
use crate::event::Event;
use crate::graph::{CheckedGraph, GraphError, Node, Role};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

/// How long a cut may hold the pipeline while one thread has not got to it: less than the edges can store.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often to look whether a thread that does not answer has ended.
pub(super) const POLL: Duration = Duration::from_millis(5);
/// How many answers of threads may wait; a thread gives two to a cut.
const ANSWERS: usize = 256;

/// What changing a pipeline has to know of it.
#[derive(Debug, Default)]
pub(super) struct Control {
    pub(super) before: Before,
    under_way: Vec<Weak<Notice>>,
}

/// A cut that has reached every thread.
pub(super) struct Held {
    pub(super) notice: SharedNotice,
    pub(super) answers: Receiver<Answer>,
    votes: Vec<Vote>,
}

impl Held {
    fn new(reached: &[bool]) -> Self {
        let (to, answers) = sync_channel(ANSWERS);
        let notice = Arc::new(Notice::Cut(Cut::new(reached.to_vec(), to)));
        Self { notice, answers, votes: Vec::new() }
    }

    /// Decides, and wakes the threads that wait for it.
    pub(super) fn decide(&self, threads: &[ThreadHandle], decision: Decision) {
        self.cut().decide(decision);
        threads.iter().for_each(|thread| thread.mailbox.interrupt());
    }

    pub(super) fn cut(&self) -> &Cut {
        match &*self.notice {
            Notice::Cut(cut) => cut,
            Notice::Event(_) => unreachable!("a held notice is a cut"),
        }
    }
}

impl Running {
    /// Starts the threads of a graph whose stages are open.
    pub(super) fn begin(
        &self,
        graph: CheckedGraph,
        groups: &[Group],
    ) -> Result<(), Vec<GraphError>> {
        let mut control = lock(&self.control);
        let fates = vec![Fate::New; graph.nodes.len()];
        let held = Held::new(&[]);
        self.switch(&mut control, graph.nodes, &fates, groups, &held).map(|_| ())
    }

    /// Makes the running pipeline another one. Stages that are described as before keep their state and their open
    /// files; those that are changed inherit the state of their predecessor; the whole change takes effect at one
    /// point of the stream, and no sample is lost or doubled by it.
    ///
    /// Returns, for each stage that is new, changed, removed or wired anew, the index of the first sample it takes
    /// (or, removed, would have taken next). Blocks until the change is made, usually less than a packet's duration.
    ///
    /// # Errors
    /// [`ChangeError`]; except for [`ChangeError::Broken`], nothing has changed then.
    pub fn change(&self, proposal: Proposal) -> Result<Vec<(String, u64)>, ChangeError> {
        let mut control = lock(&self.control);
        let (fates, reached) = {
            let before = &mut control.before;
            before.threads.retain(|thread| !thread.mailbox.is_closed());
            if self.shared.is_stopping() || !before.threads.iter().any(|t| t.has_source) {
                return Err(ChangeError::Over);
            }
            fates(&before.seated, &proposal.graph, &proposal)
        };
        let Proposal { graph: CheckedGraph { mut nodes }, groups, .. } = proposal;
        let starts_over = |n: usize, nodes: &[Node]| {
            nodes[n].role == Role::Source && matches!(fates[n], Fate::Afresh(_))
        };
        let to_open: Vec<bool> =
            (0..nodes.len()).map(|n| fates[n].is_remade() && !starts_over(n, &nodes)).collect();
        if to_open.contains(&true) && reached.contains(&true) {
            let held = control.hold(&reached)?;
            held.decide(&control.before.threads, Decision::Release);
            unlocked(&control, &held)?;
        }
        open::open(&mut nodes, |n| to_open[n]).map_err(ChangeError::NotOpened)?;
        let held = match control.hold(&reached) {
            Ok(held) => held,
            Err(error) => {
                open::close(&mut nodes, |n| to_open[n]);
                return Err(error);
            }
        };
        if let Err(error) = unlocked(&control, &held) {
            held.decide(&control.before.threads, Decision::Release);
            open::close(&mut nodes, |n| to_open[n]);
            return Err(error);
        }
        for vote in &held.votes {
            control.before.marks.extend(vote.marks.iter().cloned());
        }
        let switched = self.switch(&mut control, nodes, &fates, &groups, &held);
        let Switched { takes_effect, broken } = match switched {
            Ok(switched) => switched,
            Err(errors) => {
                held.decide(&control.before.threads, Decision::Release);
                return Err(ChangeError::NotOpened(errors));
            }
        };
        if broken.is_empty() {
            Ok(takes_effect.into_iter().map(|(id, sample)| (id.to_string(), sample)).collect())
        } else {
            Err(ChangeError::Broken(broken))
        }
    }

    /// Tells every stage, in order with the data, that something happened.
    ///
    /// # Errors
    /// [`ChangeError::Behind`] when the pipeline has not got to the last few notices yet, [`ChangeError::Over`].
    pub fn note(&self, event: Event) -> Result<(), ChangeError> {
        let mut control = lock(&self.control);
        control.before.threads.retain(|thread| !thread.mailbox.is_closed());
        control.post(&Arc::new(Notice::Event(event)))
    }
}

impl Control {
    fn post(&mut self, notice: &SharedNotice) -> Result<(), ChangeError> {
        self.under_way.retain(|notice| notice.strong_count() > 0);
        let mut sources = self.before.threads.iter().filter(|t| t.has_source).peekable();
        let Some(first) = sources.peek() else { return Err(ChangeError::Over) };
        if self.under_way.len() >= MAX_UNDER_WAY {
            return Err(ChangeError::Behind { thread: first.name.clone() });
        }
        sources.for_each(|thread| thread.mailbox.post(Arc::clone(notice)));
        self.under_way.push(Arc::downgrade(notice));
        Ok(())
    }

    /// Sends a cut and waits until every living thread holds at it.
    fn hold(&mut self, reached: &[bool]) -> Result<Held, ChangeError> {
        let mut held = Held::new(reached);
        self.post(&held.notice)?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let missing = self.before.threads.iter().find(|thread| {
                !thread.mailbox.is_closed() && held.votes.iter().all(|v| v.thread != thread.number)
            });
            let Some(missing) = missing else { return Ok(held) };
            if Instant::now() > deadline {
                let thread = missing.name.clone();
                held.decide(&self.before.threads, Decision::Release);
                return Err(ChangeError::Behind { thread });
            }
            if let Ok(Answer::Reached(vote)) = held.answers.recv_timeout(POLL) {
                held.votes.push(vote);
            }
        }
    }
}

/// `Ok` when no stage that was asked is locked.
fn unlocked(control: &Control, held: &Held) -> Result<(), ChangeError> {
    match held.votes.iter().find_map(|vote| vote.locked.clone()) {
        None => Ok(()),
        Some((node, reason)) => {
            let stage = control.before.seated[node].id.to_string();
            Err(ChangeError::Locked { stage, reason })
        }
    }
}
