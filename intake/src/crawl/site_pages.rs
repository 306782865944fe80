//! A source's server out of a folder: answers written down in a file, for fixtures and trials.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use super::Pages;
use crate::fetch::{Answer, FetchCode, FetchError, Method, Request};

/// Answers of a server by request. Of several for one request each is given once, in their order, and the last for ever.
#[derive(Debug, Clone)]
pub struct SitePages {
    answers: Vec<Written>,
    cookies: BTreeMap<String, String>,
    asked: Vec<String>,
}

/// Why such a file cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SiteFault {
    /// A file is not there, or cannot be read.
    #[error("failed to read {}", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the disk said.
        source: std::io::Error,
    },
    /// It says something that cannot be.
    #[error("{}: {message}", path.display())]
    Invalid {
        /// Which file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPages {
    #[serde(default)]
    cookies: BTreeMap<String, String>,
    answer: Vec<RawAnswer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAnswer {
    request: String,
    #[serde(default)]
    form: BTreeMap<String, String>,
    json: Option<serde_json::Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    file: Option<String>,
    status: Option<u16>,
    #[serde(rename = "type")]
    media_type: Option<String>,
}

#[derive(Debug, Clone)]
struct Written {
    post: bool,
    url: Url,
    form: BTreeMap<String, String>,
    json: Option<serde_json::Value>,
    headers: BTreeMap<String, String>,
    status: u16,
    media_type: Option<String>,
    charset: Option<String>,
    file: Option<String>,
    body: Vec<u8>,
    given: bool,
}

impl SitePages {
    /// Reads `file`; the bodies lie beside it. Addresses without a host are those of `base`.
    pub fn load(file: &Path, base: &Url) -> Result<Self, SiteFault> {
        let read =
            |path: &Path| std::fs::read(path).map_err(|source| SiteFault::Unreadable { path: path.to_owned(), source });
        let invalid = |message: String| SiteFault::Invalid { path: file.to_owned(), message };
        let text = String::from_utf8(read(file)?).map_err(|error| invalid(error.to_string()))?;
        let raw: RawPages = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        let dir = file.parent().unwrap_or(Path::new("."));
        let mut answers = Vec::with_capacity(raw.answer.len());
        for answer in raw.answer {
            let (method, address) =
                answer.request.split_once(' ').ok_or_else(|| invalid(format!("`{}` is no request", answer.request)))?;
            if !matches!(method, "GET" | "POST") {
                return Err(invalid(format!("`{}`: GET or POST", answer.request)));
            }
            let is_plain = |name: &String| !name.contains(['/', '\\']) && !name.starts_with('.');
            if let Some(name) = answer.file.as_ref().filter(|name| !is_plain(name)) {
                return Err(invalid(format!("`{name}` is not the plain name of a file")));
            }
            let body = answer.file.as_ref().map(|name| read(&dir.join(name))).transpose()?.unwrap_or_default();
            let (media_type, charset) = answer.media_type.as_deref().map_or((None, None), content_type);
            answers.push(Written {
                post: method == "POST",
                url: base.join(address.trim()).map_err(|error| invalid(error.to_string()))?,
                form: answer.form,
                json: answer.json,
                headers: answer.headers,
                status: answer.status.unwrap_or(200),
                media_type,
                charset,
                file: answer.file,
                body,
                given: false,
            });
        }
        Ok(Self { answers, cookies: raw.cookies, asked: Vec::new() })
    }

    /// The files it gives out.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.answers.iter().filter_map(|answer| answer.file.as_deref())
    }

    /// Every request so far, as `GET /path?query`.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    fn answer(&mut self, request: &Request) -> Result<Answer, FetchError> {
        let fits: Vec<usize> =
            self.answers.iter().enumerate().filter(|(_, known)| known.fits(request)).map(|(index, _)| index).collect();
        let fresh = fits.iter().find(|index| self.answers.get(**index).is_some_and(|known| !known.given));
        let chosen = fresh.or(fits.last()).and_then(|index| self.answers.get_mut(*index));
        let Some(known) = chosen else {
            return Err(FetchError::new(FetchCode::Gone, "没有这个页面（404）"));
        };
        known.given = true;
        match known.status {
            200..=299 => Ok(Answer {
                url: request.url.clone(),
                body: Some(known.body.clone()),
                media_type: known.media_type.clone(),
                charset: known.charset.clone(),
            }),
            304 => Ok(Answer { url: request.url.clone(), body: None, media_type: None, charset: None }),
            404 | 410 => Err(FetchError::new(FetchCode::Gone, format!("没有这个页面（{}）", known.status))),
            403 | 429 => Err(FetchError::new(FetchCode::Blocked, format!("网站拒绝访问（{}）", known.status))),
            status => Err(FetchError::new(FetchCode::Status, format!("网站出错（{status}）"))),
        }
    }
}

impl Written {
    fn fits(&self, request: &Request) -> bool {
        let sent = |name: &String, wanted: &String| {
            request.headers.iter().any(|(known, value)| known.eq_ignore_ascii_case(name) && value == wanted)
        };
        let body = match &request.method {
            Method::Get => !self.post,
            Method::Form(fields) => {
                let has = |(name, wanted): (&String, &String)| {
                    fields.iter().any(|(known, value)| known == name && value == wanted)
                };
                self.post && self.json.is_none() && self.form.iter().all(has)
            }
            Method::Json(json) => {
                self.post && self.form.is_empty() && self.json.as_ref().is_none_or(|wanted| is_part(wanted, json))
            }
        };
        body && self.url == request.url && self.headers.iter().all(|(name, wanted)| sent(name, wanted))
    }
}

/// Whether all that `wanted` says is in `json`.
fn is_part(wanted: &serde_json::Value, json: &serde_json::Value) -> bool {
    match (wanted, json) {
        (serde_json::Value::Object(wanted), serde_json::Value::Object(json)) => {
            wanted.iter().all(|(name, value)| json.get(name).is_some_and(|known| is_part(value, known)))
        }
        (wanted, json) => wanted == json,
    }
}

fn content_type(text: &str) -> (Option<String>, Option<String>) {
    let (media_type, parameters) = text.split_once(';').unwrap_or((text, ""));
    let charset = parameters.split(';').find_map(|part| part.trim().strip_prefix("charset="));
    (Some(media_type.trim().to_lowercase()), charset.map(|charset| charset.trim_matches('"').to_owned()))
}

impl Pages for SitePages {
    async fn get(&mut self, request: Request) -> Result<Answer, FetchError> {
        let method = if request.method == Method::Get { "GET" } else { "POST" };
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        self.asked.push(format!("{method} {}{query}", request.url.path()));
        self.answer(&request)
    }

    fn cookie(&self, _url: &Url, name: &str) -> Option<String> {
        self.cookies.get(name).cloned()
    }
}
