//! What goes over the wire: the bytes of a frame, the `stream` message, gaps.

use crate::support::{Client, Got, Server, Signal};
use daemon::broker::{BrokerSettings, WebSocketBroker};
use plugin_api::{Broker, BrokerMessage, ChannelMeta, Flags, PacketKind, SensorMeta};
use serde_json::json;
use std::sync::Arc;

#[tokio::test]
async fn a_frame_is_the_contract_s_byte_for_byte() {
    let server = Server::start().await;
    server.broker.set_config_revision(9);
    server.broker.announce(&"eeg".into());
    let mut client = Client::connect(server.address, "eeg").await;
    server.has_clients("eeg", 1).await;

    let mut signal = Signal::new("eeg", 2, 2);
    signal.header.time_ns = 1_700_000_000_123_456_789;
    signal.header.flags = Flags::SETTLING;
    signal.next_sample = 5;
    signal.send(&server.broker).await;

    let channel = |label: &str| json!({ "label": label, "unit": "uV" });
    let expected = json!({
        "type": "stream", "stream": 1, "topic": "eeg", "rate_hz": 250.0, "unit": "uV", "dtype": "f32",
        "channels": [channel("ch0"), channel("ch1")], "sensor": "test", "sensor_id": 0, "meta_rev": 0,
        "config_revision": 9,
    });
    assert_eq!(client.json().await, expected);
    // 1700000000123456789 = 0x17979CFE3D85CD15; values 40, 41, 48, 49 = 0x42200000, 0x42240000, 0x42400000, 0x42440000.
    #[rustfmt::skip]
    let bytes = [
        0x61, 0xEE, 1, 1, 1, 0, 0, 0,
        5, 0, 0, 0, 0, 0, 0, 0,
        0x15, 0xCD, 0x85, 0x3D, 0xFE, 0x9C, 0x97, 0x17,
        2, 0, 0, 0, 2, 0, 2, 0,
        0, 0, 0x20, 0x42, 0, 0, 0x24, 0x42, 0, 0, 0x40, 0x42, 0, 0, 0x44, 0x42,
    ];
    assert_eq!(client.frame().await.bytes, bytes);
}

#[tokio::test]
async fn a_new_form_is_told_before_its_first_frame() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 2, 4);
    signal.send(&server.broker).await;
    let mut client = Client::connect(server.address, "eeg").await;
    let first = client.json().await;
    assert_eq!(
        (&first["type"], &first["stream"]),
        (&json!("stream"), &json!(1)),
        "told at once, before any frame"
    );
    signal.send(&server.broker).await;
    assert_eq!(client.frame().await.stream, 1);

    // An equal description elsewhere in memory is the same form.
    signal.header.sensor = Arc::new(SensorMeta::clone(&signal.header.sensor));
    signal.send(&server.broker).await;
    assert_eq!(client.frame().await.stream, 1);

    let changes: [(&str, fn(&mut Signal)); 4] = [
        ("rate", |s| s.header.rate_hz = 125.0),
        ("meta_rev", |s| Arc::make_mut(&mut s.header.sensor).meta_rev = 7),
        ("channels", |s| {
            Arc::make_mut(&mut s.header.sensor).channels.push(ChannelMeta::microvolts("new"))
        }),
        ("kind", |s| s.kind = PacketKind::RawI32),
    ];
    for (number, (what, change)) in (2..).zip(changes) {
        change(&mut signal);
        signal.send(&server.broker).await;
        let told = client.json().await;
        assert_eq!((&told["type"], &told["stream"]), (&json!("stream"), &json!(number)), "{what}");
        let frame = client.frame().await;
        assert_eq!(frame.stream, number, "{what}");
        assert_eq!(frame.flags, 0, "{what}: nothing was lost");
        frame.assert_content();
        assert_eq!(told["channels"].as_array().unwrap().len(), usize::from(frame.channels));
        assert_eq!(told["dtype"], if frame.dtype == 0 { "i32" } else { "f32" });
    }
    let mut late = Client::connect(server.address, "eeg").await;
    let told = late.json().await;
    assert_eq!((&told["stream"], &told["unit"]), (&json!(5), &json!("count")));
    assert_eq!(told["channels"][0]["unit_per_code"], 1.0);
}

