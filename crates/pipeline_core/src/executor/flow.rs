//! The way of a packet through the stages of one thread, by plain calls.
//!
//! Nothing here allocates, locks, logs or reads a clock per packet, except in a thread of sinks alone, which reads it
//! once a packet to know the packet's age.

use super::edge::EdgeRx;
use super::node::{CallError, Running, Target, guarded};
use super::worker::Worker;
use crate::clock::monotonic_ns;
use crate::packet::RtPacket;
use crate::stage::StageError;
use std::sync::Arc;

/// Packets that go home to other threads together, at most.
const TOGETHER: usize = 32;
/// One packet in this many has its stages timed.
const TIMED_EVERY: u32 = 32;

impl Worker {
    pub(super) const fn tick(&mut self) {
        self.untimed = if self.untimed >= TIMED_EVERY { 1 } else { self.untimed + 1 };
    }

    const fn timed(&self) -> bool {
        self.untimed == TIMED_EVERY
    }

    /// Tells the stages behind edge `i` what found no room in it.
    pub(super) fn report_overflow(&mut self, i: usize) {
        let mut lost: Option<Vec<(usize, u64)>> = None;
        let report = |lane, frames| lost.get_or_insert_default().push((lane, frames));
        EdgeRx::take_overflow(&mut self.inputs[i], report);
        for (lane, lost_frames) in lost.into_iter().flatten() {
            for t in 0..self.inputs[i].lanes[lane].len() {
                let node = self.inputs[i].lanes[lane][t].node;
                if !self.nodes[node].is_closed() {
                    self.nodes[node].stats.overflow_frames.add(lost_frames);
                    let error = StageError::QueueFull { lost_frames };
                    self.failed(node, &CallError { error, said: None });
                }
            }
        }
    }

    /// Hands a packet that came in by a lane to everyone who takes from it.
    pub(super) fn route(&mut self, edge: usize, lane: usize, packet: Arc<RtPacket>) {
        let targets = self.inputs[edge].lanes[lane].len();
        for t in 1..targets {
            let target = self.inputs[edge].lanes[lane][t];
            self.deliver(target, Arc::clone(&packet));
        }
        if targets > 0 {
            let target = self.inputs[edge].lanes[lane][0];
            self.deliver(target, packet);
        } else {
            self.let_go(packet);
        }
    }

    fn deliver(&mut self, target: Target, mut packet: Arc<RtPacket>) {
        let timed = self.timed();
        let sinks_only = self.sinks_only;
        let node = &mut self.nodes[target.node];
        if node.is_closed() {
            self.let_go(packet);
            return;
        }
        let is_sink = node.is_sink;
        node.arrive(target.port, &packet);
        let frames = u64::from(packet.header().frames);
        // Packets whose stages are timed go through them one by one.
        if let Some(joined) = node.joined.filter(|_| !timed) {
            match self.deliver_to_both(target.node, joined, &mut packet) {
                Ok(true) => return self.emit(joined.node, packet),
                Ok(false) => {}
                Err(error) => {
                    self.failed(joined.node, &error);
                    return self.passed_over(target.node, frames);
                }
            }
        }
        let node = &mut self.nodes[target.node];
        let captured_ns = packet.header().captured_ns;
        let started_ns = if timed { monotonic_ns() } else { 0 };
        let result = node.process(packet);
        node.count_dropped();
        if timed || (sinks_only && captured_ns > 0) {
            let now_ns = monotonic_ns();
            if timed {
                node.stats.process_ns.record(now_ns - started_ns);
            }
            if is_sink && captured_ns > 0 {
                node.stats.age_ns.record(now_ns.saturating_sub(captured_ns));
            }
        }
        match result {
            Ok(Some(done)) if is_sink => self.let_go(done),
            Ok(Some(out)) => self.emit(target.node, out),
            Ok(None) => {}
            Err(error) => {
                self.failed(target.node, &error);
                self.passed_over(target.node, frames);
            }
        }
    }

    /// Counts a packet that an error cost, if the stage goes on.
    #[cold]
    fn passed_over(&mut self, n: usize, frames: u64) {
        let node = &mut self.nodes[n];
        if !node.is_closed() {
            node.stats.skipped_frames.add(frames);
            // A sink has had it, whatever became of it.
            node.tail += if node.is_sink { 0 } else { frames };
        }
    }

    /// Lets the stage behind `n` do the work of both, if it will; `n` has taken note of the packet already.
    fn deliver_to_both(
        &mut self,
        n: usize,
        joined: Target,
        packet: &mut Arc<RtPacket>,
    ) -> Result<bool, CallError> {
        let Ok([node, behind]) = self.nodes.get_disjoint_mut([n, joined.node]) else {
            return Ok(false);
        };
        if node.ctx.lost_before() > 0 || behind.would_lose(joined.port, packet) {
            return Ok(false);
        }
        let (Running::Stage(first), Running::Stage(second)) = (&mut node.body, &mut behind.body)
        else {
            return Ok(false);
        };
        let done = guarded(|| Ok(second.process_both(&mut **first, packet)))?;
        if done {
            node.leave(packet);
            behind.arrive(joined.port, packet);
        }
        Ok(done)
    }

    /// Hands a packet to everyone who takes from stage `n`; the last gets the handle itself, and may work in place.
    pub(super) fn emit(&mut self, n: usize, packet: Arc<RtPacket>) {
        let node = &mut self.nodes[n];
        node.leave(&packet);
        let (live, remote, local) = (node.live, node.remote.len(), node.local.len());
        let sent_ns = if remote > 0 && self.timed() { monotonic_ns() } else { 0 };
        for r in 0..remote {
            let (edge, lane) = self.nodes[n].remote[r];
            if r + 1 == remote && local == 0 {
                self.outputs[edge].packet(lane, packet, live, sent_ns);
                return;
            }
            self.outputs[edge].packet(lane, Arc::clone(&packet), live, sent_ns);
        }
        for l in 0..local {
            let target = self.nodes[n].local[l];
            if l + 1 == local {
                self.deliver(target, packet);
                return;
            }
            self.deliver(target, Arc::clone(&packet));
        }
        self.let_go(packet);
    }

    /// A packet goes home: at once when a stage of this thread made it, else together with others.
    fn let_go(&mut self, mut packet: Arc<RtPacket>) {
        for node in &mut self.nodes {
            match node.ctx.take_back(packet) {
                Ok(()) => return,
                Err(foreign) => packet = foreign,
            }
        }
        self.homeward.push(packet);
        if self.homeward.len() >= TOGETHER {
            RtPacket::recycle_all(&mut self.homeward);
        }
    }
}
