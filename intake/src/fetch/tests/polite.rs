//! Pace, concurrency, robots.txt, and saying who one is.

use std::time::Instant;

use super::server::{Step, ok, page, redirect};
use super::*;
use crate::crawl::Pages as _;

/// A server with this robots.txt.
async fn with_robots(robots: Vec<Step>) -> Server {
    Server::start(move |seen, _| if seen.target == "/robots.txt" { robots.clone() } else { ok("page") }).await
}

async fn obeying(server: &Server, path: &str) -> Result<String, FetchError> {
    let mut rules = rules(server);
    rules.robots = true;
    read(&rules, server, path).await
}

#[tokio::test]
async fn robots_txt_is_obeyed() {
    let text = "User-agent: *\nDisallow: /closed\nDisallow: /*?draft=";
    let server = with_robots(page(200, &[], text)).await;
    assert_eq!(obeying(&server, "/open").await.as_deref(), Ok("page"));
    for path in ["/closed/1", "/open?draft=1"] {
        let error = obeying(&server, path).await.unwrap_err();
        assert_eq!(error.code, FetchCode::Robots, "{error}");
        assert!(!server.targets().contains(&path.to_owned()));
    }
    assert_eq!(read(&rules(&server), &server, "/closed/1").await.as_deref(), Ok("page"), "unless the rules say so");
}

#[tokio::test]
async fn no_robots_txt_allows_and_a_broken_one_forbids() {
    for missing in [
        page(404, &[], ""),
        page(403, &[], ""),
        page(200, &[], ""),
        ok("<html>not found</html>"),
        redirect(302, "http://elsewhere.example/"),
        redirect(302, "/robots.txt"),
    ] {
        let shown = format!("{missing:?}");
        let server = with_robots(missing).await;
        assert_eq!(obeying(&server, "/x").await.as_deref(), Ok("page"), "{shown}");
    }
    let server = with_robots(page(503, &[], "")).await;
    let error = obeying(&server, "/x").await.unwrap_err();
    assert_eq!((error.code, server.targets()), (FetchCode::Robots, vec!["/robots.txt".to_owned(); 4]));
    let server = with_robots(page(429, &[("Retry-After", "99")], "")).await;
    let error = obeying(&server, "/x").await.unwrap_err();
    assert_eq!((error.code, error.retry_after), (FetchCode::Blocked, Some(99)));
    let endless =
        vec![Step::Send(b"HTTP/1.1 200 OK\r\n\r\nUser-agent: *\nDisallow: /x\n".to_vec()), Step::Flood(1 << 30)];
    let server = with_robots(endless).await;
    assert_eq!(obeying(&server, "/x").await.unwrap_err().code, FetchCode::Robots, "its beginning counts");
    assert!(server.flooded() < 64 << 20);
}

#[tokio::test]
async fn robots_txt_is_asked_for_once_and_after_a_fault_again() {
    let server = Server::start(|seen, before| match (seen.target.as_str(), before) {
        ("/robots.txt", 0) => page(500, &[], ""),
        ("/robots.txt", _) => page(200, &[], "User-agent: huiyin\nAllow: /\nCrawl-delay: 0.3"),
        _ => ok("page"),
    })
    .await;
    let mut rules = rules(&server);
    rules.robots = true;
    let hosts = Arc::new(Hosts::new());
    let began = Instant::now();
    for path in ["/a", "/b"] {
        let mut fetcher = Fetcher::new(&rules, &settings(), &hosts, Validators::default()).unwrap();
        get(&mut fetcher, &server, path).await.unwrap();
    }
    assert_eq!(server.targets(), ["/robots.txt", "/robots.txt", "/a", "/b"]);
    // The server's delay holds although our own pace is none: between the file and each page.
    assert!(began.elapsed() >= Duration::from_millis(600), "{:?}", began.elapsed());
    let seen = server.seen();
    assert!(seen.iter().all(|seen| seen.header("user-agent").unwrap().starts_with("Huiyin/")));
}

