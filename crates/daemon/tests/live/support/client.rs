//! A WebSocket client that reads frames by the contract's table.

use super::{soon, value_at};
use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A binary frame, decoded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Received {
    pub(crate) dtype: u8,
    pub(crate) stream: u32,
    pub(crate) index: u64,
    pub(crate) frames: u32,
    pub(crate) channels: u16,
    pub(crate) flags: u16,
    pub(crate) bytes: Vec<u8>,
}

impl Received {
    fn decode(bytes: &[u8]) -> Self {
        let u16_at = |i: usize| u16::from_le_bytes(bytes[i..i + 2].try_into().unwrap());
        let u32_at = |i: usize| u32::from_le_bytes(bytes[i..i + 4].try_into().unwrap());
        assert_eq!((u16_at(0), bytes[2]), (0xEE61, 1), "magic and version");
        let received = Self {
            dtype: bytes[3],
            stream: u32_at(4),
            index: u64::from_le_bytes(bytes[8..16].try_into().unwrap()),
            frames: u32_at(24),
            channels: u16_at(28),
            flags: u16_at(30),
            bytes: bytes.to_vec(),
        };
        assert_eq!(bytes.len(), 32 + received.frames as usize * usize::from(received.channels) * 4);
        received
    }

    /// Index of the sample after this frame.
    pub(crate) fn end(&self) -> u64 {
        self.index + u64::from(self.frames)
    }

    /// That it holds [`super::Signal`] and nothing else.
    pub(crate) fn assert_content(&self) {
        let channels = usize::from(self.channels);
        for (i, value) in self.bytes[32..].chunks_exact(4).enumerate() {
            let bits: [u8; 4] = value.try_into().unwrap();
            let value = if self.dtype == 1 {
                f32::from_le_bytes(bits)
            } else {
                i32::from_le_bytes(bits) as f32
            };
            let expected = value_at(self.index + (i / channels) as u64, i % channels);
            assert!(
                (value - expected).abs() < 0.5,
                "index {}, value {i}: {value}, not {expected}",
                self.index
            );
        }
    }
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Got {
    Json(Value),
    Frame(Received),
    Closed(Option<u16>),
}

/// A connected client.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
}

impl Client {
    pub(crate) async fn connect(server: SocketAddr, topics: &str) -> Self {
        let stream = TcpStream::connect(server).await.unwrap();
        let url = format!(
            "ws://{server}/ws/data{}{topics}",
            if topics.is_empty() { "" } else { "?topics=" }
        );
        let (socket, _) = soon("the handshake", client_async(url, stream)).await.unwrap();
        Self { socket }
    }

    pub(crate) async fn say(&mut self, text: &str) {
        self.socket.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn say_message(&mut self, message: Message) {
        // The server may close while a long message is still on its way.
        let _ = self.socket.send(message).await;
    }

    pub(crate) async fn next(&mut self) -> Got {
        loop {
            match soon("a message", self.socket.next()).await {
                Some(Ok(Message::Text(text))) => {
                    return Got::Json(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Binary(bytes))) => return Got::Frame(Received::decode(&bytes)),
                Some(Ok(Message::Close(frame))) => {
                    return Got::Closed(frame.map(|f| f.code.into()));
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                None | Some(Err(Error::ConnectionClosed | Error::Io(_) | Error::Protocol(_))) => {
                    return Got::Closed(None);
                }
                Some(Err(error)) => panic!("{error}"),
            }
        }
    }

    pub(crate) async fn json(&mut self) -> Value {
        match self.next().await {
            Got::Json(value) => value,
            other => panic!("a text message was expected: {other:?}"),
        }
    }

    pub(crate) async fn frame(&mut self) -> Received {
        match self.next().await {
            Got::Frame(frame) => frame,
            other => panic!("a frame was expected: {other:?}"),
        }
    }
}
