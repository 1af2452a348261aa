//! A study from beginning to end: recorded, marked, changed while it runs, stopped, computed again, handed over.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Live, Scratch, code_and_words, eegd};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

const PIPELINE: &str = "\
- synthetic: { sps: 250, channels: 3, seed: 5 }
- to_voltage
- notch: { hz: 50 }
- websocket_sink: { topic: eeg }
";

/// An answer: status and JSON.
fn ask(live: &Live, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let mut stream = TcpStream::connect(&live.address).unwrap();
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        live.address,
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = if head.to_ascii_lowercase().contains("chunked") {
        body.split_once("\r\n").unwrap().1.rsplit_once("\r\n0\r\n").unwrap().0
    } else {
        body
    };
    (status, serde_json::from_str(body).unwrap_or(Value::Null))
}

/// Waits for so many frames more at a stage.
fn frames(live: &Live, stage: &str, more: u64) {
    let from = live.figure(stage, "frames_in");
    live.until("frames flow", |live| live.figure(stage, "frames_in") >= from + more);
}

fn scratch() -> (Scratch, Live) {
    let scratch = Scratch::new(PIPELINE);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    (scratch, live)
}

fn folder_of(scratch: &Scratch, meta: &Value) -> PathBuf {
    scratch.path("out").join(meta["study"].as_str().unwrap())
}

#[test]
fn a_study_is_recorded_and_computed_again_byte_for_byte() {
    let (scratch, live) = scratch();
    frames(&live, "notch", 300);
    let form =
        json!({"participant": "P001", "task": "rest", "notes": "eyes open", "record": ["notch"]});
    let (status, meta) = ask(&live, "POST", "/studies", &form);
    assert_eq!(status, 201, "{meta:#}");
    assert_eq!(ask(&live, "POST", "/studies", &form).0, 409, "one at a time");
    let patch = |hz: u32| json!({"type": "patch", "patch": [{"op": "replace", "path": "/stages/notch/params/hz", "value": hz}]});
    let change = |hz| {
        let (status, answer) = ask(&live, "PATCH", "/pipeline", &patch(hz)["patch"]);
        assert_eq!(status, 200, "{answer:#}");
    };
    for (n, hz) in [60, 50, 60].into_iter().enumerate() {
        frames(&live, "notch", 140);
        let text = format!("marker {n}");
        assert_eq!(ask(&live, "POST", "/markers", &json!({"text": text})).0, 200);
        frames(&live, "notch", 90);
        change(hz);
    }
    frames(&live, "notch", 150);
    // What is raw is locked while it is recorded.
    let locked = json!([{"op": "replace", "path": "/stages/synthetic/params/seed", "value": 6}]);
    let (status, answer) = ask(&live, "PATCH", "/pipeline", &locked);
    assert_eq!(status, 423, "{answer:#}");
    frames(&live, "notch", 150);
    let (_, now) = ask(&live, "GET", "/studies/current", &Value::Null);
    assert_eq!(now["study"]["study"], meta["study"], "{now:#}");
    assert_eq!(now["files"].as_array().unwrap().len(), 4, "{now:#}");
    assert!(now["disk"]["free_bytes"].as_u64() > Some(0), "{now:#}");
    let (status, meta) = ask(&live, "POST", "/studies/current/stop", &Value::Null);
    assert_eq!(status, 200, "{meta:#}");
    let (_, now) = ask(&live, "GET", "/studies/current", &Value::Null);
    assert_eq!((&now["study"], &now["files"]), (&Value::Null, &json!([])), "{now:#}");
    assert_eq!(ask(&live, "POST", "/studies/current/stop", &Value::Null).0, 409);
    let (_, listed) = ask(&live, "GET", "/studies", &Value::Null);
    assert_eq!(listed["studies"][0]["state"], "complete", "{listed:#}");
    let raw_file = &listed["studies"][0]["files"][1];
    let length =
        fs::metadata(folder_of(&scratch, &meta).join("P001_rest_synthetic.bdf")).unwrap().len();
    assert_eq!(
        raw_file,
        &json!({"name": "P001_rest_synthetic.bdf", "bytes": length}),
        "{listed:#}"
    );
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");

    let folder = folder_of(&scratch, &meta);
    assert_eq!(meta["changes"].as_array().unwrap().len(), 3, "{meta:#}");
    assert_eq!(meta["checksums"].as_object().unwrap().len(), 3, "{meta:#}");
    assert!(meta["stages"]["study_synthetic"]["frames_in"].as_u64().unwrap() > 900, "{meta:#}");
    let again = scratch.path("again");
    let pipeline = folder.join("pipeline.yaml");
    let raw = folder.join("P001_rest_synthetic.bdf");
    let output = eegd(&["process"])
        .arg(&pipeline)
        .arg("--input")
        .arg(&raw)
        .arg("--data-dir")
        .arg(&again)
        .output()
        .unwrap();
    let (code, words) = code_and_words(&output);
    assert_eq!(code, Some(0), "{words}");
    let name = "P001_rest_notch.xdf";
    let live_bytes = fs::read(folder.join(name)).unwrap();
    let computed = fs::read(again.join(meta["study"].as_str().unwrap()).join(name)).unwrap();
    let differs = live_bytes.iter().zip(&computed).position(|(a, b)| a != b);
    assert_eq!((differs, live_bytes.len()), (None, computed.len()), "filtered live and again");

    let info = eegd(&["info"]).arg(&raw).output().unwrap();
    let text = String::from_utf8(info.stdout).unwrap();
    for wanted in ["marker 0", "marker 2", "Change notch", "Refusal", "the file is whole"] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
    assert_bids(&scratch, &folder);
}

