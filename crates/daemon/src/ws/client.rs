//! One client of `/ws/data`, from its first message to its last.

use super::books::{ClientBook, Entry, TopicBook};
use super::ending::{Ending, LINGER, farewell, raised, why};
use super::request::{MAX_TOPICS, Request};
use super::writer::Writer;
use crate::broker::{Feed, WebSocketBroker};
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// What a client needs of the server.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) broker: Arc<WebSocketBroker>,
    /// True once the server closes.
    pub(super) closing: watch::Receiver<bool>,
    /// After how long a client that takes nothing is given up.
    pub(super) stall_limit: Duration,
    /// Its place in the ledger.
    pub(super) entry: Entry,
}

/// Serves a client until either side has enough.
pub(super) async fn serve(socket: WebSocket, first: Request, surroundings: Surroundings) {
    let Surroundings { broker, closing, stall_limit, entry } = surroundings;
    let (sink, mut incoming) = socket.split();
    let writer = Arc::new(Writer::new(sink, stall_limit));
    let mut client = Client {
        broker,
        writer: Arc::clone(&writer),
        closing: closing.clone(),
        book: Arc::clone(&entry.book),
        waiting: BTreeSet::default(),
        relays: BTreeMap::default(),
    };
    let ending = client.run(&mut incoming, first, closing).await;
    if matches!(ending, Ending::ServerCloses) {
        let _ = timeout(LINGER, client.finish()).await;
    }
    drop(client);
    farewell(&writer, &mut incoming, ending).await;
}

struct Client {
    broker: Arc<WebSocketBroker>,
    writer: Arc<Writer>,
    closing: watch::Receiver<bool>,
    book: Arc<ClientBook>,
    /// Topics asked for that do not exist yet.
    waiting: BTreeSet<String>,
    /// A task for every topic it listens to.
    relays: BTreeMap<String, JoinHandle<()>>,
}

impl Client {
    async fn run(
        &mut self,
        incoming: &mut SplitStream<WebSocket>,
        first: Request,
        mut closing: watch::Receiver<bool>,
    ) -> Ending {
        let mut events = self.broker.events();
        let mut topics = self.broker.topics_changed();
        let writer = Arc::clone(&self.writer);
        self.follow(first).await;
        loop {
            tokio::select! {
                message = incoming.next() => match message {
                    None => return Ending::Gone,
                    Some(Err(error)) => return why(error),
                    Some(Ok(Message::Text(text))) => self.hear(&text).await,
                    Some(Ok(Message::Binary(_))) => self.complain("requests are text messages, not binary ones").await,
                    // tungstenite answers pings, and a close; after that there is no next message.
                    Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => {}
                },
                event = events.recv() => match event {
                    Ok(event) => { writer.send(Message::Text(event)).await; }
                    Err(RecvError::Lagged(missed)) => {
                        let message = format!("{missed} events were lost because this client was too slow");
                        writer.tell(&json!({ "type": "warning", "message": message })).await;
                    }
                    Err(RecvError::Closed) => return Ending::ServerCloses,
                },
                Ok(()) = topics.changed() => self.look_again(),
                () = writer.gone() => return Ending::Gone,
                () = raised(&mut closing) => return Ending::ServerCloses,
            }
        }
    }

    async fn hear(&mut self, text: &Utf8Bytes) {
        match Request::parse(text) {
            Ok(request) => self.follow(request).await,
            Err(complaint) => self.complain(&complaint).await,
        }
    }

    async fn complain(&self, complaint: &str) {
        self.writer.tell(&json!({ "type": "error", "message": complaint })).await;
    }

    async fn follow(&mut self, request: Request) {
        for topic in &request.unsubscribe {
            self.waiting.remove(topic);
            if let Some(relay) = self.relays.remove(topic) {
                relay.abort();
                // Its last message has left or never will; only then may a new subscription begin.
                let _ = relay.await;
                self.book.end(topic);
            }
        }
        for topic in request.subscribe {
            if self.relays.contains_key(&topic) || self.waiting.contains(&topic) {
                continue;
            }
            if self.relays.len() + self.waiting.len() >= MAX_TOPICS {
                return self
                    .complain(&format!("a client may subscribe to {MAX_TOPICS} topics"))
                    .await;
            }
            if let Some(feed) = self.broker.subscribe(&topic) {
                self.start(topic, feed);
            } else {
                let message = format!(
                    "there is no topic `{topic}` now; its frames follow when there is (GET /topics)"
                );
                self.writer
                    .tell(&json!({ "type": "warning", "topic": topic, "message": message }))
                    .await;
                self.waiting.insert(topic);
                // It may have come while the warning was on its way.
                self.look_again();
            }
        }
    }

    /// Subscribes to what has appeared since.
    fn look_again(&mut self) {
        let waiting = std::mem::take(&mut self.waiting);
        for topic in waiting {
            match self.broker.subscribe(&topic) {
                Some(feed) => self.start(topic, feed),
                None => drop(self.waiting.insert(topic)),
            }
        }
    }

    fn start(&mut self, topic: String, feed: Feed) {
        let book = self.book.begin(&topic, feed.due_from());
        let relay = tokio::spawn(relay(
            topic.clone(),
            feed,
            book,
            Arc::clone(&self.writer),
            self.closing.clone(),
        ));
        self.relays.insert(topic, relay);
    }

    /// Waits for the relays, which end when the server closes and everything is sent.
    async fn finish(&mut self) {
        for relay in self.relays.values_mut() {
            let _ = relay.await;
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.relays.values().for_each(JoinHandle::abort);
    }
}

/// Sends the frames of one topic, each after its `stream` message and after what was missed.
async fn relay(
    topic: String,
    mut feed: Feed,
    book: Arc<TopicBook>,
    writer: Arc<Writer>,
    mut closing: watch::Receiver<bool>,
) {
    let mut told = None;
    if let Some(stream) = feed.stream() {
        told = Some(stream.number);
        if !writer.send(Message::Text(stream.message.clone())).await {
            return;
        }
    }
    // Made once: anew for each frame, it would cost as much as half of what is not the kernel's.
    let mut closes = pin!(raised(&mut closing));
    loop {
        let next = tokio::select! {
            // What is there goes out first, also when the server closes.
            biased;
            next = feed.next() => next,
            () = &mut closes => return,
        };
        let Some((missed, frame)) = next else { return };
        if missed > 0
            && !writer.tell(&json!({ "type": "lagged", "topic": topic, "packets": missed })).await
        {
            return;
        }
        if told != Some(frame.stream.number) {
            told = Some(frame.stream.number);
            if !writer.send(Message::Text(frame.stream.message.clone())).await {
                return;
            }
        }
        // A client that is behind, or a busy machine, gets several frames at a time: most of a frame's cost is the kernel's.
        if !writer.write(Message::Binary(frame.bytes), feed.has_more()).await {
            return;
        }
        feed.delivered(frame.captured_ns);
        book.sent(frame.count, frame.frames);
    }
}
