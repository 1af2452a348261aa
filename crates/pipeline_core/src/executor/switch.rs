//! Gives every thread its new layout at a cut that all of them hold at, and starts the threads that are new.

use super::change::{Control, Held, POLL};
use super::fate::Fate;
use super::layout::Layout;
use super::notice::{Answer, Decision, SharedNotice};
use super::plan::{Plan, Planned, ThreadHandle, plan};
use super::position::{Before, Seated};
use super::scheduling::allowed_cores;
use super::shared::lock;
use super::worker::Worker;
use super::{Group, Running, StageInfo, open};
use crate::graph::{GraphError, Node};
use crate::telemetry::EdgeInfo;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

/// What came of a switch.
#[derive(Debug)]
pub(super) struct Switched {
    /// For each stage that is new, changed, removed or wired anew: the index of the sample from which on.
    pub(super) takes_effect: Vec<(Arc<str>, u64)>,
    /// Sources that could not be opened again.
    pub(super) broken: Vec<GraphError>,
}

/// A thread whose source has to wait until its predecessor has let go of the device.
type Late = (ThreadHandle, Layout);

impl Running {
    /// Makes the threads run `nodes`. Returns when they do.
    ///
    /// # Errors
    /// A thread that could not be started; then everything goes on as before.
    pub(super) fn switch(
        &self,
        control: &mut Control,
        nodes: Vec<Node>,
        fates: &[Fate],
        groups: &[Group],
        held: &Held,
    ) -> Result<Switched, Vec<GraphError>> {
        // Threads that ended before the cut reached them are gone; the others cannot end now.
        control.before.threads.retain(|thread| !thread.mailbox.is_closed());
        let plan = plan(nodes, fates, &control.before, groups, &self.reports);
        let Plan { threads, seated, edges, takes_effect } = plan;
        let handles: Vec<ThreadHandle> = threads.iter().map(|p| p.handle.clone()).collect();
        let lasting: Vec<ThreadHandle> = threads
            .iter()
            .filter(|planned| !planned.layout.seats.is_empty())
            .map(|planned| planned.handle.clone())
            .collect();
        let late = self.hand_out(threads, held)?;
        self.shared.watch(handles.iter(), &seated);
        held.decide(&handles, Decision::Change);
        let waits = |handle: &&ThreadHandle| late.iter().all(|(l, _)| l.number != handle.number);
        await_adoption(held, handles.iter().filter(waits).collect());
        self.publish(&seated, &edges);
        let broken = self.start_late(late, held);
        let next_number = handles.iter().map(|handle| handle.number + 1).max().unwrap_or(0);
        control.before = Before {
            seated,
            edges,
            threads: lasting,
            marks: HashMap::new(),
            next_number: next_number.max(control.before.next_number),
        };
        lock(&self.threads).retain(|thread| !thread.is_finished());
        Ok(Switched { takes_effect, broken })
    }

    /// Puts every layout where its thread finds it, and starts the new threads; they wait for the decision.
    fn hand_out(&self, threads: Vec<Planned>, held: &Held) -> Result<Vec<Late>, Vec<GraphError>> {
        let allowed = allowed_cores();
        let mut layouts = HashMap::new();
        let (mut late, mut new) = (Vec::new(), Vec::new());
        // Consumers first, so that nothing waits in a queue for a thread that is not there yet.
        for planned in threads.into_iter().rev() {
            let Planned { handle, mut layout, is_new, waits_for_device } = planned;
            layout.allowed.clone_from(&allowed);
            if waits_for_device {
                late.push((handle, layout));
                continue;
            }
            if is_new {
                new.push(handle.clone());
            }
            layouts.insert(handle.number, layout);
        }
        held.cut().lay_out(layouts);
        let started: Result<Vec<()>, GraphError> =
            new.iter().map(|handle| self.spawn(handle, &held.notice)).collect();
        match started {
            Ok(_) => Ok(late),
            Err(error) => {
                held.decide(&new, Decision::Release);
                held.cut().take_layouts().into_values().for_each(open::abandon);
                late.into_iter().for_each(|(_, layout)| open::abandon(layout));
                Err(vec![error])
            }
        }
    }

    /// Opens the sources that had to wait, and starts their threads.
    fn start_late(&self, late: Vec<Late>, held: &Held) -> Vec<GraphError> {
        let mut broken = Vec::new();
        for (handle, mut layout) in late {
            let opened = open::open_late(&mut layout);
            let layouts = HashMap::from([(handle.number, layout)]);
            held.cut().lay_out(layouts);
            if let Err(error) = opened.and_then(|()| self.spawn(&handle, &held.notice)) {
                broken.push(error);
                // Its edges go with it, and so the stages behind it come to their end.
                held.cut().take_layout(handle.number).into_iter().for_each(open::abandon);
                handle.mailbox.close();
            }
        }
        broken
    }

    fn publish(&self, seated: &[Seated], edges: &[EdgeInfo]) {
        *self.edges.write().unwrap_or_else(PoisonError::into_inner) = Arc::from(edges);
        let stages = seated.iter().map(|stage| StageInfo {
            id: Arc::clone(&stage.id),
            role: stage.role,
            group: stage.group.clone(),
            inputs: stage.inputs.clone(),
            output: stage.output.clone(),
            stats: Arc::clone(&stage.stats),
        });
        *self.stages.write().unwrap_or_else(PoisonError::into_inner) = stages.collect();
    }

    fn spawn(&self, handle: &ThreadHandle, notice: &SharedNotice) -> Result<(), GraphError> {
        let (mailbox, shared) = (Arc::clone(&handle.mailbox), Arc::clone(&self.shared));
        let worker = Worker::new(handle.number, mailbox, shared);
        let notice = Arc::clone(notice);
        let thread = std::thread::Builder::new().name(handle.name.clone());
        let thread = thread.spawn(move || worker.run(notice)).map_err(|error| {
            GraphError::new("", format!("cannot start thread `{}`: {error}", handle.name))
        })?;
        lock(&self.threads).push(thread);
        Ok(())
    }
}

fn await_adoption(held: &Held, mut awaited: Vec<&ThreadHandle>) {
    while !awaited.is_empty() {
        if let Ok(Answer::Adopted { thread }) = held.answers.recv_timeout(POLL) {
            awaited.retain(|handle| handle.number != thread);
        } else {
            // A thread with nothing left to run may have ended.
            awaited.retain(|handle| !handle.mailbox.is_closed());
        }
    }
}
