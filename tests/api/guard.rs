//! What stands between the network and the schema.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, ORIGIN, VARY};
use serde_json::{Value, json};

use crate::support::app::{Letter, TestApp, error_code};

async fn send(app: &TestApp, headers: &[(&str, &str)], body: String) -> (u16, Value) {
    let mut request = app.client.post(format!("{}/graphql", app.address)).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn a_request_from_another_site_is_refused() {
    let app = TestApp::start().await;
    let cookie = format!("huiyin_session={}", app.token("office").await);
    let body = json!({ "query": "{ viewer { login } }" }).to_string();
    let json_type = (CONTENT_TYPE.as_str(), "application/json");
    let with = |extra: Vec<(&'static str, &'static str)>| {
        let (app, cookie, body) = (&app, cookie.clone(), body.clone());
        async move {
            let mut headers = vec![json_type, (COOKIE.as_str(), cookie.as_str())];
            headers.extend(extra);
            send(app, &headers, body).await
        }
    };
    let (status, answer) = with(vec![("sec-fetch-site", "cross-site")]).await;
    assert_eq!((status, error_code(&answer)), (403, "cross_site"));
    let (status, answer) = with(vec![(ORIGIN.as_str(), "http://elsewhere.example")]).await;
    assert_eq!((status, error_code(&answer)), (403, "cross_site"));
    let (status, answer) = with(vec![("sec-fetch-site", "same-origin")]).await;
    assert_eq!((status, &answer["data"]["viewer"]["login"]), (200, &json!("office")));
}

#[tokio::test]
async fn a_body_must_be_json_and_small() {
    let app = TestApp::start().await;
    let query = json!({ "query": "{ viewer { login } }" }).to_string();
    let (status, answer) = send(&app, &[(CONTENT_TYPE.as_str(), "text/plain")], query).await;
    assert_eq!((status, error_code(&answer)), (415, "content_type"));
    let json_type = [(CONTENT_TYPE.as_str(), "application/json")];
    let (status, answer) = send(&app, &json_type, "{".to_owned()).await;
    assert_eq!((status, error_code(&answer)), (400, "invalid_body"));
    let large = json!({ "query": " ".repeat(1 << 20) }).to_string();
    let (status, answer) = send(&app, &json_type, large).await;
    assert_eq!((status, error_code(&answer)), (413, "body_too_large"));
}

/// What is answered to a request whose body is written to its end before anything is read, as browsers do.
async fn told_after_writing(app: &TestApp, head: String, body: usize) -> String {
    let address = app.address.trim_start_matches("http://").to_owned();
    let told = tokio::task::spawn_blocking(move || {
        let mut line = TcpStream::connect(address)?;
        line.write_all(head.as_bytes())?;
        line.write_all(&vec![b' '; body])?;
        let mut answer = String::new();
        line.read_to_string(&mut answer)?;
        std::io::Result::Ok(answer)
    });
    told.await.unwrap().unwrap()
}

#[tokio::test]
async fn who_sends_more_than_is_taken_is_told_so() {
    let app = TestApp::start().await;
    let token = app.token("office").await;
    // More than the system itself keeps of what is under way.
    let length = 24 << 20;
    let head = |path: &str, content_type: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nhost: huiyin.example\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: {content_type}\r\ncontent-length: {length}\r\n"
        )
    };
    let json = head("/graphql", "application/json");
    let form = head("/desk/imports", "multipart/form-data; boundary=x");
    for (head, code) in [(&json, "body_too_large"), (&form, "upload_too_large")] {
        let answer = told_after_writing(&app, format!("{head}\r\n"), length).await;
        assert!(answer.starts_with("HTTP/1.1 413 ") && answer.contains(code), "{answer}");
    }
    // Who asks before sending is not told to go on.
    let answer = told_after_writing(&app, format!("{form}expect: 100-continue\r\n\r\n"), 0).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[tokio::test]
