//! `eegd check`: builds a pipeline, prints its graph, drops it.

use super::Failed;
use super::load::prepare;
use crate::filter_report::{self, FilterReport, USUAL_HZ};
use crate::host::Surroundings;
use pipeline_core::graph::{CheckedGraph, Node};
use plugin_api::Registry;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// With `filters`, also what every filter does at these frequencies; at the usual ones when there is none.
pub(super) fn check(
    pipeline: &Path,
    set: &[String],
    filters: Option<&[f64]>,
    registry: Registry,
) -> Result<(), Failed> {
    let surroundings = Surroundings::new(Arc::new(registry), PathBuf::from("eegd-data"));
    let prepared = prepare(Some(pipeline), set, None, &surroundings)?.prepared;
    prepared.warnings.iter().for_each(|warning| eprintln!("eegd: warning: {warning}"));
    let kind = |id: &str| {
        prepared.checked.document.stages.get(id).map_or("", |stage| stage.kind.as_str()).to_owned()
    };
    if let Some(bad) = filters.into_iter().flatten().find(|hz| !(**hz >= 0.0 && hz.is_finite())) {
        return Err(Failed::Input(format!(
            "--filters takes frequencies of 0 Hz or more, not {bad}"
        )));
    }
    let graph = &prepared.checked.graph;
    println!("{}", table(graph, kind));
    if let Some(form) = &prepared.checked.document.record {
        println!("\nrecords from the start: {form}");
    }
    if let Some(hz) = filters {
        let hz = if hz.is_empty() { USUAL_HZ } else { hz };
        for (id, filter) in filter_report::filters(graph) {
            println!("\n{}", FilterReport::new(&*filter, hz).to_text(&id, &kind(&id)));
        }
    }
    Ok(())
}

/// The graph as a table: one line a stage, inputs first.
fn table(graph: &CheckedGraph, kind: impl Fn(&str) -> String) -> String {
    let head = ["stage", "kind", "group", "from", "out", "rate_hz", "channels", "delay_ms"]
        .map(str::to_owned);
    let mut rows = vec![head.to_vec()];
    rows.extend(graph.nodes.iter().map(|node| row(node, graph, &kind)));
    let width =
        |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..rows[0].len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(node: &Node, graph: &CheckedGraph, kind: impl Fn(&str) -> String) -> Vec<String> {
    let from: Vec<&str> = node.inputs.iter().map(|i| graph.nodes[*i].id.as_str()).collect();
    let dash = || "-".to_owned();
    let output = node.output.as_ref();
    vec![
        node.id.clone(),
        kind(&node.id),
        node.group.clone(),
        if from.is_empty() { dash() } else { from.join(", ") },
        output.map_or_else(dash, |spec| spec.kind.to_string()),
        output.map_or_else(dash, |spec| spec.rate_hz.to_string()),
        output.map_or_else(dash, |spec| spec.channels().to_string()),
        output.map_or_else(dash, |spec| format!("{:.3}", spec.delay_s * 1e3)),
    ]
}
