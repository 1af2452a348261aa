//! `GET /ws/data?topics=a,b`: the handshake. Without `topics` nothing comes until the client subscribes.
//!
//! A topic that does not exist is subscribed to all the same, with a `warning` message: it may appear later, when a
//! pipeline is started.

use super::client::{self, Surroundings};
use super::handshake;
use super::request::Request;
use crate::api::{ApiError, App, Peer};
use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Query, State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use std::sync::Arc;

/// Live frames, over a WebSocket. Binary messages are frames; text messages are JSON.
#[utoipa::path(
    get, path = "/ws/data", operation_id = "live_data",
    params(("topics" = Option<String>, Query, description = "Names of topics, separated by commas.")),
    responses(
        (status = 101, description = "A WebSocket."),
        (status = 400, description = "The names of topics cannot be understood."),
        (status = 426, description = "The request is no WebSocket handshake."),
        (status = 503, description = "All places for live clients are taken."),
    ),
)]
pub(crate) async fn data(
    State(app): State<App>,
    headers: HeaderMap,
    Peer(peer): Peer,
    query: Result<Query<Vec<(String, String)>>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let Query(pairs) = query.map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
    let first = Request::of_query(&pairs).map_err(ApiError::BadRequest)?;
    let (upgrade, place) = handshake::accept(&app, &headers, upgrade)?;

    let surroundings = Surroundings {
        broker: Arc::clone(&app.state.broker),
        closing: app.closing.clone(),
        stall_limit: app.state.limits.stall,
        entry: app.clients.enter(peer),
    };
    Ok(upgrade.on_upgrade(async move |socket| {
        client::serve(socket, first, surroundings).await;
        drop(place);
    }))
}
