//! Four ways to bring the same frames to WebSocket clients.

use super::process::pin;
use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::get;
use bytes::Bytes;
use daemon::api::{Access, AppState, Limits, serve as serve_eegd};
use daemon::broker::{BrokerSettings, WebSocketBroker};
use daemon::control::{Control, Presets, Setup};
use daemon::host::Host;
use futures_util::{SinkExt, StreamExt};
use pipeline_core::clock::monotonic_ns;
use plugin_api::{
    Broker, BrokerMessage, ChannelMeta, Flags, PacketHeader, PacketKind, Registry, SensorMeta,
    StageCtx,
};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast;

pub(super) const CHANNELS: usize = 8;
const PACKETS_PER_S: u32 = 100;
/// Frames a client of axum may be behind; as many as eegd's ring holds.
const RING: usize = 256;

/// Who serves.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Way {
    Eegd,
    AxumDefault,
    AxumTuned,
    RawLoop,
}

impl Way {
    /// The limit comes last.
    pub(super) const ALL: [Self; 4] =
        [Self::Eegd, Self::AxumDefault, Self::AxumTuned, Self::RawLoop];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Eegd => "eegd",
            Self::AxumDefault => "axum-default",
            Self::AxumTuned => "axum-tuned",
            Self::RawLoop => "raw-loop",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Eegd => "eegd",
            Self::AxumDefault => {
                "axum as it comes: one task a client, select! over frames and messages"
            }
            Self::AxumTuned => {
                "axum tuned: 4 KiB to read, nothing to write into, a task that reads"
            }
            Self::RawLoop => "one thread that writes to socket after socket (the limit)",
        }
    }
}

/// The child's part: serves on a free port, tells it on the first line, and goes on until it is killed.
pub(super) fn serve(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let name = args.next().unwrap_or_default();
    let way = Way::ALL.into_iter().find(|way| way.name() == name).ok_or("no such server")?;
    let mut number = || args.next().and_then(|arg| arg.parse().ok()).ok_or("a number is missing");
    let (clients, frames): (usize, usize) = (number()?, number()?);
    pin(0);
    match way {
        Way::RawLoop => return raw_loop(clients, frames).map_err(|e| e.to_string()),
        Way::Eegd => eegd(frames),
        Way::AxumDefault => axum(frames, |upgrade, ring| {
            upgrade.on_upgrade(async move |socket| as_it_comes(socket, ring.subscribe()).await)
        }),
        Way::AxumTuned => axum(frames, |upgrade, ring| {
            let upgrade = upgrade.read_buffer_size(4096).write_buffer_size(0);
            upgrade.on_upgrade(async move |socket| tuned(socket, ring.subscribe()).await)
        }),
    }
    .map_err(|e| e.to_string())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).enable_all().build()
}

fn tell(address: SocketAddr) {
    println!("{address}");
}

fn eegd(frames: usize) -> std::io::Result<()> {
    let runtime = runtime()?;
    let (broker, encoder) = WebSocketBroker::new(BrokerSettings::default());
    let topic: Arc<str> = "eeg".into();
    broker.announce(&topic);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    let state = state(&broker, address)?;
    thread::Builder::new().name("publisher".to_owned()).spawn(move || {
        let mut ctx = StageCtx::for_test(CHANNELS * frames);
        every_packet(frames, |header, values| {
            let mut packet = ctx.fresh(header, PacketKind::Voltage);
            packet.microvolts_mut().extend_from_slice(values);
            let (topic, packet) = (Arc::clone(&topic), packet.share());
            broker.publish(BrokerMessage { topic, packet, lost_before: 0 });
            true
        });
    })?;
    tell(address);
    // The main future of a multi-thread runtime is polled on this thread, a task on its workers, where the others' are.
    runtime.block_on(async {
        tokio::spawn(encoder.run());
        let _ = tokio::spawn(serve_eegd(listener, state, std::future::pending())).await;
    });
    Ok(())
}

