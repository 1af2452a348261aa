//! `GET /topics`: what can be subscribed to.

use super::App;
use crate::broker::TopicStatus;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

/// What can be subscribed to over `/ws/data`.
///
/// `topics` are the names, in the order of their appearance; `status` has the figures of each.
#[utoipa::path(
    get, path = "/topics", operation_id = "list_topics",
    responses((status = 200, description = "Names and figures.", content_type = "application/json")),
)]
pub(super) async fn list(State(app): State<App>) -> Json<Value> {
    let status = app.state.broker.topics();
    let names: Vec<&str> = status.iter().map(|topic| &*topic.topic).collect();
    let figures: serde_json::Map<_, _> =
        status.iter().map(|topic| (topic.topic.to_string(), figures(topic))).collect();
    Json(json!({ "topics": names, "status": figures }))
}

fn figures(topic: &TopicStatus) -> Value {
    json!({
        "clients": topic.clients,
        "packets": topic.packets,
        "lost_packets": topic.lost_packets,
        "lagged_packets": topic.lagged_packets,
    })
}
