//! A client of the API: one request, one answer.

use crate::api::Token;
use anyhow::{Context, anyhow, bail};
use axum::body::{Body, to_bytes};
use axum::http::uri::Scheme;
use axum::http::{Method, Request, StatusCode, Uri, header};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long to wait for a connection. Answers may take longer: a drain does.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest answer, bytes.
const MAX_ANSWER_BYTES: usize = 16 << 20;

/// Where the daemon is, and the token it wants.
pub(super) struct Client {
    pub(super) url: Uri,
    pub(super) token: Option<Token>,
}

/// A body and its type.
pub(super) type Content = (&'static str, Vec<u8>);

impl Client {
    /// Asks; the answer's JSON, with its status.
    pub(super) fn ask(
        &self,
        method: Method,
        path: &str,
        content: Option<Content>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot set up the runtime")?;
        runtime.block_on(self.exchange(method, path, content))
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        content: Option<Content>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        if self.url.scheme().is_some_and(|scheme| *scheme != Scheme::HTTP) {
            bail!("{} is no http:// address: the daemon speaks plain HTTP", self.url);
        }
        let authority = self
            .url
            .authority()
            .ok_or_else(|| anyhow!("--url takes an address such as http://127.0.0.1:8080"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let port = authority.port_u16().unwrap_or(80);
        let stream = timeout(CONNECT, TcpStream::connect((host, port)))
            .await
            .map_err(|_| anyhow!("no answer from {authority}"))?
            .with_context(|| format!("cannot reach an eegd at {authority}"))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.context("cannot speak HTTP")?;
        let connection = tokio::spawn(connection);
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, authority.as_str());
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", token.reveal()));
        }
        let body = match content {
            Some((kind, bytes)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                Body::from(bytes)
            }
            None => Body::empty(),
        };
        let request = request.body(body).context("this cannot be asked")?;
        let answer = sender.send_request(request).await.context("the connection broke")?;
        let status = answer.status();
        let bytes = to_bytes(Body::new(answer.into_body()), MAX_ANSWER_BYTES)
            .await
            .context("the answer broke off")?;
        connection.abort();
        let value = serde_json::from_slice(&bytes)
            .with_context(|| format!("{authority} answered {status}, and not as an eegd does"))?;
        Ok((status, value))
    }
}