async fn the_schema_is_told_to_those_who_signed_in() {
    let app = TestApp::start().await;
    for query in [
        "{ __schema { types { name } } }",
        "{ __type(name: \"Item\") { name } }",
        "query { ...f } fragment f on Query { __schema { types { name } } }",
        "{ ... on Query { __schema { types { name } } } }",
    ] {
        assert_eq!(error_code(&app.gql(None, query, json!({})).await), "introspection_refused", "{query}");
        app.ok("auditor", query, json!({})).await;
        // What somebody was told before is told to nobody else by that.
        assert_eq!(error_code(&app.gql(None, query, json!({})).await), "introspection_refused", "{query}");
    }
}

#[tokio::test]
async fn what_cannot_be_written_out_is_refused_at_once() {
    let app = TestApp::start().await;
    let fragments = |spread: &str| -> String {
        let one =
            |at: usize| format!("fragment f{at} on Query {{ {} }} ", spread.replace("next", &format!("f{}", at + 1)));
        (0..29).map(one).collect::<Vec<String>>().concat()
    };
    let wide = fragments("...next ...next ...next");
    let deep = format!("{{ item(id: {}", "[".repeat(100_000));
    for (query, code) in [
        (format!("{{ ...f0 }} {wide} fragment f29 on Query {{ viewer {{ login }} }}"), "query_too_complex"),
        (
            format!("{{ viewer {{ login }} }} {wide} fragment f29 on Query {{ viewer {{ login }} }}"),
            "query_too_complex",
        ),
        (format!("{{ ...f0 }} {wide} fragment f29 on Query {{ ...f0 }}"), "query_too_deep"),
        (deep, "query_too_deep"),
    ] {
        let asked = std::time::Instant::now();
        assert_eq!(error_code(&app.gql(None, &query, json!({})).await), code);
        // Walked through, it would take years.
        assert!(asked.elapsed() < std::time::Duration::from_secs(5));
    }
    // Everybody else is answered still.
    app.ok("office", "{ viewer { login } }", json!({})).await;
}

#[tokio::test]
async fn requests_have_limits() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let repeats = |levels: usize| {
        format!("{{ itemByNumber(number: 1) {{ {}id{} }} }}", "repeatOf { ".repeat(levels), " }".repeat(levels))
    };
    app.ok("office", &repeats(12), json!({})).await;
    let directives = "@skip(if: false) ".repeat(5);
    // Cheap to show, dear to ask for.
    let many = |field: &str| (0..250).map(|at| format!("a{at}: {field} ")).collect::<Vec<String>>().concat();
    for (query, code) in [
        (repeats(20), "query_too_deep"),
        (repeats(40), "query_too_deep"),
        (
            "{ items(first: 100) { edges { node { repeats { id history { seq hash } } } } } }".to_owned(),
            "query_too_complex",
        ),
        (format!("{{ {} }}", many("items(first: 0) { totalCount }")), "query_too_complex"),
        (format!("{{ {} }}", many("publishedIssue(month: \"2026-09\") { title }")), "query_too_complex"),
        (format!("{{ {} }}", many("openHeldCount")), "query_too_complex"),
        (format!("{{ {} }}", many("itemByNumber(number: 1) { id }")), "query_too_complex"),
        (format!("{{ {} }}", many("recoveryCodesLeft")), "query_too_complex"),
        ("{ items(first: 101) { totalCount } }".to_owned(), "bad_page_size"),
        ("{ items(first: -1) { totalCount } }".to_owned(), "bad_page_size"),
        ("{ search(text: \"\", first: 101) { totalCount } }".to_owned(), "bad_page_size"),
        (format!("{{ viewer {directives} {{ login }} }}"), "too_many_directives"),
        ("{ items(after: \"00\") { totalCount } }".to_owned(), "bad_cursor"),
        ("{ search(text: \"\", after: \"x\") { totalCount } }".to_owned(), "bad_cursor"),
        ("{ item(id: \"unit:01980000-0000-7000-8000-000000000000\") { id } }".to_owned(), "bad_id"),
        ("{ nothing }".to_owned(), "invalid_query"),
        ("{".to_owned(), "invalid_query"),
    ] {
        let answer = app.gql(Some("office"), &query, json!({})).await;
        assert_eq!(error_code(&answer), code, "{query}");
    }
}

