//! Who may ask: host, origin, token, on a live server.

use crate::support::{Choice, RawSocket, Server, request};

const TOKEN: &str = "correct-horse-battery";

#[tokio::test]
async fn host_and_origin_are_checked_everywhere() {
    let server = Server::start().await;
    let own = format!("Origin: http://{}", server.address);
    for path in ["/", "/pipeline", "/topics", "/nothing", "/ws/data"] {
        let line = format!("GET {path}");
        let evil_host = request(server.address, &line, &["Host: evil.example"]).await;
        assert_eq!(
            evil_host.assert_problem(403)["type"],
            "urn:eegd:problem:host-refused",
            "{path}"
        );
        let evil_page = request(server.address, &line, &["Origin: http://evil.example"]).await;
        assert_eq!(
            evil_page.assert_problem(403)["type"],
            "urn:eegd:problem:origin-refused",
            "{path}"
        );
    }
    assert_eq!(request(server.address, "GET /topics", &[&own]).await.status, 200);
    let local = format!("Host: localhost:{}", server.address.port());
    assert_eq!(request(server.address, "GET /topics", &[&local]).await.status, 200);
    assert_eq!(RawSocket::connect(server.address, "/ws/data", &[&own]).await.answer.status, 101);
    assert_eq!(
        RawSocket::connect(server.address, "/ws/data", &["Origin: null"]).await.answer.status,
        403
    );
}

#[tokio::test]
async fn with_a_token_only_the_page_loads_without() {
    let server = Server::with(Choice { token: Some(TOKEN), ..Choice::default() }).await;
    let right = format!("Authorization: Bearer {TOKEN}");
    for path in ["/pipeline", "/topics", "/stages", "/healthz", "/nothing", "/ws/data"] {
        let line = format!("GET {path}");
        let without = request(server.address, &line, &[]).await;
        assert_eq!(without.assert_problem(401)["type"], "urn:eegd:problem:token-needed", "{path}");
        assert_eq!(without.header("www-authenticate"), Some("Bearer"));
        let wrong =
            request(server.address, &line, &["Authorization: Bearer correct-horse-batterY"]).await;
        assert_eq!(wrong.assert_problem(401)["type"], "urn:eegd:problem:token-wrong", "{path}");
        assert_ne!(request(server.address, &line, &[&right]).await.status, 401, "{path}");
    }
    // Never in a URL.
    request(server.address, &format!("GET /topics?token={TOKEN}"), &[]).await.assert_problem(401);
    for path in ["/", "/index.html"] {
        assert_eq!(
            request(server.address, &format!("GET {path}"), &[]).await.status,
            200,
            "{path}"
        );
    }
    request(server.address, "GET /", &["Host: evil.example"]).await.assert_problem(403);
}

#[tokio::test]
async fn a_browser_s_websocket_carries_the_token_as_a_protocol() {
    let server = Server::with(Choice { token: Some(TOKEN), ..Choice::default() }).await;
    let offer = format!("Sec-WebSocket-Protocol: eegd, bearer.{TOKEN}");
    let socket = RawSocket::connect(server.address, "/ws/data", &[&offer]).await;
    assert_eq!(
        (socket.answer.status, socket.answer.header("sec-websocket-protocol")),
        (101, Some("eegd"))
    );
    let header = format!("Authorization: Bearer {TOKEN}");
    let socket = RawSocket::connect(server.address, "/ws/data", &[&header]).await;
    assert_eq!((socket.answer.status, socket.answer.header("sec-websocket-protocol")), (101, None));
    for wrong in
        ["Sec-WebSocket-Protocol: eegd, bearer.wrong", "Sec-WebSocket-Protocol: eegd", "X: y"]
    {
        assert_eq!(
            RawSocket::connect(server.address, "/ws/data", &[wrong]).await.answer.status,
            401,
            "{wrong}"
        );
    }
}
