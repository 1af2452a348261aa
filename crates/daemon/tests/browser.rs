//! The viewer in a real browser, against stand-ins and against `eegd` itself, and its own unit tests and type check.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "peers/set_up.rs"]
mod set_up;

use std::process::Command;

fn npm(script: &str) {
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script]).current_dir(set_up::viewer_tests());
    set_up::show(&mut command, &format!("npm run {script}"));
}

/// Runs a file of tests; it starts the daemons it needs.
fn node(file: &str) {
    set_up::require_chromium();
    let mut command = Command::new("node");
    command.args(["--test", file]).current_dir(set_up::viewer_tests());
    command.env("EEGD_BIN", env!("CARGO_BIN_EXE_eegd")).env("EEGD_PYTHON", set_up::python());
    set_up::show(&mut command, file);
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
    node("pixels.test.js");
}

#[test]
fn every_control_of_the_traces_does_what_it_says() {
    node("scope.test.js");
}

#[test]
fn the_demo_is_drawn_live_raw_and_filtered() {
    node("browser.test.js");
}

#[test]
fn a_pipeline_is_watched_and_changed_while_it_runs() {
    node("pipeline.test.js");
}

#[test]
fn a_study_is_recorded_marked_found_in_the_file_and_played() {
    node("studies.test.js");
}

#[test]
fn the_whole_page_is_accessible_light_safe_and_comes_back() {
    node("whole_page.test.js");
}

#[test]
fn a_heavy_stream_is_drawn_without_a_loss_in_flat_memory() {
    node("soak.test.js");
}
