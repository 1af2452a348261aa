//! A shutdown says goodbye to everyone, and waits for nobody for ever.

use crate::support::{Choice, Client, Got, Server, Signal, soon};
use daemon::api::Limits;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_hears_1001() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 1, 1);
    signal.send(&server.broker).await;
    let mut clients = Vec::new();
    for topics in ["eeg", "", "later", "eeg,later"] {
        let mut client = Client::connect(server.address, topics).await;
        client.say("sync").await;
        while client.json().await["type"] != "error" {}
        clients.push(client);
    }
    let mut idle = TcpStream::connect(server.address).await.unwrap();
    let address = server.address;
    let stop = tokio::spawn(server.stop());
    for client in &mut clients {
        assert_eq!(client.next().await, Got::Closed(Some(1001)));
    }
    assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
    // They answer the close by reading on.
    for client in &mut clients {
        assert_eq!(client.next().await, Got::Closed(None));
    }
    stop.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_does_not_hold_up_the_end() {
    let limits = Limits { farewell: Duration::from_millis(100), ..Limits::default() };
    let server = Server::with(Choice { limits, ..Choice::default() }).await;
    let mut signal = Signal::new("eeg", 8, 1000);
    signal.send(&server.broker).await;
    let mut stalled = Client::connect(server.address, "eeg").await;
    server.has_clients("eeg", 1).await;
    for _ in 0..1500 {
        signal.send(&server.broker).await;
    }
    // The answer to this cannot leave either; by the time the rest is sent, the server waits to say it.
    stalled.say("?").await;
    for _ in 0..500 {
        signal.send(&server.broker).await;
    }
    server.stop().await;
    drop(stalled);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_published_before_the_end_is_delivered() {
    /// 64 KB each: more than the kernel takes while the client does not read, and fewer than the ring holds.
    const FRAMES: usize = 2000;
    const PACKETS: u64 = 240;
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 8, FRAMES);
    signal.send(&server.broker).await;
    let mut client = Client::connect(server.address, "eeg").await;
    assert_eq!(client.json().await["type"], "stream");
    for _ in 0..PACKETS {
        signal.publish(&server.broker);
    }
    let address = server.address;
    let stop = tokio::spawn(server.stop());
    soon("the listener to close", async { while TcpStream::connect(address).await.is_ok() {} })
        .await;
    for packet in 1..=PACKETS {
        assert_eq!(client.frame().await.index, packet * FRAMES as u64);
    }
    assert_eq!(client.next().await, Got::Closed(Some(1001)));
    assert_eq!(client.next().await, Got::Closed(None));
    stop.await.unwrap();
}