fn assert_bids(scratch: &Scratch, study: &Path) {
    let dataset = scratch.path("bids");
    let export = || eegd(&["export", "bids"]).arg(study).arg(&dataset).output().unwrap();
    let (code, words) = code_and_words(&export());
    assert_eq!(code, Some(0), "{words}");
    let stem = "sub-P001/eeg/sub-P001_task-rest_run-01_";
    for ending in ["eeg.bdf", "eeg.json", "channels.tsv", "events.tsv"] {
        assert!(dataset.join(format!("{stem}{ending}")).is_file(), "{ending}");
    }
    let (code, words) = code_and_words(&export());
    assert_eq!(code, Some(2), "nothing is overwritten: {words}");
}

#[test]
fn a_form_that_makes_no_study_is_refused_and_leaves_nothing() {
    let (scratch, live) = scratch();
    for (form, status, words) in [
        (json!({"participant": "../x"}), 400, "letters and digits"),
        (json!({"participant": "P1", "record": ["nocth"]}), 400, "no stage `nocth`"),
        (json!({"participant": "P1", "tsak": "x"}), 400, "tsak"),
    ] {
        let (found, answer) = ask(&live, "POST", "/studies", &form);
        assert_eq!(found, status, "{answer:#}");
        assert!(answer["detail"].as_str().unwrap().contains(words), "{answer:#}");
    }
    let left = fs::read_dir(scratch.path("out/studies")).map_or(0, Iterator::count);
    assert_eq!(left, 0);
    assert_eq!(ask(&live, "GET", "/studies/x/files/..%2f..%2fp.yaml", &Value::Null).0, 404);
}

const RECORDED: &str = "\
record: { participant: P3, task: rest, notes: from the file, record: [notch] }
stages:
  - synthetic: { sps: 250, channels: 3, seed: 5 }
  - to_voltage
  - notch: { hz: 50 }
";

