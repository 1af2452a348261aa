//! The workspace keeps its own rules: who may depend on whom, why each dependency is there, nothing from outside the repository.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::Table;

/// Who may know whom, of our own crates. Nothing points any other way.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("pipeline_core", &[]),
    ("eeg_formats", &[]),
    ("eeg_boards", &[]),
    ("alloc_pools", &[]),
    ("plugin_api", &["pipeline_core"]),
    ("stages_builtin", &["plugin_api", "eeg_formats", "eeg_boards"]),
    // `eeg_formats` for `eegd info`, `recover` and `convert`, which know no pipeline.
    ("daemon", &["stages_builtin", "plugin_api", "pipeline_core", "eeg_formats"]),
    // An eegd of somebody else's.
    ("custom_stage", &["daemon", "stages_builtin", "plugin_api"]),
];

/// What occurs in the daemon alone.
const DAEMON_ALONE: &[&str] = &["tokio", "axum", "anyhow", "saphyr-parser"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_path_buf()
}

fn manifest(path: &Path) -> Table {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every crate of the workspace with all it depends on, under these headings, on any target.
fn crates(headings: &[&str]) -> BTreeMap<String, Table> {
    let folders = ["crates", "examples"].map(|folder| fs::read_dir(root().join(folder)).unwrap());
    let manifests =
        folders.into_iter().flatten().map(|entry| entry.unwrap().path().join("Cargo.toml"));
    let all: BTreeMap<String, Table> = manifests
        .filter(|path| path.is_file())
        .map(|path| {
            let manifest = manifest(&path);
            (
                manifest["package"]["name"].as_str().unwrap().to_owned(),
                dependencies(&manifest, headings),
            )
        })
        .collect();
    assert!(all.contains_key("daemon"), "{:?}", all.keys());
    all
}

fn dependencies(manifest: &Table, headings: &[&str]) -> Table {
    let mut found = Table::new();
    for heading in headings {
        found.extend(
            manifest.get(*heading).into_iter().flat_map(|table| table.as_table().unwrap().clone()),
        );
    }
    for target in
        manifest.get("target").into_iter().flat_map(|targets| targets.as_table().unwrap().values())
    {
        found.extend(dependencies(target.as_table().unwrap(), headings));
    }
    found
}

const BUILT: &[&str] = &["dependencies", "build-dependencies"];
const TESTED: &[&str] = &["dev-dependencies"];
const ALL: &[&str] = &["dependencies", "build-dependencies", "dev-dependencies"];

/// The crates of ours among what each crate depends on.
fn own(headings: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let crates = crates(headings);
    let names: BTreeSet<String> = crates.keys().cloned().collect();
    let ours = |table: &Table| table.keys().filter(|name| names.contains(*name)).cloned().collect();
    crates.iter().map(|(name, table)| (name.clone(), ours(table))).collect()
}

#[test]
fn dependencies_point_one_way() {
    let expected: BTreeMap<String, BTreeSet<String>> = MAY_KNOW
        .iter()
        .map(|(name, known)| {
            ((*name).to_owned(), known.iter().map(|other| (*other).to_owned()).collect())
        })
        .collect();
    assert_eq!(own(BUILT), expected, "who knows whom (left), and who may (right)");
}

#[test]
fn tests_and_benchmarks_know_nobody_further_up() {
    for (name, known) in own(TESTED) {
        for other in known {
            assert!(
                below(&name).contains(&other.as_str()),
                "{name} may not know {other}, in tests neither"
            );
        }
    }
}

/// All that a crate knows, at first or second hand.
fn below(name: &str) -> Vec<&'static str> {
    let (_, known) = MAY_KNOW.iter().find(|(known, _)| *known == name).unwrap();
    known.iter().flat_map(|other| [vec![*other], below(other)].concat()).collect()
}

#[test]
fn the_network_and_the_yaml_parser_are_in_the_daemon_alone() {
    let crates = crates(ALL);
    for name in DAEMON_ALONE {
        let users: Vec<&str> = crates
            .iter()
            .filter(|(_, deps)| deps.contains_key(*name))
            .map(|(user, _)| user.as_str())
            .collect();
        assert_eq!(users, ["daemon"], "who uses {name}");
    }
}

#[test]
fn every_dependency_is_in_the_one_table() {
    let table = manifest(&root().join("Cargo.toml"))["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .clone();
    let mut used = BTreeSet::new();
    for (user, dependencies) in crates(ALL) {
        for (name, how) in dependencies {
            let inherited =
                how.as_table().and_then(|how| how.get("workspace")?.as_bool()) == Some(true);
            assert!(
                inherited,
                "{user}: write `{name}.workspace = true`; the version belongs into the root Cargo.toml"
            );
            assert!(
                how.as_table().is_none_or(|how| !how.contains_key("version")),
                "{user}: {name} has a version"
            );
            used.insert(name);
        }
    }
    let unused: Vec<&String> = table.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "nobody uses {unused:?} any more, or not yet");
}

#[test]
fn every_dependency_says_why_it_is_there() {
    let text = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let table = text.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let lines: Vec<&str> = table.lines().filter(|line| line.contains(" = ")).collect();
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines.iter().filter(|line| !line.contains("path = ")) {
        let reason = line.split_once(" # ").map_or("", |(_, reason)| reason.trim());
        assert!(reason.len() >= 8, "no reason in the root Cargo.toml at the end of: {line}");
    }
}

#[test]
fn nothing_points_outside_the_repository() {
    let mut git = Command::new("git");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).current_dir(root());
    let files = git.output().expect("this test asks git for the files: install git");
    assert!(
        files.status.success(),
        "this test asks git for the files: run it in a clone of the repository"
    );
    let files = String::from_utf8(files.stdout).unwrap();
    // In two pieces, so that this file does not find itself.
    let places = [
        concat!("../", "shared"),
        concat!("/wo", "rk/"),
        concat!("registry.", "npmjs"),
        concat!("py", "pi.org"),
        concat!("python", "hosted.org"),
        concat!("index", "-url"),
        concat!("index.", "crates.io"),
        concat!("\"res", "olved\":"),
    ];
    let mut looked_at = 0;
    for file in files.lines() {
        // A file that git knows and that was deleted a moment ago.
        let Ok(bytes) = fs::read(root().join(file)) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        looked_at += 1;
        for place in places {
            let line = text.lines().position(|line| line.contains(place)).map(|line| line + 1);
            assert!(
                line.is_none(),
                "{file}:{}: `{place}` is not to be had everywhere",
                line.unwrap_or(0)
            );
        }
    }
    assert!(looked_at > 100, "git knows {looked_at} files only");
}
