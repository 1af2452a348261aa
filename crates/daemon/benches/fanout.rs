//! What a live client costs: CPU of the server per delivered frame, and the time from publishing to the client.
//!
//! `cargo bench -p daemon --bench fanout -- [CLIENTS]... [--seconds S] [--runtime one|two|current] [--frames N]`
//!
//! Packets of 8 channels x 40 frames, 100 a second, to N WebSocket clients on loopback. The server has core 0, the
//! clients one thread on core 1. CPU is what the kernel accounts to the server's own threads; KB/client is what the whole
//! process grew by, both ends and the ring of the topic included.

use daemon::api::{Access, AppState, Limits, serve};
use daemon::broker::{BrokerSettings, HEADER_BYTES, WebSocketBroker};
use daemon::control::{Control, Presets, Setup};
use daemon::host::Host;
use plugin_api::{
    Broker, BrokerMessage, ChannelMeta, Flags, PacketHeader, PacketKind, Registry, SensorMeta,
    StageCtx,
};
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{oneshot, watch};

const CHANNELS: usize = 8;
const PACKETS_PER_S: u32 = 100;
/// How the server's threads are called, so that their CPU time can be told from the rest.
const SERVER_THREAD: &str = "eegd-net";

struct Choice {
    clients: Vec<usize>,
    seconds: f64,
    runtime: String,
    frames: usize,
}

fn choice() -> Result<Choice, String> {
    let mut choice =
        Choice { clients: Vec::new(), seconds: 5.0, runtime: "one".to_owned(), frames: 40 };
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or(format!("{arg} needs a value"));
        let wrong = |text: &str| format!("{text} is not a number");
        match arg.as_str() {
            "--seconds" => {
                choice.seconds = value().and_then(|v| v.parse().map_err(|_| wrong(&v)))?
            }
            "--frames" => choice.frames = value().and_then(|v| v.parse().map_err(|_| wrong(&v)))?,
            "--runtime" => choice.runtime = value()?,
            clients => choice.clients.push(clients.parse().map_err(|_| wrong(clients))?),
        }
    }
    if choice.clients.is_empty() {
        choice.clients = vec![1, 10, 50, 200];
    }
    Ok(choice)
}

fn main() -> Result<(), String> {
    let choice = choice()?;
    println!(
        "{} channels x {} frames, {PACKETS_PER_S} packets/s, runtime {}",
        CHANNELS, choice.frames, choice.runtime
    );
    println!("clients  frames/s  lost  server CPU %  us/delivery  p50 ms  p99 ms  KB/client");
    choice.clients.iter().try_for_each(|clients| measure(*clients, &choice))
}

fn measure(clients: usize, choice: &Choice) -> Result<(), String> {
    let epoch = Instant::now();
    let server = runtime(&choice.runtime)?;
    let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
    let topic: Arc<str> = "eeg".into();
    broker.announce(&topic);
    let listener = server.block_on(TcpListener::bind("127.0.0.1:0")).map_err(|e| e.to_string())?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    let (stop, stopped) = oneshot::channel::<()>();
    let state = state(&broker, address)?;
    let serving = thread::Builder::new().name(SERVER_THREAD.to_owned()).spawn(move || {
        pin(0);
        server.block_on(async {
            tokio::spawn(encoder.run());
            // The main future of a multi-thread runtime is polled here, a task on its workers; so it is for all.
            let _ = tokio::spawn(serve(listener, state, async { drop(stopped.await) })).await;
        });
    });
    let serving = serving.map_err(|e| e.to_string())?;

    let before_kb = resident_kb();
    let over = Arc::new(AtomicBool::new(false));
    let publisher = publish(Arc::clone(&broker), topic, choice.frames, epoch, Arc::clone(&over))?;
    let result = thread::scope(|scope| {
        thread::Builder::new()
            .name("clients".to_owned())
            .spawn_scoped(scope, || listen(address, clients, choice, epoch))
            .map_err(|e| e.to_string())?
            .join()
            .map_err(|_| "the clients panicked".to_owned())
    })?;
    let client_kb = (resident_kb() as f64 - before_kb as f64) / clients as f64;
    over.store(true, Ordering::Relaxed);
    publisher.join().map_err(|_| "the publisher panicked")?;
    let _ = stop.send(());
    serving.join().map_err(|_| "the server panicked")?;

    let Heard { mut latencies_ns, lost, cpu_ns, seconds } = result;
    latencies_ns.sort_unstable();
    let quantile_ms = |q: f64| {
        let at = ((latencies_ns.len().max(1) - 1) as f64 * q) as usize;
        latencies_ns.get(at).map_or(f64::NAN, |ns| *ns as f64 * 1e-6)
    };
    let deliveries = latencies_ns.len().max(1) as f64;
    println!(
        "{clients:7}  {:8.0}  {lost:4}  {:12.1}  {:11.2}  {:6.2}  {:6.2}  {client_kb:9.1}",
        deliveries / seconds,
        cpu_ns as f64 / seconds * 1e-7,
        cpu_ns as f64 / deliveries * 1e-3,
        quantile_ms(0.5),
        quantile_ms(0.99),
    );
    Ok(())
}

fn runtime(kind: &str) -> Result<Runtime, String> {
    let mut builder = match kind {
        "one" | "two" => Builder::new_multi_thread(),
        "current" => Builder::new_current_thread(),
        other => return Err(format!("--runtime is one, two or current, not {other}")),
    };
    let both_cores = kind == "two";
    builder.worker_threads(if both_cores { 2 } else { 1 }).thread_name(SERVER_THREAD).enable_all();
    builder
        .on_thread_start(move || {
            if !both_cores {
                pin(0)
            }
        })
        .build()
        .map_err(|e| e.to_string())
}

