//! Which stages share a thread, which edges that makes, and what each stage takes over from the graph before.
//!
//! A group is a thread. A source runs on its group's own thread when it is the only source there and nothing
//! comes in from other groups; otherwise it gets a thread of its own, on the same cores.

use super::Group;
use super::fate::Fate;
use super::layout::{Layout, Past, Seat};
use super::links::Wiring;
use super::node::{ANY_SAMPLE, Port, RtNode, Running};
use super::position::{Before, Seated, ports, takes_effect};
use super::shared::Mailbox;
use crate::event::Event;
use crate::graph::{Node, NodeBody, Role};
use crate::stage::{Pacer, StageCtx};
use crate::telemetry::{EdgeInfo, Ledger, LedgerStage};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;

/// A thread as the others know it.
#[derive(Debug, Clone)]
pub(super) struct ThreadHandle {
    /// Never used twice in a pipeline's life.
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) has_source: bool,
    pub(super) mailbox: Arc<Mailbox>,
}

/// A thread and what it is to run.
pub(super) struct Planned {
    pub(super) handle: ThreadHandle,
    pub(super) layout: Layout,
    /// It does not run yet.
    pub(super) is_new: bool,
    /// Its source can be opened only when the one before is closed.
    pub(super) waits_for_device: bool,
}

pub(super) struct Plan {
    pub(super) threads: Vec<Planned>,
    pub(super) seated: Vec<Seated>,
    pub(super) edges: Vec<EdgeInfo>,
    /// For each stage that is new, changed or wired anew: the index of the first sample it takes, or makes.
    pub(super) takes_effect: Vec<(Arc<str>, u64)>,
}

struct Thread {
    name: String,
    group: String,
    members: Vec<usize>,
}

/// Lays out `nodes` over threads. `fates` says what becomes of each.
pub(super) fn plan(
    nodes: Vec<Node>,
    fates: &[Fate],
    before: &Before,
    groups: &[Group],
    reports: &SyncSender<Event>,
) -> Plan {
    let gone = |n: usize| matches!(fates[n], Fate::Keep(b) if before.seated[b].is_closed());
    let threads = threads(&nodes, gone);
    let mut next_number = before.next_number;
    let mut taken = Vec::new();
    let handles: Vec<(ThreadHandle, bool)> = threads
        .iter()
        .map(|thread| {
            let host = host(thread, &nodes, fates, before, &taken);
            if let Some(host) = host {
                taken.push(host.number);
                return (ThreadHandle { name: thread.name.clone(), ..host.clone() }, false);
            }
            next_number += 1;
            let handle = ThreadHandle {
                number: next_number - 1,
                name: thread.name.clone(),
                has_source: nodes[thread.members[0]].role == Role::Source,
                mailbox: Arc::default(),
            };
            (handle, true)
        })
        .collect();
    let mut home: Vec<Option<(usize, usize)>> = vec![None; nodes.len()];
    for (t, thread) in threads.iter().enumerate() {
        thread.members.iter().enumerate().for_each(|(seat, n)| home[*n] = Some((t, seat)));
    }
    let seated = seated(&nodes, fates, before, &home, &handles);
    let ports: Vec<Vec<Port>> =
        (0..nodes.len()).map(|n| ports(n, &nodes, fates, before, gone)).collect();
    let takes_effect = takes_effect(&nodes, fates, before, &ports);
    let wiring = Wiring::between(&nodes, &home, &handles);
    let mut layouts = lay_out(nodes, fates, before, &home, &handles, ports, &seated, reports);
    let edges = wiring.connect(&mut layouts, &before.edges);
    let mut planned: Vec<Planned> = threads
        .iter()
        .zip(handles)
        .zip(layouts)
        .map(|((thread, (handle, is_new)), mut layout)| {
            let group = groups.iter().find(|group| group.name == thread.group).cloned();
            layout.group =
                group.unwrap_or_else(|| Group { name: thread.group.clone(), ..Group::default() });
            let waits_for_device =
                handle.has_source && is_new && matches!(fates[thread.members[0]], Fate::Afresh(_));
            Planned { handle, layout, is_new, waits_for_device }
        })
        .collect();
    // Threads with nothing left to do are told so.
    planned.extend(before.threads.iter().filter(|t| !taken.contains(&t.number)).map(|handle| {
        Planned {
            handle: handle.clone(),
            layout: Layout::default(),
            is_new: false,
            waits_for_device: false,
        }
    }));
    who_leaves(&mut planned, before);
    Plan { threads: planned, seated, edges, takes_effect }
}

fn threads(nodes: &[Node], gone: impl Fn(usize) -> bool) -> Vec<Thread> {
    let mut names: Vec<&str> = Vec::new();
    for node in nodes {
        if !names.contains(&node.group.as_str()) {
            names.push(&node.group);
        }
    }
    let mut threads = Vec::new();
    for group in names {
        let here = |n: &usize| nodes[*n].group == group && !gone(*n);
        let (sources, rest): (Vec<usize>, Vec<usize>) =
            (0..nodes.len()).filter(here).partition(|n| nodes[*n].role == Role::Source);
        let from_elsewhere = |n: &usize| nodes[*n].inputs.iter().any(|i| nodes[*i].group != group);
        let fed = rest.iter().any(from_elsewhere);
        let thread = |name: &str, members| Thread {
            name: name.to_owned(),
            group: group.to_owned(),
            members,
        };
        if sources.len() == 1 && !fed {
            // The source goes first; the rest keeps its order, inputs first.
            threads.push(thread(group, [sources, rest].concat()));
            continue;
        }
        threads.extend(sources.into_iter().map(|n| thread(&nodes[n].id, vec![n])));
        if !rest.is_empty() {
            threads.push(thread(group, rest));
        }
    }
    threads
}

