//! Where a request may lead: redirects, private addresses, names.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{HeaderValue, Method};
use super::server::{ok, page, redirect};
use super::*;

#[tokio::test]
async fn a_redirect_does_not_lead_inside_of_the_house() {
    let inside = Server::start(|_, _| ok("secret of the house")).await;
    for target in [
        inside.url("/").to_string(),
        "http://10.0.0.1/".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "http://[::1]/".to_owned(),
        "http://[::ffff:127.0.0.1]/".to_owned(),
        "http://localhost/".to_owned(),
        "http://2130706433/".to_owned(),
        "http://unknown.example/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
    ] {
        let to = target.clone();
        let server = Server::start(move |_, _| redirect(302, &to)).await;
        let mut rules = rules(&server);
        // Being named as a host does not make an address public.
        rules.hosts = ["10.0.0.1", "169.254.169.254", "::1", "::ffff:7f00:1", "localhost", "127.0.0.1"]
            .map(str::to_owned)
            .to_vec();
        rules.hosts.push(inside.host());
        let error = refusal(&rules, &server, "/").await;
        assert_eq!(error.code, FetchCode::Address, "{target}: {error}");
        assert_eq!(server.seen().len(), 1, "no retry");
    }
    assert_eq!(inside.seen().len(), 0);
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_and_looked_up_once() {
    let server = Server::start(|_, _| ok("inside")).await;
    let name = format!("http://source.example:{}/", server.port());
    let mut rules = FetchRules::new(name.parse().unwrap());
    rules.robots = false;
    let request = || Request::get(rules.base.clone());
    for addresses in [&["127.0.0.1"][..], &["10.0.0.1", "::1"], &["fe80::1"], &["100.64.0.1", "64:ff9b::127.0.0.1"]] {
        let error = with(&rules, &resolving_to(addresses)).get(request()).await.unwrap_err();
        assert_eq!(error.code, FetchCode::Address, "{addresses:?}: {error}");
    }
    assert_eq!(server.seen().len(), 0);
    // The name turns inside between two look-ups: the second connection is refused, whatever the first was told.
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let lookup = move |_: &str| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok(vec!["127.0.0.1".parse().unwrap()])
    };
    let settings = NetSettings { lookup: Arc::new(lookup), ..settings() };
    rules.private = vec![format!("source.example:{}", server.port())];
    assert!(with(&rules, &settings).get(request()).await.is_ok());
    assert_eq!(asked.load(Ordering::SeqCst), 1, "what was checked is what was connected to");
    rules.private = vec!["source.example:1".to_owned()];
    assert_eq!(with(&rules, &settings).get(request()).await.unwrap_err().code, FetchCode::Address);
}

#[tokio::test]
async fn a_name_nobody_knows_is_a_passing_fault() {
    let lookup = |_: &str| Err(std::io::Error::other("no such name"));
    let settings = NetSettings { lookup: Arc::new(lookup), ..settings() };
    let mut rules = FetchRules::new("http://source.example/".parse().unwrap());
    rules.pace = Duration::ZERO;
    rules.robots = false;
    let error = with(&rules, &settings).get(Request::get(rules.base.clone())).await.unwrap_err();
    assert_eq!(error.code, FetchCode::Network);
    assert!(error.message.contains("source.example"), "{error}");
}

#[tokio::test]
async fn redirects_are_followed_within_reason() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/a" => redirect(301, "/b?x=1"),
        "/b?x=1" => redirect(308, "c#part"),
        "/c" => ok("arrived"),
        "/nowhere" => page(302, &[], ""),
        _ => redirect(302, "/loop"),
    })
    .await;
    let rules = rules(&server);
    let answer = get(&mut fetcher(&rules), &server, "/a").await.unwrap();
    assert_eq!((answer.url, answer.body.unwrap()), (server.url("/c"), b"arrived".to_vec()));
    assert_eq!(refusal(&rules, &server, "/loop").await.code, FetchCode::Status);
    assert_eq!(server.seen().len(), 3 + 6, "five redirects and no more");
    assert_eq!(refusal(&rules, &server, "/nowhere").await.code, FetchCode::Status);
}

#[tokio::test]
async fn a_form_becomes_a_get_unless_the_server_repeats_it() {
    let server = Server::start(|seen, _| match seen.target.as_str() {
        "/302" => redirect(302, "/end"),
        "/307" => redirect(307, "/end"),
        _ => ok("end"),
    })
    .await;
    let mut fetcher = fetcher(&rules(&server));
    for (path, method, body) in [("/302", "GET", ""), ("/307", "POST", "page=2&q=%E6%BC%8F%E6%B0%B4")] {
        let fields = [("page", "2"), ("q", "漏水")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = Request { method: Method::Form(fields.to_vec()), ..Request::get(server.url(path)) };
        fetcher.get(request).await.unwrap();
        let last = server.seen().pop().unwrap();
        assert_eq!((last.method.as_str(), last.body.as_str()), (method, body), "{path}");
    }
    let request = Request { method: Method::Json(serde_json::json!({"p": 1})), ..Request::get(server.url("/end")) };
    fetcher.get(request).await.unwrap();
    let last = server.seen().pop().unwrap();
    assert_eq!((last.header("content-type").unwrap(), last.body.as_str()), ("application/json", r#"{"p":1}"#));
}

#[tokio::test]
async fn nothing_secret_goes_along_to_another_host() {
    let other = Server::start(|_, _| ok("other")).await;
    let to = other.url("/").to_string().replace("127.0.0.1", "localhost");
    let server = Server::start(move |seen, _| match seen.target.as_str() {
        "/repeat" => redirect(307, &to),
        _ => redirect(302, &to),
    })
    .await;
    let mut rules = rules(&server);
    let localhost = format!("localhost:{}", other.port());
    rules.hosts = vec![localhost.clone()];
    rules.private.push(localhost);
    rules.headers = vec![
        ("X-Key".to_owned(), HeaderValue::Secret("KEY".to_owned())),
        ("X-Open".to_owned(), HeaderValue::Plain("open".to_owned())),
    ];
    let secrets = crate::fetch::Secrets::read([("HUIYIN_SECRET_KEY".into(), "hunter2".into())], None).unwrap();
    let settings = NetSettings { secrets, ..resolving_to(&["127.0.0.1"]) };
    let mut fetcher = with(&rules, &settings);
    let headers = vec![("Authorization".to_owned(), "Bearer abc".to_owned())];
    fetcher.get(Request { headers, ..Request::get(server.url("/")) }).await.unwrap();
    let [first, second] = [server.seen(), other.seen()].map(|mut seen| seen.pop().unwrap());
    assert_eq!(
        [first.header("x-key"), first.header("authorization"), first.header("x-open")],
        [Some("hunter2"), Some("Bearer abc"), Some("open")]
    );
    assert_eq!(
        [second.header("x-key"), second.header("authorization"), second.header("x-open")],
        [None, None, Some("open")]
    );
    let form = Method::Form(vec![("secret".to_owned(), "x".to_owned())]);
    let error = fetcher.get(Request { method: form, ..Request::get(server.url("/repeat")) }).await.unwrap_err();
    assert_eq!((error.code, other.seen().len()), (FetchCode::Address, 1));
}
