//! The viewer in a real browser, against stand-ins and against `eegd` itself, and its own unit tests and type check.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "peers/set_up.rs"]
mod set_up;

use std::path::Path;
use std::process::Command;

fn npm(script: &str) {
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script]).current_dir(set_up::viewer_tests());
    set_up::show(&mut command, &format!("npm run {script}"));
}

/// Runs files of tests, one after the other; they start the daemons they need. Controls that they see and use are noted in `notes`.
fn node(files: &[&str], notes: Option<&Path>) {
    set_up::require_chromium();
    let mut command = Command::new("node");
    command.args(["--test", "--test-concurrency=1"]).args(files);
    command.current_dir(set_up::viewer_tests());
    command.env("EEGD_BIN", env!("CARGO_BIN_EXE_eegd")).env("EEGD_PYTHON", set_up::python());
    if let Some(notes) = notes {
        command.env("EEGD_CONTROLS", notes);
    }
    set_up::show(&mut command, &files.join(", "));
}

#[test]
fn the_page_type_checks() {
    npm("check");
}

#[test]
fn its_parts_do_what_they_say() {
    npm("test");
}

#[test]
fn known_signals_are_drawn_at_the_right_place_and_height() {
    node(&["pixels.test.js"], None);
}

#[test]
fn the_truth_bar_tells_the_truth() {
    node(&["truth.test.js"], None);
}

#[test]
fn a_heavy_stream_is_drawn_without_a_loss_in_flat_memory() {
    node(&["soak.test.js"], None);
}

#[test]
fn every_view_does_what_it_says_and_every_control_of_it_is_used() {
    let notes = tempfile::tempdir().unwrap();
    let files = [
        "scope.test.js",
        "browser.test.js",
        "pipeline.test.js",
        "studies.test.js",
        "whole_page.test.js",
    ];
    node(&files, Some(notes.path()));
    let mut command = Command::new("node");
    command.arg("controls_used.js").arg(notes.path()).current_dir(set_up::viewer_tests());
    set_up::show(&mut command, "controls_used.js");
}
