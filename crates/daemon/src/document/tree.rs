//! What YAML, TOML and JSON have in common: a tree of values in which every key and value knows where it stands.

use serde_json::{Map, Number, Value};
use std::fmt::{self, Display};

/// How deep values may lie inside each other.
pub(super) const MAX_DEPTH: usize = 64;
/// How many values a file may hold once its aliases are written out.
pub(super) const MAX_NODES: usize = 100_000;
/// How many keys one mapping may have.
pub(super) const MAX_KEYS: usize = 1000;

/// A place in a text: line and column count from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pos {
    pub(super) line: usize,
    pub(super) column: usize,
}

impl Pos {
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

/// Something the syntax of the file forbids, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Pos,
    pub(super) message: String,
}

impl Fault {
    pub(super) fn new(at: Pos, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) at: Pos,
    pub(super) tree: Tree,
}

/// A key and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) at: Pos,
    pub(super) text: String,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    /// Infinite or not a number, as it was written: no parameter may be, and JSON cannot say it.
    NotFinite(String),
    Str(String),
    Seq(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

impl Node {
    pub(super) const fn new(at: Pos, tree: Tree) -> Self {
        Self { at, tree }
    }

    /// A float, finite or not; `written` is its text.
    pub(super) fn float(at: Pos, value: f64, written: &str) -> Self {
        Self {
            at,
            tree: Number::from_f64(value)
                .map_or_else(|| Tree::NotFinite(written.to_owned()), Tree::Number),
        }
    }

    pub(super) const fn is_null(&self) -> bool {
        matches!(self.tree, Tree::Null)
    }

    /// The tree of a JSON value, which has no places.
    pub(super) fn from_value(value: &Value) -> Self {
        let tree = match value {
            Value::Null => Tree::Null,
            Value::Bool(b) => Tree::Bool(*b),
            Value::Number(n) => Tree::Number(n.clone()),
            Value::String(text) => Tree::Str(text.clone()),
            Value::Array(items) => Tree::Seq(items.iter().map(Self::from_value).collect()),
            Value::Object(map) => Tree::Map(
                map.iter()
                    .map(|(text, value)| {
                        (Key { at: Pos::START, text: text.clone() }, Self::from_value(value))
                    })
                    .collect(),
            ),
        };
        Self { at: Pos::START, tree }
    }

    /// The JSON value; where a number is not finite `null` takes its place and `not_finite` is told, with the path below `path`.
    pub(super) fn to_value(&self, path: &str, not_finite: &mut dyn FnMut(&str, &Self)) -> Value {
        match &self.tree {
            Tree::Null => Value::Null,
            Tree::Bool(b) => Value::Bool(*b),
            Tree::Number(n) => Value::Number(n.clone()),
            Tree::NotFinite(_) => {
                not_finite(path, self);
                Value::Null
            }
            Tree::Str(text) => Value::String(text.clone()),
            Tree::Seq(items) => {
                let items = items.iter().enumerate();
                items.map(|(i, item)| item.to_value(&format!("{path}/{i}"), not_finite)).collect()
            }
            Tree::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, node)| {
                        (
                            key.text.clone(),
                            node.to_value(&format!("{path}/{}", key.text), not_finite),
                        )
                    })
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// As a message names it: `60`, `the text "fifty"`, `a list`.
impl Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tree {
            Tree::Null => f.write_str("nothing"),
            Tree::Bool(b) => write!(f, "{b}"),
            Tree::Number(n) => write!(f, "{n}"),
            Tree::NotFinite(written) => f.write_str(written),
            Tree::Str(text) => write!(f, "the text {text:?}"),
            Tree::Seq(_) => f.write_str("a list"),
            Tree::Map(_) => f.write_str("a mapping"),
        }
    }
}

/// Adds an entry to a mapping; a key that is there already, or one too many, is a fault.
pub(super) fn insert(entries: &mut Vec<(Key, Node)>, key: Key, node: Node) -> Result<(), Fault> {
    if let Some((first, _)) = entries.iter().find(|(other, _)| other.text == key.text) {
        let message =
            format!("`{}` is given twice; the first is on line {}", key.text, first.at.line);
        return Err(Fault::new(key.at, message));
    }
    if entries.len() == MAX_KEYS {
        return Err(Fault::new(key.at, format!("a mapping has at most {MAX_KEYS} keys")));
    }
    entries.push((key, node));
    Ok(())
}

/// Counts values and refuses what is too deep or too much.
#[derive(Debug, Default)]
pub(super) struct Budget {
    nodes: usize,
}

impl Budget {
    pub(super) fn take(&mut self, nodes: usize, depth: usize, at: Pos) -> Result<(), Fault> {
        self.nodes += nodes;
        if depth > MAX_DEPTH {
            return Err(Fault::new(
                at,
                format!("values lie inside each other more than {MAX_DEPTH} deep"),
            ));
        }
        if self.nodes > MAX_NODES {
            return Err(Fault::new(
                at,
                format!("the file holds more than {MAX_NODES} values (aliases written out)"),
            ));
        }
        Ok(())
    }
}
