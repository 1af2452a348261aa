//! A client that stops reading for 30 s, and fifty that come and go, cost a healthy client nothing.
//!
//! Against the built `eegd`, in real time, over the kernel's own buffers: 1.3 MB/s, of which a client that does not read is
//! owed far more after 30 s than all buffers hold.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::{Live, PATIENCE, Scratch, eegd};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const ASLEEP: Duration = Duration::from_secs(30);
const VISITORS: u64 = 50;
const FRAMES: u64 = 200;
const CHANNELS: u64 = 16;
const PIPELINE: &str = "\
sensors:
  0: { driver: simulated, channels: 16 }
stages:
  - acquire: { board: 0, sps: 20000, gain: 24, packet_frames: 200 }
  - to_voltage
  - bandpass: { low_hz: 1, high_hz: 40 }
  - websocket_sink: { topic: eeg }
";

/// What came.
enum Got {
    /// A packet, by the index of its first sample.
    Packet(u64),
    Json(Value),
    Closed(Option<u16>),
}

struct Client(WebSocketStream<TcpStream>);

impl Client {
    async fn connect(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        let url = format!("ws://{address}/ws/data?topics=eeg");
        Self(timeout(PATIENCE, client_async(url, stream)).await.unwrap().unwrap().0)
    }

    async fn next(&mut self) -> Got {
        loop {
            match timeout(PATIENCE, self.0.next()).await.expect("nothing came") {
                Some(Ok(Message::Binary(bytes))) => {
                    assert_eq!(bytes.len() as u64, 32 + FRAMES * CHANNELS * 4);
                    assert_eq!(bytes[24..28], (FRAMES as u32).to_le_bytes());
                    return Got::Packet(u64::from_le_bytes(bytes[8..16].try_into().unwrap()));
                }
                Some(Ok(Message::Text(text))) => {
                    return Got::Json(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(frame))) => {
                    return Got::Closed(frame.map(|frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                None | Some(Err(Error::ConnectionClosed)) => return Got::Closed(None),
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    /// The first packet, after the message about the stream.
    async fn first(&mut self) -> u64 {
        loop {
            match self.next().await {
                Got::Packet(index) => return index,
                Got::Json(message) => assert_eq!(message["type"], "stream"),
                Got::Closed(code) => panic!("closed: {code:?}"),
            }
        }
    }
}

/// Reads all that comes until the server says goodbye, and insists on every index. Gives the number of packets.
async fn healthy(address: String, seen: Arc<AtomicU64>) -> u64 {
    let mut client = Client::connect(&address).await;
    let first = client.first().await;
    let mut expected = first + FRAMES;
    loop {
        seen.store(expected, Ordering::Release);
        match client.next().await {
            Got::Packet(index) => {
                assert_eq!(index, expected, "the healthy client misses samples");
                expected += FRAMES;
            }
            Got::Json(message) => {
                assert_eq!(message["type"], "event", "the healthy client was told {message}")
            }
            Got::Closed(code) => {
                assert_eq!(code, Some(1001));
                return (expected - first) / FRAMES;
            }
        }
    }
}

/// Comes, reads a little in order, and goes without a word, again and again.
async fn visitor(address: String, number: u64, over: Arc<AtomicBool>) -> u64 {
    let mut visits = 0;
    while !over.load(Ordering::Acquire) {
        let mut client = Client::connect(&address).await;
        let mut expected = client.first().await;
        for _ in 0..(number + visits) % 4 {
            expected += FRAMES;
            let Got::Packet(index) = client.next().await else {
                panic!("a visitor was told something")
            };
            assert_eq!(index, expected, "a visitor misses samples");
        }
        visits += 1;
        drop(client);
        sleep(Duration::from_millis(200 + number * 17 % 300)).await;
    }
    visits
}

/// What the slow client was given and told, from its first packet on.
struct Ledger {
    received: u64,
    lagged: u64,
    /// Packets sent, by their indices.
    sent: u64,
}

/// A client that stops reading for a while.
struct Sleeper {
    client: Client,
    first: u64,
    ledger: Ledger,
}

impl Sleeper {
    /// Stops reading, wakes up, and reads until it has caught up with the healthy client.
    async fn sleep(address: String, seen: Arc<AtomicU64>) -> Self {
        let mut client = Client::connect(&address).await;
        let first = client.first().await;
        sleep(ASLEEP).await;
        let ledger = Ledger { received: 1, lagged: 0, sent: 1 };
        let mut sleeper = Self { client, first, ledger };
        sleeper.read_to(seen.load(Ordering::Acquire)).await;
        sleeper
    }

    /// Reads until it has the sample before this one.
    async fn read_to(&mut self, index: u64) {
        let ledger = &mut self.ledger;
        while self.first + ledger.sent * FRAMES < index {
            match self.client.next().await {
                Got::Packet(index) => {
                    ledger.received += 1;
                    ledger.sent = (index - self.first) / FRAMES + 1;
                    assert_eq!(
                        ledger.sent,
                        ledger.received + ledger.lagged,
                        "a hole that nobody told of, before {index}"
                    );
                }
                Got::Json(message) if message["type"] == "lagged" => {
                    assert_eq!(message["topic"], "eeg");
                    ledger.lagged += message["packets"].as_u64().unwrap();
                }
                Got::Json(message) => {
                    assert_eq!(message["type"], "event", "the slow client was told {message}")
                }
                Got::Closed(code) => panic!("the slow client was cut off: {code:?}"),
            }
        }
    }
}

/// The client's own count is the daemon's, to the sample, once everything has been sent.
async fn agree(live: &Live, sleeper: &mut Sleeper) {
    let url = format!("http://{}", live.address);
    let stopped = eegd(&["ctl", "--url", &url, "stop"]).status().unwrap();
    assert!(stopped.success());
    let report = live.get("/pipeline/ledger");
    assert_eq!(report["balances"], true, "{report:#}");
    let sink = report["stages"].as_array().unwrap().last().unwrap();
    assert_eq!((&sink["stage"], &sink["lost"]), (&"websocket_sink".into(), &0.into()));
    sleeper.read_to(sink["taken"].as_u64().unwrap()).await;
    let Ledger { received, lagged, .. } = sleeper.ledger;
    let expected = json!({
        "packets": received,
        "taken": received * FRAMES,
        "lost": lagged * FRAMES,
        "lagged": lagged * FRAMES,
        "under_way": 0,
    });
    let mut line = Value::Null;
    // The daemon counts a packet when the socket has taken it, which may be after the client has read it.
    for _ in 0..100 {
        let report = live.get("/pipeline/ledger");
        let clients = report["clients"].as_array().unwrap();
        let slow = clients.iter().find(|client| client["topics"]["eeg"]["lagged"] != 0);
        line = slow.expect("the slow client's line")["topics"]["eeg"].clone();
        if line == expected {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(line, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_seconds_of_silence_and_fifty_visitors_cost_a_healthy_client_nothing() {
    let scratch = Scratch::new(PIPELINE);
    let live = Live::start(&mut scratch.eegd("run", &["--listen", "127.0.0.1:0"]));
    let (seen, over) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let healthy = tokio::spawn(healthy(live.address.clone(), Arc::clone(&seen)));
    let visitors: Vec<_> = (0..VISITORS)
        .map(|number| tokio::spawn(visitor(live.address.clone(), number, Arc::clone(&over))))
        .collect();
    let sleeper = Sleeper::sleep(live.address.clone(), Arc::clone(&seen));
    let mut sleeper = tokio::spawn(sleeper).await.unwrap();
    over.store(true, Ordering::Release);
    let mut visits = 0;
    for visitor in visitors {
        visits += visitor.await.unwrap();
    }
    agree(&live, &mut sleeper).await;
    let Ledger { received, lagged, sent } = sleeper.ledger;
    assert!(lagged > 100, "nothing overflowed: {received} received, {lagged} lagged");
    assert_eq!(received + lagged, sent);
    assert!(visits >= 5 * VISITORS, "too few visits to prove anything: {visits}");
    let topics = live.get("/topics");
    let stage = live.get("/pipeline")["stages"]["websocket_sink"].clone();
    assert_eq!((&stage["lost_frames"], &stage["errors"]), (&0.into(), &0.into()), "{stage:#}");
    assert!(
        topics.to_string().contains(&format!("\"lagged_packets\":{lagged}")),
        "{lagged} lagged, but: {topics}"
    );
    live.signal("-INT");
    let packets = healthy.await.unwrap();
    assert!(packets * FRAMES > 20_000 * ASLEEP.as_secs() - 20_000, "{packets} packets");
    let (code, words) = tokio::task::spawn_blocking(|| live.end()).await.unwrap();
    assert_eq!(code, Some(0), "{words}");
    println!(
        "healthy: {packets} packets; slow: {received} + {lagged} lagged = {sent}; {visits} visits"
    );
}
