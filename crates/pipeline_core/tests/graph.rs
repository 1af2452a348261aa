//! What the graph check finds, all at once, and where it says it stands.

#![allow(clippy::unwrap_used, reason = "a test may")]

mod support;

use pipeline_core::ErrorAction;
use pipeline_core::graph::{NodeDesc, check};
use std::sync::Arc;
use support::*;

fn mistakes(rows: &[(&str, &Kind, Option<&[&str]>)]) -> Vec<String> {
    let descs = rows.iter().map(|(id, kind, inputs)| NodeDesc {
        id: (*id).to_owned(),
        inputs: inputs.map(|names| names.iter().map(|n| (*n).to_owned()).collect()),
        group: None,
        policy: Box::new(ErrorAction::Fatal),
        build: *kind,
    });
    check(descs.collect()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn every_wiring_mistake_is_reported_at_once() {
    let (source, add, sink) =
        (source(1, false, 0, &Arc::default()), add(0.0), sink(&Tally::default()));
    let found = mistakes(&[
        ("a", &source, None),
        ("b", &add, Some(&["d"])),
        ("c", &add, Some(&["b"])),
        ("d", &add, Some(&["c"])),
        ("e", &add, Some(&["adc"])),
        ("f", &sink, Some(&["a", "b"])),
        ("g", &sink, Some(&["f"])),
        ("a", &add, Some(&["a"])),
        ("h", &source, Some(&["a"])),
        ("i", &sink, Some(&["gg"])),
    ]);
    let expected = [
        "/stages/a: two stages are called `a`: give one of them another `id`",
        "/stages/e/inputs/0: there is no stage `adc`",
        "/stages/i/inputs/0: there is no stage `gg`; did you mean `g`?",
        "/stages/f/inputs: takes one input, not 2",
        "/stages/g/inputs/0: `f` is a sink and has no output",
        "/stages/h/inputs: is a source and takes no `inputs`",
        "/stages/b/inputs: its inputs form a circle: b -> c -> d -> b",
    ];
    for text in expected {
        assert!(found.iter().any(|m| m.starts_with(text)), "missing: {text}\nfound: {found:#?}");
    }
}

#[test]
fn a_stage_without_a_source_above_it_says_so() {
    let found = mistakes(&[("b", &add(0.0), None)]);
    assert_eq!(found, ["/stages/b: no stage above it has an output: put a source first"]);
    assert_eq!(
        mistakes(&[]),
        ["/stages: a pipeline needs at least one stage: begin with a source"]
    );
}

#[test]
fn groups_that_feed_each_other_are_refused() {
    let (source, add1, add2, sink) =
        (source(1, false, 0, &Arc::default()), add(0.0), add(0.0), sink(&Tally::default()));
    let rows: [(&str, &Kind, Option<&str>); 4] = [
        ("a", &source, None),
        ("b", &add1, Some("sinks")),
        ("c", &add2, Some("dsp")),
        ("d", &sink, None),
    ];
    let descs = rows.iter().map(|(id, kind, group)| NodeDesc {
        id: (*id).to_owned(),
        inputs: None,
        group: group.map(str::to_owned),
        policy: Box::new(ErrorAction::Fatal),
        build: *kind,
    });
    let found = check(descs.collect()).unwrap_err();
    assert_eq!(found.len(), 1);
    assert!(
        found[0].message.contains("group `dsp` would feed group `sinks` and be fed by it"),
        "{found:?}"
    );
}
