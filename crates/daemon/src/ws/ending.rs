//! How a WebSocket ends: who had enough, and what is said last.

use super::writer::Writer;
use axum::extract::ws::WebSocket;
use futures_util::StreamExt;
use futures_util::stream::SplitStream;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// How long the socket stays open after a close message: closed at once, with data unread, it would be reset and the
/// client might never see why.
pub(super) const LINGER: Duration = Duration::from_secs(1);

/// RFC 6455, section 7.4.1.
mod close_code {
    pub(super) const GOING_AWAY: u16 = 1001;
    pub(super) const PROTOCOL: u16 = 1002;
    pub(super) const INVALID_TEXT: u16 = 1007;
    pub(super) const TOO_BIG: u16 = 1009;
}

/// Why it ended.
pub(super) enum Ending {
    Gone,
    ServerCloses,
    Refused(u16, &'static str),
}

/// Says goodbye as the ending asks for.
pub(super) async fn farewell(
    writer: &Writer,
    incoming: &mut SplitStream<WebSocket>,
    ending: Ending,
) {
    match ending {
        Ending::Gone => {}
        Ending::ServerCloses => {
            writer.close(close_code::GOING_AWAY, "the daemon is shutting down").await;
            let farewell = async { while let Some(Ok(_)) = incoming.next().await {} };
            let _ = timeout(LINGER, farewell).await;
        }
        Ending::Refused(code, reason) => {
            writer.close(code, reason).await;
            sleep(LINGER).await;
        }
    }
}

/// Returns once the flag is up, or whoever could raise it is gone.
pub(crate) async fn raised(flag: &mut watch::Receiver<bool>) {
    let _ = flag.wait_for(|up| *up).await;
}

/// What to say to a client whose message could not be read.
pub(super) fn why(error: axum::Error) -> Ending {
    use tungstenite::Error;
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => {
            Ending::Refused(close_code::TOO_BIG, "a message may have 64 KiB")
        }
        Some(Error::Utf8(_)) => {
            Ending::Refused(close_code::INVALID_TEXT, "a text message has to be UTF-8")
        }
        Some(Error::Protocol(tungstenite::error::ProtocolError::ResetWithoutClosingHandshake)) => {
            Ending::Gone
        }
        Some(Error::Protocol(_)) => Ending::Refused(close_code::PROTOCOL, "this breaks RFC 6455"),
        _ => Ending::Gone,
    }
}
