//! HTTP and WebSocket by hand, for requests that no proper client would send.

use super::soon;
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer, taken apart.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a whole head");
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head[9..12].parse().unwrap();
        Self { status, head, body: bytes[end + 4..].to_vec() }
    }

    /// The value of a header; the name in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// That it is an error as the contract has it, with what every answer carries.
    pub(crate) fn assert_problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}\n{}", self.head, String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        self.assert_guarded();
        let problem = self.json();
        assert_eq!(problem["status"], status);
        for field in ["type", "title", "detail"] {
            assert!(
                problem[field].as_str().is_some_and(|text| !text.is_empty()),
                "{field}: {problem}"
            );
        }
        problem
    }

    /// That it carries the security headers.
    pub(crate) fn assert_guarded(&self) {
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(self.header("referrer-policy"), Some("no-referrer"));
        let policy = self.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
}

/// Sends one request, given without line ends and `Host`, and reads the answer to its end.
pub(crate) async fn request(server: SocketAddr, line: &str, headers: &[&str]) -> Answer {
    let mut head = format!("{line} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|h| h.starts_with("Host:")) {
        head.extend(["Host: ", &server.to_string(), "\r\n"]);
    }
    headers.iter().for_each(|h| head.extend([h, "\r\n"]));
    let mut stream = TcpStream::connect(server).await.unwrap();
    stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    soon("the answer", stream.read_to_end(&mut answer)).await.unwrap();
    Answer::parse(&answer)
}

/// A WebSocket without any library.
pub(crate) struct RawSocket {
    pub(crate) stream: TcpStream,
    pub(crate) answer: Answer,
}

impl RawSocket {
    pub(crate) async fn connect(server: SocketAddr, path: &str, headers: &[&str]) -> Self {
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nHost: {server}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        headers.iter().for_each(|h| head.extend([h, "\r\n"]));
        let mut stream = TcpStream::connect(server).await.unwrap();
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let whole = |bytes: &[u8]| bytes.ends_with(b"\r\n\r\n");
        while !whole(&answer) {
            answer.push(soon("the handshake", stream.read_u8()).await.unwrap());
        }
        Self { stream, answer: Answer::parse(&answer) }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Reads until the server closes; the code of its close message, if one came.
    pub(crate) async fn close_code(mut self) -> Option<u16> {
        let mut bytes = Vec::new();
        // A reset after the close message is an end like any other.
        let _ = soon("the end", self.stream.read_to_end(&mut bytes)).await;
        let at = bytes.iter().position(|b| *b == 0x88)?;
        Some(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]]))
    }
}
