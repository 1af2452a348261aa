//! Thousands of random changes of a running graph: no sample lost or doubled, state kept, values right to the sample.
#![allow(clippy::unwrap_used, reason = "a test says no more than that it failed")]

mod support;

use pipeline_core::executor::{ChangeError, Proposal, start};
use pipeline_core::graph::CheckedGraph;
use pipeline_core::{ErrorAction, PacketKind};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use support::*;

const FATAL: ErrorAction = ErrorAction::Fatal;

/// A small generator, so that a failure can be repeated from its seed.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

#[derive(Clone)]
struct Row {
    /// `None`: a sink.
    amount: Option<u64>,
    input: String,
    group: String,
}

/// One way a stage was, from a sample on.
struct Was {
    from: u64,
    born: u64,
    row: Row,
}

/// What should be running, and what every stage was at every sample.
struct Model {
    rows: BTreeMap<String, Row>,
    history: BTreeMap<String, Vec<Was>>,
    sinks: BTreeMap<String, Indexed>,
    /// Sinks that are gone: what they saw, their name, their first sample and the one after their last.
    past: Vec<(Indexed, String, u64, u64)>,
    acquired: Arc<AtomicU64>,
    live: bool,
}

const GROUPS: [&str; 4] = ["dsp", "sinks", "other", "acquire"];

impl Model {
    fn graph(&mut self) -> Option<CheckedGraph> {
        let pace_ns = if self.live { 500_000 } else { 20_000 };
        let source = source(u64::MAX, self.live, pace_ns, &self.acquired);
        let mut ids = vec!["s".to_owned()];
        let mut kinds = vec![source];
        let mut placed: Vec<&String> = Vec::new();
        // Inputs first: a stage stands below what it takes from.
        let mut order = Vec::new();
        while placed.len() < self.rows.len() {
            for (id, row) in &self.rows {
                let ready = row.input == "s" || placed.contains(&&row.input);
                if ready && !placed.contains(&id) {
                    placed.push(id);
                    order.push(id.clone());
                }
            }
        }
        for id in order {
            let row = &self.rows[&id];
            kinds.push(match row.amount {
                Some(amount) => {
                    transform(move || Counting { amount, seen: 0 }, PacketKind::Voltage)
                }
                None => sink(self.sinks.entry(id.clone()).or_default()),
            });
            ids.push(id);
        }
        let inputs: Vec<Vec<&str>> = ids
            .iter()
            .map(|id| self.rows.get(id).map_or_else(Vec::new, |row| vec![&*row.input]))
            .collect();
        let rows: Vec<_> = ids
            .iter()
            .zip(&kinds)
            .zip(&inputs)
            .map(|((id, kind), inputs)| {
                let group = self.rows.get(id).map(|row| &*row.group);
                (&**id, kind, &**inputs, group, FATAL)
            })
            .collect();
        // Groups that would feed each other in a circle do not build; the running graph is left alone then.
        try_graph(&rows).ok()
    }

    /// Changes the description at random.
    fn shake(&mut self, dice: &mut Dice) {
        for _ in 0..=dice.roll(3) {
            let ids: Vec<String> = self.rows.keys().cloned().collect();
            let id = ids[dice.roll(ids.len())].clone();
            match dice.roll(6) {
                0 | 1 => {
                    if let Some(amount) = &mut self.rows.get_mut(&id).unwrap().amount {
                        *amount = dice.roll(500) as u64;
                    }
                }
                2 => self.add(dice),
                3 => self.remove(&id),
                4 => self.rewire(&id, dice),
                _ => GROUPS[dice.roll(3)].clone_into(&mut self.rows.get_mut(&id).unwrap().group),
            }
        }
    }

    fn feeders(&self) -> Vec<String> {
        let transforms = self.rows.iter().filter(|(_, row)| row.amount.is_some());
        transforms.map(|(id, _)| id.clone()).chain(["s".to_owned()]).collect()
    }

    fn add(&mut self, dice: &mut Dice) {
        let is_sink = dice.roll(3) == 0;
        let names = if is_sink { "kl" } else { "abcdef" };
        let free: Vec<String> =
            names.chars().map(|c| c.to_string()).filter(|id| !self.rows.contains_key(id)).collect();
        if free.is_empty() {
            return;
        }
        let feeders = self.feeders();
        let amount = (!is_sink).then(|| dice.roll(500) as u64);
        let row = Row {
            amount,
            input: feeders[dice.roll(feeders.len())].clone(),
            group: GROUPS[dice.roll(GROUPS.len())].to_owned(),
        };
        self.rows.insert(free[dice.roll(free.len())].clone(), row);
    }

    fn remove(&mut self, id: &str) {
        if id == "z" {
            return; // one sink sees it all, from beginning to end
        }
        let gone = self.rows.remove(id).unwrap();
        for row in self.rows.values_mut().filter(|row| row.input == id) {
            row.input.clone_from(&gone.input);
        }
    }

    fn rewire(&mut self, id: &str, dice: &mut Dice) {
        let feeders = self.feeders();
        let to = feeders[dice.roll(feeders.len())].clone();
        let mut above = Some(&to);
        while let Some(here) = above {
            if here == id {
                return; // a circle
            }
            above = self.rows.get(here).map(|row| &row.input);
        }
        self.rows.get_mut(id).unwrap().input = to;
    }

