//! Clients that break the rules: refused with a reason, and nobody else notices.

use crate::support::{Client, Got, RawSocket, Server, Signal};
use tokio_tungstenite::tungstenite::Message;

/// A masked client frame with a zero mask: FIN and opcode, then a 16-bit length.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap();
    // The mask bit, and 126: the length follows in 16 bits.
    let mut bytes = vec![first, 0xFE];
    bytes.extend(length.to_be_bytes());
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

#[tokio::test]
async fn a_message_may_have_64_kib_and_no_more() {
    let server = Server::start().await;
    let mut client = Client::connect(server.address, "").await;
    client.say(&" ".repeat(64 * 1024)).await;
    assert_eq!(client.json().await["type"], "error", "read, and not understood");
    client.say_message(Message::text(" ".repeat(64 * 1024 + 1))).await;
    assert_eq!(client.next().await, Got::Closed(Some(1009)));

    // In fragments it is no smaller.
    let half = vec![b' '; 40_000];
    let mut raw = RawSocket::connect(server.address, "/ws/data", &[]).await;
    raw.send(&frame(0x01, &half)).await;
    raw.send(&frame(0x80, &half)).await;
    assert_eq!(raw.close_code().await, Some(1009));
}

#[tokio::test]
async fn broken_frames_are_refused_by_code() {
    let server = Server::start().await;
    let unmasked = [0x81, 1, b'x'];
    let reserved_opcode = frame(0x83, b"x");
    let not_utf8 = frame(0x81, &[0xFF, 0xFE]);
    for (bytes, code) in [(&unmasked[..], 1002), (&reserved_opcode, 1002), (&not_utf8, 1007)] {
        let mut raw = RawSocket::connect(server.address, "/ws/data", &[]).await;
        raw.send(bytes).await;
        assert_eq!(raw.close_code().await, Some(code), "{bytes:?}");
    }
}

#[tokio::test]
async fn a_client_that_dies_in_the_middle_of_a_message_is_gone() {
    let server = Server::start().await;
    let mut signal = Signal::new("eeg", 1, 1);
    signal.send(&server.broker).await;
    let mut healthy = Client::connect(server.address, "eeg").await;
    healthy.json().await;
    for cut in [1, 3, 7, 20] {
        let mut raw = RawSocket::connect(server.address, "/ws/data?topics=eeg", &[]).await;
        server.has_clients("eeg", 2).await;
        raw.send(&frame(0x81, br#"{"subscribe": ["more"]}"#)[..cut]).await;
        drop(raw);
        server.has_clients("eeg", 1).await;
        let index = signal.next_sample;
        signal.send(&server.broker).await;
        assert_eq!(healthy.frame().await.index, index);
    }
}
