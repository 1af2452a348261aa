//! The loop of one thread: take what has come, run it through every stage of the group, pass the rest on.
//!
//! | file | what |
//! |---|---|
//! | here | the loop, and how it holds at a cut |
//! | `flow.rs` | the way of a packet through the thread's stages |
//! | `ending.rs` | the end of stages, in order or after an error |
//! | `adopt.rs` | from one layout to the next |

use super::edge::{EdgeRx, EdgeTx, Message};
use super::node::{CallError, RtNode, Running};
use super::notice::{Answer, Cut, Decision, Notice, SharedNotice, Vote};
use super::shared::{Mailbox, Shared};
use super::wake::Waker;
use crate::clock::monotonic_ns;
use crate::packet::RtPacket;
use crate::stage::SourceStep;
use crate::telemetry::StageState;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Packets taken from one edge before the others get their turn.
const BATCH: usize = 64;

/// A thread's stages and edges.
pub(super) struct Worker {
    pub(super) number: usize,
    /// In an order in which inputs come first.
    pub(super) nodes: Vec<RtNode>,
    pub(super) inputs: Vec<EdgeRx>,
    pub(super) outputs: Vec<EdgeTx>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) shared: Arc<Shared>,
    pub(super) waker: Arc<Waker>,
    pub(super) sinks_only: bool,
    pub(super) untimed: u32,
    /// Packets of other threads that are done with.
    pub(super) homeward: Vec<Arc<RtPacket>>,
}

impl Worker {
    pub(super) fn new(number: usize, mailbox: Arc<Mailbox>, shared: Arc<Shared>) -> Self {
        let waker = Arc::clone(&mailbox.waker);
        Self {
            number,
            nodes: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            mailbox,
            shared,
            waker,
            sinks_only: false,
            untimed: 0,
            homeward: Vec::new(),
        }
    }

    /// Runs what the cut has for this thread until everything it takes packets from is over, then closes what is left.
    pub(super) fn run(mut self, cut: SharedNotice) {
        self.waker.attach();
        let _ended = CloseAtEnd(Arc::clone(&self.mailbox));
        let runs = matches!(&*cut, Notice::Cut(cut) if self.adopt(cut));
        // Who has nothing of it left tells those who wait until a notice has passed everywhere.
        drop(cut);
        if runs {
            if matches!(self.nodes.first().map(|n| &n.body), Some(Running::Source(_))) {
                self.run_source();
            } else {
                self.run_edges();
            }
        }
        // Whatever is still open lost its input without a word: a thread above died.
        for n in 0..self.nodes.len() {
            if !self.nodes[n].is_closed() {
                self.finish(n);
            }
        }
        self.announce();
    }

    /// The source is the thread's first stage; everything else here is fed by it.
    fn run_source(&mut self) {
        while !self.nodes[0].is_closed() {
            if self.mailbox.interrupted.load(Ordering::Acquire) {
                self.mailbox.heard();
                while let Some(notice) = self.mailbox.next_notice() {
                    if !self.reach(&notice, true) {
                        return;
                    }
                }
                self.announce();
                if self.mailbox.stop_requested() {
                    self.close(0, StageState::Ended);
                    break;
                }
                if self.nodes[0].is_closed() {
                    break;
                }
            }
            let step = self.nodes[0].next();
            let more = self.take_step(step);
            if more && !self.nodes[0].live {
                self.outputs.iter_mut().for_each(EdgeTx::announce_many);
            } else {
                self.announce();
            }
        }
        self.announce();
    }

    /// Does what the source says; true when it was a packet.
    fn take_step(&mut self, step: Result<SourceStep, CallError>) -> bool {
        match step {
            Ok(SourceStep::Packet(packet)) => {
                self.tick();
                self.emit(0, packet);
                return true;
            }
            Ok(SourceStep::Idle) => {}
            Ok(SourceStep::End) => self.close(0, StageState::Ended),
            Err(error) => self.failed(0, &error),
        }
        false
    }

    fn run_edges(&mut self) {
        loop {
            let mut busy = false;
            for i in 0..self.inputs.len() {
                busy |= self.take_batch(i);
            }
            if let Some(notice) = self.arrived() {
                if !self.reach(&notice, false) {
                    return;
                }
                continue;
            }
            self.announce();
            if busy {
                continue;
            }
            if self.inputs.iter().all(|edge| edge.held.is_none() && edge.is_over()) {
                return;
            }
            let inputs = &self.inputs;
            self.waker.sleep_unless(
                || {
                    inputs.iter().any(|edge| edge.held.is_none() && !edge.is_empty())
                        || inputs.iter().all(|edge| edge.held.is_some() || edge.is_over())
                },
                None,
            );
        }
    }