    fn acknowledge(&mut self, before: &BTreeMap<String, Row>, at: &[(String, u64)]) {
        for (id, sample) in at {
            match self.rows.get(id) {
                Some(row) => {
                    let ways = self.history.entry(id.clone()).or_default();
                    let born = match ways.last() {
                        Some(was) if before.contains_key(id) => was.born,
                        _ => *sample,
                    };
                    ways.push(Was { from: *sample, born, row: row.clone() });
                }
                None => {
                    if let Some(seen) = self.sinks.remove(id) {
                        let from = self.history[id].last().unwrap().born;
                        self.past.push((seen, id.clone(), from, *sample));
                    }
                }
            }
        }
    }

    fn way(&self, id: &str, sample: u64) -> &Was {
        let ways = &self.history[id];
        // The last acknowledged of those that had begun: a later change may take effect at the same sample.
        ways.iter().rev().find(|was| was.from <= sample).unwrap_or(&ways[0])
    }

    fn expected(&self, sink: &str, sample: u64) -> f32 {
        let mut sum = sample;
        let mut here = self.way(sink, sample).row.input.clone();
        while here != "s" {
            let was = self.way(&here, sample);
            sum += was.row.amount.unwrap() + (sample - was.born) % 64;
            here.clone_from(&was.row.input);
        }
        sum as f32
    }

    fn check(&self, seen: &Indexed, id: &str, from: u64, until: u64) {
        let seen = seen.0.lock().unwrap();
        assert_eq!(from + seen.len() as u64, until, "{id}: frames from {from}");
        for (i, (index, value)) in seen.iter().enumerate() {
            assert_eq!(*index, from + i as u64, "{id}: the order of samples");
            assert_eq!(*value, self.expected(id, *index), "{id}: sample {index}");
        }
    }
}

/// Retune, add, remove, rewire and move stages to other threads, several in one change, at random moments.
fn random_changes(seed: u64, live: bool, changes: usize) {
    let mut model = Model {
        rows: BTreeMap::new(),
        history: BTreeMap::new(),
        sinks: BTreeMap::new(),
        past: Vec::new(),
        acquired: Arc::default(),
        live,
    };
    let row = |amount, input: &str, group: &str| Row {
        amount,
        input: input.to_owned(),
        group: group.to_owned(),
    };
    model.rows.insert("a".to_owned(), row(Some(1), "s", "dsp"));
    model.rows.insert("z".to_owned(), row(None, "a", "sinks"));
    for (id, row) in &model.rows {
        model.history.insert(id.clone(), vec![Was { from: 0, born: 0, row: row.clone() }]);
    }
    let running = start(model.graph().unwrap(), &[]).unwrap();
    let mut dice = Dice(seed);
    let mut made = 0;
    while made < changes {
        let before = model.rows.clone();
        model.shake(&mut dice);
        let differs = |(id, row): (&String, &Row)| {
            before.get(id).filter(|old| old.amount != row.amount).map(|_| id.clone())
        };
        let changed = model.rows.iter().filter_map(differs).collect();
        let Some(graph) = model.graph() else {
            model.sinks.retain(|id, _| before.contains_key(id));
            model.rows = before;
            continue;
        };
        let proposal = Proposal { graph, groups: Vec::new(), changed, restart: HashSet::new() };
        match running.change(proposal) {
            Ok(at) => {
                model.acknowledge(&before, &at);
                made += 1;
            }
            // A machine that stood still for a second: nothing has changed.
            Err(ChangeError::Behind { .. }) => {
                model.sinks.retain(|id, _| before.contains_key(id));
                model.rows = before;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        }
        if dice.roll(4) == 0 {
            let now = model.acquired.load(Ordering::Acquire);
            let pause = dice.roll(40) as u64;
            wait_for(|| model.acquired.load(Ordering::Acquire) > now + pause);
        }
    }
    running.stop();
    let outcome = running.wait();
    assert!(outcome.failures.is_empty(), "seed {seed}: {outcome:?}");
    for stage in running.stages().iter() {
        assert_eq!(stage.stats.lost_frames.get(), 0, "seed {seed}: {}", stage.id);
    }
    let acquired = model.acquired.load(Ordering::Acquire);
    for (id, seen) in &model.sinks {
        let born = model.history[id].last().unwrap().born;
        model.check(seen, id, born, acquired);
    }
    for (seen, id, from, until) in &model.past {
        model.check(seen, id, *from, *until);
    }
    println!("{made} changes over {acquired} samples, seed {seed}");
}

#[test]
fn ten_thousand_random_changes_lose_and_double_nothing() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse().ok());
    let seed = number("EEGD_SEED").unwrap_or(0x5eed);
    // Fewer where a processor is emulated: a sample's value has its exact f32 for 2^24 samples only.
    let changes = number("EEGD_CHANGES").unwrap_or(10_000) as usize;
    println!(
        "seed {seed}: set EEGD_SEED to repeat; {changes} changes: set EEGD_CHANGES for another number"
    );
    random_changes(seed, false, changes * 7 / 10);
    random_changes(seed + 1, true, changes * 3 / 10);
}
