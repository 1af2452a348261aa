//! `POST /pipeline/start` and `POST /pipeline/shutdown`.

use super::body;
use super::query::{Peer, Query};
use super::{ApiError, App};
use crate::control::{Begun, Source};
use crate::document::Format;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header;
use schemars::JsonSchema;
use serde::Serialize;

/// What came of a start.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Started {
    /// The revision of the document.
    revision: u64,
    /// For how long nothing can have flowed, milliseconds; `null` when nothing ran before.
    gap_ms: Option<f64>,
    /// What was odd, but no mistake.
    warnings: Vec<String>,
}

impl From<Begun> for Started {
    fn from(begun: Begun) -> Self {
        let Begun { revision, gap_ms, warnings } = begun;
        Self { revision, gap_ms, warnings }
    }
}

/// Starts a pipeline: the one in the body, a preset, or with neither the one there is, from the beginning.
///
/// A pipeline that runs streams on until the new one has been built, and stages that both have live on. A body or a
/// preset discards the changes made to the document; without either they are kept.
#[utoipa::path(
    post, path = "/pipeline/start", operation_id = "start_pipeline",
    params(("preset" = Option<String>, Query, description = "The name of a preset, see `GET /presets`.")),
    request_body(
        description = "A pipeline file, or nothing.",
        content(
            (String = "application/yaml"),
            (String = "application/toml"),
            (ref("#/components/schemas/Document") = "application/json"),
        ),
    ),
    responses(
        (status = 200, description = "It runs.", body = ref("#/components/schemas/Started")),
        (status = 404, description = "There is no such preset."),
        (status = 409, description = "A thread of the running pipeline is too far behind: nothing was changed."),
        (status = 422, description = "The document does not build (`errors` has every mistake, with line and column where there was a text), or could not be opened: `detail` says what runs now."),
        (status = 423, description = "A stage of the running pipeline is locked: `stage`, `reason`, `since_ns`. Nothing was changed."),
    ),
)]
pub(super) async fn start(
    State(app): State<App>,
    Peer(by): Peer,
    query: Query,
    request: Request,
) -> Result<Json<Started>, ApiError> {
    query.only(&["preset"])?;
    let kind = request.headers().get(header::CONTENT_TYPE).cloned();
    let bytes = body::read(&app, request).await?;
    let source = match (query.get("preset"), bytes.is_empty()) {
        (Some(_), false) => {
            let message = "either a body or `preset`, not both";
            return Err(ApiError::BadRequest(message.to_owned()));
        }
        (Some(name), true) => Source::Preset(name.to_owned()),
        (None, true) => Source::Again,
        (None, false) => {
            let format =
                kind.as_ref().and_then(|kind| Format::of_content_type(kind.to_str().ok()?));
            let format = format.ok_or_else(|| {
                let message = "say what the body is: `Content-Type: application/yaml`, `application/toml` or `application/json`";
                ApiError::UnsupportedType(message.to_owned())
            })?;
            Source::Text { bytes: bytes.into(), format }
        }
    };
    let begun = app.state.control.try_ask(move |operator| operator.start(source, &by)).await?;
    Ok(Json(begun.into()))
}

/// What came of a shutdown.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Stopped {
    /// How the pipeline ended: `idle`, or `failed` when a stage failed on the way.
    state: &'static str,
    /// What was odd: `pipeline.yaml` could not be written.
    warnings: Vec<String>,
}

/// Ends the pipeline in good order; answers when everything in flight is delivered and all files are closed.
#[utoipa::path(
    post, path = "/pipeline/shutdown", operation_id = "shut_pipeline_down",
    responses((status = 200, description = "Nothing runs any more.", body = ref("#/components/schemas/Stopped"))),
)]
pub(super) async fn shutdown(
    State(app): State<App>,
    query: Query,
) -> Result<Json<Stopped>, ApiError> {
    query.only(&[])?;
    let warnings = app.state.control.try_ask(|operator| Ok(operator.shutdown())).await?;
    let state = app.state.control.host().states().borrow().name();
    Ok(Json(Stopped { state, warnings }))
}
