//! What the servers' answers mean: status, walls, character sets, cookies, "not changed".

use encoding_rs::GB18030;

use super::super::{FetchCode as Code, Method};
use super::server::{ok, page, redirect};
use super::*;

#[tokio::test]
async fn an_error_that_passes_is_waited_out() {
    let server = Server::start(|_, before| if before < 3 { page(500, &[], "x") } else { ok("fine") }).await;
    assert_eq!(read(&rules(&server), &server, "/").await.as_deref(), Ok("fine"));
    for (status, code, tries) in [
        (500, Code::Status, 4),
        (502, Code::Status, 4),
        (408, Code::Timeout, 4),
        (501, Code::Status, 1),
        (400, Code::Status, 1),
        (401, Code::Blocked, 1),
        (403, Code::Blocked, 1),
        (412, Code::Blocked, 1),
        (429, Code::Blocked, 1),
        (404, Code::Gone, 1),
        (410, Code::Gone, 1),
        (304, Code::Status, 1),
    ] {
        let server = Server::start(move |_, _| page(status, &[], "")).await;
        let error = refusal(&rules(&server), &server, "/").await;
        assert_eq!((error.code, server.seen().len()), (code, tries), "{status}: {error}");
        assert!(error.message.contains(&status.to_string()), "{error}");
    }
}

#[tokio::test]
async fn the_servers_wish_to_be_left_alone_is_passed_on() {
    const DATE: (&str, &str) = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (status, headers, wish, tries) in [
        (429, vec![("Retry-After", "120")], Some(120), 1),
        (403, vec![], None, 1),
        (503, vec![("Retry-After", "3600")], Some(3600), 1),
        (503, vec![DATE, ("Retry-After", "Sun, 06 Nov 1994 09:49:37 GMT")], Some(3600), 1),
        (503, vec![DATE, ("Retry-After", "Sun, 06 Nov 1994 07:49:37 GMT")], Some(0), 4),
        (503, vec![("Retry-After", "0")], Some(0), 4),
        (503, vec![("Retry-After", "soon")], None, 4),
    ] {
        let server = Server::start(move |_, _| page(status, &headers, "")).await;
        let error = refusal(&rules(&server), &server, "/").await;
        assert_eq!((error.retry_after, server.seen().len()), (wish, tries), "{status}");
    }
}

#[tokio::test]
async fn a_short_wish_is_waited_out() {
    let busy = || page(503, &[("Retry-After", "1")], "");
    let server = Server::start(move |_, before| if before == 0 { busy() } else { ok("fine") }).await;
    let began = std::time::Instant::now();
    assert_eq!(read(&rules(&server), &server, "/").await.as_deref(), Ok("fine"));
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test]
async fn an_empty_answer_means_slow_down() {
    let server = Server::start(|_, before| if before == 0 { ok(" \r\n") } else { ok("fine") }).await;
    assert_eq!(read(&rules(&server), &server, "/").await.as_deref(), Ok("fine"));
    for empty in [ok(""), page(204, &[], ""), page(200, &[("Content-Encoding", "gzip")], "")] {
        let server = Server::start(move |_, _| empty.clone()).await;
        assert_eq!(refusal(&rules(&server), &server, "/").await.code, Code::Blocked);
        assert_eq!(server.seen().len(), 2, "one more try");
    }
}

#[tokio::test]
async fn a_log_in_page_is_not_what_was_asked_for() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/list" => redirect(302, "/cas/login?service=list"),
        "/word" => ok("<html><body>本站升级</body></html>"),
        "/cas/login?service=list" => ok("<html><body>long page of a portal</body></html>"),
        _ => ok("<html><title>用户登录</title><form><input type=\"password\" name=p></form></html>"),
    })
    .await;
    let mut rules = rules(&server);
    rules.blocked_words = vec!["本站升级".to_owned()];
    for path in ["/list", "/word", "/page"] {
        assert_eq!(refusal(&rules, &server, path).await.code, Code::Blocked, "{path}");
    }
    assert_eq!(server.seen().len(), 4, "no retry");
}