/// The folders of all studies below the data dir.
fn folders(scratch: &Scratch) -> Vec<PathBuf> {
    let entries = fs::read_dir(scratch.path("out/studies")).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn a_study_begins_with_the_pipeline_whose_file_says_so() {
    let scratch = Scratch::new(RECORDED);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    frames(&live, "study_notch", 300);
    let (_, listed) = ask(&live, "GET", "/studies", &Value::Null);
    let meta = &listed["studies"][0];
    assert_eq!((&meta["state"], &meta["notes"]), (&json!("recording"), &json!("from the file")));
    // From the beginning again: another study.
    assert_eq!(ask(&live, "POST", "/studies/current/stop", &Value::Null).0, 200);
    let (status, answer) = ask(&live, "POST", "/pipeline/start", &Value::Null);
    assert_eq!(status, 200, "{answer:#}");
    frames(&live, "study_synthetic", 100);
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    let folders = folders(&scratch);
    assert_eq!(folders.len(), 2);
    for folder in folders {
        let text = fs::read_to_string(folder.join("session_meta.json")).unwrap();
        let meta: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(meta["state"], "complete", "{text}");
        // What began the study is not computed again with it.
        let pipeline = folder.join("pipeline.yaml");
        assert!(!fs::read_to_string(&pipeline).unwrap().contains("record:"));
        let mut process = eegd(&["process"]);
        process.arg(&pipeline).arg("--input").arg(folder.join("P3_rest_synthetic.bdf"));
        let (code, words) =
            code_and_words(&process.arg("--data-dir").arg(scratch.path("again")).output().unwrap());
        assert_eq!(code, Some(0), "{words}");
        let name = format!("{}/P3_rest_notch.xdf", meta["study"].as_str().unwrap());
        let [live, again] =
            ["out", "again"].map(|top| fs::read(scratch.path(top).join(&name)).unwrap());
        assert!(live == again, "{name}: filtered live and again");
    }
}

const BOARD: &str = "\
record: { participant: P4, record: [notch] }
sensors:
  0:
    driver: simulated
    channels: 4
    faults:
      - electrode_off: { at_s: 0.7, for_s: 0.6, channel: 2 }
      - missed_edges: { at_s: 2.2, count: 7 }
stages:
  - acquire: { board: 0, sps: 500, gain: 24 }
  - to_voltage
  - notch: { hz: 50 }
";

/// Filters start anew after a rail, live and again; a marker is longer than an annotation, and together they are more than a record holds.
#[test]
fn rails_losses_and_long_markers_are_computed_again_byte_for_byte() {
    let scratch = Scratch::new(BOARD);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    frames(&live, "study_notch", 300);
    for text in ["short".to_owned(), "long ".repeat(100)] {
        assert_eq!(ask(&live, "POST", "/markers", &json!({"text": text})).0, 200);
    }
    frames(&live, "study_notch", 900);
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    let folder = folders(&scratch).pop().unwrap();
    let raw = folder.join("P4_rest_acquire.bdf");
    let mut process = eegd(&["process"]);
    process.arg(folder.join("pipeline.yaml")).arg("--input").arg(&raw);
    let (code, words) =
        code_and_words(&process.arg("--data-dir").arg(scratch.path("again")).output().unwrap());
    assert_eq!(code, Some(0), "{words}");
    let name = "P4_rest_notch.xdf";
    let again = scratch.path("again/studies").join(folder.file_name().unwrap()).join(name);
    let (live_bytes, again) = (fs::read(folder.join(name)).unwrap(), fs::read(again).unwrap());
    let differs = live_bytes.iter().zip(&again).position(|(a, b)| a != b);
    assert_eq!((differs, live_bytes.len()), (None, again.len()));
    let info = eegd(&["info"]).arg(&raw).output().unwrap();
    let text = String::from_utf8(info.stdout).unwrap();
    for wanted in [
        "Rail: ch2 is at a rail of the ADC",
        "Rail: ch2 was at a rail of the ADC",
        "lost 7,",
        "Board acquire: settings: kind=acquire board=0 sps=500",
        "the file is whole",
    ] {
        assert!(text.contains(wanted), "{wanted} is not in\n{text}");
    }
}

#[test]
fn a_pipeline_whose_study_cannot_begin_does_not_run() {
    let scratch = Scratch::new(RECORDED);
    fs::create_dir(scratch.path("out")).unwrap();
    fs::write(scratch.path("out/studies"), "in the way").unwrap();
    let mut run = scratch.eegd("run", &["--listen", "127.0.0.1:0"]);
    let (code, words) = code_and_words(&run.output().unwrap());
    assert_eq!(code, Some(1), "{words}");
    assert!(words.contains("cannot make the folder"), "{words}");
}

#[test]
fn a_study_ends_with_the_daemon() {
    let (scratch, live) = scratch();
    let (status, meta) = ask(&live, "POST", "/studies", &json!({"participant": "P2", "task": "x"}));
    assert_eq!(status, 201, "{meta:#}");
    frames(&live, "notch", 200);
    live.signal("-INT");
    let (code, words) = live.end();
    assert_eq!(code, Some(0), "{words}");
    let folder = folder_of(&scratch, &meta);
    let text = fs::read_to_string(folder.join("session_meta.json")).unwrap();
    let meta: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(meta["state"], "complete");
    assert!(meta["checksums"]["P2_x_synthetic.bdf"].is_string(), "{text}");
}
