//! Trees of files that look like a machine, for tests.

use super::Root;
use std::fs;
use tempfile::TempDir;

/// A tree of files, removed when dropped.
pub(crate) struct Tree(TempDir);

impl Tree {
    /// A tree of these files, each with its text.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self(tempfile::tempdir().expect("a folder can be made"));
        files.iter().for_each(|(path, text)| tree.put(path, text));
        tree
    }

    /// Adds a file, or replaces one.
    pub(crate) fn put(&self, path: &str, text: &str) {
        let path = self.root().path(path);
        let folder = path.parent().expect("it lies in the tree");
        fs::create_dir_all(folder).expect("folders can be made");
        fs::write(path, text).expect("files can be written");
    }

    /// The same tree for the readers.
    pub(crate) fn root(&self) -> Root {
        Root::new(self.0.path())
    }
}
