//! `record:`, the study that begins with the pipeline, and what any study is asked for with.

use super::model::Document;
use super::read::Reader;
use super::tree::{Node, Tree};
use pipeline_core::Role;
use pipeline_core::graph::{CheckedGraph, GraphError, nearest};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Most characters of a code.
const MAX_CODE: usize = 32;
/// Most bytes of notes.
const MAX_NOTES: usize = 16 * 1024;
const KEYS: [&str; 4] = ["participant", "task", "notes", "record"];

/// What a study is asked for with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyForm {
    /// Who is recorded: a code of letters and digits, no name.
    pub participant: String,
    /// What is done, letters and digits: `rest`, `oddball`.
    #[serde(default = "rest")]
    pub task: String,
    /// What else there is to say.
    #[serde(default)]
    pub notes: String,
    /// Stages whose output is recorded beside that of the sources.
    #[serde(default)]
    pub record: Vec<String>,
}

fn rest() -> String {
    "rest".to_owned()
}

impl std::fmt::Display for StudyForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { participant, task, record, .. } = self;
        write!(f, "participant {participant}, task {task}: the sources")?;
        record.iter().try_for_each(|id| write!(f, ", {id}"))
    }
}

impl StudyForm {
    /// What is wrong with it.
    pub(crate) fn mistake(&self) -> Option<String> {
        self.mistakes().into_iter().next().map(|(_, message)| message)
    }

    /// Every mistake, each with the key it is about.
    fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        for (name, code) in [("participant", &self.participant), ("task", &self.task)] {
            let plain = code.chars().all(|c| c.is_ascii_alphanumeric());
            if !plain || !(1..=MAX_CODE).contains(&code.len()) {
                let message =
                    format!("`{name}` is {code:?}, but must be 1 to {MAX_CODE} letters and digits");
                found.push((name, message));
            }
        }
        if self.notes.len() > MAX_NOTES {
            let message =
                format!("`notes` has {} bytes, and {MAX_NOTES} at most", self.notes.len());
            found.push(("notes", message));
        }
        found
    }
}

/// Reads `record:`.
pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Option<StudyForm> {
    let Tree::Map(entries) = &node.tree else {
        let message = format!(
            "`record` describes the study to begin, as in `record: {{ participant: P001, task: rest }}`, not {node}"
        );
        reader.report(node.at, "/record", message);
        return None;
    };
    let mut good = true;
    for (key, value) in entries {
        let path = format!("/record/{}", key.text);
        reader.note(&*path, value.at);
        if !KEYS.contains(&key.text.as_str()) {
            let hint = nearest(&key.text, KEYS).map_or_else(
                || format!("it takes `{}`", KEYS.join("`, `")),
                |near| format!("did you mean `{near}`?"),
            );
            reader.report(key.at, path, format!("`record` has no key `{}`; {hint}", key.text));
            good = false;
        }
    }
    if !entries.iter().any(|(key, _)| key.text == "participant") {
        if good {
            let message = "`record` needs a `participant`: a code for who is recorded";
            reader.report(node.at, "/record", message);
        }
        return None;
    }
    if !good {
        return None;
    }
    let value = reader.value(node, "/record");
    let form: StudyForm = match serde_json::from_value(value) {
        Ok(form) => form,
        Err(error) => {
            reader.report(
                node.at,
                "/record",
                format!("`record` cannot be read: {error}; codes that are numbers go in quotes"),
            );
            return None;
        }
    };
    for (key, message) in form.mistakes() {
        let at = entries.iter().find(|(given, _)| given.text == key).map_or(node.at, |(_, n)| n.at);
        reader.report(at, format!("/record/{key}"), message);
    }
    Some(form)
}

/// Whether what is to be recorded is there and gives anything.
pub(super) fn check(document: &Document, graph: &CheckedGraph) -> Vec<GraphError> {
    let listed = document.record.iter().flat_map(|form| form.record.iter().enumerate());
    let mut errors = Vec::new();
    for (i, id) in listed {
        let node = graph.nodes.iter().find(|node| node.id == *id);
        let message = match node {
            None => {
                let hint = nearest(id, graph.nodes.iter().map(|node| node.id.as_str()))
                    .map_or_else(
                        || "name one of `stages`".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                format!("there is no stage `{id}` to record; {hint}")
            }
            Some(node) if node.role == Role::Sink => {
                format!("`{id}` gives nothing that could be recorded")
            }
            Some(_) => continue,
        };
        errors.push(GraphError::new(format!("/record/record/{i}"), message));
    }
    errors
}
