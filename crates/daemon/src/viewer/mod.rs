//! The viewer's files, built into the program: `GET /` and whatever the page loads.
//!
//! Debug builds read them from the source folder on every request, so that the page can be changed while it runs.
//! They carry no secrets and load without a token; what they show does not.

use crate::api::ApiError;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::{EmbeddedFile, RustEmbed};
use std::fmt::Write;
use tower_http::compression::CompressionLayer;

#[derive(RustEmbed)]
#[folder = "viewer/"]
struct Files;

/// MIME type by the end of the name; a test holds that every file has one.
const TYPES: [(&str, &str); 8] = [
    (".html", "text/html; charset=utf-8"),
    (".css", "text/css; charset=utf-8"),
    (".js", "text/javascript; charset=utf-8"),
    (".json", "application/json"),
    (".svg", "image/svg+xml"),
    (".png", "image/png"),
    (".ico", "image/x-icon"),
    (".woff2", "font/woff2"),
];

/// The file at a path of the URL.
fn find(path: &str) -> Option<(&str, EmbeddedFile)> {
    let name = match path.strip_prefix('/')? {
        "" => "index.html",
        name => name,
    };
    Files::get(name).map(|file| (name, file))
}

/// Whether there is a file at a path of the URL.
pub(crate) fn has(path: &str) -> bool {
    find(path).is_some()
}

/// Whatever no other resource is: a file, compressed for a browser that takes that, or nothing.
pub(crate) fn files() -> Router {
    Router::new().fallback(file).layer(CompressionLayer::new())
}

async fn file(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let Some((name, file)) = find(uri.path()) else {
        return ApiError::NotFound(uri.path().chars().take(200).collect()).into_response();
    };
    if method != Method::GET && method != Method::HEAD {
        let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
        return (allow, ApiError::MethodNotAllowed).into_response();
    }
    let tag = tag(&file);
    let fresh = [(header::CACHE_CONTROL, "no-cache"), (header::ETAG, &tag)];
    if is_known(&headers, &tag) {
        return (StatusCode::NOT_MODIFIED, fresh).into_response();
    }
    (fresh, [(header::CONTENT_TYPE, type_of(name))], Body::from(file.data)).into_response()
}

fn type_of(name: &str) -> &'static str {
    TYPES
        .iter()
        .find(|(end, _)| name.ends_with(end))
        .map_or("application/octet-stream", |(_, mime)| mime)
}

/// Half of the SHA-256 is plenty to tell versions apart. Weak, since it stands for the compressed file as well.
fn tag(file: &EmbeddedFile) -> String {
    let mut tag = String::from("W/\"");
    for byte in &file.metadata.sha256_hash()[..16] {
        write!(tag, "{byte:02x}").expect("a String takes everything");
    }
    tag.push('"');
    tag
}

/// `If-None-Match` compares weakly (RFC 9110, section 13.1.2).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let values =
        headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    let opaque = |tag: &str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    tags.any(|known| known == "*" || opaque(known) == opaque(tag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_type_and_the_page_is_there() {
        assert!(has("/") && has("/index.html"));
        for name in Files::iter() {
            assert_ne!(type_of(&name), "application/octet-stream", "{name}: add its type to TYPES");
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_found() {
        for path in [
            "/../Cargo.toml",
            "/js/../../Cargo.toml",
            "//etc/passwd",
            "/%2e%2e/Cargo.toml",
            "",
            "/js",
            "/js/",
        ] {
            assert!(!has(path), "{path}");
        }
    }
}
