//! Cookies: how one is read and set, and the one that keeps the session.

use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};

/// The cookie's name.
pub const NAME: &str = "huiyin_session";

/// A `Set-Cookie` value that keeps something for so many seconds, for the addresses below a path. Scripts cannot read it,
/// and other sites' forms do not send it.
pub fn write(name: &str, value: &str, path: &str, seconds: i64, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
}

/// The value of a cookie of the request; an empty one is none.
pub fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = values.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(found, value)| *found == name && !value.is_empty()).map(|(_, value)| value)
}

/// A `Set-Cookie` value that keeps the token for so many seconds.
pub fn set(token: &str, seconds: i64, secure: bool) -> String {
    write(NAME, token, "/", seconds, secure)
}

/// A `Set-Cookie` value that makes the browser forget the token.
pub fn clear(secure: bool) -> String {
    set("", 0, secure)
}

/// The token a request shows: as a bearer token, else in the cookie.
pub fn token_of(headers: &HeaderMap) -> Option<&str> {
    bearer_of(headers).or_else(|| cookie_of(headers))
}

/// The bearer token of a request.
pub fn bearer_of(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// The token in a request's cookie: what a browser sends of itself.
pub fn cookie_of(headers: &HeaderMap) -> Option<&str> {
    read(headers, NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn a_token_is_read_from_either_place() {
        assert_eq!(token_of(&headers(&[("authorization", "bearer abc")])), Some("abc"));
        assert_eq!(token_of(&headers(&[("cookie", "a=b; huiyin_session=abc; c=d")])), Some("abc"));
        let both = headers(&[("authorization", "Bearer one"), ("cookie", "huiyin_session=two")]);
        assert_eq!(token_of(&both), Some("one"));
        for none in [("authorization", "Basic abc"), ("cookie", "huiyin_session="), ("cookie", "xhuiyin_session=a")] {
            assert_eq!(token_of(&headers(&[none])), None);
        }
    }

    #[test]
    fn the_cookie_is_guarded() {
        let text = set("abc", 60, true);
        assert_eq!(text, "huiyin_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert!(clear(false).contains("Max-Age=0"));
    }
}