fn state(broker: &Arc<WebSocketBroker>, address: SocketAddr) -> std::io::Result<AppState> {
    let registry = Arc::new(Registry::default());
    let control = Control::new(Setup {
        keep_running: false,
        host: Host::new(Some(Arc::clone(broker))),
        registry: Arc::clone(&registry),
        data_dir: std::env::temp_dir(),
        presets: Presets::default(),
        fallback: None,
    });
    Ok(AppState {
        broker: Arc::clone(broker),
        control: control.map_err(std::io::Error::other)?,
        registry,
        access: Arc::new(Access::new(address, Vec::new(), None)),
        limits: Limits { clients: 10_000, ..Limits::default() },
    })
}

type Upgrade = fn(WebSocketUpgrade, broadcast::Sender<Bytes>) -> axum::response::Response;

fn axum(frames: usize, upgrade: Upgrade) -> std::io::Result<()> {
    let runtime = runtime()?;
    let ring = broadcast::channel(RING).0;
    let sender = ring.clone();
    thread::Builder::new().name("publisher".to_owned()).spawn(move || {
        every_packet(frames, |header, values| {
            let _ = sender.send(encode(&header, values).into());
            true
        });
    })?;
    runtime.block_on(async move {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        tell(listener.local_addr()?);
        let answer = get(move |request: WebSocketUpgrade| async move { upgrade(request, ring) });
        let _ = tokio::spawn(
            axum::serve(listener, Router::new().route("/ws/data", answer)).into_future(),
        )
        .await;
        Ok(())
    })
}

async fn as_it_comes(mut socket: WebSocket, mut ring: broadcast::Receiver<Bytes>) {
    loop {
        tokio::select! {
            frame = ring.recv() => {
                let Ok(frame) = frame else { continue };
                if socket.send(Message::Binary(frame)).await.is_err() { return }
            }
            message = socket.recv() => if !matches!(message, Some(Ok(_))) { return },
        }
    }
}

async fn tuned(socket: WebSocket, mut ring: broadcast::Receiver<Bytes>) {
    let (mut sink, mut stream) = socket.split();
    let reader = tokio::spawn(async move { while let Some(Ok(_)) = stream.next().await {} });
    loop {
        let Ok(frame) = ring.recv().await else { continue };
        if sink.send(Message::Binary(frame)).await.is_err() {
            return reader.abort();
        }
    }
}

/// No runtime, no WebSocket library: all clients connect, then each packet is encoded once and written to each.
fn raw_loop(clients: usize, frames: usize) -> std::io::Result<()> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    tell(listener.local_addr()?);
    let mut sockets: Vec<TcpStream> = Vec::new();
    for _ in 0..clients {
        let (mut socket, _) = listener.accept()?;
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        socket.write_all(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")?;
        socket.set_nodelay(true)?;
        sockets.push(socket);
    }
    every_packet(frames, |header, values| {
        let payload = encode(&header, values);
        let mut message = vec![0x82, 126];
        message.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        message.extend_from_slice(&payload);
        sockets.retain_mut(|socket| socket.write_all(&message).is_ok());
        !sockets.is_empty()
    });
    Ok(())
}

/// Calls `publish` 100 times a second, as long as it says so; the time of a packet is when it was made.
fn every_packet(frames: usize, mut publish: impl FnMut(PacketHeader, &[f32]) -> bool) {
    let channels = (0..CHANNELS).map(|c| ChannelMeta::microvolts(format!("ch{c}"))).collect();
    let sensor = Arc::new(SensorMeta { channels, ..SensorMeta::default() });
    let values: Vec<f32> = (0..CHANNELS * frames).map(|i| i as f32).collect();
    let mut due = Instant::now();
    for number in 0.. {
        due += Duration::from_secs(1) / PACKETS_PER_S;
        thread::sleep(due.saturating_duration_since(Instant::now()));
        let header = PacketHeader {
            sensor: Arc::clone(&sensor),
            first_sample: number * frames as u64,
            time_ns: monotonic_ns() as i64,
            captured_ns: 0,
            rate_hz: frames as f64 * f64::from(PACKETS_PER_S),
            frames: frames as u32,
            flags: Flags::NONE,
        };
        if !publish(header, &values) {
            return;
        }
    }
}

/// As eegd's frames are, as far as the clients look: the index, the time, the values.
fn encode(header: &PacketHeader, values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; 8];
    bytes.extend_from_slice(&header.first_sample.to_le_bytes());
    bytes.extend_from_slice(&header.time_ns.to_le_bytes());
    bytes.extend_from_slice(&[0; 8]);
    values.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
    bytes
}
