//! `GET /ws/control`: the document, every change of it, and patches from clients.
//!
//! A client's patches are carried out one after the other, each answered before the next is read: who sends faster than
//! that waits in its own socket.

use super::ending::{Ending, farewell, raised, why};
use super::handshake;
use super::writer::Writer;
use crate::api::{ApiError, App, Peer};
use crate::control::{Applied, Control, Patch, Refused};
use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket};
use axum::http::HeaderMap;
use axum::response::Response;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;
use tokio::time::sleep;

/// The least time between two patches of a client: faster than any hand or script needs, slower than a mishap.
const PACE: Duration = Duration::from_millis(5);

/// The document, every change of it, and patches, over a WebSocket. All messages are JSON text.
#[utoipa::path(
    get, path = "/ws/control", operation_id = "live_control",
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 426, description = "The request is no WebSocket handshake."),
        (status = 503, description = "All places for live clients are taken."),
    ),
)]
pub(crate) async fn control(
    State(app): State<App>,
    headers: HeaderMap,
    Peer(by): Peer,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let (upgrade, place) = handshake::accept(&app, &headers, upgrade)?;
    let client = Client { control: app.state.control.clone(), by };
    let (closing, stall_limit) = (app.closing.clone(), app.state.limits.stall);
    Ok(upgrade.on_upgrade(async move |socket: WebSocket| {
        let (sink, mut incoming) = socket.split();
        let writer = Writer::new(sink, stall_limit);
        let ending = client.run(&writer, &mut incoming, closing).await;
        farewell(&writer, &mut incoming, ending).await;
        drop(place);
    }))
}

struct Client {
    control: Control,
    /// Who it is, for the record.
    by: String,
}

impl Client {
    async fn run(
        &self,
        writer: &Writer,
        incoming: &mut SplitStream<WebSocket>,
        mut closing: watch::Receiver<bool>,
    ) -> Ending {
        let (snapshot, mut told) = self.control.host().follow();
        if !writer.send(Message::Text(snapshot.0)).await {
            return Ending::Gone;
        }
        loop {
            tokio::select! {
                message = incoming.next() => {
                    let answer = match message {
                        None => return Ending::Gone,
                        Some(Err(error)) => return why(error),
                        Some(Ok(Message::Text(text))) => self.answer(&text).await,
                        Some(Ok(Message::Binary(_))) => {
                            error(&Value::Null, &malformed("patches are text messages, not binary ones"))
                        }
                        // tungstenite answers pings, and a close; after that there is no next message.
                        Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_))) => continue,
                    };
                    if !writer.tell(&answer).await {
                        return Ending::Gone;
                    }
                    sleep(PACE).await;
                }
                message = told.recv() => {
                    let message = match message {
                        Ok(message) => message,
                        // Too much at once: the whole again.
                        Err(RecvError::Lagged(_)) => {
                            let (snapshot, again) = self.control.host().follow();
                            told = again;
                            snapshot
                        }
                        Err(RecvError::Closed) => return Ending::ServerCloses,
                    };
                    if !writer.send(Message::Text(message.0)).await {
                        return Ending::Gone;
                    }
                }
                () = writer.gone() => return Ending::Gone,
                () = raised(&mut closing) => return Ending::ServerCloses,
            }
        }
    }

    /// Carries out one message.
    async fn answer(&self, text: &str) -> Value {
        let (id, patch) = read(text);
        let patch = match patch {
            Ok(patch) => patch,
            Err(refused) => return error(&id, &refused),
        };
        let by = self.by.clone();
        match self.control.ask(move |operator| operator.patch(&patch, &by)).await {
            Ok(applied) => done(&id, applied),
            Err(refused) => error(&id, &refused),
        }
    }
}

/// The `id` of a message, as far as there is one, and its patch.
fn read(text: &str) -> (Value, Result<Patch, Refused>) {
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => {
            return (Value::Null, Err(malformed(&format!("this is not valid JSON: {error}"))));
        }
    };
    let Value::Object(mut message) = value else { return (Value::Null, Patch::of(value)) };
    let id = message.shift_remove("id").unwrap_or_default();
    let patch = match message.shift_remove("type") {
        Some(Value::String(kind)) if kind == "patch" => Patch::of(Value::Object(message)),
        _ => Err(malformed(
            r#"say {"type": "patch", "id": …, "patch": […], "if_revision": …}, or send a bare JSON Patch array"#,
        )),
    };
    (id, patch)
}

fn malformed(message: &str) -> Refused {
    Refused::Malformed(message.to_owned())
}

fn done(id: &Value, applied: Applied) -> Value {
    let Applied { revision, samples, warnings } = applied;
    let applied_at: Map<String, Value> =
        samples.into_iter().map(|(stage, sample)| (stage, sample.into())).collect();
    let mut answer =
        json!({ "type": "applied", "id": id, "revision": revision, "applied_at": applied_at });
    if !warnings.is_empty() {
        answer["warnings"] = warnings.into();
    }
    answer
}

/// `code` is `locked`, `invalid` or `conflict`.
fn error(id: &Value, refused: &Refused) -> Value {
    let code = match refused {
        Refused::Locked { .. } => "locked",
        Refused::Stale { .. }
        | Refused::TestFailed { .. }
        | Refused::Behind(_)
        | Refused::NotRunning
        | Refused::Exists(_)
        | Refused::Study(_)
        | Refused::Busy
        | Refused::Closing => "conflict",
        Refused::Malformed(_)
        | Refused::Invalid(_)
        | Refused::NotOpened { .. }
        | Refused::Broken { .. }
        | Refused::NoStage(_)
        | Refused::NoPreset(_) => "invalid",
    };
    let mut message = refused.to_string();
    if let [first, ..] = refused.mistakes() {
        message.clone_from(&first.message);
    }
    let mut answer = json!({ "type": "error", "id": id, "code": code, "message": message });
    match refused {
        Refused::Locked { stage, reason } => {
            answer["stage"] = stage.as_str().into();
            answer["reason"] = reason.text.as_str().into();
            answer["since_ns"] = reason.since_ns.into();
        }
        Refused::Stale { current, .. } => answer["revision"] = (*current).into(),
        Refused::Broken { revision, .. } => answer["revision"] = (*revision).into(),
        Refused::TestFailed { path, .. } => answer["path"] = path.as_str().into(),
        _ => {}
    }
    let mistakes = refused.mistakes();
    if let [first, ..] = mistakes {
        answer["path"] = first.path.as_str().into();
        let stage = first.path.strip_prefix("/stages/").and_then(|rest| rest.split('/').next());
        if let Some(stage) = stage {
            answer["stage"] = stage.into();
        }
        answer["errors"] = mistakes
            .iter()
            .map(|mistake| json!({ "path": mistake.path, "message": mistake.message }))
            .collect();
    }
    answer
}
