//! Pipelines are started, replaced, stopped and fall back.

use crate::support::{Listener, Rig, TWO_BRANCHES};
use serde_json::{Value, json};

const OTHER_SOURCE: &str = "\
- synthetic: { id: other, sps: 1000, channels: 2, seed: 9 }
- to_voltage: { id: volts }
- websocket_sink: { id: out, topic: filtered }
";

#[test]
fn presets_have_names_and_texts_and_can_be_started() {
    let rig = Rig::new(TWO_BRANCHES);
    let presets = rig.ask("GET /presets", &[], b"").ok();
    let presets = presets["presets"].as_array().unwrap();
    let demo = presets.iter().find(|preset| preset["name"] == "demo").unwrap();
    assert!(demo["description"].as_str().unwrap().starts_with("The built-in demo"), "{demo}");
    assert_eq!(demo["format"], "yaml");
    for preset in presets {
        let name = preset["name"].as_str().unwrap();
        let text = preset["text"].as_str().unwrap();
        let lockless =
            !["_sink: { path", "_file, path", "\nrecord:"].iter().any(|file| text.contains(file));
        let answer = rig.post(&format!("/pipeline/start?preset={name}"));
        if text.contains("/dev/") && answer.status != 200 {
            // There is no such board here: then nothing has changed.
            answer.problem(422, "not-opened");
            continue;
        }
        let answer = answer.ok();
        let pipeline = rig.pipeline();
        assert_eq!(
            (&pipeline["state"], &pipeline["origin"]),
            (&json!("running"), &json!(format!("preset {name}")))
        );
        assert_eq!(pipeline["revision"], answer["revision"]);
        // What the file does not say: nothing, but the recorders of a study that it asks for.
        let overrides = pipeline["overrides"].as_array().unwrap();
        let of_a_study = |change: &&Value| change["path"].to_string().contains("/stages/study_");
        assert_eq!(overrides.iter().find(|change| !of_a_study(change)), None);
        assert_eq!(overrides.is_empty(), !text.contains("\nrecord:"));
        if !lockless {
            // A recorder is not disturbed by another preset, only by a shutdown.
            rig.post("/pipeline/start?preset=synthetic").problem(423, "locked");
            rig.post("/pipeline/shutdown").ok();
        }
    }
    let problem = rig.post("/pipeline/start?preset=dmeo").problem(404, "no-such-preset");
    assert_eq!(problem["detail"], "there is no preset `dmeo`; did you mean `demo`?");
}

#[test]
fn a_restart_keeps_the_changes_and_a_preset_drops_them() {
    let rig = Rig::with(TWO_BRANCHES, &["--presets", "."]);
    let patch = json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": 50 }]);
    let hz = || rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"].clone();
    rig.patch(&patch).ok();
    rig.post("/pipeline/start").ok();
    assert_eq!(hz(), 50.0, "restarted while it ran");
    rig.post("/pipeline/shutdown").ok();
    assert_eq!(rig.pipeline()["state"], "idle");
    rig.post("/pipeline/start").ok();
    assert_eq!(hz(), 50.0, "restarted after a shutdown");
    rig.until_frames("filtered", 100);
    rig.post("/pipeline/start?preset=p").ok();
    assert_eq!(hz(), 60.0, "afresh");
    assert_eq!(rig.pipeline()["overrides"], json!([]));
}

#[test]
fn a_body_may_be_yaml_toml_or_json_and_its_mistakes_have_lines() {
    let rig = Rig::new(TWO_BRANCHES);
    let start = |kind: &str, body: &str| {
        rig.ask("POST /pipeline/start", &[&format!("Content-Type: {kind}")], body.as_bytes())
    };
    let name = || rig.pipeline()["config"]["name"].clone();
    start(
        "application/yaml",
        "name: a\nstages: [synthetic: { sps: 100, channels: 1 }, websocket_sink: { topic: x }]\n",
    )
    .ok();
    assert_eq!(name(), "a");
    start("application/toml", "name = \"b\"\n[[stages]]\nsynthetic = { sps = 100, channels = 1 }\n[[stages]]\nwebsocket_sink = { topic = \"x\" }\n").ok();
    assert_eq!(name(), "b");
    let merged = rig.pipeline()["config"].clone();
    let mut renamed = merged.clone();
    renamed["name"] = "c".into();
    start("application/json; charset=utf-8", &renamed.to_string()).ok();
    assert_eq!(name(), "c");

    let bad = "- synthetic: { sps: 100, channels: 1 }\n- nothc: { hz: 50 }\n- websocket_sink: { topc: x }\n";
    let problem = start("text/yaml", bad).problem(422, "invalid");
    let places: Vec<(u64, u64)> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["line"].as_u64().unwrap(), error["column"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [(2, 3), (3, 21)], "{problem:#}");
    start("application/yaml", "- [").problem(422, "invalid");
    start("application/json", "{").problem(422, "invalid");
    start("image/png", "x").problem(415, "unsupported-type");
    rig.ask("POST /pipeline/start", &[], b"x").problem(415, "unsupported-type");
    rig.ask("POST /pipeline/start?preset=demo", &["Content-Type: text/yaml"], b"- x")
        .problem(400, "bad-request");
    assert_eq!(
        (name(), rig.pipeline()["state"].clone()),
        (json!("c"), json!("running")),
        "the running one is untouched"
    );
}

