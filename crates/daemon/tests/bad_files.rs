//! One file per mistake in `tests/bad/`, each with the exact messages in `NAME.expected` beside it.

#![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

use daemon::document::{Format, load};
use plugin_api::{Registry, StageInitCtx};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

fn bad() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

/// What a user is told about a file: one line a mistake, with the file called by its name alone.
fn told(name: &str) -> String {
    let registry = Registry::default().with(stages_builtin::STAGES).unwrap();
    let bytes = std::fs::read(bad().join(name)).unwrap();
    let format = Format::of_file(Path::new(name)).unwrap();
    let ctx = StageInitCtx::in_folder(bad());
    let mistakes = match load(&bytes, name, format, &registry)
        .and_then(|loaded| loaded.build(&registry, &ctx))
    {
        Ok(checked) => panic!("{name} builds: {:?}", checked.graph),
        Err(mistakes) => mistakes,
    };
    let lines: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n") + "\n"
}

#[test]
fn every_bad_file_is_answered_with_exactly_these_words() {
    let mut names: BTreeMap<String, bool> = BTreeMap::new();
    for entry in std::fs::read_dir(bad()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        match name.strip_suffix(".expected") {
            Some(of) => *names.entry(of.to_owned()).or_default() = true,
            None => drop(names.entry(name).or_default()),
        }
    }
    assert!(names.len() >= 35, "{} files: some are missing", names.len());
    let mut wrong = String::new();
    for (name, has_expected) in &names {
        let told = told(name);
        let expected =
            std::fs::read_to_string(bad().join(format!("{name}.expected"))).unwrap_or_default();
        if !has_expected || told != expected {
            writeln!(wrong, "--- {name}: expected\n{expected}--- told\n{told}").unwrap();
        }
    }
    assert!(
        wrong.is_empty(),
        "write the words below into NAME.expected if they are right:\n{wrong}"
    );
}
