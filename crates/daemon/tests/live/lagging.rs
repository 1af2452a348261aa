//! A client that stops reading is told exactly what it missed, gets the newest data, and disturbs nobody.

use crate::support::{Choice, Client, Got, Server, Signal, soon, until};
use daemon::api::Limits;
use daemon::broker::BrokerSettings;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;

/// 32 KB a packet: more than the kernel's buffers and the ring hold comes together quickly.
const CHANNELS: usize = 8;
const FRAMES: usize = 1000;
const RING: usize = 32;
/// 96 MB; both kernel buffers together are bounded by a few times 6 MB on any usual system.
const PACKETS: u64 = 3000;

/// A client that reads everything and insists on every index.
struct Healthy {
    received: Arc<AtomicU64>,
    reading: JoinHandle<u64>,
}

impl Healthy {
    async fn join(server: &Server) -> Self {
        let mut client = Client::connect(server.address, "eeg").await;
        assert_eq!(client.json().await["type"], "stream");
        let received = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&received);
        let reading = tokio::spawn(async move {
            let mut expected = None;
            loop {
                match client.next().await {
                    Got::Frame(frame) => {
                        assert!(
                            expected.is_none_or(|index| index == frame.index),
                            "a gap before {}",
                            frame.index
                        );
                        expected = Some(frame.end());
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Got::Json(message) => panic!("the healthy client was told {message}"),
                    Got::Closed(_) => return count.load(Ordering::Relaxed),
                }
            }
        });
        Self { received, reading }
    }

    /// Publishes as fast as this client reads.
    async fn drive(&self, server: &Server, signal: &mut Signal, packets: u64) {
        let start = self.received.load(Ordering::Relaxed);
        for sent in 0..packets {
            signal.send(&server.broker).await;
            until("the healthy client", || {
                self.received.load(Ordering::Relaxed) + 8 > start + sent
            })
            .await;
        }
        until("the healthy client", || self.received.load(Ordering::Relaxed) == start + packets)
            .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_is_told_exactly_what_it_missed() {
    let broker = BrokerSettings { ring_packets: RING, ..BrokerSettings::default() };
    let server = Server::with(Choice { broker, ..Choice::default() }).await;
    let mut signal = Signal::new("eeg", CHANNELS, FRAMES);
    signal.send(&server.broker).await;
    let healthy = Healthy::join(&server).await;
    let mut sleeper = Client::connect(server.address, "eeg").await;
    assert_eq!(sleeper.json().await["type"], "stream");
    server.has_clients("eeg", 2).await;

    healthy.drive(&server, &mut signal, PACKETS).await;

    // It wakes up: what the kernel held, then the bill, then the newest packet.
    let mut received = 0;
    let lagged = loop {
        match sleeper.next().await {
            Got::Frame(frame) => {
                assert_eq!(frame.index, (received + 1) * FRAMES as u64, "in order, without a gap");
                frame.assert_content();
                received += 1;
            }
            Got::Json(message) => break message,
            Got::Closed(code) => panic!("closed: {code:?}"),
        }
    };
    assert!(received < PACKETS / 2, "the kernel took {received} packets: send more in this test");
    assert_eq!((&lagged["type"], &lagged["topic"]), (&"lagged".into(), &"eeg".into()));
    assert_eq!(lagged["packets"], PACKETS - received - 1, "all but those received and the newest");
    assert_eq!(sleeper.frame().await.index, signal.next_sample - FRAMES as u64, "the newest");
    assert_eq!(server.status("eeg").lagged_packets, PACKETS - received - 1);

    // From here on it is as good as any.
    let next = signal.next_sample;
    healthy.drive(&server, &mut signal, 3).await;
    for packet in 0..3 {
        assert_eq!(sleeper.frame().await.index, next + packet * FRAMES as u64);
    }
    server.stop().await;
    assert_eq!(healthy.reading.await.unwrap(), PACKETS + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_is_cut_off() {
    let broker = BrokerSettings { ring_packets: RING, ..BrokerSettings::default() };
    let limits = Limits { stall: Duration::from_millis(50), ..Limits::default() };
    let server = Server::with(Choice { limits, broker, ..Choice::default() }).await;
    let mut signal = Signal::new("eeg", CHANNELS, FRAMES);
    signal.send(&server.broker).await;
    let mut stalled = Client::connect(server.address, "eeg").await;
    server.has_clients("eeg", 1).await;
    soon("the cut", async {
        while server.status("eeg").clients > 0 {
            signal.send(&server.broker).await;
        }
    })
    .await;
    // Its end is not one in order: nothing could be said to it.
    loop {
        if let Got::Closed(code) = stalled.next().await {
            assert_eq!(code, None);
            break;
        }
    }
    server.stop().await;
}
