//! JSON Patches over HTTP and `/ws/control`: what they change, what everybody hears, and how they are refused.

use crate::support::{Listener, Rig, Socket, TWO_BRANCHES};
use serde_json::{Value, json};

fn retune(hz: f64) -> Value {
    json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": hz }])
}

#[test]
fn a_retune_takes_effect_at_one_sample_and_everybody_hears_of_it() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    let (mut watcher, snapshot) = Socket::control(&rig.live.address);
    assert_eq!((&snapshot["revision"], &snapshot["state"]), (&json!(1), &json!("running")));
    assert_eq!(snapshot["config"], rig.pipeline()["config"]);
    rig.until_frames("notch", 100);

    let answer = rig.patch(&retune(50.0)).ok();
    assert_eq!(answer["revision"], 2);
    let at = answer["applied_at"].as_object().unwrap();
    assert_eq!(at.keys().collect::<Vec<_>>(), ["notch"], "nothing else was touched");
    assert!(at["notch"].as_u64().unwrap() >= 100, "{answer}");

    // A client that keeps its own copy has what the daemon has.
    let change = watcher.next("change");
    assert_eq!(change["revision"], 2);
    let mut copy = snapshot["config"].clone();
    json_patch::patch(
        &mut copy,
        &serde_json::from_value::<json_patch::Patch>(change["patch"].clone()).unwrap(),
    )
    .unwrap();
    let pipeline = rig.pipeline();
    assert_eq!(copy, pipeline["config"]);
    assert_eq!(copy["stages"]["notch"]["params"]["hz"], 50.0);
    assert_eq!(pipeline["overrides"], change["patch"], "what differs from the file");

    rig.until_frames("notch", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn over_the_socket_a_bare_array_or_a_message_with_an_id() {
    let rig = Rig::new(TWO_BRANCHES);
    let (mut client, _) = Socket::control(&rig.live.address);
    client.say(&retune(50.0));
    let applied = client.json();
    assert_eq!(
        (&applied["type"], &applied["id"], &applied["revision"]),
        (&json!("applied"), &Value::Null, &json!(2))
    );
    assert!(applied["applied_at"]["notch"].is_u64());
    assert_eq!(client.json()["type"], "change", "the sender hears of it like everybody else");

    client.say(&json!({ "type": "patch", "id": "x7", "patch": retune(55.0), "if_revision": 2 }));
    let applied = client.json();
    assert_eq!(
        (&applied["type"], &applied["id"], &applied["revision"]),
        (&json!("applied"), &json!("x7"), &json!(3))
    );

    let mut error = |message: &Value, code: &str| {
        client.say(message);
        let error = client.next("error");
        assert_eq!(error["code"], code, "{error}");
        assert!(!error["message"].as_str().unwrap().is_empty());
        error
    };
    let stale = error(
        &json!({ "type": "patch", "id": 8, "patch": retune(60.0), "if_revision": 2 }),
        "conflict",
    );
    assert_eq!((&stale["id"], &stale["revision"]), (&json!(8), &json!(3)));
    let above = error(&json!({ "type": "patch", "id": 9, "patch": retune(500.0) }), "invalid");
    assert_eq!(
        (&above["path"], &above["stage"]),
        (&json!("/stages/notch/params/hz"), &json!("notch"))
    );
    for bad in [
        json!(1),
        json!({}),
        json!({ "type": "hello" }),
        json!([{ "op": "x" }]),
        json!({ "type": "patch" }),
    ] {
        error(&bad, "invalid");
    }
    assert_eq!(rig.pipeline()["revision"], 3);
}

#[test]
fn a_patch_that_fails_in_its_third_operation_changes_nothing() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    let (mut watcher, _) = Socket::control(&rig.live.address);
    rig.until_frames("notch", 100);
    let before = rig.pipeline()["config"].clone();
    for (third, kind, status) in [
        (json!({ "op": "remove", "path": "/stages/nothing" }), "invalid", 422),
        (json!({ "op": "test", "path": "/stages/notch/params/q", "value": 1 }), "test-failed", 409),
        (
            json!({ "op": "add", "path": "/stages/x", "value": { "kind": "nothc", "params": {} } }),
            "invalid",
            422,
        ),
        (
            json!({ "op": "replace", "path": "/stages/gain/params/factor", "value": "two" }),
            "invalid",
            422,
        ),
    ] {
        let patch = json!([
            { "op": "replace", "path": "/stages/notch/params/hz", "value": 50 },
            { "op": "remove", "path": "/stages/doubled" },
            third,
        ]);
        let problem = rig.patch(&patch).problem(status, kind);
        let errors = problem["errors"].as_array().map_or(0, Vec::len);
        assert_eq!(errors, usize::from(status == 422), "{problem:#}");
        let pipeline = rig.pipeline();
        assert_eq!((&pipeline["config"], &pipeline["revision"]), (&before, &json!(1)));
    }
    // Nobody has heard of anything: what comes next is the first change.
    rig.patch(&retune(50.0)).ok();
    assert_eq!(watcher.json()["revision"], 2);
    rig.until_frames("notch", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn two_clients_cannot_overwrite_each_other_unseen() {
    let rig = Rig::new(TWO_BRANCHES);
    let seen = rig.ask("GET /pipeline", &[], b"");
    assert!(seen.head.to_ascii_lowercase().contains("etag: \"1\""), "{}", seen.head);
    let json = "Content-Type: application/json-patch+json";
    let body = retune(50.0).to_string();
    let patch =
        |line: &str, headers: &[&str]| rig.ask(line, &[headers, &[json]].concat(), body.as_bytes());
    patch("PATCH /pipeline", &["If-Match: \"1\""]).ok();
    for answer in [
        patch("PATCH /pipeline", &["If-Match: \"1\""]),
        patch("PATCH /pipeline?if_revision=1", &[]),
        rig.patch(&json!({ "patch": retune(55.0), "if_revision": 1 })),
        rig.json("POST /pipeline/stage/gain?if_revision=1", &json!({ "action": "remove" })),
    ] {
        assert_eq!(answer.problem(409, "stale-revision")["revision"], 2);
    }
    for headers in [&["If-Match: \"2\""][..], &["If-Match: *"], &["If-Match: 2"]] {
        patch("PATCH /pipeline", headers).ok();
    }
    patch("PATCH /pipeline", &["If-Match: \"abc\""]).problem(400, "bad-request");
    patch("PATCH /pipeline?if_revison=1", &[]).problem(400, "bad-request");
}

#[test]
fn what_changes_nothing_is_no_revision() {
    let rig = Rig::new(TWO_BRANCHES);
    for patch in [
        json!([]),
        retune(60.0),
        json!([{ "op": "test", "path": "/stages/notch/params/hz", "value": 60 }]),
    ] {
        let answer = rig.patch(&patch).ok();
        assert_eq!(answer, json!({ "revision": 1, "applied_at": {}, "warnings": [] }));
    }
}

#[test]
fn every_mistake_comes_with_its_path() {
    let rig = Rig::new(TWO_BRANCHES);
    let problem = rig.patch(&json!([
        { "op": "add", "path": "/stages/notch/params/hzz", "value": 50 },
        { "op": "replace", "path": "/stages/gain/params/factor", "value": "two" },
        { "op": "add", "path": "/stages/x", "value": { "kind": "websocket_sink", "inputs": ["nohing"], "params": { "topic": "x" } } },
    ])).problem(422, "invalid");
    let paths: Vec<&str> =
        problem["errors"].as_array().unwrap().iter().map(|e| e["path"].as_str().unwrap()).collect();
    assert_eq!(paths.len(), 3, "{problem:#}");
    for path in ["/stages/notch/params/hzz", "/stages/gain/params/factor", "/stages/x/inputs/0"] {
        assert!(paths.contains(&path), "{path} is missing: {problem:#}");
    }
    assert!(
        problem["errors"][0]["message"].as_str().unwrap().contains("did you mean `hz`?"),
        "{problem:#}"
    );
}

#[test]
fn while_nothing_runs_a_patch_counts_from_the_next_start() {
    let rig = Rig::new(TWO_BRANCHES);
    rig.post("/pipeline/shutdown").ok();
    assert_eq!(rig.pipeline()["state"], "idle");
    let answer = rig.patch(&retune(50.0)).ok();
    assert_eq!(answer, json!({ "revision": 2, "applied_at": {}, "warnings": [] }));
    rig.patch(&retune(500.0)).problem(422, "invalid");
    rig.post("/pipeline/start").ok();
    let pipeline = rig.pipeline();
    assert_eq!(pipeline["state"], "running");
    assert_eq!(pipeline["config"]["stages"]["notch"]["params"]["hz"], 50.0);
    rig.until_frames("filtered", 100);
}