/// The thread that runs already and is to run this: the one of its source if that lives on; for stages that are fed
/// by others, the one of the same name, or else one that has some of them.
fn host<'b>(
    thread: &Thread,
    nodes: &[Node],
    fates: &[Fate],
    before: &'b Before,
    taken: &[usize],
) -> Option<&'b ThreadHandle> {
    let running_on = |n: usize| match fates[n] {
        Fate::Keep(b) => before.seated[b].thread,
        _ => None,
    };
    let first = thread.members[0];
    if nodes[first].role == Role::Source {
        let number = running_on(first)?;
        return before.threads.iter().find(|t| t.number == number);
    }
    let free = |t: &&ThreadHandle| !t.has_source && !taken.contains(&t.number);
    before.threads.iter().filter(free).find(|t| t.name == thread.name).or_else(|| {
        let has_one =
            |t: &&ThreadHandle| thread.members.iter().any(|n| running_on(*n) == Some(t.number));
        before.threads.iter().filter(free).find(has_one)
    })
}

fn seated(
    nodes: &[Node],
    fates: &[Fate],
    before: &Before,
    home: &[Option<(usize, usize)>],
    handles: &[(ThreadHandle, bool)],
) -> Vec<Seated> {
    let one = |(n, node): (usize, &Node)| Seated {
        id: node.id.as_str().into(),
        role: node.role,
        group: node.group.clone(),
        inputs: node.inputs.clone(),
        output: node.output.clone(),
        stats: match fates[n] {
            Fate::Keep(b) | Fate::Inherit(b) => Arc::clone(&before.seated[b].stats),
            Fate::New | Fate::Afresh(_) => Arc::default(),
        },
        thread: home[n].map(|(t, _)| handles[t].0.number),
    };
    nodes.iter().enumerate().map(one).collect()
}

#[expect(clippy::too_many_arguments, reason = "everything a seat is made of, in one place")]
fn lay_out(
    nodes: Vec<Node>,
    fates: &[Fate],
    before: &Before,
    home: &[Option<(usize, usize)>],
    handles: &[(ThreadHandle, bool)],
    ports: Vec<Vec<Port>>,
    seated: &[Seated],
    reports: &SyncSender<Event>,
) -> Vec<Layout> {
    let books: Vec<LedgerStage> = seated.iter().map(Seated::in_ledger).collect();
    let rate = |stage: &Seated| stage.output.as_ref().map_or(1.0, |spec| spec.rate_hz);
    let mut seats: Vec<Vec<(usize, Seat)>> = handles.iter().map(|_| Vec::new()).collect();
    for (n, (node, ports)) in nodes.into_iter().zip(ports).enumerate() {
        let Some((t, seat)) = home[n] else { continue };
        let mailbox = &handles[t].0.mailbox;
        let pacer = (node.role == Role::Source).then(|| Pacer {
            interrupted: Arc::clone(&mailbox.interrupted),
            waker: Arc::clone(&mailbox.waker),
        });
        let past = match fates[n] {
            Fate::Keep(b) => Past::Stage(b),
            Fate::Inherit(b) => Past::State(b),
            Fate::New | Fate::Afresh(_) => Past::None,
        };
        let mark = past.node().and_then(|b| before.marks.get(&b));
        let ctx = StageCtx::new(node.pool_size, pacer, Some(reports.clone()));
        let mut ctx = ctx.of_stage(&seated[n].id);
        if node.role == Role::Sink {
            ctx.set_ledger(Ledger::up_to(n, &books));
        }
        if node.role == Role::Source && past.node().is_none() {
            ctx.fill_pool();
        }
        let node = RtNode {
            id: Arc::clone(&seated[n].id),
            index: n,
            // What is kept comes from the thread that has it.
            body: match (past, node.body) {
                (Past::Stage(_), _) => Running::Closed,
                (_, NodeBody::Source(source)) => {
                    seated[n].stats.set_account(source.account());
                    Running::Source(source)
                }
                (_, NodeBody::Stage(stage)) => {
                    seated[n].stats.set_figures(stage.figures());
                    seated[n].stats.add_files(stage.files());
                    Running::Stage(stage)
                }
            },
            is_sink: node.role == Role::Sink,
            policy: node.policy,
            ctx,
            ports,
            local: Vec::new(),
            joined: None,
            remote: Vec::new(),
            live: node.output.as_ref().is_some_and(|spec| spec.live),
            next_out: mark
                .map_or(if node.inputs.is_empty() { 0 } else { ANY_SAMPLE }, |m| m.next_out),
            tail: 0,
            ratio: node
                .inputs
                .first()
                .map_or(1.0, |input| rate(&seated[n]) / rate(&seated[*input])),
            stats: Arc::clone(&seated[n].stats),
        };
        seats[t].push((seat, Seat { node, past }));
    }
    seats
        .into_iter()
        .map(|mut seats| {
            seats.sort_by_key(|(seat, _)| *seat);
            let seats = seats.into_iter().map(|(_, seat)| seat).collect();
            Layout { seats, ..Layout::default() }
        })
        .collect()
}

/// Which stages of each running thread go on in another one.
fn who_leaves(planned: &mut [Planned], before: &Before) {
    let mut leaving: HashMap<usize, Vec<usize>> = HashMap::new();
    for thread in planned.iter() {
        for node in thread.layout.seats.iter().filter_map(|seat| seat.past.node()) {
            match before.seated[node].thread {
                Some(from) if from != thread.handle.number => {
                    leaving.entry(from).or_default().push(node);
                }
                _ => {}
            }
        }
    }
    for thread in planned {
        thread.layout.leaving = leaving.remove(&thread.handle.number).unwrap_or_default();
    }
}
