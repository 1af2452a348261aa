//! `GET /pipeline`: what runs, in which revision, and how each stage is.

use super::App;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// The pipeline as the API sees it.
pub trait PipelineStatus: Send + Sync {
    /// `{state, revision, config, stages: {id: status}}`. Must not wait: it runs on a network thread.
    fn snapshot(&self) -> Value;
}

pub(super) async fn show(State(app): State<App>) -> Json<Value> {
    Json(app.state.pipeline.snapshot())
}
