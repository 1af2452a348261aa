//! Every file in `pipelines/` builds, and so does the merged document made of it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use daemon::document::{Document, build, open};
use plugin_api::{InputFiles, ReadSeek, Registry, StageInitCtx};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `builtin:` files come from the repository.
struct Data;

impl InputFiles for Data {
    fn open(&self, path: &str) -> io::Result<Box<dyn ReadSeek>> {
        match path.strip_prefix("builtin:") {
            Some(name) => root().join("data").open(name),
            None => root().join("pipelines").open(path),
        }
    }
}

fn surroundings() -> StageInitCtx {
    StageInitCtx { files: Arc::new(Data), ..StageInitCtx::in_folder("data dir that is never made") }
}

#[test]
fn every_pipeline_file_builds() {
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap();
    let mut built = Vec::new();
    for entry in std::fs::read_dir(root().join("pipelines")).unwrap() {
        let path = entry.unwrap().path();
        let loaded = open(&path, &registry).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        let checked = loaded
            .build(&registry, &surroundings())
            .unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
        assert!(checked.document.name.is_some(), "{}: a newcomer sees its name", path.display());

        // The merged document says everything: built again, it is the same.
        let merged = checked.document.to_json();
        for stage in merged["stages"].as_object().unwrap().values() {
            for key in ["kind", "inputs", "group", "on_error", "params"] {
                assert!(!stage[key].is_null(), "{}: {key} of {stage}", path.display());
            }
        }
        let again = Document::from_json(&merged).unwrap();
        assert_eq!(build(&again, &registry, &surroundings()).unwrap().document, checked.document);
        built.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    for name in [
        "demo.yaml",
        "synthetic.yaml",
        "simulated_board.yaml",
        "two_boards.toml",
        "record_csv.yaml",
    ] {
        assert!(built.iter().any(|built| built == name), "{name} is missing from {built:?}");
    }
}