#[tokio::test]
async fn two_pulls_share_one_pace_and_one_place() {
    let server = Server::start(|_, _| ok("page")).await;
    let mut rules = rules(&server);
    rules.pace = SOON;
    let hosts = Arc::new(Hosts::new());
    let pull = || async {
        let mut fetcher = Fetcher::new(&rules, &settings(), &hosts, Validators::default()).unwrap();
        for _ in 0..3 {
            get(&mut fetcher, &server, "/").await.unwrap();
        }
    };
    let began = Instant::now();
    tokio::join!(pull(), pull());
    assert!(began.elapsed() >= SOON * 5, "{:?}", began.elapsed());
    assert_eq!(server.seen().len(), 6);
    assert_eq!(server.most_active(), 1);
}

#[tokio::test]
async fn a_slow_answer_keeps_its_place() {
    for (concurrency, most) in [(1, 1), (2, 2)] {
        let slow = Server::start(|_, _| vec![Step::Drip(page_bytes(), Duration::from_millis(4))]).await;
        let mut rules = rules(&slow);
        rules.concurrency = concurrency;
        let hosts = Arc::new(Hosts::new());
        let pull = || async {
            let mut fetcher = Fetcher::new(&rules, &settings(), &hosts, Validators::default()).unwrap();
            get(&mut fetcher, &slow, "/").await.unwrap();
        };
        tokio::join!(pull(), pull(), pull());
        assert_eq!(slow.most_active(), most);
    }
}

#[tokio::test]
async fn who_reads_from_a_host_that_refused_somebody_else_stops_as_well() {
    let server = Server::start(|seen, _| if seen.target == "/no" { page(429, &[], "") } else { ok("page") }).await;
    let mut rules = rules(&server);
    let hosts = Arc::new(Hosts::new());
    let begin = |rules: &FetchRules| Fetcher::new(rules, &settings(), &hosts, Validators::default()).unwrap();
    let (mut first, mut second) = (begin(&rules), begin(&rules));
    rules.base = format!("http://localhost:{}/", server.url("/").port().unwrap()).parse().unwrap();
    rules.private = vec!["localhost".to_owned()];
    let mut elsewhere = begin(&rules);
    get(&mut second, &server, "/a").await.unwrap();
    assert_eq!(get(&mut first, &server, "/no").await.unwrap_err().code, FetchCode::Blocked);
    assert_eq!(first.refused_by(), Some("127.0.0.1"));
    let asked = server.seen().len();
    for _ in 0..2 {
        assert_eq!(get(&mut second, &server, "/b").await.unwrap_err().code, FetchCode::Blocked);
        assert_eq!(second.refused_by(), Some("127.0.0.1"));
    }
    assert_eq!(server.seen().len(), asked, "nothing was asked");
    elsewhere.get(Request::get(rules.base.join("/c").unwrap())).await.unwrap();
    assert_eq!(elsewhere.refused_by(), None, "another host has refused nobody");
    // When it is read again is not decided here: who begins later has heard of it.
    get(&mut begin(&FetchRules { base: server.url("/"), private: vec![server.host()], ..rules }), &server, "/d")
        .await
        .unwrap();
}

#[tokio::test]
async fn an_empty_file_is_a_file_and_an_empty_page_is_a_refusal() {
    let server = Server::start(|seen, before| match (seen.target.as_str(), before) {
        ("/late", 3..) => ok("file"),
        _ => page(200, &[], ""),
    })
    .await;
    let mut rules = rules(&server);
    rules.retries = 1;
    let mut fetcher = fetcher(&rules);
    let file = async |fetcher: &mut Fetcher, path: &str| fetcher.get_file(server.url(path), 100).await.unwrap().body;
    assert_eq!(file(&mut fetcher, "/empty").await, Some(Vec::new()));
    assert_eq!(file(&mut fetcher, "/late").await, Some(b"file".to_vec()), "it is asked for once more");
    assert_eq!(server.targets(), ["/empty", "/empty", "/late", "/late"]);
    assert_eq!(get(&mut fetcher, &server, "/").await.unwrap_err().code, FetchCode::Blocked);
}

fn page_bytes() -> Vec<u8> {
    match page(200, &[], "page").remove(0) {
        Step::Send(bytes) => bytes,
        other => panic!("{other:?}"),
    }
}
