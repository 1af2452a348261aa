//! The keys that any stage may have: `id`, `inputs`, `group`, `on_error`.

use super::model::StageDoc;
use super::read::Reader;
use super::tree::{Node, Tree};
use pipeline_core::graph::nearest;
use plugin_api::StagePolicy;
use serde_json::Value;

/// Keys any stage may have beside its own parameters.
pub(super) const COMMON_KEYS: [&str; 4] = ["id", "inputs", "group", "on_error"];
/// The longest id, in characters.
const MAX_ID: usize = 64;
/// How many names all `inputs` of a file may hold together.
pub(super) const MAX_INPUTS: usize = 1024;

/// The stage at `here`, its common keys as `given`.
pub(super) fn stage_doc<'n>(
    reader: &mut Reader<'_>,
    here: &str,
    kind: &str,
    params: Value,
    given: impl Fn(&str) -> Option<&'n Node>,
) -> StageDoc {
    StageDoc {
        kind: kind.to_owned(),
        inputs: given("inputs").and_then(|node| inputs(reader, node, here)),
        group: given("group")
            .and_then(|node| text(reader, node, &format!("{here}/group"), "group")),
        on_error: given("on_error").and_then(|node| on_error(reader, node, here)),
        params,
    }
}

/// `Ok` when `id` can name a stage: it occurs in JSON pointers, URLs and metrics.
pub(super) fn check_id(id: &str) -> Result<(), String> {
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if plain && !id.is_empty() && id.len() <= MAX_ID {
        return Ok(());
    }
    Err(format!(
        "`{id}` cannot be the name of a stage: use at most {MAX_ID} letters, digits, `_` and `-`"
    ))
}

/// The text in a node, or a report that `name` must be text. An `id` has no path: its stage has none before it.
pub(super) fn text(reader: &mut Reader<'_>, node: &Node, path: &str, name: &str) -> Option<String> {
    if !path.is_empty() {
        reader.note(path, node.at);
    }
    if let Tree::Str(text) = &node.tree {
        return Some(text.clone());
    }
    let quotes = if matches!(node.tree, Tree::Number(_) | Tree::Bool(_)) {
        ": put it in quotes"
    } else {
        ""
    };
    reader.report(node.at, path, format!("`{name}` must be text, not {node}{quotes}"));
    None
}

/// One name, or a list of names.
fn inputs(reader: &mut Reader<'_>, node: &Node, stage: &str) -> Option<Vec<String>> {
    let path = format!("{stage}/inputs");
    reader.note(&*path, node.at);
    match &node.tree {
        Tree::Str(name) => {
            reader.note(format!("{path}/0"), node.at);
            Some(vec![name.clone()])
        }
        Tree::Seq(items) if reader.take_inputs(items.len()) => {
            let names = items.iter().enumerate();
            names.map(|(i, item)| text(reader, item, &format!("{path}/{i}"), "inputs")).collect()
        }
        Tree::Seq(_) => {
            reader.report(node.at, path, format!("a pipeline names at most {MAX_INPUTS} `inputs`"));
            None
        }
        _ => {
            reader.report(
                node.at,
                path,
                format!("`inputs` must be the name of a stage or a list of names, not {node}"),
            );
            None
        }
    }
}

/// One of the three policies.
fn on_error(reader: &mut Reader<'_>, node: &Node, stage: &str) -> Option<StagePolicy> {
    let path = format!("{stage}/on_error");
    let word = text(reader, node, &path, "on_error")?;
    let policy = serde_json::from_value(Value::String(word.clone())).ok();
    if policy.is_none() {
        let all = [StagePolicy::Fatal, StagePolicy::DrainThenStop, StagePolicy::SkipPacket];
        let names: Vec<String> = all
            .iter()
            .map(|p| serde_json::to_value(p).map_or_else(|_| String::new(), plain))
            .collect();
        let hint = nearest(&word, names.iter().map(String::as_str)).map_or_else(
            || format!("it is one of `{}`", names.join("`, `")),
            |near| format!("did you mean `{near}`?"),
        );
        reader.report(node.at, path, format!("`on_error` cannot be `{word}`; {hint}"));
    }
    policy
}

fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_fits_into_a_pointer_and_a_url() {
        for good in ["notch", "a-1", "_", &"x".repeat(64)] {
            assert_eq!(check_id(good), Ok(()));
        }
        for bad in ["", "a/b", "a~b", "a.b", "a b", "\u{e4}", &"x".repeat(65)] {
            assert!(check_id(bad).is_err(), "{bad}");
        }
    }
}
