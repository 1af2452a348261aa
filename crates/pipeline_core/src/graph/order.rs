//! Wiring by name becomes wiring by index, in an order in which every stage comes after its inputs.

use super::desc::{NodeDesc, Role};
use super::error::GraphError;
use std::collections::HashMap;

/// The most stages a hint lists.
const MAX_LISTED: usize = 12;

/// Indices into the descriptions: who feeds whom, and an order to build in.
pub(super) struct Wiring {
    /// Inputs of each description that could be resolved.
    pub(super) inputs: Vec<Vec<usize>>,
    /// Every description once, inputs first; those on a cycle are missing.
    pub(super) order: Vec<usize>,
}

pub(super) fn wire(nodes: &[NodeDesc<'_>], errors: &mut Vec<GraphError>) -> Wiring {
    let mut index: HashMap<&str, usize> = HashMap::new();
    for (i, node) in nodes.iter().enumerate() {
        if index.insert(&node.id, i).is_some() {
            errors.push(GraphError::new(
                format!("/stages/{}", node.id),
                format!("two stages are called `{}`: give one of them another `id`", node.id),
            ));
        }
    }
    let inputs: Vec<Vec<usize>> =
        (0..nodes.len()).map(|i| inputs_of(nodes, i, &index, errors)).collect();
    let order = topological(nodes, &inputs, errors);
    Wiring { inputs, order }
}

fn inputs_of(
    nodes: &[NodeDesc<'_>],
    i: usize,
    index: &HashMap<&str, usize>,
    errors: &mut Vec<GraphError>,
) -> Vec<usize> {
    let node = &nodes[i];
    let here = format!("/stages/{}", node.id);
    let (least, most) = node.build.inputs();
    let role = node.build.role();
    let Some(names) = &node.inputs else {
        if role == Role::Source {
            return Vec::new();
        }
        if least > 1 {
            errors.push(GraphError::new(
                here,
                format!("takes at least {least} inputs: name them in `inputs`"),
            ));
            return Vec::new();
        }
        let above = (0..i).rev().find(|above| nodes[*above].build.role() != Role::Sink);
        if above.is_none() {
            errors
                .push(GraphError::new(here, "no stage above it has an output: put a source first"));
        }
        return above.into_iter().collect();
    };
    if !(least..=most).contains(&names.len()) {
        let takes = match (least, most) {
            (0, 0) => "is a source and takes no `inputs`".to_owned(),
            (1, 1) => format!("takes one input, not {}", names.len()),
            _ => format!("takes at least {least} inputs, not {}", names.len()),
        };
        errors.push(GraphError::new(format!("{here}/inputs"), takes));
    }
    let mut found = Vec::new();
    for (k, name) in names.iter().enumerate() {
        let path = format!("{here}/inputs/{k}");
        match index.get(name.as_str()) {
            None => {
                let hint = hint(name, nodes.iter().filter(|n| n.id != node.id));
                errors.push(GraphError::new(path, format!("there is no stage `{name}`{hint}")));
            }
            Some(source) if nodes[*source].build.role() == Role::Sink => {
                errors.push(GraphError::new(path, format!("`{name}` is a sink and has no output")));
            }
            Some(source) if found.contains(source) => {
                errors.push(GraphError::new(path, format!("`{name}` is listed twice")));
            }
            Some(source) => found.push(*source),
        }
    }
    found
}

/// The stage that was meant, or else those that could be.
fn hint<'a>(name: &str, others: impl Iterator<Item = &'a NodeDesc<'a>> + Clone) -> String {
    if let Some(near) = nearest(name, others.clone().map(|n| n.id.as_str())) {
        return format!("; did you mean `{near}`?");
    }
    let sources = others.filter(|n| n.build.role() != Role::Sink).map(|n| format!("`{}`", n.id));
    let listed: Vec<String> = sources.take(MAX_LISTED).collect();
    if listed.is_empty() { String::new() } else { format!("; it could be {}", listed.join(", ")) }
}

/// Kahn's algorithm; what is left over lies on or behind a cycle, and one message names each cycle's members.
fn topological(
    nodes: &[NodeDesc<'_>],
    inputs: &[Vec<usize>],
    errors: &mut Vec<GraphError>,
) -> Vec<usize> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut done = vec![false; nodes.len()];
    loop {
        let ready =
            (0..nodes.len()).find(|i| !done[*i] && inputs[*i].iter().all(|input| done[*input]));
        let Some(ready) = ready else { break };
        done[ready] = true;
        order.push(ready);
    }
    let mut reported = done.clone();
    for start in 0..nodes.len() {
        if reported[start] {
            continue;
        }
        if let Some(cycle) = cycle_through(start, inputs, &done) {
            if cycle.iter().any(|i| reported[*i]) {
                continue;
            }
            cycle.iter().for_each(|i| reported[*i] = true);
            // `cycle` runs against the flow, from `start`; print it along the flow, closing where it began.
            let back = cycle[1..].iter().rev();
            let names: Vec<&str> = [&start]
                .into_iter()
                .chain(back)
                .chain([&start])
                .map(|i| nodes[*i].id.as_str())
                .collect();
            errors.push(GraphError::new(
                format!("/stages/{}/inputs", nodes[start].id),
                format!("its inputs form a circle: {}", names.join(" -> ")),
            ));
        }
    }
    order
}

fn cycle_through(start: usize, inputs: &[Vec<usize>], done: &[bool]) -> Option<Vec<usize>> {
    let mut path = vec![start];
    loop {
        let here = *path.last()?;
        let next = *inputs[here].iter().find(|input| !done[**input])?;
        if next == start {
            return Some(path);
        }
        if path.contains(&next) {
            return None;
        }
        path.push(next);
    }
}

/// The known name that is closest to a mistyped one, if any is close enough to be meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (name.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(d, _)| *d <= allowed)
        .min_by_key(|(d, _)| *d)
        .map(|(_, candidate)| candidate)
}

/// Edit distance with transposed neighbours counted once (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) =
        (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before: Vec<usize> = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let same = usize::from(a[i - 1] != b[j - 1]);
            row[j] = (above[j] + 1).min(row[j - 1] + 1).min(above[j - 1] + same);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typos_find_the_word_that_was_meant() {
        let kinds = ["notch", "bandpass", "bandstop", "csv_sink"];
        assert_eq!(nearest("nothc", kinds), Some("notch"));
        assert_eq!(nearest("band_pass", kinds), Some("bandpass"));
        assert_eq!(nearest("csvsink", kinds), Some("csv_sink"));
        assert_eq!(nearest("spectrogram", kinds), None);
    }
}
