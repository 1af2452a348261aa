//! Clients that do everything wrong: a clear answer or a closed socket, and the pipeline does not notice.

use crate::support::{Listener, Rig, Socket, TWO_BRANCHES};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{Error, Message};

#[test]
fn bad_requests_are_answered_and_cost_the_stream_nothing() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 100);
    let patch = |headers: &[&str], body: &[u8]| rig.ask("PATCH /pipeline", headers, body);
    let json = &["Content-Type: application/json"][..];
    for body in [
        &b"{"[..],
        b"",
        b"[1",
        b"nul",
        b"\xff\xfe",
        b"[{\"op\": \"remove\", \"path\": \"/stages/notch\"}] x",
    ] {
        patch(json, body).problem(400, "bad-request");
    }
    // Brackets without end are no stack without end.
    patch(json, "[".repeat(60_000).as_bytes()).problem(400, "bad-request");
    patch(
        json,
        format!(
            "[{{\"op\":\"add\",\"path\":\"/stages/x\",\"value\":{}{}}}]",
            "[".repeat(100),
            "]".repeat(100)
        )
        .as_bytes(),
    )
    .problem(422, "invalid");
    for (path, status, kind) in [
        ("/stages/none/params/hz", 422, "invalid"),
        ("stages", 400, "bad-request"),
        ("/stages/notch/params/hz/0", 422, "invalid"),
        ("/~2", 400, "bad-request"),
        ("", 422, "invalid"),
    ] {
        rig.patch(&json!([{ "op": "replace", "path": path, "value": 1 }])).problem(status, kind);
    }
    for value in [json!("fast"), json!(null), json!([]), json!(1e308), json!(-1)] {
        rig.patch(&json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": value }]))
            .problem(422, "invalid");
    }
    rig.patch(&json!([{ "op": "add", "path": "/stages/notch/params/bogus", "value": 1 }]))
        .problem(422, "invalid");
    rig.patch(&json!([{ "op": "add", "path": "/bogus", "value": 1 }])).problem(422, "invalid");
    patch(&["Content-Type: text/plain"], b"[]").problem(415, "unsupported-type");
    patch(&[], b"[]").problem(415, "unsupported-type");
    for body in [
        json!({}),
        json!({ "text": "" }),
        json!({ "text": "x", "time": 17 }),
        json!({ "text": "x", "when": 1 }),
        json!({ "text": "x".repeat(1001) }),
    ] {
        rig.json("POST /markers", &body).problem(400, "bad-request");
    }
    rig.ask("DELETE /pipeline", &[], b"").problem(405, "method-not-allowed");
    rig.ask("GET /markers", &[], b"").problem(405, "method-not-allowed");
    rig.ask("POST /pipeline/shutdown", &["Origin: http://evil.example"], b"")
        .problem(403, "origin-refused");
    rig.ask("POST /pipeline/shutdown", &["Host: evil.example"], b"").problem(403, "host-refused");
    assert_eq!(
        (&rig.pipeline()["revision"], &rig.pipeline()["state"]),
        (&json!(1), &json!("running"))
    );
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
}