#[tokio::test]
async fn text_is_read_whatever_the_server_calls_it() {
    const TEXT: &str = "<html><body>关于小区漏水的投诉，请回复。</body></html>";
    let server = Server::start(|seen, _| {
        let content_type = match seen.target.as_str() {
            "/none" => "text/html",
            "/wrong" => "text/html; Charset=\"UTF-8\"",
            "/latin" => "text/html;charset=ISO-8859-1",
            _ => "TEXT/HTML; charset=GB2312",
        };
        page(200, &[("Content-Type", content_type)], GB18030.encode(TEXT).0)
    })
    .await;
    let mut rules = rules(&server);
    for path in ["/none", "/wrong", "/latin", "/right"] {
        assert_eq!(read(&rules, &server, path).await.unwrap(), TEXT, "{path}");
    }
    let answer = get(&mut fetcher(&rules), &server, "/wrong").await.unwrap();
    assert_eq!((answer.media_type.as_deref(), answer.charset.as_deref()), (Some("text/html"), Some("utf-8")));
    rules.charset = Some(encoding_rs::UTF_8);
    let answer = get(&mut fetcher(&rules), &server, "/right").await.unwrap();
    assert!(decode(&answer, rules.charset).1, "forced and wrong");
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let server = Server::start(|seen, _| {
        match (seen.target.as_str(), seen.header("if-none-match"), seen.header("if-modified-since")) {
            ("/etag", Some("\"v1\""), _) | ("/date", _, Some("Sun, 06 Nov 1994 08:49:37 GMT")) => page(304, &[], ""),
            ("/etag", ..) => page(200, &[("ETag", "\"v1\"")], "body"),
            ("/date", ..) => page(200, &[("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")], "body"),
            _ => page(500, &[], ""),
        }
    })
    .await;
    let rules = rules(&server);
    let conditional = |path: &str| Request { conditional: true, ..Request::get(server.url(path)) };
    let mut first = fetcher(&rules);
    for path in ["/etag", "/date"] {
        assert_eq!(first.get(conditional(path)).await.unwrap().body.unwrap(), b"body");
    }
    let kept = Validators::from_json(&first.validators().to_json());
    let mut second = Fetcher::new(&rules, &settings(), &Arc::new(Hosts::new()), kept).unwrap();
    for path in ["/etag", "/date"] {
        assert_eq!(second.get(conditional(path)).await.unwrap().body, None, "{path}");
        assert!(second.get(Request::get(server.url(path))).await.unwrap().body.is_some(), "asked for whole");
    }
    let form = Request { method: Method::Form(Vec::new()), ..conditional("/etag") };
    assert!(second.get(form).await.unwrap().body.is_some(), "a POST has no condition");
}

#[tokio::test]
async fn cookies_last_as_long_as_the_pull() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/warm" => page(302, &[("Location", "/warm2"), ("Set-Cookie", "sid=abc; Path=/; HttpOnly")], ""),
        "/warm2" => page(200, &[("Set-Cookie", "XSRF-TOKEN=t0k"), ("Set-Cookie", "safe=1; Secure")], "x"),
        _ => ok("list"),
    })
    .await;
    let rules = rules(&server);
    let mut first = fetcher(&rules);
    for path in ["/warm", "/list"] {
        get(&mut first, &server, path).await.unwrap();
    }
    assert_eq!(server.seen()[2].header("cookie"), Some("sid=abc; XSRF-TOKEN=t0k"));
    let cookie = |fetcher: &Fetcher, name| crate::crawl::Pages::cookie(fetcher, &server.url("/list"), name);
    assert_eq!(cookie(&first, "XSRF-TOKEN").as_deref(), Some("t0k"));
    assert_eq!(cookie(&first, "safe"), None);
    let mut second = fetcher(&rules);
    get(&mut second, &server, "/list").await.unwrap();
    assert_eq!(server.seen()[3].header("cookie"), None);
}
