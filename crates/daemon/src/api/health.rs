//! `GET /healthz`: the server answers. How the pipeline is, `GET /pipeline` says.

use axum::Json;
use serde_json::{Value, json};

pub(super) async fn show() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
