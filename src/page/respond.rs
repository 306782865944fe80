//! How pages are sent: headers, and the short answer to a visitor who has the page already.

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LAST_MODIFIED, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use huiyin_domain::ledger::Digest;

use super::Asset;

/// Nothing but the site's own stylesheet: no script, no frame, no foreign address.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// The same with the site's own scripts, and what they fetch from the site.
const STAFF_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                            base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// Browsers keep a page but ask each time whether it is still the same.
const REVALIDATE: &str = "no-cache";
/// A staff page is kept nowhere: the next person at the desk must not find it, and it shows what is true now.
const NEVER: &str = "no-store";
/// An asset's address changes with its content: kept for a year, never asked for again.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A page. A page that is what the visitor has already is answered with 304 and nothing.
///
/// Only the ETag decides: it covers the counts and the look as well, which `Last-Modified` (RFC 9110 form) does not.
pub fn page(request: &HeaderMap, status: StatusCode, html: String, last_modified: Option<&str>) -> Response {
    let digest = Digest::of(html.as_bytes()).to_string();
    let tag = format!("\"{}\"", digest.get(..32).unwrap_or(&digest));
    let known = status == StatusCode::OK && knows(request, &tag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(html) });
    *response.status_mut() = if known { StatusCode::NOT_MODIFIED } else { status };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    guard(headers, POLICY);
    if status == StatusCode::OK {
        // A weak one: the same page may go over the line compressed or not.
        set(headers, ETAG, &format!("W/{tag}"));
        if let Some(last_modified) = last_modified {
            set(headers, LAST_MODIFIED, last_modified);
        }
    }
    response
}

/// A public page that shows what somebody wrote: it is kept nowhere.
pub fn unkept_page(status: StatusCode, html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    guard(headers, POLICY);
    response
}

/// A staff page.
pub fn staff_page(status: StatusCode, html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(NEVER));
    headers.insert(VARY, HeaderValue::from_static("cookie, hx-request"));
    guard(headers, STAFF_POLICY);
    response
}

/// A file under a hashed name.
pub(super) fn asset(file: &Asset) -> Response {
    let mut response = Response::new(Body::from(file.text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    guard(headers, POLICY);
    response
}

fn guard(headers: &mut HeaderMap, policy: &'static str) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether the visitor's `If-None-Match` names this tag.
fn knows(request: &HeaderMap, tag: &str) -> bool {
    let sent = request.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(|value| value.split(','))
        .map(|known| known.trim().trim_start_matches("W/"))
        .any(|known| known == tag || known == "*")
}

/// An instant as the API writes it, in the form of HTTP: `Thu, 05 Nov 2026 01:00:00 GMT`.
pub fn http_date(text: &str) -> Option<String> {
    let timestamp: jiff::Timestamp = text.parse().ok()?;
    Some(timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_in_gmt() {
        assert_eq!(http_date("2026-11-05T09:00:00+08:00").as_deref(), Some("Thu, 05 Nov 2026 01:00:00 GMT"));
        assert_eq!(http_date("yesterday"), None);
    }

    #[test]
    fn a_known_page_is_not_sent_again() {
        let first = page(&HeaderMap::new(), StatusCode::OK, "text".to_owned(), None);
        let tag = first.headers()[ETAG].clone();
        let mut request = HeaderMap::new();
        request.insert(IF_NONE_MATCH, HeaderValue::from_str(&format!("\"x\", {}", tag.to_str().unwrap())).unwrap());
        let status = |html: &str| page(&request, StatusCode::OK, html.to_owned(), None).status();
        assert_eq!(status("text"), StatusCode::NOT_MODIFIED);
        assert_eq!(status("other"), StatusCode::OK);
        assert_eq!(page(&request, StatusCode::NOT_FOUND, "text".to_owned(), None).status(), StatusCode::NOT_FOUND);
    }
}
