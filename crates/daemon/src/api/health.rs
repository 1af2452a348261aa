//! `GET /healthz`: the server answers. How the pipeline is, `GET /pipeline` says.

use axum::Json;
use serde_json::{Value, json};

/// The server answers.
#[utoipa::path(
    get, path = "/healthz", operation_id = "get_health",
    responses((status = 200, description = "Alive.", content_type = "application/json")),
)]
pub(super) async fn show() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}
