//! Who takes from whom: by plain calls inside a thread, over one edge between each pair of threads that talk.

use super::edge::edge;
use super::layout::Layout;
use super::node::Target;
use super::plan::ThreadHandle;
use super::shared::Mailbox;
use crate::graph::Node;
use crate::telemetry::{EdgeInfo, EdgeStats};
use std::sync::Arc;

/// How much time an edge can hold before a live stream loses packets.
const EDGE_SECONDS: f64 = 2.0;
const EDGE_PACKETS: (usize, usize) = (64, 8192);

/// Who takes from whom, inside threads and between them.
pub(super) struct Wiring {
    local: Vec<((usize, usize), Target)>,
    links: Vec<Link>,
}

/// The edge between two threads.
struct Link {
    from: End,
    to: End,
    packets: usize,
    /// The seat of the sending stage, and who takes from it.
    lanes: Vec<(usize, Vec<Target>)>,
}

/// A thread at one end of a link.
struct End {
    thread: usize,
    name: String,
    mailbox: Arc<Mailbox>,
}

impl Wiring {
    pub(super) fn between(
        nodes: &[Node],
        home: &[Option<(usize, usize)>],
        handles: &[(ThreadHandle, bool)],
    ) -> Self {
        let mut wiring = Self { local: Vec::new(), links: Vec::new() };
        for (n, node) in nodes.iter().enumerate() {
            let Some((to, seat)) = home[n] else { continue };
            for (port, input) in node.inputs.iter().enumerate() {
                let Some((from, sender)) = home[*input] else { continue };
                let target = Target { node: seat, port };
                if from == to {
                    wiring.local.push(((from, sender), target));
                    continue;
                }
                let spec =
                    nodes[*input].output.as_ref().expect("only stages with an output are inputs");
                let link = wiring.link(from, to, handles);
                link.packets += (spec.packets_per_s() * EDGE_SECONDS).ceil() as usize;
                match link.lanes.iter_mut().find(|(seat, _)| *seat == sender) {
                    Some((_, targets)) => targets.push(target),
                    None => link.lanes.push((sender, vec![target])),
                }
            }
        }
        wiring
    }

    fn link(&mut self, from: usize, to: usize, handles: &[(ThreadHandle, bool)]) -> &mut Link {
        let known =
            self.links.iter().position(|link| (link.from.thread, link.to.thread) == (from, to));
        let i = known.unwrap_or_else(|| {
            let end = |thread: usize| End {
                thread,
                name: handles[thread].0.name.clone(),
                mailbox: Arc::clone(&handles[thread].0.mailbox),
            };
            let (from, to) = (end(from), end(to));
            self.links.push(Link { from, to, packets: 0, lanes: Vec::new() });
            self.links.len() - 1
        });
        &mut self.links[i]
    }

    /// Makes the edges. One between the same threads as one of `before` goes on counting where that was.
    pub(super) fn connect(self, layouts: &mut [Layout], before: &[EdgeInfo]) -> Vec<EdgeInfo> {
        for ((thread, seat), target) in self.local {
            layouts[thread].seats[seat].node.local.push(target);
        }
        let mut edges = Vec::new();
        for Link { from, to, packets, lanes } in self.links {
            let (senders, targets): (Vec<usize>, Vec<Vec<Target>>) = lanes.into_iter().unzip();
            let room = packets.clamp(EDGE_PACKETS.0, EDGE_PACKETS.1);
            let same = |edge: &&EdgeInfo| edge.from == from.name && edge.to == to.name;
            let stats = before.iter().find(same).map(|edge| Arc::clone(&edge.stats));
            let stats: Arc<EdgeStats> = stats.unwrap_or_default();
            let wakers = (&from.mailbox.waker, &to.mailbox.waker);
            let (tx, rx) = edge(room, targets, wakers.0, wakers.1, Arc::clone(&stats));
            edges.push(EdgeInfo { from: from.name, to: to.name, room, stats });
            let sending = &mut layouts[from.thread];
            for (lane, seat) in senders.into_iter().enumerate() {
                sending.seats[seat].node.remote.push((sending.outputs.len(), lane));
            }
            sending.outputs.push(tx);
            layouts[to.thread].inputs.push(rx);
        }
        edges
    }
}
