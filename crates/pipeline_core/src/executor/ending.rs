//! The end of stages: in order, when their input is over; by the policy, after an error.

use super::edge::Message;
use super::node::{CallError, Target};
use super::shared::Failure;
use super::worker::Worker;
use crate::stage::{ErrorAction, StageError};
use crate::telemetry::StageState;

impl Worker {
    pub(super) fn end_input(&mut self, target: Target, next_sample: u64) {
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
    pub(super) fn finish(&mut self, n: usize) {
        match self.nodes[n].end() {
            Ok(Some(packet)) => self.emit(n, packet),
            Ok(None) => {}
            Err(error) => self.failed(n, &error),
        }
        self.close(n, StageState::Ended);
    }

    /// Closes stage `n` and ends the inputs of all behind it.
    pub(super) fn close(&mut self, n: usize, state: StageState) {
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
        let next_sample = self.nodes[n].ends_at();
        for r in 0..self.nodes[n].remote.len() {
            let (edge, lane) = self.nodes[n].remote[r];
            self.outputs[edge].push(Message::End { lane, next_sample });
        }
        for l in 0..self.nodes[n].local.len() {
            let target = self.nodes[n].local[l];
            self.end_input(target, next_sample);
        }
    }

    #[cold]
    pub(super) fn failed(&mut self, n: usize, error: &CallError) {
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

    pub(super) fn record(&self, n: usize, error: &CallError, action: ErrorAction) {
        let node = &self.nodes[n];
        let message = match &error.said {
            Some(said) => format!("{}: \"{said}\"", error.error),
            None => error.error.to_string(),
        };
        self.shared.failed(Failure {
            stage: node.id.to_string(),
            message,
            error: error.error,
            action,
            at_sample: node.at_sample(),
            times: 1,
        });
    }
}