#[tokio::test]
async fn browsers_are_told_what_not_to_do_and_requests_have_numbers() {
    let app = TestApp::start().await;
    let response = app.client.get(format!("{}/healthz", app.address)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert!(header("content-security-policy").starts_with("default-src 'self'"));
    assert!(header("content-security-policy").contains("frame-ancestors 'none'"));
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(header("referrer-policy"), "no-referrer");
    assert_eq!(header("x-request-id").len(), 16);
    let head = app.ok("auditor", "{ ledgerHead { seq hash root } }", json!({})).await["ledgerHead"].clone();
    assert_eq!(head["root"], format!("{}:{}", head["seq"], head["hash"].as_str().unwrap()));
    app.follow().await;
    let health: Value = app.client.get(format!("{}/healthz", app.address)).send().await.unwrap().json().await.unwrap();
    assert_eq!(health, json!({ "status": "ok", "ledger_seq": head["seq"], "index_cursor": head["seq"] }));
}

#[tokio::test]
async fn the_page_to_try_queries_loads_nothing_from_elsewhere() {
    let app = TestApp::start().await;
    for path in ["/graphql", "/graphql/try.js"] {
        let response = app.client.get(format!("{}{path}", app.address)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        let text = response.text().await.unwrap();
        assert!(!text.contains("//") && text.lines().count() < 100, "{path}");
    }
}

#[tokio::test]
async fn what_browsers_ask_for_compressed_is_sent_so_but_no_workbook_and_no_stream() {
    let app = TestApp::start().await;
    app.import(&[Letter::new(1)]).await;
    let cookie = format!("huiyin_session={}", app.token("office").await);
    let get = |path: &'static str, encoding: &'static str| {
        let request = app.client.get(format!("{}{path}", app.address)).header(ACCEPT_ENCODING, encoding);
        let request = request.header(COOKIE, cookie.clone());
        async move {
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let told = answer.headers().get(CONTENT_ENCODING).map(|told| told.to_str().unwrap().to_owned());
            (told, answer)
        }
    };
    for path in ["/desk", "/hot"] {
        let (told, plain) = get(path, "identity").await;
        assert_eq!(told, None, "{path}");
        let plain = plain.bytes().await.unwrap();
        let (told, packed) = get(path, "gzip, br").await;
        assert_eq!(told.as_deref(), Some("gzip"), "{path}");
        let vary = packed.headers().get_all(VARY).iter().any(|vary| vary.to_str().unwrap().contains("accept-encoding"));
        assert!(vary, "{path}: what keeps it must keep both");
        let packed = packed.bytes().await.unwrap();
        assert!(packed.starts_with(&[0x1f, 0x8b]) && packed.len() < plain.len(), "{path}: {}", packed.len());
    }
    for path in ["/desk/items.xlsx", "/desk/live"] {
        let (told, _) = get(path, "gzip").await;
        assert_eq!(told, None, "{path}");
    }
}

#[tokio::test]
async fn a_page_that_came_compressed_is_known_again() {
    let app = TestApp::start().await;
    let get = || app.client.get(format!("{}/hot", app.address)).header(ACCEPT_ENCODING, "gzip");
    let tag = get().send().await.unwrap().headers()[ETAG].clone();
    // It stands for the page compressed and not: a strong one would promise the same bytes.
    assert!(tag.to_str().unwrap().starts_with("W/\""), "{tag:?}");
    let again = get().header(IF_NONE_MATCH, tag).send().await.unwrap();
    assert_eq!(again.status(), 304);
    assert!(again.bytes().await.unwrap().is_empty());
}
