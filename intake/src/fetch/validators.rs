//! What servers said of the pages that were read, so that they need not send them twice.

use reqwest::header::{ETAG, HeaderMap, LAST_MODIFIED};
use serde::{Deserialize, Serialize};
use sm3::{Digest, Sm3};
use url::Url;

/// The JSON text is never longer. Bytes.
const MAX_JSON_BYTES: usize = 64 << 10;
/// More do not fit into the text anyway.
const MAX_KEPT: usize = 1000;
/// A longer one is left out.
const MAX_VALUE_BYTES: usize = 256;

/// The `ETag` and `Last-Modified` of pages, by a digest of their address: an address may hold what must not be kept.
///
/// What is in here of a page says that its rows are in the store. Save it with the last rows of a pull that came to its end,
/// in one transaction; after a pull that broke off keep the old ones, or rows that never arrived will not be asked for again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// The oldest first.
    kept: Vec<Validator>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Validator {
    #[serde(rename = "u")]
    key: String,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<String>,
}

impl Validators {
    /// Reads what [`Validators::to_json`] wrote. What cannot be read is left out: pages are then read once more.
    pub fn from_json(text: &str) -> Self {
        let mut kept: Vec<Validator> = serde_json::from_str(text).unwrap_or_default();
        kept.drain(..kept.len().saturating_sub(MAX_KEPT));
        Self { kept }
    }

    /// As text of at most 64 KiB; the oldest are left out.
    pub fn to_json(&self) -> String {
        let mut length = 2;
        let newest = self.kept.iter().rev().filter_map(|one| serde_json::to_string(one).ok());
        let mut texts: Vec<String> = newest
            .take_while(|text| {
                length += text.len() + 1;
                length <= MAX_JSON_BYTES
            })
            .collect();
        texts.reverse();
        format!("[{}]", texts.join(","))
    }

    /// What is known of a page.
    pub(super) fn get(&self, url: &Url) -> Option<&Validator> {
        let key = key(url);
        self.kept.iter().find(|one| one.key == key)
    }

    /// Notes what an answer says of its page; forgets the page when it says nothing.
    pub(super) fn note(&mut self, url: &Url, headers: &HeaderMap) {
        let key = key(url);
        self.kept.retain(|one| one.key != key);
        let value = |name| {
            let value = headers.get(name)?.to_str().ok()?;
            (!value.is_empty() && value.len() <= MAX_VALUE_BYTES).then(|| value.to_owned())
        };
        let (etag, modified) = (value(ETAG), value(LAST_MODIFIED));
        if etag.is_some() || modified.is_some() {
            self.kept.push(Validator { key, etag, modified });
            self.kept.drain(..self.kept.len().saturating_sub(MAX_KEPT));
        }
    }

    /// Moves a page to the newest: it is still in use.
    pub(super) fn used(&mut self, url: &Url) {
        let key = key(url);
        if let Some(at) = self.kept.iter().position(|one| one.key == key) {
            let one = self.kept.remove(at);
            self.kept.push(one);
        }
    }
}

fn key(url: &Url) -> String {
    let mut digest = hex::encode(Sm3::digest(url.as_str()));
    digest.truncate(32);
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(validators: &mut Validators, url: &str, etag: &str) {
        let mut headers = HeaderMap::new();
        headers.insert(ETAG, etag.parse().unwrap());
        validators.note(&url.parse().unwrap(), &headers);
    }

    #[test]
    fn text_and_back() {
        let mut validators = Validators::default();
        note(&mut validators, "http://a/?token=secret", "\"x\"");
        note(&mut validators, "http://b/", "W/\"y\"");
        note(&mut validators, "http://a/?token=secret", "\"z\"");
        let text = validators.to_json();
        assert_eq!(Validators::from_json(&text), validators);
        assert!(!text.contains("secret"), "{text}");
        let known = |url: &str| validators.get(&url.parse().unwrap()).and_then(|one| one.etag.clone());
        assert_eq!(known("http://a/?token=secret").unwrap(), "\"z\"");
        assert_eq!(known("http://c/"), None);
        for broken in ["", "{}", "[1]", "null", "[{}]"] {
            assert_eq!(Validators::from_json(broken), Validators::default());
        }
    }

    #[test]
    fn the_oldest_are_dropped_and_the_text_stays_short() {
        let mut validators = Validators::default();
        for n in 0..MAX_KEPT + 50 {
            note(&mut validators, &format!("http://a/{n}"), &format!("\"{n}{}\"", "e".repeat(200)));
        }
        validators.used(&"http://a/60".parse().unwrap());
        let text = validators.to_json();
        assert!(text.len() <= MAX_JSON_BYTES && text.len() > MAX_JSON_BYTES - 400, "{}", text.len());
        let again = Validators::from_json(&text);
        let last = format!("http://a/{}", MAX_KEPT + 49);
        for (url, kept) in [("http://a/60", true), (last.as_str(), true), ("http://a/61", false), ("http://a/1", false)]
        {
            assert_eq!(again.get(&url.parse().unwrap()).is_some(), kept, "{url}");
        }
    }

    #[test]
    fn a_page_that_says_nothing_is_forgotten() {
        let mut validators = Validators::default();
        note(&mut validators, "http://a/", "\"x\"");
        note(&mut validators, "http://a/", &"x".repeat(MAX_VALUE_BYTES + 1));
        assert_eq!(validators, Validators::default());
    }
}
