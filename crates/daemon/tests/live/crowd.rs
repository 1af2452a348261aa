//! Fifty clients that come and go cost a healthy one nothing.

use crate::support::{Client, Got, Server, Signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use tokio::task::JoinSet;

const VISITORS: usize = 50;
const VISITS: usize = 3;
const FRAMES: usize = 10;

/// Reads some frames in order, then leaves without a word.
async fn visit(server: std::net::SocketAddr, frames: usize) {
    let mut client = Client::connect(server, "eeg").await;
    let mut expected = None;
    let mut told = false;
    for _ in 0..frames {
        match client.next().await {
            Got::Json(message) => {
                assert_eq!(message["type"], "stream");
                told = true;
            }
            Got::Frame(frame) => {
                assert!(told, "a frame before its stream message");
                assert!(
                    expected.is_none_or(|index| index == frame.index),
                    "{expected:?}, not {}",
                    frame.index
                );
                frame.assert_content();
                expected = Some(frame.end());
            }
            Got::Closed(code) => panic!("closed: {code:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_healthy_client_sees_every_index() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 8, FRAMES);
    signal.send(&server.broker).await;
    let mut healthy = Client::connect(server.address, "eeg").await;
    assert_eq!(healthy.json().await["type"], "stream");

    let leaving = Arc::new(AtomicUsize::new(0));
    let mut visitors = JoinSet::new();
    for visitor in 0..VISITORS {
        let (address, leaving) = (server.address, Arc::clone(&leaving));
        visitors.spawn(async move {
            for round in 0..VISITS {
                visit(address, 1 + (visitor * 7 + round * 13) % 40).await;
            }
            leaving.fetch_add(1, Ordering::Relaxed);
        });
    }

    let received = Arc::new(AtomicU64::new(0));
    let reader = tokio::spawn({
        let received = Arc::clone(&received);
        async move {
            let mut expected = FRAMES as u64;
            loop {
                match healthy.next().await {
                    Got::Frame(frame) => {
                        assert_eq!((frame.index, frame.flags), (expected, 0));
                        frame.assert_content();
                        expected = frame.end();
                        received.fetch_add(1, Ordering::Relaxed);
                    }
                    Got::Json(message) => panic!("{message}"),
                    Got::Closed(_) => return expected,
                }
            }
        }
    });
    // Never so far ahead that the healthy client could fall out of the ring.
    let mut sent = 0;
    while leaving.load(Ordering::Relaxed) < VISITORS
        && !visitors.is_empty()
        && !reader.is_finished()
    {
        if sent < received.load(Ordering::Relaxed) + 20 {
            signal.send(&server.broker).await;
            sent += 1;
        } else {
            tokio::task::yield_now().await;
        }
        while let Some(ended) = visitors.try_join_next() {
            ended.unwrap();
        }
    }
    while let Some(ended) = visitors.join_next().await {
        ended.unwrap();
    }
    crate::support::until("the healthy client", || {
        received.load(Ordering::Relaxed) == sent || reader.is_finished()
    })
    .await;
    server.stop().await;
    assert_eq!(reader.await.unwrap(), signal.next_sample);
    assert!(sent > 40, "too few frames to prove anything: {sent}");
}
