//! Passwords and tokens: from the environment or a file of their own, and never out again.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use url::form_urlencoded;

use super::{FetchCode, FetchError, HeaderValue, Method, Request};

/// What the name of an environment variable begins with that holds a secret: `HUIYIN_SECRET_<NAME>`.
pub const SECRET_PREFIX: &str = "HUIYIN_SECRET_";

const MARK_START: &str = "${secret:";
const MARK_END: char = '}';

/// What stands for a secret in a [`Request`] until it is sent.
pub fn secret_marker(name: &str) -> String {
    format!("{MARK_START}{name}{MARK_END}")
}

/// Whether a secret is to be put in somewhere.
pub(super) fn has_marker(text: &str) -> bool {
    text.contains(MARK_START)
}

/// Secrets by name. Cheap to clone; shows names only.
#[derive(Clone, Default)]
pub struct Secrets(Arc<BTreeMap<String, String>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// From the environment of this process and, below it, from a TOML file of `NAME = "value"`.
    ///
    /// # Errors
    ///
    /// `Settings` when the file cannot be read, is not such a file, or may be read by everybody on the machine.
    pub fn load(file: Option<&Path>) -> Result<Self, FetchError> {
        Self::read(std::env::vars_os(), file)
    }

    /// As [`Secrets::load`], from an environment that is given.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn read(
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        file: Option<&Path>,
    ) -> Result<Self, FetchError> {
        let mut all = file.map(from_file).transpose()?.unwrap_or_default();
        for (name, value) in environment {
            let name = name.to_str().and_then(|name| name.strip_prefix(SECRET_PREFIX));
            if let (Some(name), Some(value)) = (name, value.to_str()) {
                all.insert(canonical(name), value.to_owned());
            }
        }
        all.retain(|_, value| !value.is_empty());
        Ok(Self(Arc::new(all)))
    }

    /// A secret. Names are compared without case, and `-` is `_`.
    ///
    /// # Errors
    ///
    /// `Settings` when there is none of this name, or it is empty.
    pub fn get(&self, name: &str) -> Result<&str, FetchError> {
        let found = self.0.get(&canonical(name)).map(String::as_str);
        found.ok_or_else(|| {
            let name = canonical(name);
            let message = format!("没有密钥 {name}：请设置环境变量 {SECRET_PREFIX}{name}，或写进密钥文件");
            FetchError::new(FetchCode::Settings, message)
        })
    }

    /// The text of a value.
    pub(crate) fn value<'a>(&'a self, value: &'a HeaderValue) -> Result<&'a str, FetchError> {
        match value {
            HeaderValue::Plain(text) => Ok(text),
            HeaderValue::Secret(name) => self.get(name),
        }
    }

    /// Whether a text holds one of the secrets. Those of fewer than four characters are in too many texts to tell.
    pub(super) fn are_in(&self, text: &str) -> bool {
        self.0.values().any(|secret| secret.chars().count() >= 4 && text.contains(secret.as_str()))
    }

    /// The request with its secrets put in.
    pub(super) fn fill(&self, request: Request) -> Result<Request, FetchError> {
        let Request { mut url, method, headers, conditional } = request;
        let secret = |query: &&str| form_urlencoded::parse(query.as_bytes()).any(|(_, value)| has_marker(&value));
        if let Some(query) = url.query().filter(secret) {
            let pairs: Vec<String> = query.split('&').map(|pair| self.fill_pair(pair)).collect::<Result<_, _>>()?;
            url.set_query(Some(&pairs.join("&")));
        }
        let fields = |fields: Vec<(String, String)>| -> Result<Vec<(String, String)>, FetchError> {
            fields.into_iter().map(|(name, value)| Ok((name, self.fill_text(&value)?))).collect()
        };
        let method = match method {
            Method::Get => Method::Get,
            Method::Form(form) => Method::Form(fields(form)?),
            Method::Json(body) => Method::Json(self.fill_json(body)?),
        };
        Ok(Request { url, method, headers: fields(headers)?, conditional })
    }

    /// One `name=value` of a query. What holds no secret stays byte for byte: it may be in an encoding of its own.
    fn fill_pair(&self, pair: &str) -> Result<String, FetchError> {
        let Some((name, value)) = form_urlencoded::parse(pair.as_bytes()).next().filter(|(_, value)| has_marker(value))
        else {
            return Ok(pair.to_owned());
        };
        let filled = self.fill_text(&value)?;
        Ok(form_urlencoded::Serializer::new(String::new()).append_pair(&name, &filled).finish())
    }

    fn fill_text(&self, text: &str) -> Result<String, FetchError> {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once(MARK_START) {
            let Some((name, tail)) = after.split_once(MARK_END) else { break };
            out.push_str(before);
            out.push_str(self.get(name)?);
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    fn fill_json(&self, value: Value) -> Result<Value, FetchError> {
        Ok(match value {
            Value::String(text) => Value::String(self.fill_text(&text)?),
            Value::Array(items) => {
                Value::Array(items.into_iter().map(|item| self.fill_json(item)).collect::<Result<_, _>>()?)
            }
            Value::Object(fields) => {
                let fields = fields.into_iter().map(|(name, value)| Ok((name, self.fill_json(value)?)));
                Value::Object(fields.collect::<Result<_, FetchError>>()?)
            }
            other => other,
        })
    }
}

fn canonical(name: &str) -> String {
    name.trim().to_ascii_uppercase().replace('-', "_")
}

fn from_file(path: &Path) -> Result<BTreeMap<String, String>, FetchError> {
    let shown = path.display();
    let refuse = |why: &str| FetchError::new(FetchCode::Settings, format!("密钥文件 {shown} {why}"));
    let metadata = std::fs::metadata(path).map_err(|_| refuse("读不到"))?;
    if readable_by_all(&metadata) {
        return Err(refuse("任何人都能读：请先执行 chmod 600"));
    }
    let text = std::fs::read_to_string(path).map_err(|_| refuse("读不到"))?;
    // What the parser says of the fault quotes the line, and the line holds a secret.
    let table: BTreeMap<String, String> = toml::from_str(&text).map_err(|_| refuse("不是 名称 = \"值\" 的 TOML"))?;
    Ok(table.into_iter().map(|(name, value)| (canonical(&name), value)).collect())
}

#[cfg(unix)]
fn readable_by_all(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o007 != 0
}

#[cfg(not(unix))]
fn readable_by_all(_metadata: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let variables = [("HUIYIN_SECRET_TOKEN", "s3cret&x"), ("HUIYIN_SECRET_EMPTY", ""), ("PATH", "/bin")];
        Secrets::read(variables.map(|(name, value)| (name.into(), value.into())), None).unwrap()
    }

    #[test]
    fn names_are_shown_and_values_are_not() {
        let secrets = secrets();
        assert_eq!(secrets.get("token").unwrap(), "s3cret&x");
        assert_eq!(format!("{secrets:?}"), r#"{"TOKEN"}"#);
        for missing in ["empty", "path", "other-one"] {
            let error = secrets.get(missing).unwrap_err();
            assert_eq!(error.code, FetchCode::Settings);
            assert!(error.message.contains(&canonical(missing)), "{error}");
        }
    }

    #[test]
    fn the_environment_goes_before_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secrets.toml");
        std::fs::write(&path, "token = \"file\"\nmail-box = \"box\"\n").unwrap();
        let variable = [("HUIYIN_SECRET_TOKEN".into(), "environment".into())];
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let set = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            set(0o644);
            let error = Secrets::read(variable.clone(), Some(&path)).unwrap_err();
            assert!(error.message.contains("chmod 600"), "{error}");
            set(0o640);
        }
        let secrets = Secrets::read(variable, Some(&path)).unwrap();
        assert_eq!(secrets.get("TOKEN").unwrap(), "environment");
        assert_eq!(secrets.get("MAIL_BOX").unwrap(), "box");
        std::fs::write(&path, "token = hunter2\n").unwrap();
        let error = Secrets::read([], Some(&path)).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error}");
        assert!(Secrets::read([], Some(&folder.path().join("none.toml"))).is_err());
    }

    #[test]
    fn markers_are_filled_wherever_values_stand() {
        let marker = secret_marker("token");
        let mut url = url::Url::parse("http://a/x?kw=%C2%A9%B4").unwrap();
        url.query_pairs_mut().append_pair("key", &marker);
        url.set_query(Some(&format!("{}&raw={marker}", url.query().unwrap())));
        let json = serde_json::json!({"a": [{"b": format!("Bearer {marker}")}, 1, null]});
        let request =
            Request { headers: vec![("X-Key".to_owned(), format!("k {marker}"))], ..Request::get(url.clone()) };
        let filled = secrets().fill(Request { method: Method::Json(json), ..request.clone() }).unwrap();
        assert_eq!(filled.url.as_str(), "http://a/x?kw=%C2%A9%B4&key=s3cret%26x&raw=s3cret%26x");
        assert_eq!(filled.headers[0].1, "k s3cret&x");
        assert_eq!(filled.method, Method::Json(serde_json::json!({"a": [{"b": "Bearer s3cret&x"}, 1, null]})));
        let form = Method::Form(vec![("p".to_owned(), marker), ("q".to_owned(), "${secret:open".to_owned())]);
        let filled = secrets().fill(Request { method: form, ..request.clone() }).unwrap();
        let expected =
            [("p", "s3cret&x"), ("q", "${secret:open")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(filled.method, Method::Form(expected.to_vec()));
        assert_eq!(Secrets::default().fill(request).unwrap_err().code, FetchCode::Settings);
        let plain = Request::get("http://a/?x=%ff&y=1+2".parse().unwrap());
        assert_eq!(secrets().fill(plain.clone()).unwrap(), plain);
    }
}
