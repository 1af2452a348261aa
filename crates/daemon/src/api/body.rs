//! The body of a request: bounded in size and time, and its content type.

use super::{ApiError, App};
use axum::body::{Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;

/// Longest body, bytes, but for a whole pipeline.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// Longest pipeline, bytes.
pub(super) const MAX_PIPELINE_BYTES: usize = crate::document::MAX_BYTES;

/// How long the body of a request to this path may be.
pub(super) fn limit_of(path: &str) -> usize {
    if path == "/pipeline/start" { MAX_PIPELINE_BYTES } else { MAX_BODY_BYTES }
}

/// The whole body.
pub(super) async fn read(app: &App, request: Request) -> Result<Bytes, ApiError> {
    let limit = limit_of(request.uri().path());
    match timeout(app.state.limits.head, to_bytes(request.into_body(), limit)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        // What else can fail is the connection, and then nobody reads the answer.
        Ok(Err(_)) => Err(ApiError::BodyTooLarge(limit)),
        Err(_) => Err(ApiError::TooSlow),
    }
}

/// The whole body as JSON. `types` are the content types that are.
pub(super) async fn json(app: &App, request: Request, types: &[&str]) -> Result<Value, ApiError> {
    let given = content_type(request.headers()).unwrap_or_default().to_ascii_lowercase();
    if !types.contains(&given.as_str()) {
        let said = if given.is_empty() { "nothing".to_owned() } else { format!("`{given}`") };
        return Err(ApiError::UnsupportedType(format!(
            "the body has to be JSON and say so, not {said}: add `Content-Type: {}`",
            types[0]
        )));
    }
    let bytes = read(app, request).await?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::BadRequest(format!("the body is not valid JSON: {error}")))
}

/// As [`json`], for a resource that takes one form.
pub(super) async fn form<T: DeserializeOwned>(app: &App, request: Request) -> Result<T, ApiError> {
    let value = json(app, request, &["application/json"]).await?;
    serde_json::from_value(value)
        .map_err(|error| ApiError::BadRequest(format!("the body: {error}")))
}

/// The media type without its parameters.
pub(super) fn content_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}
