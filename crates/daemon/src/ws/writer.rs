//! The sending side of a client, shared by its tasks: whole messages, in turn, and an end to those who take nothing.

use axum::extract::ws::{CloseFrame, Message, WebSocket};
use futures_util::SinkExt;
use futures_util::stream::SplitSink;
use serde_json::Value;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::{Mutex, Notify};
use tokio::time::timeout;

/// How long a close message may take to leave.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// Sends to one client.
#[derive(Debug)]
pub(super) struct Writer {
    /// `None` once the client is gone, so that whoever waits for its turn gives up too. This lock is held while
    /// sending, but only by tasks of this one client.
    sink: Mutex<Option<SplitSink<WebSocket, Message>>>,
    stall_limit: Duration,
    gone: Notify,
}

impl Writer {
    pub(super) fn new(sink: SplitSink<WebSocket, Message>, stall_limit: Duration) -> Self {
        Self { sink: Mutex::new(Some(sink)), stall_limit, gone: Notify::new() }
    }

    /// Sends one message; false when the client is gone, or has been given up because it did not take this message
    /// within the limit.
    pub(super) async fn send(&self, message: Message) -> bool {
        self.write(message, false).await
    }

    /// As [`send`](Self::send); with `more` to follow at once, the message may wait for it, so that both leave together.
    pub(super) async fn write(&self, message: Message, more: bool) -> bool {
        let mut guard = self.sink.lock().await;
        let Some(sink) = guard.as_mut() else { return false };
        let sent = {
            let mut sending = pin!(async {
                if more { sink.feed(message).await } else { sink.send(message).await }
            });
            // A socket with room takes it at once; only for another is a timer set.
            match poll_fn(|cx| Poll::Ready(sending.as_mut().poll(cx))).await {
                Poll::Ready(sent) => sent.is_ok(),
                Poll::Pending => matches!(timeout(self.stall_limit, sending).await, Ok(Ok(()))),
            }
        };
        if sent {
            return true;
        }
        *guard = None;
        self.gone.notify_one();
        false
    }

    /// Sends a JSON message.
    pub(super) async fn tell(&self, message: &Value) -> bool {
        self.send(Message::Text(message.to_string().into())).await
    }

    /// Returns when the client has been given up. For one waiter.
    pub(super) async fn gone(&self) {
        self.gone.notified().await;
    }

    /// Says goodbye, if the client still takes anything.
    pub(super) async fn close(&self, code: u16, reason: &'static str) {
        let frame = CloseFrame { code, reason: reason.into() };
        let goodbye = async {
            if let Some(sink) = self.sink.lock().await.as_mut() {
                // An error means it is gone already.
                let _ = sink.send(Message::Close(Some(frame))).await;
            }
        };
        let _ = timeout(CLOSE_PATIENCE, goodbye).await;
    }
}
