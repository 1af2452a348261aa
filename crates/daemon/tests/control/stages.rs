//! `POST /pipeline/stage/{id}`: stages come, go and start again while the others stream on.

use crate::common::{Live, Scratch};
use crate::support::{Listener, Rig, Socket, TWO_BRANCHES};
use serde_json::json;
use std::process::Command;

#[test]
fn a_spectrum_is_added_watched_and_taken_away_again() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("notch", 100);
    let psd =
        json!({ "action": "add", "kind": "psd", "after": "notch", "params": { "window_s": 0.5 } });
    let added = rig.json("POST /pipeline/stage/fft", &psd).ok();
    assert!(added["applied_at"]["fft"].as_u64().unwrap() >= 100, "{added}");
    let sink = json!({ "action": "add", "kind": "websocket_sink", "after": "fft", "params": { "topic": "spectrum" } });
    rig.json("POST /pipeline/stage/spectrum", &sink).ok();
    let stages = &rig.pipeline()["config"]["stages"];
    assert_eq!(
        (&stages["fft"]["inputs"], &stages["spectrum"]["inputs"]),
        (&json!(["notch"]), &json!(["fft"]))
    );
    let mut spectrum = Socket::connect(&rig.live.address, "/ws/data?topics=spectrum");
    let form = spectrum.next("stream");
    assert_eq!(form["topic"], "spectrum");

    // Its channels are not those of the signal: what it feeds goes first.
    let remove = json!({ "action": "remove" });
    let problem = rig.json("POST /pipeline/stage/fft", &remove).problem(422, "invalid");
    assert!(
        problem["errors"][0]["message"].as_str().unwrap().contains("`fft` feeds `spectrum`"),
        "{problem:#}"
    );
    rig.json("POST /pipeline/stage/spectrum", &remove).ok();
    rig.json("POST /pipeline/stage/fft", &remove).ok();
    let pipeline = rig.pipeline();
    assert_eq!(pipeline["stages"].as_object().unwrap().len(), 6);
    assert_eq!(pipeline["overrides"], json!([]), "as it was loaded");
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn a_filter_that_is_removed_leaves_no_hole() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("notch", 100);
    let removed = rig.json("POST /pipeline/stage/notch", &json!({ "action": "remove" })).ok();
    assert_eq!(rig.pipeline()["config"]["stages"]["filtered"]["inputs"], json!(["to_voltage"]));
    let at = removed["applied_at"]["filtered"].as_u64().unwrap();
    rig.until_frames("filtered", at + 100);
    filtered.stop().assert_whole();
}

#[test]
fn what_cannot_be_done_is_said() {
    let rig = Rig::new(TWO_BRANCHES);
    let order = |id: &str, body| rig.json(&format!("POST /pipeline/stage/{id}"), &body);
    for action in ["remove", "restart"] {
        let problem = order("nothc", json!({ "action": action })).problem(404, "no-such-stage");
        assert_eq!(problem["detail"], "there is no stage `nothc`; did you mean `notch`?");
    }
    order("notch", json!({ "action": "add", "kind": "gain" })).problem(409, "stage-exists");
    for (id, body) in [
        ("a%2Fb", json!({ "action": "add", "kind": "gain", "params": { "factor": 1 } })),
        ("x", json!({ "action": "add", "kind": "gian", "params": { "factor": 1 } })),
        (
            "x",
            json!({ "action": "add", "kind": "gain", "after": "nothc", "params": { "factor": 1 } }),
        ),
        ("x", json!({ "action": "add", "kind": "gain", "params": { "factro": 1 } })),
    ] {
        order(id, body).problem(422, "invalid");
    }
    for body in [
        json!({}),
        json!({ "action": "fly" }),
        json!({ "action": "add" }),
        json!({ "action": "remove", "force": true }),
        json!([1]),
    ] {
        order("x", body).problem(400, "bad-request");
    }
    assert_eq!(rig.pipeline()["revision"], 1);
    rig.post("/pipeline/shutdown").ok();
    order("notch", json!({ "action": "restart" })).problem(409, "not-running");
}

/// A recorder meets the end of its file (a limit on the length of files plays the full disk): its branch is dead, shows
/// as such, and is started again alone.
#[test]
fn a_dead_branch_shows_and_is_started_again_alone() {
    let scratch = Scratch::new(
        "\
- synthetic: { sps: 1000, channels: 2 }
- to_voltage
- websocket_sink: { topic: live }
- gain: { inputs: to_voltage, factor: 2 }
- csv_sink: { id: file, path: file.csv }
",
    );
    let run = scratch.eegd("run", &["--listen", "127.0.0.1:0"]);
    let mut limited = Command::new("sh");
    limited
        .args(["-c", "ulimit -f 100 && trap '' XFSZ && exec \"$@\"", "sh"])
        .arg(run.get_program());
    limited.args(run.get_args()).current_dir(scratch.folder.path());
    let rig = Rig { live: Live::start(&mut limited), scratch };
    let live = Listener::start(&rig.live.address, "live");
    rig.live.until("the recorder to fail", |live| {
        live.get("/pipeline")["stages"]["file"]["state"] != "running"
    });
    let pipeline = rig.pipeline();
    assert_eq!(pipeline["state"], "running");
    assert_eq!(
        (&pipeline["stages"]["file"]["state"], &pipeline["stages"]["file"]["closed_by"]),
        (&json!("failed"), &json!("file"))
    );
    assert_eq!(pipeline["failures"][0]["stage"], "file");

    let restarted = rig.json("POST /pipeline/stage/file", &json!({ "action": "restart" })).ok();
    let at = restarted["applied_at"]["file"].as_u64().unwrap();
    assert!(at > 0, "{restarted}");
    let pipeline = rig.pipeline();
    assert_eq!(
        (&pipeline["stages"]["file"]["state"], &pipeline["stages"]["file"]["closed_by"]),
        (&json!("running"), &json!(null))
    );
    rig.until_frames("file", 10);
    live.stop().assert_whole();
    assert!(rig.scratch.path("out/file.1.csv").exists(), "the first file is kept");
}
