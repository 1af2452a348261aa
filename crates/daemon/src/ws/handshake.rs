//! What every WebSocket is accepted with: a place, bounded messages, small buffers.

use crate::api::{ApiError, App};
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use std::sync::Arc;
use tokio::sync::OwnedSemaphorePermit;

/// Longest message a client may send, bytes.
const MAX_MESSAGE_BYTES: usize = 64 * 1024;
/// tungstenite clears its read buffer on every poll (issue 547 there), and its default is 128 KiB.
const READ_BUFFER_BYTES: usize = 4 * 1024;
/// What a client that is behind gets with one call of the kernel, about; a single frame leaves at once all the same.
const WRITE_BUFFER_BYTES: usize = 3 * 1024;

/// The handshake to answer, and the client's place.
pub(super) fn accept(
    app: &App,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<(WebSocketUpgrade, OwnedSemaphorePermit), ApiError> {
    let upgrade = upgrade.map_err(|rejection| ApiError::NoWebSocket(rejection.body_text()))?;
    let place = Arc::clone(&app.places).try_acquire_owned().map_err(|_| ApiError::Full)?;
    let upgrade = upgrade
        .read_buffer_size(READ_BUFFER_BYTES)
        .write_buffer_size(WRITE_BUFFER_BYTES)
        .max_message_size(MAX_MESSAGE_BYTES)
        .max_frame_size(MAX_MESSAGE_BYTES)
        .protocols(crate::api::first_protocol(headers));
    Ok((upgrade, place))
}
