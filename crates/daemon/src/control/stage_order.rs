//! `POST /pipeline/stage/{id}`: one stage added, removed or restarted; sugar for a patch.

use super::refused::Refused;
use crate::document::{Document, Mistake, StageDoc};
use pipeline_core::graph::{CheckedGraph, GraphError, nearest};
use plugin_api::{StagePolicy, StreamSpec};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is to become of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum StageOrder {
    /// Adds a stage under this id.
    Add {
        /// Its kind.
        kind: String,
        /// The stage it takes its samples from; without it the last that has an output.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after: Option<String>,
        /// Its parameters.
        #[serde(default, skip_serializing_if = "Map::is_empty")]
        params: Map<String, Value>,
        /// What happens when it fails.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        on_error: Option<StagePolicy>,
    },
    /// Removes the stage. Those that it fed are fed by what fed it, where its output had the same channels.
    Remove {},
    /// Makes the stage afresh, and whatever else of its branch is dead.
    Restart {},
}

/// The document with one more stage.
pub(super) fn add(
    document: &Document,
    id: &str,
    kind: String,
    after: Option<String>,
    params: Map<String, Value>,
    on_error: Option<StagePolicy>,
) -> Result<Document, Refused> {
    if document.stages.contains_key(id) {
        return Err(Refused::Exists(id.to_owned()));
    }
    let inputs = after.map(|after| vec![after]);
    let params = Value::Object(params);
    let mut more = document.clone();
    more.stages.insert(id.to_owned(), StageDoc { kind, inputs, group: None, on_error, params });
    // The form of the id is checked where every other id is.
    Document::from_json(&more.to_json())
        .map_err(|errors| Refused::Invalid(errors.into_iter().map(Mistake::from).collect()))
}

/// The document without one of its stages; `graph` is what the document builds.
pub(super) fn remove(
    document: &Document,
    id: &str,
    graph: &CheckedGraph,
) -> Result<Document, Refused> {
    known(document, id)?;
    let mut rest = document.clone();
    let removed = rest.stages.shift_remove(id);
    let fed: Vec<String> = rest
        .stages
        .iter()
        .filter(|(_, stage)| stage.inputs.iter().flatten().any(|input| input == id))
        .map(|(id, _)| id.clone())
        .collect();
    if fed.is_empty() {
        return Ok(rest);
    }
    let inputs = removed.and_then(|stage| stage.inputs).unwrap_or_default();
    let [input] = &inputs[..] else { return Err(feeds(id, &fed)) };
    if channels(graph, id) != channels(graph, input) {
        return Err(feeds(id, &fed));
    }
    for stage in rest.stages.values_mut() {
        let named = stage.inputs.iter_mut().flatten();
        named.filter(|named| *named == id).for_each(|named| named.clone_from(input));
    }
    Ok(rest)
}

/// `Ok` when there is such a stage.
pub(super) fn known(document: &Document, id: &str) -> Result<(), Refused> {
    if document.stages.contains_key(id) {
        return Ok(());
    }
    let near = nearest(id, document.stages.keys().map(String::as_str));
    let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    let id: String = id.chars().take(100).collect();
    Err(Refused::NoStage(format!("there is no stage `{id}`{hint}")))
}

fn channels<'g>(graph: &'g CheckedGraph, id: &str) -> Option<Vec<&'g str>> {
    let node = graph.nodes.iter().find(|node| node.id == id)?;
    let spec: &StreamSpec = node.output.as_ref()?;
    Some(spec.sensor.channels.iter().map(|channel| channel.label.as_str()).collect())
}

fn feeds(id: &str, fed: &[String]) -> Refused {
    let message = format!(
        "`{id}` feeds `{}`: remove that first, or give it other `inputs` in the same patch",
        fed.join("`, `")
    );
    Refused::Invalid(vec![GraphError::new(format!("/stages/{id}"), message).into()])
}