    /// Takes up to a batch from one edge; false when there was nothing.
    fn take_batch(&mut self, i: usize) -> bool {
        let depth = self.inputs[i].depth() as u64;
        self.inputs[i].stats.look(depth);
        for taken in 0..BATCH {
            if self.inputs[i].held.is_some() {
                return taken > 0;
            }
            let Some(message) = self.inputs[i].pop() else {
                if taken > 0 {
                    self.inputs[i].announce_room();
                }
                return taken > 0;
            };
            match message {
                Message::Packet { lane, packet, sent_ns } => {
                    if sent_ns > 0 {
                        let waited_ns = monotonic_ns().saturating_sub(sent_ns);
                        self.inputs[i].stats.wait_ns.record(waited_ns);
                    }
                    self.report_overflow(i);
                    self.tick();
                    if taken == 0 {
                        for target in &self.inputs[i].lanes[lane] {
                            self.nodes[target.node]
                                .stats
                                .queue_depth
                                .store(depth, Ordering::Relaxed);
                        }
                    }
                    self.route(i, lane, packet);
                }
                Message::End { lane, next_sample } => {
                    self.report_overflow(i);
                    for t in 0..self.inputs[i].lanes[lane].len() {
                        let target = self.inputs[i].lanes[lane][t];
                        self.end_input(target, next_sample);
                    }
                }
                Message::Notice(notice) => self.inputs[i].held = Some(notice),
            }
        }
        self.inputs[i].announce_room();
        true
    }

    /// The notice that has arrived on every edge that still lives, and so takes effect now.
    fn arrived(&mut self) -> Option<SharedNotice> {
        let mut held = None;
        for edge in &self.inputs {
            match &edge.held {
                Some(notice) => held = Some(Arc::clone(notice)),
                None if edge.is_over() => {}
                None => return None,
            }
        }
        self.inputs.iter_mut().for_each(|edge| edge.held = None);
        held
    }

    /// Passes a notice on and does what it says. False when the thread has nothing left to run.
    fn reach(&mut self, notice: &SharedNotice, is_source: bool) -> bool {
        if let Notice::Event(event) = &**notice {
            for n in 0..self.nodes.len() {
                if let Err(error) = self.nodes[n].note(event) {
                    self.failed(n, &error);
                }
            }
        }
        for edge in &mut self.outputs {
            edge.push(Message::Notice(Arc::clone(notice)));
        }
        self.announce();
        let Notice::Cut(cut) = &**notice else { return true };
        cut.answer(Answer::Reached(self.vote(cut)));
        let mut kept_back = KeptBack::default();
        if is_source {
            self.acquire_while_pending(cut, &mut kept_back);
        }
        while cut.decision() == Decision::Pending {
            self.waker.sleep_unless(|| cut.decision() != Decision::Pending, None);
        }
        if cut.decision() == Decision::Change && !self.adopt(cut) {
            kept_back.packets.into_iter().for_each(RtPacket::recycle);
            return false;
        }
        for packet in kept_back.packets {
            self.tick();
            self.emit(0, packet);
        }
        if let Some(last) = kept_back.last {
            self.take_step(last);
        }
        true
    }

    fn vote(&self, cut: &Cut) -> Vote {
        let asked = self.nodes.iter().filter(|node| cut.asks(node.index));
        let locked =
            asked.into_iter().find_map(|node| node.lock().map(|reason| (node.index, reason)));
        let marks = self.nodes.iter().map(|node| (node.index, node.mark())).collect();
        Vote { thread: self.number, locked, marks }
    }

    /// Acquisition does not wait for a decision: what comes meanwhile is kept back. A source that can wait does.
    fn acquire_while_pending(&mut self, cut: &Cut, kept_back: &mut KeptBack) {
        while self.nodes[0].live && cut.decision() == Decision::Pending && kept_back.last.is_none()
        {
            self.mailbox.heard();
            // The decision may have come before the flag was lowered; then nobody raises it again.
            if cut.decision() != Decision::Pending {
                break;
            }
            match self.nodes[0].next() {
                Ok(SourceStep::Packet(packet)) => kept_back.packets.push_back(packet),
                Ok(SourceStep::Idle) => {}
                last => kept_back.last = Some(last),
            }
        }
        // What else was posted meanwhile is looked at after the decision.
        self.mailbox.interrupt();
    }

    /// Sends what is done to where it belongs and wakes who waits for it. Always before the thread sleeps.
    pub(super) fn announce(&mut self) {
        self.outputs.iter_mut().for_each(EdgeTx::announce);
        RtPacket::recycle_all(&mut self.homeward);
    }
}

/// Says that the thread has ended, however it did: who waits for an answer of it must not wait for ever.
struct CloseAtEnd(Arc<Mailbox>);

impl Drop for CloseAtEnd {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// What a source has made while a decision was pending.
#[derive(Default)]
struct KeptBack {
    packets: VecDeque<Arc<RtPacket>>,
    /// Its end, or an error.
    last: Option<Result<SourceStep, CallError>>,
}
