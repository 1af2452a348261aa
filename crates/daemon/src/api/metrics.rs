//! `GET /metrics`: for Prometheus.

use super::{ApiError, App};
use crate::control::Refused;
use crate::machine::Root;
use crate::metrics::{Asked, CONTENT_TYPE, render};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// Figures of stages, edges, clients and the machine, in the text format of Prometheus.
#[utoipa::path(
    get, path = "/metrics", operation_id = "get_metrics",
    responses((status = 200, description = "Metrics, format version 0.0.4.", content_type = "text/plain")),
)]
pub(super) async fn show(State(app): State<App>) -> Result<impl IntoResponse, ApiError> {
    // A file system may take its time to say how full it is.
    let rendered = tokio::task::spawn_blocking(move || {
        let state = &app.state;
        render(&Asked {
            host: state.control.host(),
            broker: &state.broker,
            clients: state.limits.clients - app.places.available_permits(),
            data_dir: state.control.data_dir(),
            root: &Root::default(),
        })
    });
    let text = rendered.await.map_err(|_| Refused::Closing)?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text))
}
