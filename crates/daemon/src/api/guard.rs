//! What every request passes on its way in, and every answer on its way out.

use super::body::limit_of;
use super::{ApiError, App};
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// The page loads its own files and talks to its own daemon; nothing else, and nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
                      connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const HEADERS: [(HeaderName, HeaderValue); 4] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// Checks access and size, then lets the request through; adds the security headers to whatever the answer is.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let mut response = match check(&app, &request) {
        Ok(()) => next.run(request).await,
        Err(error) => error.into_response(),
    };
    response.headers_mut().extend(HEADERS);
    response
}

fn check(app: &App, request: &Request) -> Result<(), ApiError> {
    let open = crate::viewer::has(request.uri().path());
    app.state.access.check(request.headers(), open)?;
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length =
        length.and_then(|value| value.to_str().ok()).and_then(|value| value.parse::<usize>().ok());
    let limit = limit_of(request.uri().path());
    if length.is_some_and(|bytes| bytes > limit) {
        Err(ApiError::BodyTooLarge(limit))
    } else {
        Ok(())
    }
}
