//! The resources, and errors as the contract has them.

use crate::support::{Choice, Client, RawSocket, Server, Signal, request, soon};
use daemon::api::Limits;
use plugin_api::Broker;
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn resources() {
    let server = Server::start().await;
    let mut signal = Signal::new("raw", 1, 1);
    signal.send(&server.broker).await;
    server.broker.announce(&"filtered".into());
    let get = async |path: &str| {
        let answer = request(server.address, &format!("GET {path}"), &[]).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{path}"
        );
        answer.assert_guarded();
        answer.json()
    };
    let pipeline = get("/pipeline").await;
    assert_eq!((&pipeline["state"], &pipeline["revision"]), (&json!("idle"), &json!(0)));
    assert_eq!((&pipeline["config"]["stages"], &pipeline["stages"]), (&json!({}), &json!({})));
    assert_eq!(get("/healthz").await, json!({ "status": "ok" }));
    let topics = get("/topics").await;
    assert_eq!(topics["topics"], json!(["raw", "filtered"]));
    assert_eq!(
        topics["status"]["raw"],
        json!({ "clients": 0, "packets": 1, "lost_packets": 0, "lagged_packets": 0 })
    );
    let stages = get("/stages").await;
    let gain = &stages["stages"][0];
    assert_eq!(
        (&gain["kind"], &gain["role"], &gain["on_error"]),
        (&json!("gain"), &json!("transform"), &json!("fatal"))
    );
    assert_eq!(
        (&gain["example"], &gain["inputs"]),
        (&json!({ "factor": 2.0 }), &json!({ "min": 1, "max": 1 }))
    );
    assert_eq!(gain["schema"]["properties"]["factor"]["description"], "The factor.");
}

#[tokio::test]
async fn mistakes_are_problems() {
    let server = Server::start().await;
    let ask = async |line: &str, headers: &[&str]| request(server.address, line, headers).await;
    let missing = ask("GET /nothing", &[]).await.assert_problem(404);
    assert_eq!(missing["detail"], "there is nothing at /nothing");
    let post = ask("POST /topics", &["Content-Length: 0"]).await;
    post.assert_problem(405);
    assert_eq!(post.header("allow"), Some("GET,HEAD"));
    ask("DELETE /nothing", &[]).await.assert_problem(404);
    ask("POST /pipeline", &["Content-Length: 65537"]).await.assert_problem(413);
    let plain = ask("GET /ws/data", &[]).await;
    plain.assert_problem(426);
    assert_eq!(plain.header("upgrade"), Some("websocket"));
    let many = format!("GET /ws/data?topics={}", "a,".repeat(65));
    ask(&many, &[]).await.assert_problem(400);
    ask("GET /ws/data?topics=%FF", &[]).await;
    assert_eq!(ask("GET /topics", &[&format!("X: {}", "x".repeat(20_000))]).await.status, 431);
}

#[tokio::test]
async fn when_all_places_are_taken_the_next_client_is_told() {
    let limits = Limits { clients: 2, ..Limits::default() };
    let server = Server::with(Choice { limits, ..Choice::default() }).await;
    server.broker.announce(&"eeg".into());
    let first = Client::connect(server.address, "eeg").await;
    let _second = Client::connect(server.address, "eeg").await;
    server.has_clients("eeg", 2).await;
    let refused = RawSocket::connect(server.address, "/ws/data", &[]).await;
    assert_eq!((refused.answer.status, refused.answer.header("retry-after")), (503, Some("5")));
    assert_eq!(refused.answer.header("content-type"), Some("application/problem+json"));
    drop(first);
    soon("a free place", async {
        while RawSocket::connect(server.address, "/ws/data", &[]).await.answer.status != 101 {}
    })
    .await;
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for() {
    let limits = Limits { head: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with(Choice { limits, ..Choice::default() }).await;
    for start in ["", "GET / HTTP/1.1\r\nHost: local"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(start.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        soon("the server to hang up", stream.read_to_end(&mut rest)).await.unwrap();
    }
}
