//! HTTP: one file per resource, one guard before them all, errors as `application/problem+json`.
//!
//! [`serve`] runs the server; everything it needs comes in as an [`AppState`].

mod access;
mod guard;
mod health;
mod listen;
mod pipeline;
mod problem;
mod serve;
mod stages;
mod topics;

pub(crate) use access::first_protocol;
pub use access::{Access, Token, TokenError};
pub use listen::{ListenError, check_listen};
pub use pipeline::PipelineStatus;
pub(crate) use problem::ApiError;
pub use serve::serve;
pub(crate) use stages::describe_stages;

use crate::broker::WebSocketBroker;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use plugin_api::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};

/// Longest request body, bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// What the server shows and to whom.
#[derive(Clone)]
pub struct AppState {
    /// Live frames and events.
    pub broker: Arc<WebSocketBroker>,
    /// What runs.
    pub pipeline: Arc<dyn PipelineStatus>,
    /// The stage kinds of `GET /stages`.
    pub registry: Arc<Registry>,
    /// Who may ask.
    pub access: Arc<Access>,
    /// How much of everything.
    pub limits: Limits,
}

impl std::fmt::Debug for AppState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AppState")
            .field("access", &self.access)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Bounds of the server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// WebSocket clients; the next one gets 503.
    pub clients: usize,
    /// HTTP connections at a time; more wait to be accepted.
    pub connections: usize,
    /// After how long a WebSocket client that does not take a message is cut off.
    pub stall: Duration,
    /// How long the head of a request may take to arrive, idle time between requests included.
    pub head: Duration,
    /// How long a shutdown waits for clients to take their leave.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 1024,
            connections: 256,
            stall: Duration::from_mins(2),
            head: Duration::from_secs(30),
            farewell: Duration::from_secs(3),
        }
    }
}

/// The state with what the running server adds to it.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) state: AppState,
    /// One permit per WebSocket client.
    pub(crate) places: Arc<Semaphore>,
    /// True once the server closes.
    pub(crate) closing: watch::Receiver<bool>,
}

fn router(app: App) -> Router {
    Router::new()
        .route("/pipeline", get(pipeline::show))
        .route("/topics", get(topics::list))
        .route("/stages", get(stages::list))
        .route("/healthz", get(health::show))
        .route("/ws/data", get(crate::ws::data::data))
        .fallback(crate::viewer::file)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
