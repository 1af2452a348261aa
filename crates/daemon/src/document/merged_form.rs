//! The merged form: stages by id, parameters under `params`. Patches see this one.

use super::common::{stage_doc, text};
use super::read::Reader;
use super::tree::{Key, Node, Tree};
use pipeline_core::graph::nearest;
use serde_json::{Map, Value};

const KEYS: [&str; 5] = ["kind", "inputs", "group", "on_error", "params"];

impl Reader<'_> {
    /// A stage of the merged form: `ID: { kind, inputs, group, on_error, params }`.
    pub(super) fn merged(&mut self, id: &Key, node: &Node) {
        let Some(name) = self.place(id.at, id.at, &id.text) else { return };
        let here = format!("/stages/{name}");
        let Tree::Map(entries) = &node.tree else {
            return self.report(
                node.at,
                here,
                format!("a stage is a mapping with `kind` and `params`, not {node}"),
            );
        };
        let given =
            |name: &str| entries.iter().find(|(key, node)| key.text == name && !node.is_null());
        for (key, _) in entries.iter().filter(|(key, _)| !KEYS.contains(&key.text.as_str())) {
            let hint = nearest(&key.text, KEYS).map_or_else(
                || "its parameters belong under `params`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let path = format!("{here}/{}", key.text);
            self.report(
                key.at,
                path,
                format!("a stage in this form has no key `{}`; {hint}", key.text),
            );
        }
        let kind_path = format!("{here}/kind");
        let kind = given("kind").and_then(|(_, kind)| text(self, kind, &kind_path, "kind"));
        if given("kind").is_none() {
            self.report(id.at, kind_path, format!("`{}` needs a `kind`", id.text));
        }
        // Without a kind, the id is the best guess: the rest can be looked at.
        let kind = kind.unwrap_or_else(|| id.text.clone());
        self.note(format!("{here}/params"), given("params").map_or(id.at, |(key, _)| key.at));
        let params = match given("params").map(|(_, node)| node) {
            None => Value::Object(Map::new()),
            Some(Node { tree: Tree::Map(own), .. }) => self.params(&here, &kind, own),
            Some(other) => {
                self.note(format!("{here}/params"), other.at);
                self.value(other, &format!("{here}/params"))
            }
        };
        let common = |name: &str| given(name).map(|(_, node)| node);
        let stage = stage_doc(self, &here, &kind, params, common);
        self.read.document.stages.insert(name, stage);
    }
}
