//! From one layout of a thread to the next, at a cut: what lives on moves over, what is gone is closed.

use super::Group;
use super::layout::{Layout, Past, Seat};
use super::node::{RtNode, Running};
use super::notice::{Answer, Cut, Decision};
use super::scheduling;
use super::worker::Worker;
use crate::stage::ErrorAction;
use crate::telemetry::StageState;
use std::time::Duration;

/// How long a thread sleeps between two looks for a stage that another one is to let go of. Only once a change, and
/// only when stages change their thread.
const LOOK_AGAIN: Duration = Duration::from_micros(200);

impl Worker {
    /// Takes over what the cut has for this thread, once it is decided. False when that is nothing.
    pub(super) fn adopt(&mut self, cut: &Cut) -> bool {
        while cut.decision() == Decision::Pending {
            self.waker.sleep_unless(|| cut.decision() != Decision::Pending, None);
        }
        if cut.decision() == Decision::Release {
            return false;
        }
        for i in 0..self.inputs.len() {
            self.report_overflow(i);
        }
        let layout = cut.take_layout(self.number).unwrap_or_default();
        let Layout { seats, inputs, outputs, leaving, group, allowed } = layout;
        let mut before: Vec<Option<RtNode>> =
            std::mem::take(&mut self.nodes).into_iter().map(Some).collect();
        let mut take = |node: usize| {
            before.iter_mut().find(|b| b.as_ref().is_some_and(|b| b.index == node))?.take()
        };
        for node in leaving {
            if let Some(moved) = take(node) {
                cut.send_off(node, moved);
            }
        }
        let mut waiting: Vec<(Seat, Option<RtNode>)> = seats
            .into_iter()
            .map(|seat| {
                let old = seat.past.node().and_then(&mut take);
                (seat, old)
            })
            .collect();
        before.into_iter().flatten().for_each(|node| self.remove(node));
        for (seat, old) in &mut waiting {
            while let (Some(node), None) = (seat.past.node(), &old) {
                *old = cut.receive(node);
                if old.is_none() {
                    self.waker.sleep_unless(|| false, Some(LOOK_AGAIN));
                }
            }
        }
        // The old edges are empty: everybody holds at the cut.
        self.inputs = inputs;
        self.outputs = outputs;
        for (seat, old) in waiting {
            self.sit_down(seat, old);
        }
        self.join();
        self.sinks_only = self.nodes.iter().all(|node| node.is_sink);
        self.schedule(&group, &allowed);
        for n in 0..self.nodes.len() {
            let node = &self.nodes[n];
            if !node.ports.is_empty() && node.ports.iter().all(|port| !port.open) {
                self.finish(n);
            }
        }
        cut.answer(Answer::Adopted { thread: self.number });
        !self.nodes.is_empty()
    }

    /// Arranges this thread as its group asks. What it had before is read from what was written down then.
    fn schedule(&self, group: &Group, allowed: &[usize]) {
        self.waker.set_wait(group.wait);
        if self.nodes.is_empty() {
            return self.shared.forget_scheduling(self.number);
        }
        let before = self.shared.scheduling_of(self.number);
        let was_real_time = before.is_some_and(|b| b.asked.priority.is_some());
        let thread = std::thread::current();
        let thread = thread.name().unwrap_or(&group.name);
        let achieved = scheduling::arrange(thread, group, allowed, was_real_time);
        self.shared.note_scheduling(self.number, achieved);
    }

    /// Finds the stages that can work along with the one before.
    fn join(&mut self) {
        for n in 0..self.nodes.len() {
            let node = &self.nodes[n];
            let only_taker = match *node.local {
                [target] if node.remote.is_empty() => Some(target),
                _ => None,
            };
            let joined = only_taker.filter(|target| {
                let behind = &self.nodes[target.node];
                match (&node.body, &behind.body) {
                    (Running::Stage(first), Running::Stage(second)) => {
                        behind.ports.len() == 1 && second.joins(&**first)
                    }
                    _ => false,
                }
            });
            self.nodes[n].joined = joined;
        }
    }

    fn sit_down(&mut self, seat: Seat, old: Option<RtNode>) {
        let Seat { mut node, past } = seat;
        let closed = match (past, old) {
            (Past::Stage(_), Some(old)) => {
                node.continue_as(old);
                Ok(())
            }
            (Past::State(_), Some(old)) => node.inherit_from(old),
            _ => Ok(()),
        };
        node.is_due();
        self.nodes.push(node);
        if let Err(error) = closed {
            self.record(self.nodes.len() - 1, &error, ErrorAction::SkipPacket);
        }
    }

    /// Closes a stage that is no longer part of the graph. Nobody waits for its end.
    fn remove(&mut self, node: RtNode) {
        if node.is_closed() {
            return;
        }
        self.shared.remark(&node.id, node.remarks());
        self.nodes.push(node);
        let n = self.nodes.len() - 1;
        if let Err(error) = self.nodes[n].close() {
            self.record(n, &error, ErrorAction::SkipPacket);
        }
        let node = self.nodes.pop().expect("pushed above");
        debug_assert!(matches!(node.body, Running::Closed));
        node.stats.set_state(StageState::Ended);
    }
}
