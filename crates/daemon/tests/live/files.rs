//! The viewer's files.

use crate::support::{Server, request};

fn is_script(file: &str) -> bool {
    file.rsplit('.').next() == Some("js")
}

#[tokio::test]
async fn the_page_and_what_it_loads() {
    let server = Server::start().await;
    let page = request(server.address, "GET /", &[]).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert_eq!(page.header("cache-control"), Some("no-cache"));
    page.assert_guarded();
    let html = String::from_utf8(page.body).unwrap();
    let files: Vec<&str> = html.split('"').filter(|part| part.starts_with('/')).collect();
    assert!(files.iter().any(|file| is_script(file)), "{html}");
    for file in files {
        let answer = request(server.address, &format!("GET {file}"), &[]).await;
        assert_eq!(answer.status, 200, "{file}");
        if is_script(file) {
            assert_eq!(answer.header("content-type"), Some("text/javascript; charset=utf-8"));
        }
    }
}

#[tokio::test]
async fn what_the_browser_has_is_not_sent_again() {
    let server = Server::start().await;
    let page = request(server.address, "GET /", &[]).await;
    let tag = page.header("etag").unwrap();
    let strong = tag.strip_prefix("W/").unwrap();
    for known in [tag.to_owned(), strong.to_owned(), format!("\"old\", {tag}"), "*".to_owned()] {
        let again = request(server.address, "GET /", &[&format!("If-None-Match: {known}")]).await;
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(tag)),
            "{known}"
        );
    }
    assert_eq!(request(server.address, "GET /", &["If-None-Match: \"old\""]).await.status, 200);

    let head = request(server.address, "HEAD /", &[]).await;
    assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag)));
    assert_eq!(head.header("content-length"), Some(page.body.len().to_string().as_str()));
    let post = request(server.address, "POST /", &["Content-Length: 0"]).await;
    post.assert_problem(405);
    assert_eq!(post.header("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn a_browser_that_takes_gzip_gets_it() {
    let server = Server::start().await;
    let plain = request(server.address, "GET /css/base.css", &[]).await;
    assert_eq!(plain.header("content-encoding"), None);
    let packed = request(server.address, "GET /css/base.css", &["Accept-Encoding: gzip, br"]).await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(packed.header("vary"), Some("accept-encoding"));
    assert_eq!(packed.header("etag"), plain.header("etag"));
    packed.assert_guarded();
    assert!(packed.body.len() < plain.body.len() / 2, "{} bytes", packed.body.len());
}
