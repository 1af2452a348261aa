//! `GET /ws/data?topics=a,b`: the handshake. Without `topics` nothing comes until the client subscribes.
//!
//! A topic that does not exist is subscribed to all the same, with a `warning` message: it may appear later, when a
//! pipeline is started.

use super::client::{self, Surroundings};
use super::request::Request;
use crate::api::{ApiError, App};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

/// Longest message a client may send, bytes.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// tungstenite clears its read buffer on every poll (issue 547 there), and its default is 128 KiB.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// Answers the handshake, or says why not.
pub(crate) async fn data(
    State(app): State<App>,
    headers: HeaderMap,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Query(pairs) = query.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let first = Request::of_query(&pairs).map_err(ApiError::BadRequest)?;
    let upgrade = upgrade.map_err(|rejection| ApiError::NoWebSocket(rejection.body_text()))?;
    let place = Arc::clone(&app.places).try_acquire_owned().map_err(|_| ApiError::Full)?;

    let surroundings = Surroundings {
        broker: Arc::clone(&app.state.broker),
        closing: app.closing.clone(),
        stall_limit: app.state.limits.stall,
    };
    Ok(upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(0)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .protocols(crate::api::first_protocol(&headers))
        .on_upgrade(async move |socket| {
            client::serve(socket, first, surroundings).await;
            drop(place);
        }))
}
