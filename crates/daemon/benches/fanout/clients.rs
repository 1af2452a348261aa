//! All clients on one thread: as little work as possible, so that what is measured is the server.

use super::process::{Server, pin};
use super::servers::CHANNELS;
use daemon::broker::HEADER_BYTES;
use pipeline_core::clock::monotonic_ns;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::sync::watch;

/// From the last client's connection to the first frame that counts.
const SETTLE: Duration = Duration::from_millis(700);

/// What all clients heard.
pub(super) struct Heard {
    pub(super) latencies_ns: Vec<u64>,
    pub(super) lost: u64,
    pub(super) cpu_ns: u64,
    pub(super) resident_mb: f64,
}

/// Connects `clients` clients and listens for `seconds`.
pub(super) fn listen(
    server: &Server,
    clients: usize,
    frames: usize,
    seconds: f64,
) -> Result<Heard, String> {
    thread::scope(|scope| {
        thread::Builder::new()
            .name("clients".to_owned())
            .spawn_scoped(scope, || {
                pin(1);
                let runtime = Builder::new_current_thread().enable_all().build();
                runtime
                    .expect("a runtime for the clients")
                    .block_on(run(server, clients, frames, seconds))
            })
            .map_err(|e| e.to_string())?
            .join()
            .map_err(|_| "the clients panicked".to_owned())
    })
}

async fn run(server: &Server, clients: usize, frames: usize, seconds: f64) -> Heard {
    let (begin, begun) = watch::channel(None);
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let stream = connect(server.address).await;
        tasks.push(tokio::spawn(client(stream, frames, begun.clone())));
    }
    tokio::time::sleep(SETTLE).await;
    let (start, cpu_start) = (Instant::now(), server.cpu_ns());
    let end = start + Duration::from_secs_f64(seconds);
    begin.send_replace(Some((start, end)));
    tokio::time::sleep_until(end.into()).await;
    let cpu_ns = server.cpu_ns() - cpu_start;
    let mut heard =
        Heard { latencies_ns: Vec::new(), lost: 0, cpu_ns, resident_mb: server.resident_mb() };
    for task in tasks {
        let (latencies_ns, lost) = task.await.expect("a client that reads to the end");
        heard.latencies_ns.extend(latencies_ns);
        heard.lost += lost;
    }
    heard
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /ws/data?topics=eeg HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("room for a request");
    // Byte by byte: what follows the head is already the first message.
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

type Span = Option<(Instant, Instant)>;

/// Reads frames; gives back latencies and how many frames were missed.
async fn client(
    mut stream: TcpStream,
    frames: usize,
    span: watch::Receiver<Span>,
) -> (Vec<u64>, u64) {
    let mut buffer = vec![0; HEADER_BYTES + 4 * CHANNELS * frames + 4096];
    let (mut filled, mut latencies, mut lost, mut last) = (0, Vec::new(), 0, None);
    loop {
        filled += match stream.read(&mut buffer[filled..]).await {
            Ok(0) | Err(_) => return (latencies, lost + 1_000_000),
            Ok(read) => read,
        };
        let now = Instant::now();
        let now_ns = monotonic_ns();
        let current = *span.borrow();
        let mut at = 0;
        while let Some((opcode, payload)) = message(&buffer[at..filled]) {
            let (start, end) = (at + payload.start, at + payload.end);
            at = end;
            if opcode != 2 {
                continue;
            }
            let frame = &buffer[start..end];
            let u64_at =
                |i: usize| u64::from_le_bytes(frame[i..i + 8].try_into().expect("a header"));
            let number = u64_at(8) / frames as u64;
            if current.is_some_and(|(start, end)| now >= start && now < end) {
                latencies.push(now_ns.saturating_sub(u64_at(16)));
                lost += last.map_or(0, |last: u64| number - last - 1);
            }
            last = Some(number);
        }
        buffer.copy_within(at..filled, 0);
        filled -= at;
        if current.is_some_and(|(_, end)| now >= end) {
            return (latencies, lost);
        }
    }
}

/// Opcode and place of the payload of an unmasked message, if it is all there.
fn message(bytes: &[u8]) -> Option<(u8, std::ops::Range<usize>)> {
    let (start, length) = match bytes.get(1)? {
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        short => (2, usize::from(*short)),
    };
    (bytes.len() >= start + length).then_some((bytes[0] & 15, start..start + length))
}