#[test]
fn what_both_pipelines_have_lives_on_without_a_gap() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 200);
    let answer =
        rig.start(&TWO_BRANCHES.replace("hz: 60", "hz: 50").replace("factor: 2", "factor: 3")).ok();
    println!(
        "another file with the same source, by the daemon's own account: {:.2} ms",
        answer["gap_ms"].as_f64().unwrap()
    );
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn the_old_pipeline_streams_until_the_new_one_is_built_and_the_gap_is_short() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 500);
    // What does not build costs nothing.
    for bad in [
        "- nothc",
        "- synthetic: { sps: -1 }",
        "[]",
        "- playback: { path: no/such.bdf }\n- websocket_sink: { topic: x }",
    ] {
        rig.start(bad).problem(422, "invalid");
    }
    let answer = rig.start(OTHER_SOURCE).ok();
    rig.until_frames("out", 500);
    rig.start(TWO_BRANCHES).ok();
    rig.until_frames("filtered", 500);
    let heard = filtered.stop();
    assert_eq!(heard.jumps.len(), 2, "{:?}", heard.jumps);
    assert!(
        heard.jumps.iter().all(|(_, first)| *first == 0),
        "each begins at its own first sample: {:?}",
        heard.jumps
    );
    for (before_ns, after_ns) in &heard.jump_times_ns {
        println!(
            "gap at a full restart, from the last sample before to the first after it: {:.2} ms",
            (after_ns - before_ns) as f64 / 1e6
        );
    }
    println!("by the daemon's own account: {:.2} ms", answer["gap_ms"].as_f64().unwrap());
}

#[test]
fn a_shutdown_delivers_everything_and_says_when_it_is_done() {
    let rig = Rig::new(&format!("{TWO_BRANCHES}  - csv_sink: {{ id: file, path: file.csv }}\n"));
    rig.until_frames("file", 500);
    let answer = rig.post("/pipeline/shutdown").ok();
    assert_eq!(answer, json!({ "state": "idle", "warnings": [] }));
    let pipeline = rig.pipeline();
    let figure = |stage: &str, figure: &str| pipeline["stages"][stage][figure].as_u64().unwrap();
    assert_eq!(figure("file", "frames_in"), figure("synthetic", "frames_out"));
    assert_eq!(pipeline["reason"], "it was shut down");
    let table = crate::common::Table::parse(&rig.scratch.out("file.csv"));
    table.assert_complete();
    assert_eq!(table.rows(), figure("file", "frames_in"));
    // Again is no mistake.
    rig.post("/pipeline/shutdown").ok();
    rig.json("POST /markers", &json!({ "text": "x" })).problem(409, "not-running");
}

/// A pipeline whose recorder cannot make its file: a file stands where its folder should be.
fn unwritable(rig: &Rig) -> &'static str {
    std::fs::create_dir_all(rig.scratch.path("out")).unwrap();
    std::fs::write(rig.scratch.path("out/in_the_way"), "").unwrap();
    "- synthetic: { id: other, sps: 1000, channels: 2 }\n- csv_sink: { path: in_the_way/x.csv }\n"
}

#[test]
fn what_cannot_be_opened_leaves_the_running_one_alone() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 100);
    let problem = rig.start(unwritable(&rig)).problem(422, "not-opened");
    assert_eq!(
        (&problem["errors"][0]["path"], &problem["errors"][0]["line"]),
        (&json!("/stages/csv_sink"), &json!(2))
    );
    assert!(problem["detail"].as_str().unwrap().ends_with("; nothing was changed"), "{problem}");
    let patch = json!([{ "op": "add", "path": "/stages/file", "value": { "kind": "csv_sink", "params": { "path": "in_the_way/x.csv" } } }]);
    rig.patch(&patch).problem(422, "not-opened");
    let pipeline = rig.pipeline();
    assert_eq!(
        (&pipeline["state"], &pipeline["revision"], &pipeline["config"]["name"]),
        (&json!("running"), &json!(1), &json!("two branches"))
    );
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn without_a_fallback_it_goes_idle_and_says_why() {
    let rig = Rig::new(TWO_BRANCHES);
    rig.post("/pipeline/shutdown").ok();
    let problem = rig.start(unwritable(&rig)).problem(422, "not-opened");
    assert!(problem["detail"].as_str().unwrap().ends_with("; nothing runs now"), "{problem}");
    let pipeline = rig.pipeline();
    assert_eq!(pipeline["state"], "idle");
    assert!(
        pipeline["reason"].as_str().unwrap().starts_with("body cannot be started: "),
        "{pipeline:#}"
    );
    assert_eq!(pipeline["failures"][0]["path"], "/stages/csv_sink");
    // With the cause gone it starts.
    std::fs::remove_file(rig.scratch.path("out/in_the_way")).unwrap();
    rig.post("/pipeline/start").ok();
    assert_eq!(
        (&rig.pipeline()["state"], &rig.pipeline()["reason"]),
        (&json!("running"), &Value::Null)
    );
    rig.until_frames("csv_sink", 100);
}

#[test]
fn with_a_fallback_that_runs_instead() {
    let rig = Rig::with(TWO_BRANCHES, &["--fallback", "p.yaml"]);
    rig.post("/pipeline/shutdown").ok();
    let problem = rig.start(unwritable(&rig)).problem(422, "not-opened");
    assert!(
        problem["detail"].as_str().unwrap().ends_with("; the fallback runs instead"),
        "{problem}"
    );
    let pipeline = rig.pipeline();
    assert_eq!(
        (&pipeline["state"], &pipeline["origin"]),
        (&json!("running"), &json!("fallback p.yaml"))
    );
    let reason = pipeline["reason"].as_str().unwrap();
    assert!(
        reason.starts_with("body cannot be started: ")
            && reason.ends_with("; the fallback runs instead"),
        "{reason}"
    );
    rig.until_frames("filtered", 100);
}
