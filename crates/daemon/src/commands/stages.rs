//! `eegd stages`: every kind of stage with its parameters, from the same rows the pipeline is built from.

use super::Failed;
use crate::document::unknown_kind;
use anyhow::Context;
use plugin_api::{Registry, StageEntry};
use serde_json::Value;
use std::io::{self, Write};

/// Prints the stages of these kinds, of every kind if none is named.
pub(super) fn stages(kinds: &[String], json: bool, registry: &Registry) -> Result<(), Failed> {
    let entries: Vec<&StageEntry> = if kinds.is_empty() {
        registry.entries().iter().collect()
    } else {
        let named = |kind: &String| {
            registry.get(kind).ok_or_else(|| Failed::Input(unknown_kind(kind, registry).0))
        };
        kinds.iter().map(named).collect::<Result<_, _>>()?
    };
    let text = if json {
        serde_json::to_string_pretty(&crate::api::describe_stages(&entries))
            .context("cannot write JSON")?
            + "\n"
    } else {
        entries.into_iter().map(describe).collect()
    };
    match io::stdout().write_all(text.as_bytes()) {
        // `eegd stages | head` is no failure.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other.context("cannot write to standard output")?),
    }
}

fn describe(entry: &StageEntry) -> String {
    let schema = entry.schema();
    let summary = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let mut lines = vec![format!(
        "{} ({})\n  {}",
        entry.kind,
        entry.role.name(),
        summary.replace('\n', "\n  ")
    )];
    let required: Vec<&str> = schema
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for (name, property) in
        schema.get("properties").and_then(Value::as_object).into_iter().flatten()
    {
        let default = match property.get("default") {
            Some(value) => format!(" [{value}]"),
            None if required.contains(&name.as_str()) => " (needed)".to_owned(),
            None => String::new(),
        };
        let doc = property.get("description").and_then(Value::as_str).unwrap_or_default();
        lines.push(format!("    {name}{default}: {}", doc.replace('\n', " ")));
    }
    lines.push(format!("  - {}: {}\n\n", entry.kind, entry.example()));
    lines.join("\n")
}
