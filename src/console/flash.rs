//! The message a page shows once, after something was done on the page before it.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::api::cookie;

/// The cookie it travels in. Never put personal data there.
const NAME: &str = "huiyin_flash";
/// The most characters shown.
const MAX_CHARS: usize = 200;
/// How long it waits to be shown, in seconds.
const SECONDS: i64 = 60;

/// The message, and whether it is good news.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Flash {
    /// `ok` or `late`: a state of the kit.
    state: &'static str,
    /// What happened.
    text: String,
}

impl Flash {
    /// Something was done.
    pub fn done(text: impl Into<String>) -> Self {
        Self { state: "ok", text: text.into() }
    }

    /// Something was not done, where the form cannot be shown again.
    pub fn refused(text: impl Into<String>) -> Self {
        Self { state: "late", text: text.into() }
    }

    /// The message a request carries.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (state, hexed) = cookie::read(headers, NAME)?.split_once('.')?;
        let text = String::from_utf8(hex::decode(hexed).ok()?).ok()?;
        let text = text.chars().take(MAX_CHARS).collect::<String>();
        match state {
            "ok" => Some(Self::done(text)),
            "late" => Some(Self::refused(text)),
            _ => None,
        }
    }

    /// Sends the browser on to a page of this site, which shows the message.
    pub(super) fn and_go(&self, to: &str, secure: bool) -> Response {
        let mut response = see_other(to);
        self.travel(&mut response, secure);
        response
    }

    /// Has the page that comes next show the message.
    pub(super) fn travel(&self, response: &mut Response, secure: bool) {
        let text: String = self.text.chars().take(MAX_CHARS).collect();
        let value = format!("{}.{}", self.state, hex::encode(text));
        append_cookie(response, &cookie::write(NAME, &value, "/", SECONDS, secure));
    }

    /// Makes the browser forget the message once it is shown.
    pub(super) fn forget(response: &mut Response, secure: bool) {
        append_cookie(response, &cookie::write(NAME, "", "/", 0, secure));
    }
}

/// Adds a `Set-Cookie` to an answer.
pub(super) fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, value);
    }
}

/// Sends the browser on to a page of this site.
pub(super) fn see_other(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/desk"));
    (StatusCode::SEE_OTHER, [(header::LOCATION, to), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::header::COOKIE;

    use super::*;

    #[test]
    fn a_message_arrives_as_it_was_sent() {
        let sent = Flash::done("已派给村镇科；“三日内”答复 <b>");
        let response = sent.and_go("/desk", true);
        let cookie = response.headers()[SET_COOKIE].to_str().unwrap();
        assert!(cookie.ends_with("; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
        let mut request = HeaderMap::new();
        request.insert(COOKIE, HeaderValue::from_str(&format!("a=b; {}", cookie.split(';').next().unwrap())).unwrap());
        assert_eq!(Flash::of(&request), Some(sent));
        for bad in ["huiyin_flash=ok", "huiyin_flash=ok.zz", "huiyin_flash=x.61", "huiyin_flash=ok.ff"] {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(bad))]);
            assert_eq!(Flash::of(&headers), None, "{bad}");
        }
    }
}
