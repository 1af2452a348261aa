//! Which stages share a thread, and which edges that makes.
//!
//! A group is a thread. A source runs on its group's own thread when it is the only source there and nothing
//! comes in from other groups; otherwise it gets a thread of its own, on the same cores.

use super::edge::{EdgeRx, EdgeTx, edge};
use super::node::{Port, RtNode, Running, Target};
use super::shared::{Mailbox, Shared};
use super::worker::Worker;
use super::{Group, StageInfo};
use crate::graph::{CheckedGraph, Node, NodeBody, Role};
use crate::stage::{Pacer, StageCtx};
use crate::telemetry::StageStats;
use std::sync::Arc;

/// How much time an edge can hold before a live stream loses packets.
const EDGE_SECONDS: f64 = 2.0;
const EDGE_PACKETS: (usize, usize) = (64, 8192);

/// A thread to be started.
pub(super) struct Planned {
    pub(super) name: String,
    pub(super) cores: Vec<usize>,
    pub(super) worker: Worker,
}

pub(super) struct Plan {
    pub(super) threads: Vec<Planned>,
    pub(super) shared: Arc<Shared>,
    pub(super) stages: Vec<StageInfo>,
}

struct Thread {
    name: String,
    group: String,
    members: Vec<usize>,
}

pub(super) fn plan(graph: CheckedGraph, groups: &[Group]) -> Plan {
    let nodes = graph.nodes;
    let threads = threads(&nodes);
    let mut thread_of = vec![0; nodes.len()];
    for (t, thread) in threads.iter().enumerate() {
        thread.members.iter().for_each(|n| thread_of[*n] = t);
    }
    let mailboxes: Vec<Arc<Mailbox>> = threads.iter().map(|_| Arc::default()).collect();
    let has_source = |t: &Thread| t.members.iter().any(|n| nodes[*n].role == Role::Source);
    let with_source =
        threads.iter().zip(&mailboxes).filter(|(t, _)| has_source(t)).map(|(_, m)| Arc::clone(m));
    let sinks = nodes.iter().filter(|n| n.role == Role::Sink).count();
    // A pipeline without sinks runs until it is stopped: nothing then counts down to zero.
    let shared = Arc::new(Shared::new(with_source.collect(), sinks));
    let stages = infos(&nodes);
    let mut links = Links::between(&nodes, &thread_of, &mailboxes);
    let local = local_indices(&threads, nodes.len());
    let outputs = outputs(&nodes);
    let mut runtime: Vec<Option<RtNode>> = nodes
        .into_iter()
        .enumerate()
        .map(|(n, node)| {
            let t = thread_of[n];
            let pacer = Pacer {
                interrupted: Arc::clone(&mailboxes[t].interrupted),
                waker: Arc::clone(&mailboxes[t].waker),
            };
            Some(rt_node(node, n, &stages[n], pacer))
        })
        .collect();
    for (n, consumers) in outputs.iter().enumerate() {
        let node = runtime[n].as_mut().expect("not taken yet");
        for (consumer, port) in consumers {
            if thread_of[*consumer] == thread_of[n] {
                node.local.push(Target { node: local[*consumer], port: *port });
            } else {
                let edge = links.output_index(thread_of[n], thread_of[*consumer]);
                if !node.remote.contains(&edge) {
                    node.remote.push(edge);
                }
            }
        }
    }
    let count = runtime.len();
    let threads = threads
        .into_iter()
        .enumerate()
        .map(|(t, thread)| {
            let mut routes = vec![Vec::new(); count];
            for (from, consumers) in
                outputs.iter().enumerate().filter(|(from, _)| thread_of[*from] != t)
            {
                let here = consumers.iter().filter(|(consumer, _)| thread_of[*consumer] == t);
                routes[from] = here
                    .map(|(consumer, port)| Target { node: local[*consumer], port: *port })
                    .collect();
            }
            let members: Vec<RtNode> = thread
                .members
                .iter()
                .map(|n| runtime[*n].take().expect("each stage has one thread"))
                .collect();
            let worker = Worker {
                sinks_only: members.iter().all(|n| n.is_sink),
                nodes: members,
                inputs: std::mem::take(&mut links.inputs[t]),
                outputs: std::mem::take(&mut links.outputs[t])
                    .into_iter()
                    .map(|(_, tx)| tx)
                    .collect(),
                routes,
                mailbox: Arc::clone(&mailboxes[t]),
                shared: Arc::clone(&shared),
                waker: Arc::clone(&mailboxes[t].waker),
                untimed: 0,
            };
            let cores = groups
                .iter()
                .find(|g| g.name == thread.group)
                .map(|g| g.cores.clone())
                .unwrap_or_default();
            Planned { name: thread.name, cores, worker }
        })
        .collect();
    Plan { threads, shared, stages }
}