fn state(broker: &Arc<WebSocketBroker>, address: SocketAddr) -> Result<AppState, String> {
    let registry = Arc::new(Registry::default());
    let control = Control::new(Setup {
        host: Host::new(Some(Arc::clone(broker))),
        registry: Arc::clone(&registry),
        data_dir: std::env::temp_dir(),
        presets: Presets::default(),
        fallback: None,
    });
    Ok(AppState {
        broker: Arc::clone(broker),
        control: control.map_err(|e| e.to_string())?,
        registry,
        access: Arc::new(Access::new(address, Vec::new(), None)),
        limits: Limits { clients: 10_000, ..Limits::default() },
    })
}

/// A thread as a group of the pipeline would be; the time of a packet is its stamp.
fn publish(
    broker: Arc<WebSocketBroker>,
    topic: Arc<str>,
    frames: usize,
    epoch: Instant,
    over: Arc<AtomicBool>,
) -> Result<thread::JoinHandle<()>, String> {
    let run = move || {
        pin(0);
        let channels = (0..CHANNELS).map(|c| ChannelMeta::microvolts(format!("ch{c}"))).collect();
        let sensor = Arc::new(SensorMeta { channels, ..SensorMeta::default() });
        let mut ctx = StageCtx::for_test(CHANNELS * frames);
        let mut due = Instant::now();
        for number in 0.. {
            due += Duration::from_secs(1) / PACKETS_PER_S;
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if over.load(Ordering::Relaxed) {
                return;
            }
            let header = PacketHeader {
                sensor: Arc::clone(&sensor),
                first_sample: number * frames as u64,
                time_ns: epoch.elapsed().as_nanos() as i64,
                captured_ns: 0,
                rate_hz: frames as f64 * f64::from(PACKETS_PER_S),
                frames: 0,
                flags: Flags::NONE,
            };
            let mut packet = ctx.fresh(header, PacketKind::Voltage);
            packet.microvolts_mut().extend((0..CHANNELS * frames).map(|i| i as f32));
            broker.publish(BrokerMessage {
                topic: Arc::clone(&topic),
                packet: packet.share(),
                lost_before: 0,
            });
        }
    };
    thread::Builder::new().name("publisher".to_owned()).spawn(run).map_err(|e| e.to_string())
}

struct Heard {
    latencies_ns: Vec<u64>,
    lost: u64,
    cpu_ns: u64,
    seconds: f64,
}

/// All clients on one thread; one second to settle, then as long as asked.
fn listen(address: SocketAddr, clients: usize, choice: &Choice, epoch: Instant) -> Heard {
    let seconds = choice.seconds;
    pin(1);
    let runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime for the clients");
    runtime.block_on(async {
        let (begin, begun) = watch::channel(None);
        let mut tasks = Vec::new();
        for _ in 0..clients {
            let stream = connect(address).await;
            tasks.push(tokio::spawn(client(stream, choice.frames, begun.clone(), epoch)));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let (start, cpu_start) = (Instant::now(), server_cpu_ns());
        let end = start + Duration::from_secs_f64(seconds);
        begin.send_replace(Some((start, end)));
        tokio::time::sleep_until(end.into()).await;
        let cpu_ns = server_cpu_ns() - cpu_start;
        let mut heard = Heard { latencies_ns: Vec::new(), lost: 0, cpu_ns, seconds };
        for task in tasks {
            let (latencies_ns, lost) = task.await.expect("a client that reads to the end");
            heard.latencies_ns.extend(latencies_ns);
            heard.lost += lost;
        }
        heard
    })
}

async fn connect(address: SocketAddr) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let request = format!(
        "GET /ws/data?topics=eeg HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("room for a request");
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an answer"));
    }
    assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
    stream
}

type Span = Option<(Instant, Instant)>;

/// Reads frames, as little work as possible; gives back latencies and how many frames were missing.
async fn client(
    mut stream: TcpStream,
    frames: usize,
    span: watch::Receiver<Span>,
    epoch: Instant,
) -> (Vec<u64>, u64) {
    let mut buffer = vec![0; HEADER_BYTES + 4 * CHANNELS * frames + 4096];
    let (mut filled, mut latencies, mut lost, mut last) = (0, Vec::new(), 0, None);
    loop {
        filled += match stream.read(&mut buffer[filled..]).await {
            Ok(0) | Err(_) => return (latencies, lost + 1_000_000),
            Ok(read) => read,
        };
        let now = Instant::now();
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
                latencies.push((now - epoch).as_nanos() as u64 - u64_at(16));
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

fn pin(core: usize) {
    let mut set = CpuSet::new();
    set.set(core);
    // One core only, or not allowed: then the figures are those of an unpinned run.
    let _ = sched_setaffinity(None, &set);
}

/// CPU time of the server's threads so far (`/proc/self/task/TID/schedstat`, first field).
fn server_cpu_ns() -> u64 {
    let tasks = fs::read_dir("/proc/self/task").expect("Linux");
    let of_server = tasks.filter_map(Result::ok).filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim() == SERVER_THREAD)
    });
    let cpu_ns = |path: std::path::PathBuf| {
        let text = fs::read_to_string(path.join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse::<u64>().ok()
    };
    of_server.filter_map(|task| cpu_ns(task.path())).sum()
}

/// Resident memory of the process; the clients' own buffers are part of it.
fn resident_kb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()).and_then(|kb| kb.parse().ok()).unwrap_or(0)
}
