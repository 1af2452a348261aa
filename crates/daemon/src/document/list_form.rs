//! The list form: a stage is a map with one key, its kind, and the common keys lie among its parameters.

use super::common::{COMMON_KEYS, stage_doc, text};
use super::format::Format;
use super::read::Reader;
use super::tree::{Key, Node, Pos, Tree};

impl Reader<'_> {
    /// Kinds with their parameters as the keys of a mapping: the list form, its items forgotten.
    pub(super) fn is_list_without_items(&self, entries: &[(Key, Node)]) -> bool {
        let merged = |node: &Node| match &node.tree {
            Tree::Map(entries) => {
                entries.iter().any(|(key, _)| key.text == "kind" || key.text == "params")
            }
            _ => false,
        };
        !entries.iter().any(|(_, node)| merged(node))
            && entries.first().is_some_and(|(key, _)| self.registry.get(&key.text).is_some())
    }

    pub(super) fn list(&mut self, at: Pos, items: &[Node]) {
        self.note("/stages", at);
        for item in items {
            match &item.tree {
                Tree::Str(kind) => self.stage(&Key { at: item.at, text: kind.clone() }, None),
                Tree::Map(entries) if !entries.is_empty() => self.item(entries),
                Tree::Null | Tree::Map(_) => {
                    self.report(item.at, "/stages", "an empty item: name a stage or remove it");
                }
                _ => {
                    let message = format!(
                        "a stage is written {}, not as {item}",
                        self.format.item("notch", Some("hz"))
                    );
                    self.report(item.at, "/stages", message);
                }
            }
        }
    }

    /// One item of the list: its one key is the kind. More keys are a slip of indentation, or of a `-`.
    fn item(&mut self, entries: &[(Key, Node)]) {
        let known = |key: &Key| self.registry.get(&key.text).is_some();
        let main = entries.iter().position(|(key, _)| known(key)).unwrap_or(0);
        let (kind, params) = &entries[main];
        if kind.text == "kind"
            && let Tree::Str(word) = &params.tree
        {
            let message = format!(
                "in a list a stage is written {}, without `kind`",
                self.format.item(word, None)
            );
            self.report(kind.at, "", message);
            let kind = Key { at: params.at, text: word.clone() };
            let rest = entries.iter().filter(|(key, _)| key.text != "kind");
            let flat = rest.flat_map(|entry| match &entry.1.tree {
                Tree::Map(params) if entry.0.text == "params" => params.clone(),
                _ => vec![entry.clone()],
            });
            return self.stage(&kind, Some(&Node::new(params.at, Tree::Map(flat.collect()))));
        }
        let (more, beside): (Vec<_>, Vec<_>) = entries
            .iter()
            .enumerate()
            .filter(|(i, _)| *i != main)
            .map(|(_, e)| e)
            .partition(|(key, _)| known(key));
        let mut inside = match &params.tree {
            Tree::Map(entries) => entries.clone(),
            _ => Vec::new(),
        };
        for (key, value) in &beside {
            let or =
                if self.format == Format::Yaml { "indent it further, or write" } else { "write" };
            let item = self.format.item(&kind.text, Some(&key.text));
            let message =
                format!("`{}` stands beside `{}`, not inside it: {or} {item}", key.text, kind.text);
            self.report(key.at, "", message);
            inside.push((key.clone(), value.clone()));
        }
        let merged = Node::new(params.at, Tree::Map(inside));
        self.stage(kind, Some(if beside.is_empty() { params } else { &merged }));
        for (key, params) in &more {
            let item = self.format.item(&key.text, None);
            let message = format!(
                "two stages in one item, `{}` and `{}`: make {item} an item of its own",
                kind.text, key.text
            );
            self.report(key.at, "", message);
            self.stage(key, Some(params));
        }
    }

    /// A stage of the list form: kind, and a mapping of parameters and common keys.
    pub(super) fn stage(&mut self, kind: &Key, given: Option<&Node>) {
        let none = Vec::new();
        let entries = match given.map(|node| &node.tree) {
            Some(Tree::Map(entries)) => entries,
            _ => &none,
        };
        let common = |name: &str| {
            entries.iter().find(|(key, node)| key.text == name && !node.is_null()).map(|(_, n)| n)
        };
        let (id, at) = match common("id") {
            None => (kind.text.clone(), kind.at),
            Some(node) => match text(self, node, "", "id") {
                Some(id) => (id, node.at),
                None => (kind.text.clone(), kind.at),
            },
        };
        let Some(id) = self.place(at, kind.at, &id) else { return };
        let here = format!("/stages/{id}");
        self.note(format!("{here}/kind"), kind.at);
        let own: Vec<&(Key, Node)> =
            entries.iter().filter(|(key, _)| !COMMON_KEYS.contains(&key.text.as_str())).collect();
        let params = match given {
            Some(node) if !matches!(node.tree, Tree::Map(_) | Tree::Null) => {
                self.note(format!("{here}/params"), node.at);
                self.value(node, &format!("{here}/params"))
            }
            _ => {
                self.note(format!("{here}/params"), kind.at);
                self.params(&here, &kind.text, own)
            }
        };
        let stage = stage_doc(self, &here, &kind.text, params, common);
        self.read.document.stages.insert(id, stage);
    }
}