fn threads(nodes: &[Node]) -> Vec<Thread> {
    let mut names: Vec<&str> = Vec::new();
    for node in nodes {
        if !names.contains(&node.group.as_str()) {
            names.push(&node.group);
        }
    }
    let mut threads = Vec::new();
    for group in names {
        let members: Vec<usize> = (0..nodes.len()).filter(|n| nodes[*n].group == group).collect();
        let sources = members.iter().filter(|n| nodes[**n].role == Role::Source).count();
        let fed = members.iter().any(|n| nodes[*n].inputs.iter().any(|i| nodes[*i].group != group));
        if sources == 0 || (sources == 1 && !fed) {
            // The source goes first; the rest keeps its order, inputs first.
            let (first, rest): (Vec<usize>, Vec<usize>) =
                members.iter().partition(|n| nodes[**n].role == Role::Source);
            threads.push(Thread {
                name: group.to_owned(),
                group: group.to_owned(),
                members: [first, rest].concat(),
            });
            continue;
        }
        let (alone, rest): (Vec<usize>, Vec<usize>) =
            members.iter().partition(|n| nodes[**n].role == Role::Source);
        threads.extend(alone.into_iter().map(|n| Thread {
            name: nodes[n].id.clone(),
            group: group.to_owned(),
            members: vec![n],
        }));
        if !rest.is_empty() {
            threads.push(Thread { name: group.to_owned(), group: group.to_owned(), members: rest });
        }
    }
    threads
}

/// For each stage: who takes from it, and by which port.
fn outputs(nodes: &[Node]) -> Vec<Vec<(usize, usize)>> {
    let mut outputs = vec![Vec::new(); nodes.len()];
    for (n, node) in nodes.iter().enumerate() {
        for (port, input) in node.inputs.iter().enumerate() {
            outputs[*input].push((n, port));
        }
    }
    outputs
}

fn local_indices(threads: &[Thread], count: usize) -> Vec<usize> {
    let mut local = vec![0; count];
    for thread in threads {
        thread.members.iter().enumerate().for_each(|(i, n)| local[*n] = i);
    }
    local
}

fn infos(nodes: &[Node]) -> Vec<StageInfo> {
    nodes
        .iter()
        .map(|n| StageInfo {
            id: n.id.as_str().into(),
            role: n.role,
            group: n.group.clone(),
            output: n.output.clone(),
            stats: Arc::new(StageStats::default()),
        })
        .collect()
}

fn rt_node(node: Node, index: usize, info: &StageInfo, pacer: Pacer) -> RtNode {
    let (body, pacer) = match node.body {
        NodeBody::Source(source) => (Running::Source(source), Some(pacer)),
        NodeBody::Stage(stage) => (Running::Stage(stage), None),
    };
    RtNode {
        id: Arc::clone(&info.id),
        index,
        body,
        is_sink: node.role == Role::Sink,
        policy: node.policy,
        ctx: StageCtx::new(node.max_samples, pacer, None),
        ports: node.inputs.iter().map(|_| Port { expected: 0, open: true }).collect(),
        local: Vec::new(),
        remote: Vec::new(),
        live: node.output.as_ref().is_some_and(|spec| spec.live),
        next_out: 0,
        stats: Arc::clone(&info.stats),
    }
}

/// The edges between threads, one for each pair that talks.
struct Links {
    outputs: Vec<Vec<(usize, EdgeTx)>>,
    inputs: Vec<Vec<EdgeRx>>,
}

impl Links {
    fn between(nodes: &[Node], thread_of: &[usize], mailboxes: &[Arc<Mailbox>]) -> Self {
        let count = mailboxes.len();
        let mut packets = vec![vec![0_usize; count]; count];
        for (n, node) in nodes.iter().enumerate() {
            let senders: Vec<usize> =
                node.inputs.iter().copied().filter(|i| thread_of[*i] != thread_of[n]).collect();
            for sender in senders {
                let spec =
                    nodes[sender].output.as_ref().expect("only stages with an output are inputs");
                let per_second = spec.rate_hz / spec.max_frames.max(1) as f64;
                packets[thread_of[sender]][thread_of[n]] +=
                    (per_second * EDGE_SECONDS).ceil() as usize;
            }
        }
        let mut links = Self {
            outputs: (0..count).map(|_| Vec::new()).collect(),
            inputs: (0..count).map(|_| Vec::new()).collect(),
        };
        for from in 0..count {
            for to in 0..count {
                if packets[from][to] > 0 {
                    let room = packets[from][to].clamp(EDGE_PACKETS.0, EDGE_PACKETS.1);
                    let (tx, rx) =
                        edge(room, nodes.len(), &mailboxes[from].waker, &mailboxes[to].waker);
                    links.outputs[from].push((to, tx));
                    links.inputs[to].push(rx);
                }
            }
        }
        links
    }

    fn output_index(&self, from: usize, to: usize) -> usize {
        self.outputs[from]
            .iter()
            .position(|(t, _)| *t == to)
            .expect("an edge was made for every pair that talks")
    }
}
