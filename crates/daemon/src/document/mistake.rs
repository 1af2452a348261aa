//! A mistake as a person reads it, and the table that finds its line.

use super::tree::Pos;
use pipeline_core::graph::GraphError;
use serde::Serialize;
use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

/// The longest message, in characters: a mistake may quote what it found, which may be long.
const MAX_MESSAGE: usize = 400;
/// The most mistakes that are listed.
const MAX_MISTAKES: usize = 100;

/// One mistake in a pipeline file. Shown as `file:line:column: message`; serialised without the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mistake {
    /// Name of the file, or the `--set` argument.
    #[serde(skip)]
    pub file: Arc<str>,
    /// JSON pointer into the merged document, empty where the text has no such place.
    pub path: String,
    /// Line from 1, where there is one.
    pub line: Option<usize>,
    /// Column from 1, in characters.
    pub column: Option<usize>,
    /// What is wrong and what to do.
    pub message: String,
}

impl Mistake {
    /// A mistake about a file as a whole.
    pub fn whole_file(file: &str, message: impl Into<String>) -> Self {
        Place { file: file.into(), at: None }.mistake(GraphError::new("", message))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        for number in [self.line, self.column].into_iter().flatten() {
            write!(f, ":{number}")?;
        }
        write!(f, ": {}", self.message)
    }
}

impl std::error::Error for Mistake {}

/// A mistake in a document that came from no file, a patch for instance: its path is its place.
impl From<GraphError> for Mistake {
    fn from(error: GraphError) -> Self {
        Place { file: "document".into(), at: None }.mistake(error)
    }
}

/// Where something was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// A file, or a `--set` argument.
    pub(super) file: Arc<str>,
    pub(super) at: Option<Pos>,
}

impl Place {
    /// A mistake at this place. A message about a stage that does not name it gets the name in front.
    pub(super) fn mistake(&self, error: GraphError) -> Mistake {
        let GraphError { path, message, .. } = error;
        let stage = path.strip_prefix("/stages/").and_then(|rest| rest.split('/').next());
        let message = match stage {
            Some(stage) if !message.contains(&format!("`{stage}`")) => {
                format!("`{stage}`: {message}")
            }
            _ => message,
        };
        Mistake {
            file: Arc::clone(&self.file),
            line: self.at.map(|at| at.line),
            column: self.at.map(|at| at.column),
            message: shortened(message),
            path,
        }
    }
}

fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_MESSAGE) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message,
    }
}

/// Where every path of the merged document was written.
#[derive(Debug, Clone, Default)]
pub(super) struct SourceMap {
    places: HashMap<String, Place>,
}

impl SourceMap {
    pub(super) fn insert(&mut self, path: String, place: Place) {
        self.places.insert(path, place);
    }

    /// From now on this path, and all below it, come from somewhere else.
    pub(super) fn replace(&mut self, path: String, place: Place) {
        self.places.retain(|other, _| !lies_in(other, &path));
        self.places.insert(path, place);
    }

    /// Whether this very path was written.
    pub(super) fn holds(&self, path: &str) -> bool {
        self.places.contains_key(path)
    }

    /// The place of a path, or of the nearest one above it.
    pub(super) fn find(&self, path: &str) -> Option<&Place> {
        let above = path.char_indices().rev().filter(|(_, c)| *c == '/').map(|(i, _)| &path[..i]);
        std::iter::once(path).chain(above).find_map(|path| self.places.get(path))
    }
}

/// Whether `path` is `parent` or lies below it.
pub(super) fn lies_in(path: &str, parent: &str) -> bool {
    path.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// In the order of the file, then of the arguments; each once; not more than a person can use.
pub(super) fn in_order(mut mistakes: Vec<Mistake>) -> Vec<Mistake> {
    mistakes.sort_by_key(|mistake| (Reverse(mistake.line.is_some()), mistake.line, mistake.column));
    mistakes.dedup();
    if let Some(more) = mistakes.len().checked_sub(MAX_MISTAKES).filter(|more| *more > 0) {
        mistakes.truncate(MAX_MISTAKES);
        let file = Arc::clone(&mistakes[0].file);
        mistakes.push(Mistake::whole_file(&file, format!("and {more} more mistakes")));
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: usize, column: usize) -> Place {
        Place { file: "a.yaml".into(), at: Some(Pos { line, column }) }
    }

    #[test]
    fn reads_like_a_compiler() {
        let error =
            GraphError::new("/stages/notch/params/hz", "`hz` must be a number, not nothing");
        let mistake = place(3, 10).mistake(error);
        assert_eq!(mistake.to_string(), "a.yaml:3:10: `notch`: `hz` must be a number, not nothing");
        assert_eq!(
            serde_json::to_value(&mistake).unwrap(),
            serde_json::json!({
                "path": "/stages/notch/params/hz",
                "line": 3,
                "column": 10,
                "message": "`notch`: `hz` must be a number, not nothing",
            })
        );
        assert_eq!(Mistake::whole_file("x", "is a folder").to_string(), "x: is a folder");
    }

    #[test]
    fn a_path_without_a_place_is_found_at_the_nearest_above() {
        let mut map = SourceMap::default();
        map.insert("/stages/notch".to_owned(), place(1, 1));
        map.insert("/stages/notch/params/hz".to_owned(), place(2, 2));
        assert_eq!(map.find("/stages/notch/params/hz/0"), Some(&place(2, 2)));
        assert_eq!(map.find("/stages/notch/params/q"), Some(&place(1, 1)));
        assert_eq!(map.find("/stages/notch2"), None);
        map.replace("/stages/notch/params".to_owned(), place(9, 9));
        assert_eq!(map.find("/stages/notch/params/hz"), Some(&place(9, 9)));
    }

    #[test]
    fn long_and_many_are_cut() {
        let error = GraphError::new("", "x".repeat(10_000));
        assert_eq!(place(1, 1).mistake(error).message.chars().count(), MAX_MESSAGE + 1);
        let many =
            (1..=150).rev().map(|line| place(line, 1).mistake(GraphError::new("", "no"))).collect();
        let listed = in_order(many);
        assert_eq!((listed.len(), listed[0].line), (101, Some(1)));
        assert_eq!(listed[100].to_string(), "a.yaml: and 50 more mistakes");
    }
}
