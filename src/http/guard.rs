//! What every request passes: a number for the log, a time limit, a look at where it comes from, and the headers that
//! tell browsers what not to do.

use std::any::Any;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn, map_request};
use axum::response::{Html, IntoResponse as _, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use super::graphql::error_response;
use crate::api::cookie;
use crate::clock::{Entropy as _, SystemEntropy};

/// How long an answer may take.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// The same where a large file may come in over a slow line.
const UPLOAD_TIME_LIMIT: Duration = Duration::from_mins(15);
/// The same where a source is tried out: that gives up by itself after a minute, and says so.
const TRIAL_TIME_LIMIT: Duration = Duration::from_secs(90);
/// What pages may load: from this server only, and never inside another site's frame.
const CONTENT_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The name under which answers carry the request's number.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where a browser says a request comes from.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Puts all guards around the routes.
pub(super) fn guarded(routes: Router) -> Router {
    guarded_within(routes, TIME_LIMIT)
}

/// The same with another time limit.
fn guarded_within(routes: Router, time_limit: Duration) -> Router {
    routes
        .layer(super::compress::layer())
        .layer(from_fn(same_site))
        .layer(from_fn(move |request: Request, next: Next| in_time(request, next, time_limit)))
        .layer(CatchPanicLayer::custom(after_panic))
        .layer(from_fn(tell_browsers))
        .layer(map_request(super::linger::linger))
        .layer(from_fn(number))
}

/// Gives the request a number, says in the log how it went. The log names the route, never the address as sent: that may
/// hold a query code.
async fn number(request: Request, next: Next) -> Response {
    let mut bytes = [0; 8];
    // A request without a number is better than none answered.
    let _ = SystemEntropy.fill(&mut bytes);
    let id = hex::encode(bytes);
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request.id = %id, method = %request.method(), route);
    async move {
        let start = Instant::now();
        let mut response = next.run(request).await;
        let duration_ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), duration_ms, "answered");
        if let Ok(value) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(REQUEST_ID, value);
        }
        response
    }
    .instrument(span)
    .await
}

async fn tell_browsers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, CONTENT_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ] {
        // A page may have set a stricter one of its own.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

async fn in_time(request: Request, next: Next, time_limit: Duration) -> Response {
    let form = request.extensions().get::<MatchedPath>().filter(|_| !request.method().is_safe());
    let time_limit = match form.map(MatchedPath::as_str) {
        Some(super::upload::PATH | crate::portal::WRITE) => UPLOAD_TIME_LIMIT,
        Some(crate::console::TRIAL) => TRIAL_TIME_LIMIT,
        _ => time_limit,
    };
    if let Ok(response) = tokio::time::timeout(time_limit, next.run(request)).await {
        return response;
    }
    tracing::warn!("a request took too long and was given up");
    error_response(StatusCode::SERVICE_UNAVAILABLE, "timeout", "处理时间过长，已停止。请缩小范围后重试。")
}

/// Refuses what another site makes a browser send in its user's name.
async fn same_site(request: Request, next: Next) -> Response {
    if request.method().is_safe() || is_same_site(request.headers()) {
        return next.run(request).await;
    }
    refuse_other_site()
}

/// The answer to what another site makes a browser send.
pub(super) fn refuse_other_site() -> Response {
    tracing::warn!("a request from another site was refused");
    error_response(StatusCode::FORBIDDEN, "cross_site", "请求来自其他网站，已拒绝。请从本系统页面重新操作。")
}

/// Whether an unsafe request comes from this site's own pages or from no browser at all.
///
/// A browser tells by `Sec-Fetch-Site`, an older one by `Origin`. What shows a bearer token cannot be forged by another
/// site, because it would have to know the token.
pub(super) fn is_same_site(headers: &HeaderMap) -> bool {
    if cookie::bearer_of(headers).is_some() {
        return true;
    }
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&SEC_FETCH_SITE), text(&ORIGIN)) {
        (Some(site), _) => matches!(site, "same-origin" | "none"),
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == text(&HOST)
        }
        (None, None) => true,
    }
}

/// The page after a panic: it tells nothing of what happened. The place is in the log; what was said there is in neither,
/// since it may quote what a citizen wrote.
fn after_panic(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a request ended in a panic");
    let page = "<!doctype html><html lang=\"zh-CN\"><meta charset=\"utf-8\"><title>出错了</title>\
                <h1>系统出错了</h1><p>请稍后重试；仍不行时，请联系系统管理员。</p></html>";
    let mut response = (StatusCode::INTERNAL_SERVER_ERROR, Html(page)).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_requests_of_this_site_pass() {
        let passes = |pairs: &[(&'static str, &'static str)]| {
            is_same_site(&pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect())
        };
        assert!(passes(&[]));
        assert!(passes(&[("sec-fetch-site", "same-origin")]));
        assert!(passes(&[("sec-fetch-site", "none")]));
        assert!(passes(&[("origin", "http://a.example:8080"), ("host", "a.example:8080")]));
        assert!(passes(&[("sec-fetch-site", "cross-site"), ("authorization", "Bearer abc")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site")]));
        assert!(!passes(&[("sec-fetch-site", "same-site")]));
        assert!(!passes(&[("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")]));
        assert!(!passes(&[("origin", "http://b.example"), ("host", "a.example")]));
        assert!(!passes(&[("origin", "null"), ("host", "a.example")]));
        assert!(!passes(&[("origin", "http://a.example")]));
    }

    fn client() -> reqwest::Client {
        crate::intake::fetch::install_tls();
        reqwest::Client::new()
    }

    async fn serving(routes: Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn a_request_that_takes_too_long_is_given_up() {
        let routes = Router::new()
            .route("/slow", axum::routing::get(|| tokio::time::sleep(Duration::from_mins(5))))
            .route("/quick", axum::routing::get(|| async { "quick" }))
            .route(super::super::upload::PATH, axum::routing::post(|| tokio::time::sleep(Duration::from_millis(300))))
            .route(crate::console::TRIAL, axum::routing::post(|| tokio::time::sleep(Duration::from_millis(300))));
        let site = serving(guarded_within(routes, Duration::from_millis(50))).await;
        let client = client();
        let slow = client.get(format!("{site}/slow")).send().await.unwrap();
        assert_eq!(slow.status(), 503);
        let answer: serde_json::Value = slow.json().await.unwrap();
        assert_eq!(answer["errors"][0]["extensions"]["code"], "timeout");
        assert_eq!(client.get(format!("{site}/quick")).send().await.unwrap().status(), 200);
        let upload = client.post(format!("{site}{}", super::super::upload::PATH)).send().await.unwrap();
        assert_eq!(upload.status(), 200, "a file may take longer");
        let trial = client.post(format!("{site}/desk/sources/board/preview")).send().await.unwrap();
        assert_eq!(trial.status(), 200, "a source may take longer");
    }

    #[tokio::test]
    async fn after_a_panic_the_page_tells_nothing() {
        let routes = Router::new().route(
            "/panic",
            axum::routing::get(|| async {
                assert!(!std::hint::black_box(true), "13800138000");
            }),
        );
        let site = serving(guarded(routes)).await;
        let answer = client().get(format!("{site}/panic")).send().await.unwrap();
        assert_eq!(answer.status(), 500);
        let page = answer.text().await.unwrap();
        assert!(page.contains("系统出错了") && !page.contains("138"), "{page}");
    }
}
