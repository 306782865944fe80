//! What may be told of a request.

use url::form_urlencoded;

use super::secrets::has_marker;
use super::{Method, Request, Secrets};

const MASK: &str = "***";
/// A longer body says no more of which page it is.
const MAX_BODY_CHARS: usize = 300;

/// Names of parameters that hold tokens and passwords wherever they are used. Compared without case, `_` and `-`.
const SECRET_NAMES: &[&str] = &[
    "accesskey",
    "accesstoken",
    "apikey",
    "appkey",
    "appsecret",
    "auth",
    "authorization",
    "csrf",
    "csrftoken",
    "jsessionid",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sid",
    "sign",
    "signature",
    "ticket",
    "token",
    "xsrftoken",
];

/// The address of a request without anything secret: no account, no fragment, values that come from a secret or are called
/// like one masked. What a POST sends follows its address, since a list that is paged by POST has one address for all pages.
pub fn redacted(request: &Request) -> String {
    redacted_with(request, &Secrets::default())
}

/// As [`redacted`], and whatever holds one of these secrets is masked too.
pub(super) fn redacted_with(request: &Request, secrets: &Secrets) -> String {
    let is_secret = |name: &str, value: &str| has_marker(value) || secrets.are_in(value) || is_secret_name(name);
    let mut url = request.url.clone();
    url.set_fragment(None);
    // Only an address without a host refuses this, and such a one has no account either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some((before, _)) = url.path().to_ascii_lowercase().split_once(";jsessionid=") {
        let path = url.path().get(..before.len()).unwrap_or_default().to_owned();
        url.set_path(&path);
    }
    if let Some(query) = url.query() {
        // What is not masked stays byte for byte: it may be in an encoding of its own.
        let pairs = query.split('&').map(|pair| match form_urlencoded::parse(pair.as_bytes()).next() {
            Some((name, value)) if is_secret(&name, &value) => format!("{name}={MASK}"),
            _ => pair.to_owned(),
        });
        let masked = pairs.collect::<Vec<_>>().join("&");
        url.set_query(Some(&masked));
    }
    let path = if secrets.are_in(url.path()) { Some(MASK) } else { None };
    if let Some(path) = path {
        url.set_path(path);
    }
    match &request.method {
        Method::Get => url.to_string(),
        Method::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, value) in fields {
                form.append_pair(name, if is_secret(name, value) { MASK } else { value });
            }
            format!("{url} POST {}", cut(&form.finish()))
        }
        Method::Json(body) => format!("{url} POST {}", cut(&masked_json(body, "", &is_secret).to_string())),
    }
}

fn masked_json(value: &serde_json::Value, name: &str, is_secret: &dyn Fn(&str, &str) -> bool) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::String(text) if is_secret(name, text) => Value::from(MASK),
        Value::Number(_) if is_secret_name(name) => Value::from(MASK),
        Value::Array(items) => items.iter().map(|item| masked_json(item, name, is_secret)).collect(),
        Value::Object(fields) => {
            let masked = fields.iter().map(|(name, value)| (name.clone(), masked_json(value, name, is_secret)));
            Value::Object(masked.collect())
        }
        other => other.clone(),
    }
}

fn is_secret_name(name: &str) -> bool {
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRET_NAMES.contains(&bare.as_str())
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_BODY_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::secret_marker;

    fn get(url: &str) -> Request {
        Request::get(url.parse().unwrap())
    }

    #[test]
    fn what_is_secret_is_masked_and_the_rest_stays() {
        for (url, expected) in [
            ("http://a/list?page=2&kw=%C2%A9", "http://a/list?page=2&kw=%C2%A9"),
            ("http://user:word@a/x#frag", "http://a/x"),
            (
                "http://a/?access_token=abc&X-Token=1&Token=x&page=1",
                "http://a/?access_token=***&X-Token=1&Token=***&page=1",
            ),
            ("http://a/x;JSESSIONID=12AB?p=1", "http://a/x?p=1"),
            ("http://a/?keyword=k&design=1", "http://a/?keyword=k&design=1"),
        ] {
            assert_eq!(redacted(&get(url)), expected);
        }
        let marker = secret_marker("NAME");
        let mut request = get("http://a/?page=3");
        request.url.query_pairs_mut().append_pair("k", &marker);
        assert_eq!(redacted(&request), "http://a/?page=3&k=***");
        request.method = Method::Form(vec![("page".to_owned(), "4".to_owned()), ("p".to_owned(), marker.clone())]);
        assert_eq!(redacted(&request), "http://a/?page=3&k=*** POST page=4&p=***");
        request.method = Method::Json(serde_json::json!({"page": 5, "sign": "x", "in": [{"key": marker}], "pwd": 7}));
        assert_eq!(
            redacted(&request),
            r#"http://a/?page=3&k=*** POST {"in":[{"key":"***"}],"page":5,"pwd":"***","sign":"***"}"#
        );
    }

    #[test]
    fn a_secret_that_was_put_in_by_hand_is_found() {
        let variable = [("HUIYIN_SECRET_T".into(), "hunter2".into())];
        let secrets = Secrets::read(variable, None).unwrap();
        assert_eq!(redacted_with(&get("http://a/?x=hunter2&y=1"), &secrets), "http://a/?x=***&y=1");
        assert_eq!(redacted_with(&get("http://a/hunter2/x"), &secrets), "http://a/***");
    }
}
