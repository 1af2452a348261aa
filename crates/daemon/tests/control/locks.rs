//! While a recorder has a file open, nothing that it depends on changes.

use crate::common::Table;
use crate::support::{Listener, Rig, Socket, TWO_BRANCHES, ask};
use serde_json::{Value, json};
use std::sync::Barrier;

fn retune(hz: f64) -> Value {
    json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": hz }])
}

fn record(path: &str) -> Value {
    json!([{ "op": "add", "path": "/stages/file", "value": { "kind": "csv_sink", "inputs": ["notch"], "params": { "path": path } } }])
}

#[test]
fn upstream_of_a_recorder_everything_is_refused_and_the_other_branch_is_free() {
    let rig = Rig::new(TWO_BRANCHES);
    rig.until_frames("notch", 100);
    let recording = rig.patch(&record("file.csv")).ok();
    let began = recording["applied_at"]["file"].as_u64().unwrap();
    let before = rig.pipeline();
    let (mut client, _) = Socket::control(&rig.live.address);
    let mut data = Socket::connect(&rig.live.address, "/ws/data");

    for patch in [
        retune(50.0),
        json!([{ "op": "replace", "path": "/stages/synthetic/params/sps", "value": 500 }]),
        json!([{ "op": "remove", "path": "/stages/file" }]),
        json!([{ "op": "replace", "path": "/stages/file/inputs", "value": ["to_voltage"] }]),
        json!([
            { "op": "replace", "path": "/stages/gain/params/factor", "value": 3 },
            { "op": "replace", "path": "/stages/notch/params/q", "value": 20 },
        ]),
    ] {
        let problem = rig.patch(&patch).problem(423, "locked");
        assert_eq!(problem["stage"], "file", "{problem}");
        assert!(!problem["reason"].as_str().unwrap().is_empty());
        client.say(&patch);
        let error = client.next("error");
        assert_eq!((&error["code"], &error["stage"]), (&json!("locked"), &json!("file")));
    }
    for id in ["notch", "file", "synthetic"] {
        rig.json(&format!("POST /pipeline/stage/{id}"), &json!({ "action": "restart" }))
            .problem(423, "locked");
    }
    rig.post("/pipeline/start?preset=synthetic").problem(423, "locked");
    rig.post("/pipeline/start").problem(423, "locked");
    let after = rig.pipeline();
    assert_eq!(
        (&after["config"], &after["revision"]),
        (&before["config"], &before["revision"]),
        "no trace"
    );
    let refusal = data.next("event");
    assert_eq!(
        (&refusal["event"], &refusal["stage"]),
        (&json!("refusal"), &json!("file")),
        "{refusal}"
    );

    let doubled = Listener::start(&rig.live.address, "doubled");
    for factor in [3, 4] {
        rig.patch(
            &json!([{ "op": "replace", "path": "/stages/gain/params/factor", "value": factor }]),
        )
        .ok();
    }
    rig.json(
        "POST /pipeline/stage/more",
        &json!({ "action": "add", "kind": "lowpass", "after": "gain", "params": { "hz": 40 } }),
    )
    .ok();
    let change = data.next("event");
    assert_eq!(
        (&change["event"], &change["stage"]),
        (&json!("change"), &json!("gain")),
        "{change}"
    );
    rig.until_frames("more", 500);
    doubled.stop().assert_whole();

    rig.post("/pipeline/shutdown").ok();
    let table = Table::parse(&rig.scratch.out("file.csv"));
    table.assert_complete_from(began);
    let acquired = rig.pipeline()["stages"]["synthetic"]["frames_out"].as_u64().unwrap();
    assert_eq!(table.rows(), acquired - began, "all from the sample that was acknowledged");
    rig.patch(&retune(50.0)).ok();
}

/// A recording begins while somebody retunes what it records, again and again: whichever comes first, the file never
/// holds a retune.
#[test]
fn no_retune_slips_into_a_recording_that_begins() {
    const PAIRS: usize = 1000;
    let rig = Rig::new(TWO_BRANCHES);
    let address = &rig.live.address;
    let mut first = [0; 2];
    for pair in 0..PAIRS {
        if pair % 10 == 0 {
            rig.until_frames("notch", 1);
        }
        let hz = if pair % 2 == 0 { 50.0 } else { 60.5 };
        let barrier = Barrier::new(2);
        let send = |patch: Value| {
            barrier.wait();
            ask(
                address,
                "PATCH /pipeline",
                &["Content-Type: application/json"],
                patch.to_string().as_bytes(),
            )
        };
        let (recorded, retuned) = std::thread::scope(|scope| {
            let recorded = scope.spawn(|| send(record("file.csv")).ok());
            let retuned = scope.spawn(|| send(retune(hz)));
            (recorded.join().unwrap(), retuned.join().unwrap())
        });
        let began = recorded["applied_at"]["file"].as_u64().unwrap();
        if retuned.status == 200 {
            first[0] += 1;
            let at = retuned.body["applied_at"]["notch"].as_u64().unwrap();
            assert!(at <= began, "retuned at {at} in a recording that began at {began}");
        } else {
            first[1] += 1;
            assert_eq!(retuned.problem(423, "locked")["stage"], "file");
        }
        // Once more, surely after.
        let now = rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"].clone();
        rig.patch(&retune(55.0)).problem(423, "locked");
        assert_eq!(rig.pipeline()["config"]["stages"]["notch"]["params"]["hz"], now);
        rig.post("/pipeline/shutdown").ok();
        rig.patch(&json!([{ "op": "remove", "path": "/stages/file" }, { "op": "replace", "path": "/stages/notch/params/hz", "value": 57.0 }])).ok();
        rig.post("/pipeline/start").ok();
    }
    println!(
        "{PAIRS} pairs: the retune came first {} times, the recording {} times",
        first[0], first[1]
    );
}
