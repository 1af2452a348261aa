//! The folder below which everything is read, and how its small files are read.

use std::fs;
use std::path::{Path, PathBuf};

/// `/`, or a tree of files made for a test.
#[derive(Debug, Clone)]
pub(crate) struct Root(PathBuf);

impl Root {
    /// The tree at `path`.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where `path`, as it is below `/`, is really.
    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    /// The text of a file, without white space and NULs around it; `None` when it cannot be read.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        let text = String::from_utf8_lossy(&bytes);
        Some(text.trim_matches(|c: char| c.is_whitespace() || c == '\0').to_owned())
    }

    /// The number in a file.
    pub(crate) fn number(&self, path: &str) -> Option<i64> {
        self.text(path)?.parse().ok()
    }

    /// The names in a folder that begin with `prefix`, in the order of the numbers in them; none when there is no such folder.
    pub(crate) fn names(&self, folder: &str, prefix: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort_by_key(|name| (number_in(&name[prefix.len()..]), name.clone()));
        names
    }

    /// Whether there is such a file.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }
}

impl Default for Root {
    fn default() -> Self {
        Self::new(Path::new("/"))
    }
}

/// The number that a text begins with.
fn number_in(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use crate::machine::tree::Tree;

    #[test]
    fn names_come_in_the_order_of_their_numbers_and_what_is_missing_is_none() {
        let tree = Tree::new(&[("/dev/x10", ""), ("/dev/x9", " 7\n\0"), ("/dev/y", "a")]);
        let root = tree.root();
        assert_eq!(root.names("/dev", "x"), ["x9", "x10"]);
        assert_eq!((root.number("/dev/x9"), root.number("/dev/y")), (Some(7), None));
        assert_eq!((root.text("/dev/none"), root.names("/none", "")), (None, vec![]));
    }
}
