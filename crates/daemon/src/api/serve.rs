//! The accept loop: bounded connections, bounded heads, TCP without delay, and an orderly end.

use super::query::From;
use super::{App, AppState, Limits, resources, router};
use crate::ws::raised;
use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use socket2::{SockRef, TcpKeepalive};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Longest head of a request, bytes, and most lines of it.
const MAX_HEAD_BYTES: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;
/// A client that vanished without a word is noticed after two minutes of silence, even if nothing is sent to it.
const KEEPALIVE: (Duration, Duration, u32) = (Duration::from_mins(1), Duration::from_secs(20), 3);
/// After a failed accept (no file descriptor left, most likely).
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown`, then sends what has been published, says 1001 to all WebSocket clients, finishes what is being answered and returns.
pub async fn serve(listener: TcpListener, state: AppState, shutdown: impl Future<Output = ()>) {
    let limits = state.limits;
    let places = limits.clients.clamp(1, Semaphore::MAX_PERMITS);
    let (close, closing) = watch::channel(false);
    let broker = Arc::clone(&state.broker);
    let (resources, description) = resources();
    let app = App {
        state,
        places: Arc::new(Semaphore::new(places)),
        clients: Arc::default(),
        closing: closing.clone(),
        description: Arc::new(description),
    };
    let clients = Arc::clone(&app.places);
    let router = router(app, resources);
    let mut connections = JoinSet::new();
    let mut shutdown = pin!(shutdown);

    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < limits.connections.max(1) => match accepted {
                Ok((stream, peer)) => {
                    let serving = connection(stream, peer, router.clone(), limits, closing.clone());
                    connections.spawn(serving);
                }
                Err(_) => sleep(ACCEPT_PAUSE).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut shutdown => break,
        }
    }

    drop(listener);
    let farewell = async {
        // A pipeline that goes on publishing is not waited for.
        let _ = timeout(limits.farewell / 3, broker.settled()).await;
        close.send_replace(true);
        while connections.join_next().await.is_some() {}
        // All places free: every client is gone.
        let _ = clients.acquire_many(u32::try_from(places).unwrap_or(u32::MAX)).await;
    };
    // Who has not gone by then is cut off: the connections when `connections` drops, the clients with the runtime.
    let _ = timeout(limits.farewell, farewell).await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: Limits,
    mut closing: watch::Receiver<bool>,
) {
    // Both only make things better; a socket that refuses them still works.
    let _ = stream.set_nodelay(true);
    let (idle, interval, retries) = KEEPALIVE;
    let keepalive =
        TcpKeepalive::new().with_time(idle).with_interval(interval).with_retries(retries);
    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive);

    let answer = move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(From(peer));
        TowerToHyperService::new(router.clone()).call(request)
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(MAX_HEAD_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service_fn(answer))
        .with_upgrades();
    let mut serving = pin!(serving);
    // An error here is a client that spoke no HTTP or went away; hyper has answered what can be answered.
    tokio::select! {
        _ = &mut serving => {}
        () = raised(&mut closing) => {
            serving.as_mut().graceful_shutdown();
            let _ = serving.await;
        }
    }
}
