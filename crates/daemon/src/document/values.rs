//! Parameters and other values become JSON, and everything in them gets a place.

use super::read::Reader;
use super::tree::{Key, Node, Tree};
use serde_json::{Map, Value};

impl Reader<'_> {
    /// Parameters as JSON. One that the kind does not know is placed at its key, one that it knows at its value.
    pub(super) fn params<'n>(
        &mut self,
        here: &str,
        kind: &str,
        own: impl IntoIterator<Item = &'n (Key, Node)>,
    ) -> Value {
        let schema = self.registry.get(kind).map(plugin_api::StageEntry::schema);
        let mut params = Map::new();
        for (key, node) in own {
            let path = format!("{here}/params/{}", key.text);
            let known =
                schema.as_ref().is_some_and(|schema| schema["properties"].get(&key.text).is_some());
            let value = self.value(node, &path);
            if !known {
                self.note(path, key.at);
            }
            params.insert(key.text.clone(), value);
        }
        Value::Object(params)
    }

    /// A value as JSON, with the places of everything in it.
    pub(super) fn value(&mut self, node: &Node, path: &str) -> Value {
        self.note_all(node, path);
        let mut not_finite = Vec::new();
        let value = node.to_value(path, &mut |path, node| {
            not_finite.push((path.to_owned(), node.at, node.to_string()))
        });
        for (path, at, written) in not_finite {
            let name = path.rsplit('/').next().unwrap_or_default().to_owned();
            self.report(at, path, format!("`{name}` must be a finite number, not {written}"));
        }
        value
    }

    fn note_all(&mut self, node: &Node, path: &str) {
        self.note(path, node.at);
        match &node.tree {
            Tree::Seq(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(i, item)| self.note_all(item, &format!("{path}/{i}")));
            }
            Tree::Map(entries) => {
                entries
                    .iter()
                    .for_each(|(key, node)| self.note_all(node, &format!("{path}/{}", key.text)));
            }
            _ => {}
        }
    }
}
