//! A daemon to control, requests, and WebSocket clients.

use crate::common::{Live, PATIENCE, Scratch};
use serde_json::Value;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{self, Message, WebSocket};

/// A deterministic signal, filtered, in two topics: two branches from `to_voltage`.
pub(crate) const TWO_BRANCHES: &str = "\
name: two branches
stages:
  - synthetic: { sps: 1000, channels: 2 }
  - to_voltage
  - notch: { hz: 60 }
  - websocket_sink: { id: filtered, topic: filtered }
  - gain: { inputs: to_voltage, factor: 2 }
  - websocket_sink: { id: doubled, topic: doubled }
";

/// A daemon and the folder it lives in.
pub(crate) struct Rig {
    pub(crate) scratch: Scratch,
    pub(crate) live: Live,
}

impl Rig {
    pub(crate) fn new(pipeline: &str) -> Self {
        Self::with(pipeline, &[])
    }

    pub(crate) fn with(pipeline: &str, more: &[&str]) -> Self {
        let scratch = Scratch::new(pipeline);
        let live = start(&scratch, more);
        Self { scratch, live }
    }

    pub(crate) fn ask(&self, line: &str, headers: &[&str], body: &[u8]) -> Answer {
        ask(&self.live.address, line, headers, body)
    }

    pub(crate) fn patch(&self, patch: &Value) -> Answer {
        self.json("PATCH /pipeline", patch)
    }

    /// A request with a JSON body.
    pub(crate) fn json(&self, line: &str, body: &Value) -> Answer {
        self.ask(line, &["Content-Type: application/json"], body.to_string().as_bytes())
    }

    pub(crate) fn post(&self, path: &str) -> Answer {
        self.ask(&format!("POST {path}"), &[], b"")
    }

    pub(crate) fn start(&self, yaml: &str) -> Answer {
        self.ask("POST /pipeline/start", &["Content-Type: application/yaml"], yaml.as_bytes())
    }

    pub(crate) fn pipeline(&self) -> Value {
        self.live.get("/pipeline")
    }

    /// Waits until a stage has taken so many frames.
    pub(crate) fn until_frames(&self, stage: &str, frames: u64) {
        let what = format!("{frames} frames at {stage}");
        self.live.until(&what, |live| live.figure(stage, "frames_in") >= frames);
    }
}

pub(crate) fn start(scratch: &Scratch, more: &[&str]) -> Live {
    Live::start(scratch.eegd("run", &["--listen", "127.0.0.1:0"]).args(more))
}

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success.
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{:#}", self.body);
        self.body
    }

    /// The body of a problem of that status and kind.
    pub(crate) fn problem(self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{:#}", self.body);
        assert_eq!(self.body["type"], format!("urn:eegd:problem:{kind}"), "{:#}", self.body);
        let head = self.head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/problem+json"), "{head}");
        assert_eq!(self.body["status"], status);
        assert!(!self.body["detail"].as_str().unwrap().is_empty());
        self.body
    }
}

/// One request; `line` is method and path.
pub(crate) fn ask(address: &str, line: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut head =
        format!("{line} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|header| header.starts_with("Host:")) {
        head.extend(["Host: ", address, "\r\n"]);
    }
    headers.iter().for_each(|header| head.extend([header, "\r\n"]));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    // The answer may come before all of a long body has been sent.
    let _ = stream.write_all(body);
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head[9..12].parse().unwrap();
    let body = serde_json::from_str(body).unwrap_or_else(|e| panic!("{e}: {body}"));
    Answer { status, head: head.to_owned(), body }
}

/// A WebSocket client that blocks.
pub(crate) struct Socket(pub(crate) WebSocket<TcpStream>);

impl Socket {
    pub(crate) fn connect(address: &str, path: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = tungstenite::client(format!("ws://{address}{path}"), stream).unwrap();
        Self(socket)
    }

    /// A client of `/ws/control`, and its snapshot.
    pub(crate) fn control(address: &str) -> (Self, Value) {
        let mut socket = Self::connect(address, "/ws/control");
        let snapshot = socket.json();
        assert_eq!(snapshot["type"], "snapshot");
        (socket, snapshot)
    }

