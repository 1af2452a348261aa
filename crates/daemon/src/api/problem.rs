//! Errors as the client sees them: kind, status and body in one place (RFC 9457).

use crate::control::Refused;
use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;

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
    #[error("a request body may have {0} bytes here")]
    BodyTooLarge(usize),
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("{0}")]
    UnsupportedType(String),
    #[error(transparent)]
    Refused(#[from] Refused),
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
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::UnsupportedType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Refused(refused) => status_of(refused),
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
            Self::BodyTooLarge(_) => "urn:eegd:problem:body-too-large",
            Self::TooSlow => "urn:eegd:problem:too-slow",
            Self::UnsupportedType(_) => "urn:eegd:problem:unsupported-type",
            Self::Refused(refused) => kind_of(refused),
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
            Self::Refused(Refused::Busy | Refused::Behind(_)) => {
                Some((header::RETRY_AFTER, HeaderValue::from_static("1")))
            }
            _ => None,
        }
    }
}

const fn status_of(refused: &Refused) -> StatusCode {
    match refused {
        Refused::Malformed(_) => StatusCode::BAD_REQUEST,
        Refused::Invalid(_) | Refused::NotOpened { .. } | Refused::Broken { .. } => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Refused::Stale { .. }
        | Refused::TestFailed { .. }
        | Refused::Behind(_)
        | Refused::NotRunning
        | Refused::Exists(_)
        | Refused::Study(_)
        | Refused::Closing => StatusCode::CONFLICT,
        Refused::Locked { .. } => StatusCode::LOCKED,
        Refused::NoStage(_) | Refused::NoPreset(_) => StatusCode::NOT_FOUND,
        Refused::Busy => StatusCode::TOO_MANY_REQUESTS,
    }
}

const fn kind_of(refused: &Refused) -> &'static str {
    match refused {
        Refused::Malformed(_) => "urn:eegd:problem:bad-request",
        Refused::Invalid(_) => "urn:eegd:problem:invalid",
        Refused::NotOpened { .. } => "urn:eegd:problem:not-opened",
        Refused::Broken { .. } => "urn:eegd:problem:broken",
        Refused::Stale { .. } => "urn:eegd:problem:stale-revision",
        Refused::TestFailed { .. } => "urn:eegd:problem:test-failed",
        Refused::Locked { .. } => "urn:eegd:problem:locked",
        Refused::Behind(_) => "urn:eegd:problem:behind",
        Refused::NotRunning => "urn:eegd:problem:not-running",
        Refused::Exists(_) => "urn:eegd:problem:stage-exists",
        Refused::NoStage(_) => "urn:eegd:problem:no-such-stage",
        Refused::Study(_) => "urn:eegd:problem:study",
        Refused::NoPreset(_) => "urn:eegd:problem:no-such-preset",
        Refused::Busy => "urn:eegd:problem:busy",
        Refused::Closing => "urn:eegd:problem:closing",
    }
}

/// The body of every answer that is no success (RFC 9457).
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Problem<'a> {
    /// A name for programs; stays the same when the wording changes.
    r#type: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    #[schemars(range(min = 400, max = 599))]
    status: u16,
    /// What is wrong and what to do, one sentence.
    detail: String,
    /// Every mistake, where there are any.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<MistakeAt<'a>>,
    /// The stage that is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Cow<'a, str>>,
    /// Why it is locked.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Cow<'a, str>>,
    /// Since when it has been locked, nanoseconds since the Unix epoch.
    #[serde(skip_serializing_if = "Option::is_none")]
    since_ns: Option<i64>,
    /// The revision that counts, where another was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
}

/// One mistake in a document.
#[derive(Debug, Serialize, JsonSchema)]
struct MistakeAt<'a> {
    /// JSON pointer into the merged document; empty where it has no such place.
    path: Cow<'a, str>,
    /// Line from 1, where there was a text.
    line: Option<usize>,
    /// Column from 1, in characters.
    column: Option<usize>,
    /// What is wrong and what to do.
    message: Cow<'a, str>,
}

impl ApiError {
    fn problem(&self) -> Problem<'_> {
        let status = self.status();
        let mut problem = Problem {
            r#type: self.kind(),
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            detail: self.to_string(),
            errors: Vec::new(),
            stage: None,
            reason: None,
            since_ns: None,
            revision: None,
        };
        let Self::Refused(refused) = self else { return problem };
        problem.errors = refused
            .mistakes()
            .iter()
            .map(|mistake| MistakeAt {
                path: mistake.path.as_str().into(),
                line: mistake.line,
                column: mistake.column,
                message: mistake.message.as_str().into(),
            })
            .collect();
        match refused {
            Refused::Locked { stage, reason } => {
                problem.stage = Some(stage.into());
                problem.reason = Some(reason.text.as_str().into());
                problem.since_ns = reason.since_ns;
            }
            Refused::Stale { current, .. } => problem.revision = Some(*current),
            Refused::Broken { revision, .. } => problem.revision = Some(*revision),
            _ => {}
        }
        problem
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status(), Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.extend(self.extra_header());
        response
    }
}
