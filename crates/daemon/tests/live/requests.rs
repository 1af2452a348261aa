//! What clients say: subscribe, unsubscribe, and what is neither.

use crate::support::{Client, Got, Server, Signal, until};
use plugin_api::Broker;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn nothing_comes_until_the_client_subscribes_and_after_it_unsubscribes() {
    let server = Server::start().await;
    let (mut a, mut b) = (Signal::new("a", 1, 4), Signal::new("b", 2, 4));
    a.send(&server.broker).await;
    b.send(&server.broker).await;
    let mut client = Client::connect(server.address, "").await;
    client.say(r#"{"subscribe": ["b", "b"]}"#).await;
    assert_eq!(client.json().await["topic"], "b");
    a.send(&server.broker).await;
    b.send(&server.broker).await;
    assert_eq!(client.frame().await.channels, 2);
    server.has_clients("b", 1).await;

    client.say(r#"{"subscribe": ["a"], "unsubscribe": ["b", "never"]}"#).await;
    assert_eq!(client.json().await["topic"], "a");
    server.has_clients("b", 0).await;
    b.send(&server.broker).await;
    a.send(&server.broker).await;
    let frame = client.frame().await;
    assert_eq!((frame.channels, frame.index), (1, 8));
    drop(client);
    server.has_clients("a", 0).await;
}

#[tokio::test]
async fn a_topic_may_appear_later() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address, "later").await;
    let warning = client.json().await;
    assert_eq!((&warning["type"], &warning["topic"]), (&json!("warning"), &json!("later")));
    server.broker.announce(&"later".into());
    server.has_clients("later", 1).await;
    let mut signal = Signal::new("later", 1, 1);
    signal.send(&server.broker).await;
    assert_eq!(client.json().await["type"], "stream");
    assert_eq!(client.frame().await.index, 0);
}

#[tokio::test]
async fn a_mistake_is_explained_and_the_client_stays() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 1, 1);
    signal.send(&server.broker).await;
    let mut client = Client::connect(server.address, "eeg").await;
    client.json().await;
    let mistakes = [
        "",
        "hello",
        "[1]",
        r#"{"subscribe": 5}"#,
        r#"{"publish": ["eeg"]}"#,
        r#"{"subscribe": [""]}"#,
    ];
    for mistake in mistakes {
        client.say(mistake).await;
        let answer = client.json().await;
        assert_eq!(answer["type"], "error", "{mistake}");
        assert!(answer["message"].as_str().is_some_and(|m| m.len() > 20), "{answer}");
    }
    client.say_message(Message::binary(vec![1, 2, 3])).await;
    assert_eq!(client.json().await["message"], "requests are text messages, not binary ones");
    let many: Vec<String> = (0..64).map(|i| format!("t{i}")).collect();
    client.say(&json!({ "subscribe": many }).to_string()).await;
    for _ in 0..63 {
        assert_eq!(client.json().await["type"], "warning");
    }
    assert_eq!(client.json().await["message"], "a client may subscribe to 64 topics");
    signal.send(&server.broker).await;
    assert!(matches!(client.next().await, Got::Frame(_)), "still there, still listening");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn subscribing_again_and_again_never_repeats_or_disorders() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 1, 1);
    signal.send(&server.broker).await;
    let mut client = Client::connect(server.address, "").await;
    let mut last = 0;
    for _ in 0..200 {
        client.say(r#"{"subscribe": ["eeg"]}"#).await;
        assert_eq!(client.json().await["type"], "stream");
        for _ in 0..5 {
            signal.publish(&server.broker);
        }
        signal.arrived(&server.broker).await;
        let frame = client.frame().await;
        assert!(frame.index > last, "{} after {last}", frame.index);
        last = frame.index;
        client.say(r#"{"unsubscribe": ["eeg"]}"#).await;
        client.say("sync").await;
        loop {
            match client.next().await {
                Got::Json(message) => break assert_eq!(message["type"], "error"),
                Got::Frame(frame) => {
                    assert_eq!(frame.index, last + 1);
                    last = frame.index;
                }
                Got::Closed(code) => panic!("closed: {code:?}"),
            }
        }
        until("nobody listens", || server.status("eeg").clients == 0).await;
    }
}
