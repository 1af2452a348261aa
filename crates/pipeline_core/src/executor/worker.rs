//! The loop of one thread: take a message, run the packet through every stage of the group, pass the rest on.
//!
//! Inside the thread a packet runs to completion by plain calls. Nothing here allocates, locks, logs or reads a
//! clock per packet, except in a thread of sinks alone, which reads it once a packet to know the packet's age.

use super::change::{Applied, Change};
use super::edge::{EdgeRx, EdgeTx, Message};
use super::node::{CallError, RtNode, Running, Target};
use super::shared::{Failure, Mailbox, Shared};
use super::wake::Waker;
use crate::clock::monotonic_ns;
use crate::packet::RtPacket;
use crate::stage::{ErrorAction, SourceStep, StageError};
use crate::telemetry::StageState;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// One packet in this many has its stages timed.
const TIMED_EVERY: u32 = 32;
/// Packets taken from one edge before the others get their turn.
const BATCH: usize = 64;
/// Packets a source that is not live sends before it wakes anybody: nobody waits for a single one, and a wake-up
/// costs more than most packets' work. Less than the smallest edge, whose sender wakes the other end when it is full.
const UNHURRIED: usize = 32;

/// A thread's stages and edges. The stages stand in an order in which inputs come first.
pub(super) struct Worker {
    pub(super) nodes: Vec<RtNode>,
    pub(super) inputs: Vec<EdgeRx>,
    pub(super) outputs: Vec<EdgeTx>,
    /// Whom a packet from stage `from` of another thread is for, by graph index.
    pub(super) routes: Vec<Vec<Target>>,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) shared: Arc<Shared>,
    pub(super) waker: Arc<Waker>,
    pub(super) sinks_only: bool,
    pub(super) untimed: u32,
}

impl Worker {
    /// Runs until everything it takes packets from is over, then closes what is left.
    pub(super) fn run(mut self) {
        self.waker.attach();
        if matches!(self.nodes.first().map(|n| &n.body), Some(Running::Source(_))) {
            self.run_source();
        } else {
            self.run_edges();
        }
        // Whatever is still open lost its input without a word: a thread above died.
        for n in 0..self.nodes.len() {
            if !self.nodes[n].is_closed() {
                self.finish(n);
            }
        }
        self.announce();
        self.mailbox.close();
    }

    /// The source is the thread's first stage; everything else here is fed by it.
    fn run_source(&mut self) {
        let mut unannounced = 0;
        while !self.nodes[0].is_closed() {
            if self.mailbox.interrupted.load(Ordering::Acquire) {
                for change in self.mailbox.take_changes() {
                    self.apply(&change);
                }
                self.announce();
                if self.mailbox.stop_requested() {
                    self.close(0, StageState::Ended);
                    break;
                }
            }
            match self.nodes[0].next() {
                Ok(SourceStep::Packet(packet)) => {
                    self.tick();
                    self.emit(0, packet);
                    unannounced += 1;
                    if !self.nodes[0].live && unannounced < UNHURRIED {
                        continue;
                    }
                }
                Ok(SourceStep::Idle) => {}
                Ok(SourceStep::End) => self.close(0, StageState::Ended),
                Err(error) => self.failed(0, &error),
            }
            unannounced = 0;
            self.announce();
        }
        self.announce();
    }

