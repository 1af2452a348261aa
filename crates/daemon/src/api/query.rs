//! What stands beside the body: parameters of the URL, the revision that a change is meant for, and who asks.

use super::ApiError;
use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use std::convert::Infallible;
use std::net::SocketAddr;

/// The parameters of the URL.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// `Ok` when there are no others, and none twice.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ApiError> {
        for (i, (key, _)) in self.0.iter().enumerate() {
            if !known.contains(&key.as_str()) {
                let key: String = key.chars().take(100).collect();
                let message = match known {
                    [] => format!("there is no parameter `{key}` here, and no other"),
                    known => {
                        format!("there is no parameter `{key}` here, only `{}`", known.join("`, `"))
                    }
                };
                return Err(ApiError::BadRequest(message));
            }
            if self.0[..i].iter().any(|(other, _)| other == key) {
                return Err(ApiError::BadRequest(format!("`{key}` is given twice")));
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Pairs(pairs) = Pairs::from_request_parts(parts, state)
            .await
            .map_err(|rejection| ApiError::BadRequest(rejection.body_text()))?;
        Ok(Self(pairs))
    }
}

/// The revision a change is meant for: `?if_revision=7` or `If-Match: "7"`.
pub(super) fn revision(query: &Query, headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let number = |text: &str, what: &str| {
        text.parse::<u64>()
            .map_err(|_| ApiError::BadRequest(format!("`{what}` takes the number of a revision")))
    };
    if let Some(text) = query.get("if_revision") {
        return number(text, "if_revision").map(Some);
    }
    let mut tags = headers.get_all(header::IF_MATCH).iter();
    let Some(tag) = tags.next() else { return Ok(None) };
    let tag = tag.to_str().unwrap_or_default().trim();
    if tags.next().is_some() || tag.contains(',') {
        return Err(ApiError::BadRequest("`If-Match` takes one revision".to_owned()));
    }
    if tag == "*" {
        return Ok(None);
    }
    number(tag.strip_prefix("W/").unwrap_or(tag).trim_matches('"'), "If-Match").map(Some)
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct From(pub(super) SocketAddr);

/// Who asks, for the record: `HTTP from 127.0.0.1`.
pub(crate) struct Peer(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<From>().map(|from| from.0.ip().to_canonical());
        let what = if parts.uri.path().starts_with("/ws/") { parts.uri.path() } else { "HTTP" };
        Ok(Self(match address {
            Some(address) => format!("{what} from {address}"),
            None => what.to_owned(),
        }))
    }
}
