//! What becomes of each stage when a graph takes the place of a running one, and who has to be asked first.

use super::position::Seated;
use super::proposal::Proposal;
use crate::graph::{CheckedGraph, Node, Role, StreamSpec};
use crate::telemetry::StageState;
use std::collections::HashSet;

/// What becomes of a stage of the new graph. The number is its index in the graph before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It was not there before.
    New,
    /// It lives on, with its state and its open files; perhaps differently wired or on another thread.
    Keep(usize),
    /// It is built anew and inherits the state of the one before.
    Inherit(usize),
    /// It is built anew and begins from nothing; the one before is closed.
    Afresh(usize),
}

impl Fate {
    pub(super) const fn before(self) -> Option<usize> {
        match self {
            Self::New => None,
            Self::Keep(n) | Self::Inherit(n) | Self::Afresh(n) => Some(n),
        }
    }

    /// Whether a new stage takes the seat.
    pub(super) const fn is_remade(self) -> bool {
        !matches!(self, Self::Keep(_))
    }
}

/// What a change does to each stage of `graph`, and which stages of the running graph it reaches: those it alters
/// or removes, and everything downstream of them.
pub(super) fn fates(
    before: &[Seated],
    graph: &CheckedGraph,
    proposal: &Proposal,
) -> (Vec<Fate>, Vec<bool>) {
    let mut fates: Vec<Fate> = Vec::with_capacity(graph.nodes.len());
    // Everything behind a source that starts over starts over too: indices and times do.
    let mut starts_over = vec![false; graph.nodes.len()];
    for (n, node) in graph.nodes.iter().enumerate() {
        let Some(b) = before.iter().position(|b| *b.id == *node.id) else {
            fates.push(Fate::New);
            continue;
        };
        let old = &before[b];
        let closed = old.stats.state() != StageState::Running;
        let altered = old.role != node.role
            || proposal.changed.contains(&node.id)
            || !same_streams(before, old, graph, node);
        let restarted = proposal.restart.contains(&node.id)
            || (node.role == Role::Source && altered)
            || (closed && (altered || node.inputs.iter().any(|i| fates[*i].is_remade())));
        starts_over[n] = restarted && node.role == Role::Source
            || node.inputs.iter().any(|input| starts_over[*input]);
        fates.push(if restarted || starts_over[n] || old.role != node.role {
            Fate::Afresh(b)
        } else if altered {
            Fate::Inherit(b)
        } else {
            Fate::Keep(b)
        });
    }
    let reached = reached(before, graph, &fates);
    (fates, reached)
}

/// Whether what goes in and what comes out is the same as before. How late it is may differ: a stage with one input
/// does not care.
fn same_streams(before: &[Seated], old: &Seated, graph: &CheckedGraph, new: &Node) -> bool {
    let several = new.inputs.len() > 1;
    let same = |a: Option<&StreamSpec>, b: Option<&StreamSpec>| match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) => {
            let delay_s = if several { a.delay_s } else { b.delay_s };
            StreamSpec { delay_s, total_frames: b.total_frames, ..a.clone() } == *b
        }
        _ => false,
    };
    let inputs = old.inputs.len() == new.inputs.len()
        && old
            .inputs
            .iter()
            .zip(&new.inputs)
            .all(|(a, b)| same(before[*a].output.as_ref(), graph.nodes[*b].output.as_ref()));
    inputs && same(old.output.as_ref(), new.output.as_ref())
}

fn reached(before: &[Seated], graph: &CheckedGraph, fates: &[Fate]) -> Vec<bool> {
    let mut altered: HashSet<usize> = (0..before.len()).collect();
    for (node, fate) in graph.nodes.iter().zip(fates) {
        let Fate::Keep(b) = fate else { continue };
        let old = &before[*b];
        if old.is_fed_as(before, node, &graph.nodes) && old.group == node.group {
            altered.remove(b);
        }
    }
    // A stage stands after those that feed it.
    let mut reached = vec![false; before.len()];
    for (b, old) in before.iter().enumerate() {
        reached[b] = altered.contains(&b) || old.inputs.iter().any(|input| reached[*input]);
    }
    reached
}
