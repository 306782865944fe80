//! Large text: kept in a cookie, set by a small form on every page.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;

use super::flash::{append_cookie, see_other};
use super::{Desk, Form, local_path};
use crate::api::cookie;

/// The cookie that keeps it.
const NAME: &str = "huiyin_text";
/// A year, in seconds.
const SECONDS: i64 = 31_536_000;

/// Whether the browser keeps large text.
pub(super) fn is_large(headers: &HeaderMap) -> bool {
    cookie::read(headers, NAME) == Some("large")
}

/// Switches between normal and large, and goes back to where the switch was.
pub(super) async fn set(State(desk): State<Desk>, form: Form) -> Response {
    let mut response = see_other(local_path(form.get("back")));
    let cookie = if form.get("size") == "large" {
        cookie::write(NAME, "large", "/", SECONDS, desk.secure_cookies())
    } else {
        cookie::write(NAME, "", "/", 0, desk.secure_cookies())
    };
    append_cookie(&mut response, &cookie);
    response
}
