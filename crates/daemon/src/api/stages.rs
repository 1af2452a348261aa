//! `GET /stages`: every kind of stage with its JSON Schema and an example.

use super::App;
use axum::Json;
use axum::extract::State;
use plugin_api::StageEntry;
use serde_json::{Value, json};

/// Every kind of stage with its JSON Schema and an example.
#[utoipa::path(
    get, path = "/stages", operation_id = "list_stages",
    responses((status = 200, description = "Every kind.", content_type = "application/json")),
)]
pub(super) async fn list(State(app): State<App>) -> Json<Value> {
    let entries: Vec<_> = app.state.registry.entries().iter().collect();
    Json(describe_stages(&entries))
}

/// Each with its JSON Schema and an example: `GET /stages` and `eegd stages --json`.
pub(crate) fn describe_stages(entries: &[&StageEntry]) -> Value {
    let stages: Vec<Value> = entries.iter().copied().map(entry).collect();
    json!({ "stages": stages })
}

fn entry(entry: &StageEntry) -> Value {
    let (least, most) = entry.inputs;
    json!({
        "kind": entry.kind,
        "role": entry.role.name(),
        "inputs": { "min": least, "max": most },
        "on_error": entry.policy,
        "schema": entry.schema(),
        "example": entry.example(),
    })
}
