//! Who takes from whom: by plain calls inside a thread, over one edge between each pair of threads that talk.

use super::edge::edge;
use super::layout::Layout;
use super::node::Target;
use super::plan::ThreadHandle;
use super::shared::Mailbox;
use crate::graph::Node;
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
    from: (usize, Arc<Mailbox>),
    to: (usize, Arc<Mailbox>),
    packets: usize,
    /// The seat of the sending stage, and who takes from it.
    lanes: Vec<(usize, Vec<Target>)>,
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
                let per_second = spec.rate_hz / spec.max_frames.max(1) as f64;
                let link = wiring.link(from, to, handles);
                link.packets += (per_second * EDGE_SECONDS).ceil() as usize;
                match link.lanes.iter_mut().find(|(seat, _)| *seat == sender) {
                    Some((_, targets)) => targets.push(target),
                    None => link.lanes.push((sender, vec![target])),
                }
            }
        }
        wiring
    }

    fn link(&mut self, from: usize, to: usize, handles: &[(ThreadHandle, bool)]) -> &mut Link {
        let known = self.links.iter().position(|link| (link.from.0, link.to.0) == (from, to));
        let i = known.unwrap_or_else(|| {
            let mailbox = |t: usize| (t, Arc::clone(&handles[t].0.mailbox));
            let (from, to) = (mailbox(from), mailbox(to));
            self.links.push(Link { from, to, packets: 0, lanes: Vec::new() });
            self.links.len() - 1
        });
        &mut self.links[i]
    }

    pub(super) fn connect(self, layouts: &mut [Layout]) {
        for ((thread, seat), target) in self.local {
            layouts[thread].seats[seat].node.local.push(target);
        }
        for Link { from, to, packets, lanes } in self.links {
            let (senders, targets): (Vec<usize>, Vec<Vec<Target>>) = lanes.into_iter().unzip();
            let room = packets.clamp(EDGE_PACKETS.0, EDGE_PACKETS.1);
            let (tx, rx) = edge(room, targets, &from.1.waker, &to.1.waker);
            let sending = &mut layouts[from.0];
            for (lane, seat) in senders.into_iter().enumerate() {
                sending.seats[seat].node.remote.push((sending.outputs.len(), lane));
            }
            sending.outputs.push(tx);
            layouts[to.0].inputs.push(rx);
        }
    }
}
