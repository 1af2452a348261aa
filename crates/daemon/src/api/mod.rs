//! HTTP: one file per resource, one guard before them all, errors as `application/problem+json`.
//!
//! [`serve`] runs the server; everything it needs comes in as an [`AppState`].

mod access;
mod body;
mod filter_report;
mod guard;
mod health;
mod ledger;
mod listen;
mod markers;
mod metrics;
mod openapi;
mod pipeline;
mod presets;
mod problem;
mod query;
mod serve;
mod stages;
mod start;
mod studies;
mod topics;

pub(crate) use access::first_protocol;
pub use access::{Access, Token, TokenError};
pub use body::MAX_BODY_BYTES;
pub use listen::{ListenError, check_listen};
pub(crate) use problem::ApiError;
pub(crate) use query::Peer;
pub use serve::serve;
pub(crate) use stages::describe_stages;

use crate::broker::WebSocketBroker;
use crate::control::Control;
use crate::ws::Clients;
use axum::Router;
use axum::middleware::from_fn_with_state;
use plugin_api::Registry;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What the server shows and to whom.
#[derive(Clone)]
pub struct AppState {
    /// Live frames and events.
    pub broker: Arc<WebSocketBroker>,
    /// What runs, and how it is changed.
    pub control: Control,
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
    /// How long the head of a request may take to arrive, idle time between requests included; and then its body.
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
    /// What each of them was sent.
    pub(crate) clients: Arc<Clients>,
    /// True once the server closes.
    pub(crate) closing: watch::Receiver<bool>,
    /// What `GET /openapi.json` answers.
    pub(crate) description: Arc<Value>,
}

/// Every resource, with its description.
fn resources() -> (Router<App>, Value) {
    let (router, collected) = OpenApiRouter::with_openapi(openapi::Description::openapi())
        .routes(routes!(pipeline::show, pipeline::patch))
        .routes(routes!(filter_report::show))
        .routes(routes!(start::start))
        .routes(routes!(start::shutdown))
        .routes(routes!(pipeline::stage))
        .routes(routes!(ledger::show))
        .routes(routes!(presets::list))
        .routes(routes!(stages::list))
        .routes(routes!(topics::list))
        .routes(routes!(markers::set))
        .routes(routes!(studies::list, studies::begin))
        .routes(routes!(studies::current))
        .routes(routes!(studies::end))
        .routes(routes!(studies::file))
        .routes(routes!(health::show))
        .routes(routes!(metrics::show))
        .routes(routes!(openapi::show))
        .routes(routes!(crate::ws::data::data))
        .routes(routes!(crate::ws::control::control))
        .split_for_parts();
    (router, openapi::complete(&collected))
}

fn router(app: App, resources: Router<App>) -> Router {
    resources
        .fallback_service(crate::viewer::files())
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(from_fn_with_state(app.clone(), guard::guard))
        .with_state(app)
}