    pub(crate) fn say(&mut self, message: &Value) {
        let mut sent = self.0.send(Message::text(message.to_string()));
        // A signal is no failure: the message is in the buffer, and goes on.
        while matches!(&sent, Err(tungstenite::Error::Io(error)) if is_passing(error)) {
            sent = self.0.flush();
        }
        sent.unwrap();
    }

    pub(crate) fn json(&mut self) -> Value {
        loop {
            match self.0.read() {
                Ok(Message::Text(text)) => return serde_json::from_str(&text).unwrap(),
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::Interrupted => {}
                other => panic!("a text message was expected: {other:?}"),
            }
        }
    }

    /// The next message of a type; others are passed over.
    pub(crate) fn next(&mut self, kind: &str) -> Value {
        loop {
            let message = self.json();
            if message["type"] == kind {
                return message;
            }
        }
    }
}

/// Nothing yet, or a signal: to be tried again.
fn is_passing(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// What a listener got.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Index of the first sample, and the one after the last.
    pub(crate) span: Option<(u64, u64)>,
    pub(crate) packets: u64,
    /// Places where the index did not go on: expected, found.
    pub(crate) jumps: Vec<(u64, u64)>,
    /// The times of the last sample before and the first after each jump, ns.
    pub(crate) jump_times_ns: Vec<(i64, i64)>,
    /// Index and time of the first sample of each packet.
    pub(crate) times: Vec<(u64, i64)>,
    pub(crate) messages: Vec<Value>,
    /// Every value, of topics that hold f32.
    pub(crate) values: Vec<f32>,
}

impl Heard {
    /// That every sample came once and in order, and nobody said otherwise.
    pub(crate) fn assert_whole(&self) {
        assert_eq!(self.jumps, [], "after {} packets", self.packets);
        let lagged = self.messages.iter().find(|message| message["type"] == "lagged");
        assert_eq!(lagged, None);
        assert!(self.packets > 0);
    }
}

/// Listens to a topic, on a thread of its own, until it is asked for what it heard.
pub(crate) struct Listener {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<Heard>,
}

impl Listener {
    pub(crate) fn start(address: &str, topic: &str) -> Self {
        let mut socket = Socket::connect(address, &format!("/ws/data?topics={topic}"));
        let timeout = Duration::from_millis(100);
        socket.0.get_ref().set_read_timeout(Some(timeout)).unwrap();
        let enough = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&enough);
        let listen = move || {
            let mut heard = Heard::default();
            let mut end_ns = 0;
            while !stop.load(Ordering::Acquire) {
                match socket.0.read() {
                    Ok(Message::Binary(frame)) => hear(&mut heard, &mut end_ns, &frame),
                    Ok(Message::Text(text)) => {
                        heard.messages.push(serde_json::from_str(&text).unwrap());
                    }
                    Ok(_) => {}
                    Err(tungstenite::Error::Io(error)) if is_passing(&error) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            heard
        };
        let thread = std::thread::Builder::new().name(topic.to_owned()).spawn(listen).unwrap();
        Self { enough, thread }
    }

    pub(crate) fn stop(self) -> Heard {
        self.enough.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

fn hear(heard: &mut Heard, end_ns: &mut i64, frame: &[u8]) {
    let first = u64::from_le_bytes(frame[8..16].try_into().unwrap());
    let time_ns = i64::from_le_bytes(frame[16..24].try_into().unwrap());
    let frames = u32::from_le_bytes(frame[24..28].try_into().unwrap());
    heard.packets += 1;
    heard.times.push((first, time_ns));
    let values =
        frame[32..].chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap()));
    heard.values.extend(values);
    let end = first + u64::from(frames);
    let span = heard.span.get_or_insert((first, first));
    if span.1 != first {
        heard.jumps.push((span.1, first));
        heard.jump_times_ns.push((*end_ns, time_ns));
    }
    span.1 = end;
    // Every test pipeline here has 1000 samples a second.
    *end_ns = time_ns + i64::from(frames) * 1_000_000;
}
