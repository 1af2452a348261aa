//! Where the stages of a running graph stand, and where those of the next one begin.

use super::fate::Fate;
use super::node::{ANY_SAMPLE, Port};
use super::notice::Mark;
use super::plan::ThreadHandle;
use crate::graph::{Node, Role, StreamSpec};
use crate::telemetry::{EdgeInfo, LedgerStage, StageState, StageStats};
use std::collections::HashMap;
use std::sync::Arc;

/// What is remembered of a stage of the running graph.
#[derive(Debug, Clone)]
pub(super) struct Seated {
    pub(super) id: Arc<str>,
    pub(super) role: Role,
    pub(super) group: String,
    /// Indices of the stages that feed it.
    pub(super) inputs: Vec<usize>,
    pub(super) output: Option<StreamSpec>,
    pub(super) stats: Arc<StageStats>,
    /// The thread it runs on; `None` when it had closed before its thread was laid out.
    pub(super) thread: Option<usize>,
}

impl Seated {
    /// Whether the same stages feed it as feed `node` of a new graph; `seated` and `nodes` are what the inputs count.
    pub(super) fn is_fed_as(&self, seated: &[Self], node: &Node, nodes: &[Node]) -> bool {
        let now = self.inputs.iter().map(|i| &*seated[*i].id);
        now.eq(node.inputs.iter().map(|i| nodes[*i].id.as_str()))
    }

    pub(super) fn in_ledger(&self) -> LedgerStage {
        LedgerStage {
            id: Arc::clone(&self.id),
            inputs: self.inputs.clone(),
            stats: Arc::clone(&self.stats),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.stats.state() != StageState::Running
    }
}

/// The running pipeline, as far as a plan has to know it.
#[derive(Debug, Default)]
pub(super) struct Before {
    pub(super) seated: Vec<Seated>,
    pub(super) edges: Vec<EdgeInfo>,
    /// Threads that live.
    pub(super) threads: Vec<ThreadHandle>,
    /// Where stages stand, by index.
    pub(super) marks: HashMap<usize, Mark>,
    /// The number of the next thread.
    pub(super) next_number: usize,
}

impl Before {
    /// Index of the sample that stage `b` would take next, or make when it takes none. Where it has not seen one yet,
    /// the one that corresponds to what comes to the stage above it.
    fn takes_next(&self, b: usize) -> u64 {
        let mark = self.marks.get(&b);
        let Some(&feeder) = self.seated[b].inputs.first() else {
            return mark.map_or(0, |mark| mark.next_out);
        };
        match mark.and_then(|mark| mark.inputs.first()) {
            Some(&(expected, _)) if expected != ANY_SAMPLE => expected,
            _ => {
                let rate = |b: usize| self.seated[b].output.as_ref().map_or(1.0, |s| s.rate_hz);
                let fed = self.seated[feeder].inputs.first();
                let factor = fed.map_or(1.0, |fed| rate(feeder) / rate(*fed));
                scaled(self.takes_next(feeder), factor)
            }
        }
    }
}

/// The index at another rate of the first sample that is not before this one.
fn scaled(index: u64, factor: f64) -> u64 {
    if factor == 1.0 { index } else { (index as f64 * factor).ceil() as u64 }
}

/// Where each input of a stage goes on.
pub(super) fn ports(
    n: usize,
    nodes: &[Node],
    fates: &[Fate],
    before: &Before,
    gone: impl Fn(usize) -> bool,
) -> Vec<Port> {
    let old = fates[n].before().filter(|_| !matches!(fates[n], Fate::Afresh(_)));
    let port = |(p, input): (usize, &usize)| {
        // The same input as before goes on where it was.
        let same = old.filter(|b| {
            let fed_by = before.seated[*b].inputs.get(p);
            fed_by.is_some() && fed_by.copied() == fates[*input].before()
        });
        if let (Some(b), Fate::Keep(_)) = (same, fates[*input])
            && let Some(&(expected, open)) = before.marks.get(&b).and_then(|m| m.inputs.get(p))
        {
            return Port { expected, open };
        }
        Port { expected: next_sample(*input, nodes, fates, before), open: !gone(*input) }
    };
    nodes[n].inputs.iter().enumerate().map(port).collect()
}

/// Index of the next sample of a stage, as far as it can be known before the stage has made one.
fn next_sample(n: usize, nodes: &[Node], fates: &[Fate], before: &Before) -> u64 {
    let same_rate = |b: usize| {
        let rate = |spec: &Option<StreamSpec>| spec.as_ref().map(|spec| spec.rate_hz.to_bits());
        rate(&before.seated[b].output) == rate(&nodes[n].output)
    };
    match fates[n] {
        Fate::Keep(b) | Fate::Inherit(b) if same_rate(b) => {
            before.marks.get(&b).map_or(ANY_SAMPLE, |mark| mark.next_out)
        }
        Fate::New | Fate::Afresh(_) if nodes[n].inputs.is_empty() => 0,
        _ => ANY_SAMPLE,
    }
}

pub(super) fn takes_effect(
    nodes: &[Node],
    fates: &[Fate],
    before: &Before,
    ports: &[Vec<Port>],
) -> Vec<(Arc<str>, u64)> {
    let mut at = vec![0; nodes.len()];
    let mut effects = Vec::new();
    for (n, node) in nodes.iter().enumerate() {
        // A stage fed by a new one begins with the sample that corresponds to the new one's first.
        let rate = |n: usize| nodes[n].output.as_ref().map_or(1.0, |spec| spec.rate_hz);
        at[n] = ports[n].first().map_or(0, |port| match (port.expected, node.inputs[0]) {
            (ANY_SAMPLE, feeder) => {
                let fed = nodes[feeder].inputs.first();
                scaled(at[feeder], fed.map_or(1.0, |fed| rate(feeder) / rate(*fed)))
            }
            (expected, _) => expected,
        });
        let rewired = match fates[n] {
            Fate::Keep(b) => !before.seated[b].is_fed_as(&before.seated, node, nodes),
            _ => true,
        };
        if rewired {
            effects.push((node.id.as_str().into(), at[n]));
        }
    }
    for (b, old) in before.seated.iter().enumerate() {
        if !nodes.iter().any(|node| *node.id == *old.id) {
            effects.push((Arc::clone(&old.id), before.takes_next(b)));
        }
    }
    effects
}
