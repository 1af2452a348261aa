//! `POST /markers`: an event that somebody saw, to every recording and every live client.

use super::body;
use super::query::Query;
use super::{ApiError, App};
use axum::Json;
use axum::extract::{Request, State};
use pipeline_core::clock::{Clock, monotonic_ns};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Longest text, bytes: what a BDF+ annotation surely holds.
const MAX_TEXT_BYTES: usize = 1000;
/// A time further away than this is no time in nanoseconds.
const A_DAY_NS: i64 = 24 * 3600 * 1_000_000_000;

/// A marker.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Marker {
    /// What happened.
    #[schemars(length(min = 1, max = 1000))]
    text: String,
    /// When, in nanoseconds since the Unix epoch, as frames have it; without it, now.
    #[serde(default)]
    time: Option<i64>,
}

/// A marker that was set.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Marked {
    /// When, nanoseconds since the Unix epoch.
    time_ns: i64,
}

/// Sets a marker in every recording, and tells every live client.
#[utoipa::path(
    post, path = "/markers", operation_id = "set_marker",
    request_body = ref("#/components/schemas/Marker"),
    responses(
        (status = 200, description = "Set.", body = ref("#/components/schemas/Marked")),
        (status = 409, description = "Nothing runs, so there is nothing to mark."),
    ),
)]
pub(super) async fn set(
    State(app): State<App>,
    query: Query,
    request: Request,
) -> Result<Json<Marked>, ApiError> {
    query.only(&[])?;
    let Marker { text, time } = body::form(&app, request).await?;
    if text.trim().is_empty() || text.len() > MAX_TEXT_BYTES {
        let message = format!("`text` has 1 to {MAX_TEXT_BYTES} bytes, not {}", text.trim().len());
        return Err(ApiError::BadRequest(message));
    }
    let now_ns = Clock::now().unix_ns(monotonic_ns());
    if let Some(time) = time.filter(|time| time.abs_diff(now_ns) > A_DAY_NS.unsigned_abs()) {
        return Err(ApiError::BadRequest(format!(
            "`time` is {time}, more than a day from now ({now_ns}): it counts nanoseconds since the Unix epoch"
        )));
    }
    let mark = move |operator: &mut crate::control::Operator| operator.mark(&text, time);
    Ok(Json(Marked { time_ns: app.state.control.try_ask(mark).await? }))
}
