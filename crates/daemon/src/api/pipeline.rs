//! `/pipeline`: what runs and how each stage is; and changes to it.

use super::body;
use super::query::{Peer, Query, revision};
use super::{ApiError, App};
use crate::control::{Applied, Patch, StageOrder};
use axum::Json;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderName, header};
use axum::response::IntoResponse;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// State, revision, document and the figures of every stage.
#[utoipa::path(
    get, path = "/pipeline", operation_id = "get_pipeline",
    responses((
        status = 200, description = "What runs. `ETag` is the revision, for `If-Match` of a change.",
        body = ref("#/components/schemas/Pipeline"),
    )),
)]
pub(super) async fn show(State(app): State<App>) -> impl IntoResponse {
    let snapshot = app.state.control.host().snapshot();
    let tag: [(HeaderName, String); 1] = [(header::ETAG, format!("\"{}\"", snapshot["revision"]))];
    (tag, Json(snapshot))
}

/// What came of a change.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Change {
    /// The revision of the document from now on.
    revision: u64,
    /// For each stage that took the change, the index of the first sample it saw after it.
    applied_at: BTreeMap<String, u64>,
    /// What was odd, but no mistake.
    warnings: Vec<String>,
}

impl From<Applied> for Change {
    fn from(applied: Applied) -> Self {
        let Applied { revision, samples, warnings } = applied;
        Self { revision, applied_at: samples.into_iter().collect(), warnings }
    }
}

/// Changes the pipeline by a JSON Patch on its document, all of it or nothing.
///
/// While it runs, the change is made in order with the data, at one sample of each stage. While nothing runs it counts
/// from the next start. A stage that must not be disturbed, such as a recorder, is not: 423.
#[utoipa::path(
    patch, path = "/pipeline", operation_id = "patch_pipeline",
    params(
        ("if_revision" = Option<u64>, Query, description = "Change only this revision of the document."),
        ("If-Match" = Option<String>, Header, description = "The same as an entity tag: `\"7\"`."),
    ),
    request_body(
        description = "An array of operations (RFC 6902), or an object with `patch` and `if_revision`.",
        content(
            (ref("#/components/schemas/PatchBody") = "application/json-patch+json"),
            (ref("#/components/schemas/PatchBody") = "application/json"),
        ),
    ),
    responses(
        (status = 200, description = "Changed.", body = ref("#/components/schemas/Change")),
        (status = 409, description = "Another revision, a `test` that failed, or a thread too far behind: nothing was changed."),
        (status = 422, description = "The document would not build or could not be opened; `errors` has every mistake."),
        (status = 423, description = "A stage is locked: `stage`, `reason`, `since_ns`. Nothing was changed."),
    ),
)]
pub(super) async fn patch(
    State(app): State<App>,
    Peer(by): Peer,
    query: Query,
    request: Request,
) -> Result<Json<Change>, ApiError> {
    query.only(&["if_revision"])?;
    let if_revision = revision(&query, request.headers())?;
    let types = ["application/json-patch+json", "application/json"];
    let mut patch = Patch::of(body::json(&app, request, &types).await?)?;
    patch.if_revision = if_revision.or(patch.if_revision);
    let applied = app.state.control.try_ask(move |operator| operator.patch(&patch, &by)).await?;
    Ok(Json(applied.into()))
}

/// Adds, removes or restarts one stage.
#[utoipa::path(
    post, path = "/pipeline/stage/{id}", operation_id = "order_stage",
    params(
        ("id" = String, Path, description = "The stage.", example = "notch"),
        ("if_revision" = Option<u64>, Query, description = "Change only this revision of the document."),
        ("If-Match" = Option<String>, Header, description = "The same as an entity tag: `\"7\"`."),
    ),
    request_body = ref("#/components/schemas/StageOrder"),
    responses(
        (status = 200, description = "Done.", body = ref("#/components/schemas/Change")),
        (status = 404, description = "There is no such stage."),
        (status = 409, description = "There is one of that id already, another revision, nothing runs, or a thread is too far behind."),
        (status = 422, description = "The document would not build or could not be opened; `errors` has every mistake."),
        (status = 423, description = "A stage is locked: `stage`, `reason`, `since_ns`. Nothing was changed."),
    ),
)]
pub(super) async fn stage(
    State(app): State<App>,
    Path(id): Path<String>,
    Peer(by): Peer,
    query: Query,
    request: Request,
) -> Result<Json<Change>, ApiError> {
    query.only(&["if_revision"])?;
    let if_revision = revision(&query, request.headers())?;
    let order: StageOrder = body::form(&app, request).await?;
    let order =
        move |operator: &mut crate::control::Operator| operator.stage(&id, order, if_revision, &by);
    Ok(Json(app.state.control.try_ask(order).await?.into()))
}
