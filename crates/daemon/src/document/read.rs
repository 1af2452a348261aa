//! From a tree to a document: the top level, and what is kept while stages are read.

use super::common::{MAX_INPUTS, check_id, text};
use super::format::Format;
use super::groups;
use super::mistake::{Place, SourceMap};
use super::model::{Document, GroupDoc};
use super::record;
use super::tree::{Key, Node, Pos, Tree};
use indexmap::IndexMap;
use pipeline_core::graph::{GraphError, nearest};
use plugin_api::Registry;
use std::sync::Arc;

/// How many stages a pipeline may have.
const MAX_STAGES: usize = 256;
const TOP_KEYS: [&str; 5] = ["name", "sensors", "groups", "record", "stages"];

/// A mistake and where it was written.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) at: Pos,
    pub(super) error: GraphError,
}

/// A document, as far as it could be read, and where its parts stand.
pub(super) struct Read {
    pub(super) document: Document,
    pub(super) positions: Vec<(String, Pos)>,
    pub(super) found: Vec<Found>,
}

impl Read {
    pub(super) fn source_map(&mut self, file: &Arc<str>) -> SourceMap {
        let mut map = SourceMap::default();
        for (path, at) in self.positions.drain(..) {
            map.insert(path, Place { file: Arc::clone(file), at: Some(at) });
        }
        map
    }
}

/// Reads either form of a pipeline file, or the merged document.
pub(super) fn document(root: &Node, format: Format, registry: &Registry) -> Read {
    let read = Read { document: Document::default(), positions: Vec::new(), found: Vec::new() };
    let mut reader = Reader { read, format, registry, firsts: Vec::new(), inputs: 0 };
    reader.root(root);
    groups::check_names(&reader.read.document.clone(), &mut |path, message| {
        let at = reader
            .read
            .positions
            .iter()
            .find(|(known, _)| *known == path)
            .map_or(Pos::START, |(_, at)| *at);
        reader.read.found.push(Found { at, error: GraphError::new(path, message) });
    });
    reader.read
}

pub(super) struct Reader<'r> {
    pub(super) read: Read,
    pub(super) format: Format,
    pub(super) registry: &'r Registry,
    /// Line on which each stage id was first given.
    firsts: Vec<(String, usize)>,
    /// Names in all `inputs` so far.
    inputs: usize,
}

impl Reader<'_> {
    pub(super) fn report(&mut self, at: Pos, path: impl Into<String>, message: impl Into<String>) {
        self.read.found.push(Found { at, error: GraphError::new(path, message) });
    }

    pub(super) fn note(&mut self, path: impl Into<String>, at: Pos) {
        self.read.positions.push((path.into(), at));
    }

    /// Counts names of inputs; false when there are too many.
    pub(super) fn take_inputs(&mut self, names: usize) -> bool {
        self.inputs += names;
        self.inputs <= MAX_INPUTS
    }

    fn root(&mut self, root: &Node) {
        self.note("", root.at);
        match &root.tree {
            Tree::Seq(items) => self.list(root.at, items),
            Tree::Map(entries) => self.top(root.at, entries),
            Tree::Null => self.empty(root.at),
            _ => self.report(
                root.at,
                "/stages",
                format!("a pipeline file is a list of stages, not {root}"),
            ),
        }
    }

    fn empty(&mut self, at: Pos) {
        self.report(at, "/stages", "the file is empty: list the stages, beginning with a source");
    }

    fn top(&mut self, at: Pos, entries: &[(Key, Node)]) {
        if entries.is_empty() {
            return self.empty(at);
        }
        if !entries.iter().any(|(key, _)| key.text == "stages") {
            let near = entries.iter().any(|(key, _)| nearest(&key.text, ["stages"]).is_some());
            let kind = entries.iter().find(|(key, _)| self.registry.get(&key.text).is_some());
            if let Some((key, _)) = kind {
                let item = self.format.item(&key.text, None);
                let message = format!("stages are a list: write {item} as an item of `stages`");
                return self.report(key.at, "/stages", message);
            } else if !near {
                self.report(
                    at,
                    "/stages",
                    "there are no `stages:`: list them, beginning with a source",
                );
            }
        }
        for (key, node) in entries {
            let path = format!("/{}", key.text);
            self.note(&*path, if key.text == "stages" { key.at } else { node.at });
            match key.text.as_str() {
                _ if node.is_null()
                    && key.text != "stages"
                    && TOP_KEYS.contains(&key.text.as_str()) => {}
                "name" => self.read.document.name = text(self, node, &path, "name"),
                "sensors" => self.sensors(node),
                "groups" => groups::read(self, node),
                "record" => self.read.document.record = record::read(self, node),
                "stages" => self.stages(key, node),
                other => {
                    let near = nearest(other, TOP_KEYS);
                    let hint = near.map_or_else(
                        || {
                            "it may have `name`, `sensors`, `groups`, `record` and `stages`"
                                .to_owned()
                        },
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("a pipeline file has no key `{other}`; {hint}");
                    self.report(
                        key.at,
                        if near == Some("stages") { "/stages" } else { &path },
                        message,
                    );
                }
            }
        }
    }

    fn sensors(&mut self, node: &Node) {
        if !matches!(node.tree, Tree::Map(_)) {
            return self.report(
                node.at,
                "/sensors",
                format!("`sensors` must be a mapping by board number, not {node}"),
            );
        }
        self.read.document.sensors = self.value(node, "/sensors");
    }

    pub(super) fn group_mut(&mut self) -> &mut IndexMap<String, GroupDoc> {
        &mut self.read.document.groups
    }

    fn stages(&mut self, key: &Key, node: &Node) {
        match &node.tree {
            Tree::Seq(items) => self.list(key.at, items),
            Tree::Map(entries) if self.is_list_without_items(entries) => {
                let item = self.format.item(&entries[0].0.text, None);
                let message = format!("stages are a list: write {item} as an item of `stages`");
                self.report(entries[0].0.at, "", message);
                entries.iter().for_each(|(kind, params)| self.stage(kind, Some(params)));
            }
            Tree::Map(entries) => entries.iter().for_each(|(id, stage)| self.merged(id, stage)),
            Tree::Null => {}
            _ => self.report(
                node.at,
                "/stages",
                format!("`stages` must be a list of stages, not {node}"),
            ),
        }
    }

    /// The id under which a stage is kept: its own, unless that is taken. `None` when there are too many.
    pub(super) fn place(&mut self, at: Pos, kind_at: Pos, id: &str) -> Option<String> {
        let stages = self.read.document.stages.len();
        if stages >= MAX_STAGES {
            if self.firsts.len() == MAX_STAGES {
                self.firsts.push((String::new(), at.line));
                self.report(at, "/stages", format!("a pipeline has at most {MAX_STAGES} stages"));
            }
            return None;
        }
        if let Err(message) = check_id(id) {
            self.report(at, "", message);
        }
        let id = match self.firsts.iter().find(|(known, _)| known == id) {
            None => {
                self.firsts.push((id.to_owned(), at.line));
                id.to_owned()
            }
            Some((_, line)) => {
                let message = format!(
                    "two stages are called `{id}`, the first on line {line}: give one of them another `id`"
                );
                self.report(at, "", message);
                // No id may have a blank, so this is nobody else's. The stage is kept to be checked like the others.
                let copy = format!("{id} ({})", stages + 1);
                self.firsts.push((copy.clone(), at.line));
                copy
            }
        };
        self.note(format!("/stages/{id}"), kind_at);
        Some(id)
    }
}
