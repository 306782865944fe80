//! Getting pages from a source's server: politely, within limits, and never from an address nobody meant.

mod address;
mod blocked;
mod body;
mod charset;
mod client;
pub(crate) mod connect;
mod cookies;
mod failure;
mod fetcher;
mod hosts;
mod network;
mod redact;
mod robots;
mod rules;
mod secrets;
mod settings;
#[cfg(test)]
mod tests;
mod validators;

pub(crate) use charset::decode_bytes as decode_as;
pub use charset::{decode, decode_body};
pub use client::install_tls;
pub use fetcher::Fetcher;
pub use hosts::Hosts;
pub use redact::redacted;
pub use rules::{FetchRules, HeaderValue};
pub use secrets::{SECRET_PREFIX, Secrets, secret_marker};
pub use settings::{Jitter, Lookup, NetSettings};
pub use url::Url;
pub use validators::Validators;

/// What a request sends along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// GET.
    Get,
    /// POST with form fields in this order.
    Form(Vec<(String, String)>),
    /// POST with a JSON body.
    Json(serde_json::Value),
}

/// One request to a source. A value of its query, form, JSON or headers may hold [`secret_marker`]s: the secret itself is put
/// in where the request is sent and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub url: Url,
    /// How.
    pub method: Method,
    /// Headers of this request alone, beside those of the rules: a page it came from, a token of the session.
    pub headers: Vec<(String, String)>,
    /// Whether "not changed since" is an answer that is wanted (ETag, Last-Modified).
    pub conditional: bool,
}

impl Request {
    /// A plain GET.
    pub const fn get(url: Url) -> Self {
        Self { url, method: Method::Get, headers: Vec::new(), conditional: false }
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where it came from after redirects.
    pub url: Url,
    /// The body, unpacked; `None` when the server says that nothing has changed.
    pub body: Option<Vec<u8>>,
    /// The type the server says it is, in lower case, without parameters.
    pub media_type: Option<String>,
    /// The character set the server says it is in.
    pub charset: Option<String>,
}

/// Why there is no answer. The codes are stable, the sentences are for the office; neither quotes the page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FetchError {
    /// Stable code.
    pub code: FetchCode,
    /// What happened and what to do, in Chinese.
    pub message: String,
    /// The server's own wish when to come back (Retry-After), in seconds.
    pub retry_after: Option<u64>,
}

impl FetchError {
    /// An error without a wish of the server's.
    pub fn new(code: FetchCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retry_after: None }
    }
}

/// The closed list of reasons why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FetchCode {
    /// 403, 429, an empty answer, a log-in page or a captcha: the server asks us to stay away for a while.
    Blocked,
    /// robots.txt does not allow it.
    Robots,
    /// 404 or 410: it is not there.
    Gone,
    /// Another status than 2xx.
    Status,
    /// The name is not known, no connection, or it broke off.
    Network,
    /// Too slow in one of its stages.
    Timeout,
    /// Larger than allowed, before or after unpacking.
    TooLarge,
    /// A private or loopback address, a host that the connector does not name, or a redirect to one.
    Address,
    /// The certificate is not trusted.
    Certificate,
    /// A secret, proxy or certificate that the settings name is not there.
    Settings,
}

impl FetchCode {
    /// The code as written to the store and to JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Robots => "robots",
            Self::Gone => "gone",
            Self::Status => "status",
            Self::Network => "network",
            Self::Timeout => "timeout",
            Self::TooLarge => "too_large",
            Self::Address => "address",
            Self::Certificate => "certificate",
            Self::Settings => "settings",
        }
    }
}