/// Sends a body of 10 MB; what the daemon says before it hangs up.
fn ten_megabytes(rig: &Rig, head: &str, chunked: bool) -> String {
    let mut stream = TcpStream::connect(&rig.live.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let length = if chunked {
        "Transfer-Encoding: chunked".to_owned()
    } else {
        format!("Content-Length: {}", 10 << 20)
    };
    let head = format!(
        "{head} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n{length}\r\n\r\n",
        rig.live.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    let block = [b' '; 1 << 14];
    for _ in 0..(10 << 20) / block.len() {
        let sent = if chunked {
            stream
                .write_all(b"4000\r\n")
                .and_then(|()| stream.write_all(&block))
                .and_then(|()| stream.write_all(b"\r\n"))
        } else {
            stream.write_all(&block)
        };
        if sent.is_err() {
            break;
        }
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn ten_megabytes_are_not_taken() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 100);
    for line in
        ["PATCH /pipeline", "POST /pipeline/start", "POST /markers", "POST /pipeline/stage/x"]
    {
        for chunked in [false, true] {
            let answer = ten_megabytes(&rig, line, chunked);
            // The answer, or a reset that came before it could be read.
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 413"), "{line}: {answer}");
        }
    }
    let (mut client, _) = Socket::control(&rig.live.address);
    let long = client.0.send(Message::text(" ".repeat(10 << 20)));
    let end = long.and_then(|()| client.0.read());
    assert!(
        matches!(
            end,
            Ok(Message::Close(_))
                | Err(Error::Io(_) | Error::Protocol(_) | Error::ConnectionClosed)
        ),
        "{end:?}"
    );
    assert_eq!(rig.pipeline()["revision"], 1);
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
}

#[test]
fn a_thousand_patches_a_second_are_carried_out_or_refused_and_no_sample_is_lost() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 100);
    // As fast as they can be written, without waiting for an answer; every third is wrong.
    let (mut client, _) = Socket::control(&rig.live.address);
    let began = Instant::now();
    for n in 0..1000 {
        let hz = if n % 3 == 0 { -1.0 } else { 40.0 + f64::from(n % 17) };
        client.say(&json!({ "type": "patch", "id": n, "patch": [{ "op": "replace", "path": "/stages/notch/params/hz", "value": hz }] }));
    }
    let sent = began.elapsed();
    let mut answers = 0;
    let mut refused = 0;
    while answers < 1000 {
        let message = client.json();
        match message["type"].as_str().unwrap() {
            "applied" => assert_ne!(message["id"].as_u64().unwrap() % 3, 0),
            "error" => {
                assert_eq!(
                    (&message["code"], message["id"].as_u64().unwrap() % 3),
                    (&json!("invalid"), 0)
                );
                refused += 1;
            }
            _ => continue,
        }
        assert_eq!(message["id"], answers, "in order");
        answers += 1;
    }
    println!(
        "1000 patches sent in {:.0} ms, answered in {:.0} ms, {refused} of them refused",
        sent.as_secs_f64() * 1e3,
        began.elapsed().as_secs_f64() * 1e3
    );
    let now = rig.live.figure("filtered", "frames_in");
    rig.until_frames("filtered", now + 300);
    let heard = filtered.stop();
    heard.assert_whole();
    assert_eq!(rig.live.figure("filtered", "lost_frames"), 0);
}

#[test]
fn a_client_that_dies_in_the_middle_costs_nothing() {
    let rig = Rig::new(TWO_BRANCHES);
    let filtered = Listener::start(&rig.live.address, "filtered");
    rig.until_frames("filtered", 100);
    let body =
        json!([{ "op": "replace", "path": "/stages/notch/params/hz", "value": 50 }]).to_string();
    let head = format!(
        "PATCH /pipeline HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        rig.live.address,
        body.len()
    );
    let whole = format!("{head}{body}");
    for cut in [3, head.len() - 2, head.len(), head.len() + 5, whole.len() - 1] {
        let mut stream = TcpStream::connect(&rig.live.address).unwrap();
        stream.write_all(&whole.as_bytes()[..cut]).unwrap();
    }
    for cut in [1, 5, 20] {
        let (client, _) = Socket::control(&rig.live.address);
        // FIN and text, masked, 100 bytes long with a zero mask: then nothing.
        let mut frame = vec![0x81, 0x80 | 0x64, 0, 0, 0, 0];
        frame.extend(body.as_bytes());
        client.0.get_ref().write_all(&frame[..cut]).unwrap();
    }
    // An order counts even when nobody waits for its answer any more.
    let (mut client, _) = Socket::control(&rig.live.address);
    client.say(&serde_json::from_str::<Value>(&body).unwrap());
    drop(client);
    rig.live.until("the last patch", |live| live.get("/pipeline")["revision"] == 2);
    rig.until_frames("filtered", 1000);
    filtered.stop().assert_whole();
    assert_eq!(rig.pipeline()["revision"], 2);
}
