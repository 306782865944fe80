//! Bodies that are too large, too slow, too short or packed with malice.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::server::{Step, ok, page};
use super::*;

const PLAIN_HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n";

fn head(more: &str) -> Step {
    Step::Send(format!("{PLAIN_HEAD}{more}\r\n").into_bytes())
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn two_gigabytes_are_left_where_they_are() {
    const SIZE: u64 = 2 << 30;
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/told" => vec![head(&format!("Content-Length: {SIZE}\r\n")), Step::Flood(SIZE)],
        "/lied" => vec![head("Content-Encoding: identity\r\nX: y\r\n"), Step::Flood(SIZE)],
        _ => vec![head("Content-Encoding: gzip\r\n"), Step::Send(packed(b"x")), Step::Flood(SIZE)],
    })
    .await;
    let mut rules = rules(&server);
    rules.max_bytes = 1 << 20;
    for path in ["/told", "/lied"] {
        let error = refusal(&rules, &server, path).await;
        assert_eq!(error.code, FetchCode::TooLarge, "{path}: {error}");
    }
    assert_eq!(server.seen().len(), 2, "no retry");
    assert!(server.flooded() < 64 << 20, "{} bytes were taken", server.flooded());
}

#[tokio::test]
async fn a_bomb_does_not_unpack() {
    // A thousand packed pieces in a row are one packed body of 64 MiB.
    let bomb = packed(&vec![b' '; 64 << 10]).repeat(1000);
    assert!(bomb.len() < 200 << 10);
    let twice = [packed(b"one "), packed(b"two")].concat();
    let server = Server::start(move |seen, _| {
        let (body, encoding) = match seen.target.as_str() {
            "/bomb" => (bomb.clone(), "gzip"),
            "/broken" => (b"\x1f\x8b\x08\x00nonsense".to_vec(), "gzip"),
            "/short" => (twice[..10].to_vec(), "gzip"),
            "/other" => (b"x".to_vec(), "br"),
            _ => (twice.clone(), "GZIP"),
        };
        page(200, &[("Content-Encoding", encoding)], body)
    })
    .await;
    let mut rules = rules(&server);
    rules.max_unpacked_bytes = 1 << 20;
    rules.retries = 1;
    for (path, code) in [
        ("/bomb", FetchCode::TooLarge),
        ("/broken", FetchCode::Network),
        ("/short", FetchCode::Network),
        ("/other", FetchCode::Status),
    ] {
        assert_eq!(refusal(&rules, &server, path).await.code, code, "{path}");
    }
    assert_eq!(read(&rules, &server, "/good").await.unwrap(), "one two");
    assert_eq!(server.seen()[0].header("accept-encoding"), Some("gzip"));
    rules.max_unpacked_bytes = 7;
    assert_eq!(read(&rules, &server, "/good").await.unwrap(), "one two", "exactly as much as allowed");
    rules.max_unpacked_bytes = 6;
    assert_eq!(refusal(&rules, &server, "/good").await.code, FetchCode::TooLarge);
}

#[tokio::test]
async fn silence_has_a_limit_in_every_stage() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/no-head" => vec![Step::Hang],
        "/half-head" => vec![Step::Send(b"HTTP/1.1 200".to_vec()), Step::Hang],
        "/half-body" => vec![head("Content-Length: 9\r\n"), Step::Send(b"half".to_vec()), Step::Hang],
        "/slow-head" => vec![Step::Drip(PLAIN_HEAD.repeat(9).into_bytes(), SOON / 10)],
        _ => vec![head("Content-Length: 900\r\n"), Step::Drip(vec![b'x'; 900], SOON / 10)],
    })
    .await;
    let mut rules = rules(&server);
    rules.retries = 1;
    rules.idle_timeout = SOON;
    rules.connect_timeout = SOON;
    rules.total_timeout = SOON * 4;
    for (n, path) in ["/no-head", "/half-head", "/half-body", "/slow-head", "/slow-body"].into_iter().enumerate() {
        let error = refusal(&rules, &server, path).await;
        assert_eq!(error.code, FetchCode::Timeout, "{path}: {error}");
        assert_eq!(server.seen().len(), 2 * (n + 1), "{path} was tried again");
    }
}

#[tokio::test]
async fn what_breaks_off_is_asked_for_again() {
    for fault in [
        vec![head("Content-Length: 9\r\n"), Step::Send(b"half".to_vec()), Step::Reset],
        vec![head("Content-Length: 9\r\n"), Step::Send(b"half".to_vec())],
        vec![head("Transfer-Encoding: chunked\r\n"), Step::Send(b"4\r\nhalf\r\n".to_vec())],
        vec![Step::Reset],
        vec![],
        vec![Step::Send(b"SSH-2.0-nonsense\r\n".to_vec())],
    ] {
        let shown = format!("{fault:?}");
        let server = Server::start(move |_, before| if before < 2 { fault.clone() } else { ok("whole") }).await;
        let rules = rules(&server);
        assert_eq!(read(&rules, &server, "/").await.as_deref(), Ok("whole"), "{shown}");
        assert_eq!(server.seen().len(), 3);
    }
    let server = Server::start(|_, _| vec![Step::Reset]).await;
    assert_eq!(refusal(&rules(&server), &server, "/").await.code, FetchCode::Network);
    assert_eq!(server.seen().len(), 4, "three retries and no more");
}

#[tokio::test]
async fn more_than_was_said_is_not_read() {
    let server = Server::start(|_, _| vec![head("Content-Length: 4\r\n"), Step::Send(b"four and more".to_vec())]).await;
    assert_eq!(read(&rules(&server), &server, "/").await.unwrap(), "four");
}

#[tokio::test]
async fn nobody_listening_is_a_passing_fault() {
    let server = Server::start(|_, _| ok("x")).await;
    let rules = rules(&server);
    let (base, mut fetcher) = (server.url("/"), fetcher(&rules));
    drop(server);
    // The listener is gone once its task has been dropped.
    while tokio::net::TcpStream::connect(base.socket_addrs(|| None).unwrap()[0]).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let error = fetcher.get(Request::get(base)).await.unwrap_err();
    assert_eq!(error.code, FetchCode::Network, "{error}");
}

#[tokio::test]
async fn headers_that_no_standard_knows_are_passed_over() {
    let odd = "HTTP/1.1 200\r\nServer : old\r\nbad name: x\r\nContent-Type: text/html;\r\n charset=gbk\r\nX-\u{7f}: y\r\nContent-Length: 2\r\n\r\nok";
    let server = Server::start(move |_, _| vec![Step::Send(odd.as_bytes().to_vec())]).await;
    let answer = get(&mut fetcher(&rules(&server)), &server, "/").await.unwrap();
    assert_eq!((answer.body.as_deref(), answer.charset.as_deref()), (Some(&b"ok"[..]), Some("gbk")));
}