#[tokio::test]
async fn what_was_lost_on_the_way_is_a_gap() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 1, 4);
    signal.send(&server.broker).await;
    let mut client = Client::connect(server.address, "eeg").await;
    client.json().await;

    signal.next_sample += 1;
    signal.send(&server.broker).await;
    signal.send(&server.broker).await;
    let (after_jump, next) = (client.frame().await, client.frame().await);
    assert_eq!((after_jump.index, after_jump.flags, next.flags), (5, 1, 0), "an index jump");

    let packet = signal.packet();
    server.broker.publish(BrokerMessage {
        topic: Arc::clone(&signal.topic),
        packet,
        lost_before: 3,
    });
    assert_eq!(client.frame().await.flags, 1, "frames lost before the sink");

    signal.published += 1;
    signal.next_sample += 1;
    Arc::make_mut(&mut signal.header.sensor).meta_rev += 1;
    signal.send(&server.broker).await;
    assert_eq!(client.json().await["type"], "stream");
    assert_eq!(client.frame().await.flags, 1, "lost while the form changed");
}

#[tokio::test]
async fn a_full_hand_over_loses_counts_and_tells() {
    let (broker, encoder) =
        WebSocketBroker::new(BrokerSettings { hand_over_packets: 4, ring_packets: 64 });
    broker.announce(&"eeg".into());
    let mut feed = broker.subscribe("eeg").unwrap();
    let mut signal = Signal::new("eeg", 1, 10);
    // Nobody takes anything yet: 4 of 7 fit.
    (0..7).for_each(|_| signal.publish(&broker));
    assert_eq!(broker.topics()[0].lost_packets, 3);
    tokio::spawn(encoder.run());
    signal.arrived(&broker).await;
    signal.send(&broker).await;
    signal.send(&broker).await;

    let mut told = Vec::new();
    for _ in 0..6 {
        let (missed, frame) = feed.next().await.unwrap();
        assert_eq!(missed, 0, "this is not the client's fault");
        told.push((u64::from_le_bytes(frame.bytes[8..16].try_into().unwrap()), frame.bytes[30]));
    }
    assert_eq!(told, [(0, 0), (10, 0), (20, 0), (30, 0), (70, 1), (80, 0)]);
    assert_eq!((broker.topics()[0].packets, broker.topics()[0].lost_packets), (6, 3));
}

#[tokio::test]
async fn packets_go_home_with_and_without_clients() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 8, 10);
    signal.send(&server.broker).await;
    let made = signal.shells_made();
    for _ in 0..200 {
        signal.send(&server.broker).await;
    }
    let mut client = Client::connect(server.address, "eeg").await;
    client.json().await;
    for _ in 0..200 {
        signal.send(&server.broker).await;
        client.frame().await.assert_content();
    }
    assert_eq!(signal.shells_made(), made, "400 packets sent one by one need no new ones");
}

#[tokio::test]
async fn events_reach_everybody() {
    let server = Server::start().await;
    server.broker.announce(&"eeg".into());
    let mut clients =
        [Client::connect(server.address, "eeg").await, Client::connect(server.address, "").await];
    // An answer proves that a client is being served.
    for client in &mut clients {
        client.say("?").await;
        assert_eq!(client.json().await["type"], "error");
    }
    let fields = json!({ "event": "state", "state": "failed", "type": "stream" });
    server.broker.publish_event(fields.as_object().unwrap().clone());
    for client in &mut clients {
        let expected = json!({ "type": "event", "event": "state", "state": "failed" });
        assert_eq!(client.next().await, Got::Json(expected));
    }
}