    fn run_edges(&mut self) {
        loop {
            let mut busy = false;
            for i in 0..self.inputs.len() {
                busy |= self.take_batch(i);
            }
            self.pass_barrier();
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
                        || inputs.iter().all(EdgeRx::is_over)
                },
                None,
            );
        }
    }

    /// Takes up to a batch from one edge; false when there was nothing.
    fn take_batch(&mut self, i: usize) -> bool {
        let depth = self.inputs[i].depth() as u64;
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
                Message::Packet { from, packet } => {
                    self.report_overflow(i);
                    self.tick();
                    if taken == 0 {
                        for target in &self.routes[from] {
                            self.nodes[target.node]
                                .stats
                                .queue_depth
                                .store(depth, Ordering::Relaxed);
                        }
                    }
                    self.route(from, packet);
                }
                Message::End { from, next_sample } => {
                    self.report_overflow(i);
                    for t in 0..self.routes[from].len() {
                        let target = self.routes[from][t];
                        self.end_input(target, next_sample);
                    }
                }
                Message::Change(change) => self.inputs[i].held = Some(change),
            }
        }
        self.inputs[i].announce_room();
        true
    }

    /// A change has arrived on every edge that still lives: it takes effect now.
    fn pass_barrier(&mut self) {
        let mut held = None;
        for edge in &self.inputs {
            match &edge.held {
                Some(change) => held = Some(Arc::clone(change)),
                None if edge.is_over() => {}
                None => return,
            }
        }
        if let Some(change) = held {
            self.inputs.iter_mut().for_each(|edge| edge.held = None);
            self.apply(&change);
        }
    }

    fn apply(&mut self, change: &Arc<Change>) {
        for node in &mut self.nodes {
            if let Some(new) = change.take(node.index) {
                let at_sample = node.ports.first().map_or(node.next_out, |port| port.expected);
                node.replace(new);
                change.acknowledge(Applied { node: node.index, at_sample });
            }
        }
        for edge in &mut self.outputs {
            edge.push(Message::Change(Arc::clone(change)));
        }
    }

    fn announce(&mut self) {
        self.outputs.iter_mut().for_each(EdgeTx::announce);
    }

    const fn tick(&mut self) {
        self.untimed = if self.untimed >= TIMED_EVERY { 1 } else { self.untimed + 1 };
    }

    const fn timed(&self) -> bool {
        self.untimed == TIMED_EVERY
    }

    fn report_overflow(&mut self, i: usize) {
        let mut lost: Option<Vec<(usize, u64)>> = None;
        self.inputs[i]
            .take_overflow(|from, frames| lost.get_or_insert_default().push((from, frames)));
        for (from, lost_frames) in lost.into_iter().flatten() {
            for t in 0..self.routes[from].len() {
                let node = self.routes[from][t].node;
                if !self.nodes[node].is_closed() {
                    self.nodes[node].stats.overflow_frames.add(lost_frames);
                    self.failed(
                        node,
                        &CallError { error: StageError::QueueFull { lost_frames }, said: None },
                    );
                }
            }
        }
    }

    fn route(&mut self, from: usize, packet: Arc<RtPacket>) {
        let targets = self.routes[from].len();
        for t in 1..targets {
            let target = self.routes[from][t];
            self.deliver(target, Arc::clone(&packet));
        }
        if targets > 0 {
            let target = self.routes[from][0];
            self.deliver(target, packet);
        } else {
            packet.recycle();
        }
    }

    fn deliver(&mut self, target: Target, packet: Arc<RtPacket>) {
        let timed = self.timed();
        let sinks_only = self.sinks_only;
        let node = &mut self.nodes[target.node];
        if node.is_closed() {
            packet.recycle();
            return;
        }
        node.arrive(target.port, &packet);
        let captured_ns = packet.header().captured_ns;
        let started_ns = if timed { monotonic_ns() } else { 0 };
        let result = node.process(packet);
        node.count_dropped();
        if timed || (sinks_only && captured_ns > 0) {
            let now_ns = monotonic_ns();
            if timed {
                node.stats.process_ns.record(now_ns - started_ns);
            }
            if node.is_sink && captured_ns > 0 {
                node.stats.age_ns.record(now_ns.saturating_sub(captured_ns));
            }
        }
        match result {
            Ok(Some(out)) => self.emit(target.node, out),
            Ok(None) => {}
            Err(error) => self.failed(target.node, &error),
        }
    }

    /// Hands a packet to everyone who takes from stage `n`; the last gets the handle itself, and may work in place.
    fn emit(&mut self, n: usize, packet: Arc<RtPacket>) {
        let node = &mut self.nodes[n];
        let header = packet.header();
        node.next_out = header.first_sample + u64::from(header.frames);
        node.stats.packets_out.add(1);
        node.stats.frames_out.add(u64::from(header.frames));
        let (from, live, remote, local) =
            (node.index, node.live, node.remote.len(), node.local.len());
        for r in 0..remote {
            let edge = self.nodes[n].remote[r];
            if r + 1 == remote && local == 0 {
                self.outputs[edge].packet(from, packet, live);
                return;
            }
            self.outputs[edge].packet(from, Arc::clone(&packet), live);
        }
        for l in 0..local {
            let target = self.nodes[n].local[l];
            if l + 1 == local {
                self.deliver(target, packet);
                return;
            }
            self.deliver(target, Arc::clone(&packet));
        }
        packet.recycle();
    }

    fn end_input(&mut self, target: Target, next_sample: u64) {
        let node = &mut self.nodes[target.node];
        if node.is_closed() || !node.ports[target.port].open {
            return;
        }
        node.end_port(target.port, next_sample);
        if node.ports.iter().all(|port| !port.open) {
            self.finish(target.node);
        }
    }

    /// The stage's input is over: let it say its last, then close it in order.
    fn finish(&mut self, n: usize) {
        match self.nodes[n].end() {
            Ok(Some(packet)) => self.emit(n, packet),
            Ok(None) => {}
            Err(error) => self.failed(n, &error),
        }
        self.close(n, StageState::Ended);
    }

    /// Closes stage `n` and ends the inputs of all behind it.
    fn close(&mut self, n: usize, state: StageState) {
        if self.nodes[n].is_closed() {
            return;
        }
        self.shared.remark(&self.nodes[n].id, self.nodes[n].remarks());
        let closed = self.nodes[n].close();
        let node = &self.nodes[n];
        node.stats.set_state(if closed.is_err() { StageState::Failed } else { state });
        if let Err(error) = closed {
            self.record(n, &error, ErrorAction::DrainThenStop);
        }
        if self.nodes[n].is_sink {
            self.shared.sink_closed();
        }
        let (from, next_sample) = (self.nodes[n].index, self.nodes[n].next_out);
        for r in 0..self.nodes[n].remote.len() {
            let edge = self.nodes[n].remote[r];
            self.outputs[edge].push(Message::End { from, next_sample });
        }
        for l in 0..self.nodes[n].local.len() {
            let target = self.nodes[n].local[l];
            self.end_input(target, next_sample);
        }
    }

    #[cold]
    fn failed(&mut self, n: usize, error: &CallError) {
        let action = self.nodes[n].policy.action(&error.error);
        self.record(n, error, action);
        let node = &mut self.nodes[n];
        node.stats.errors.add(1);
        match action {
            ErrorAction::SkipPacket => {
                node.stats.skipped_packets.add(1);
                if error.error == StageError::Panicked {
                    node.reset();
                }
            }
            ErrorAction::DrainThenStop => self.close(n, StageState::Failed),
            ErrorAction::Fatal => {
                self.shared.stop();
                self.close(n, StageState::Failed);
            }
        }
    }

    fn record(&self, n: usize, error: &CallError, action: ErrorAction) {
        let node = &self.nodes[n];
        let message = match &error.said {
            Some(said) => format!("{}: \"{said}\"", error.error),
            None => error.error.to_string(),
        };
        let at_sample = node.ports.first().map_or(node.next_out, |port| port.expected);
        let stage = node.id.to_string();
        self.shared.failed(Failure {
            stage,
            message,
            error: error.error,
            action,
            at_sample,
            times: 1,
        });
    }
}
