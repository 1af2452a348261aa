//! Errors as the client sees them: kind, status and body in one place (RFC 9457).

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// Why a request was not answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("{0}")]
    BadRequest(String),
    #[error(
        "a token is needed: `Authorization: Bearer TOKEN`, or for a WebSocket the protocols `eegd, bearer.TOKEN`"
    )]
    NoToken,
    #[error("the token is wrong")]
    WrongToken,
    #[error("{0}")]
    HostRefused(String),
    #[error("{0}")]
    OriginRefused(String),
    #[error("there is nothing at {0}")]
    NotFound(String),
    #[error("this method is not allowed here")]
    MethodNotAllowed,
    #[error("a request body may have {} bytes", super::MAX_BODY_BYTES)]
    BodyTooLarge,
    #[error("this address speaks WebSocket only: {0}")]
    NoWebSocket(String),
    #[error("all places for live clients are taken; try again later")]
    Full,
}

impl ApiError {
    const fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::NoToken | Self::WrongToken => StatusCode::UNAUTHORIZED,
            Self::HostRefused(_) | Self::OriginRefused(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NoWebSocket(_) => StatusCode::UPGRADE_REQUIRED,
            Self::Full => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// A name for programs; stays the same when the wording changes.
    const fn kind(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "urn:eegd:problem:bad-request",
            Self::NoToken => "urn:eegd:problem:token-needed",
            Self::WrongToken => "urn:eegd:problem:token-wrong",
            Self::HostRefused(_) => "urn:eegd:problem:host-refused",
            Self::OriginRefused(_) => "urn:eegd:problem:origin-refused",
            Self::NotFound(_) => "urn:eegd:problem:not-found",
            Self::MethodNotAllowed => "urn:eegd:problem:method-not-allowed",
            Self::BodyTooLarge => "urn:eegd:problem:body-too-large",
            Self::NoWebSocket(_) => "urn:eegd:problem:websocket-only",
            Self::Full => "urn:eegd:problem:too-many-clients",
        }
    }

    /// What the status wants in the head of the answer.
    fn extra_header(&self) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::NoToken | Self::WrongToken => {
                Some((header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")))
            }
            Self::NoWebSocket(_) => Some((header::UPGRADE, HeaderValue::from_static("websocket"))),
            Self::Full => Some((header::RETRY_AFTER, HeaderValue::from_static("5"))),
            _ => None,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = self.status();
        let title = status.canonical_reason().unwrap_or_default();
        let body = json!({
            "type": self.kind(), "title": title, "status": status.as_u16(), "detail": self.to_string(),
        });
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.extra_header());
        response
    }
}
