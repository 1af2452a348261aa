//! The viewer in a real browser, on the demo as `eegd` without arguments plays it, and its own unit tests and type check.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;
#[path = "peers/set_up.rs"]
mod set_up;

use common::{Live, eegd};
use std::process::Command;

fn npm(script: &str) {
    let mut command = Command::new("npm");
    command.args(["run", "--silent", script]).current_dir(set_up::viewer_tests());
    set_up::show(&mut command, &format!("npm run {script}"));
}

fn node(file: &str, url: Option<&str>) {
    set_up::require_chromium();
    let mut command = Command::new("node");
    command.args(["--test", file]).current_dir(set_up::viewer_tests());
    if let Some(url) = url {
        command.env("EEGD_URL", url);
    }
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
    node("pixels.test.js", None);
}

#[test]
fn the_demo_is_drawn_live_raw_and_filtered() {
    let scratch = tempfile::tempdir().unwrap();
    let live = Live::start(eegd(&["--listen", "127.0.0.1:0"]).current_dir(scratch.path()));
    node("browser.test.js", Some(&format!("http://{}", live.address)));
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    assert!(!words.contains("lost") && !words.contains("failed"), "{words}");
}
