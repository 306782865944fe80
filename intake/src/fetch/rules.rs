//! What a connector says about fetching.

use std::time::Duration;

use encoding_rs::Encoding;
use url::Url;

use super::Request;
use super::secrets::has_marker;

/// How a source's server is spoken to. The defaults are those of a polite reader.
#[derive(Debug, Clone, PartialEq)]
pub struct FetchRules {
    /// Every address of the connector is relative to it; its host is the one that is read.
    pub base: Url,
    /// Other hosts (`name`, for the ports 80 and 443, or `name:port`) that may be read, or redirected to.
    pub hosts: Vec<String>,
    /// Hosts (`name` or `name:port`) that may be read although their address is private or loopback.
    pub private: Vec<String>,
    /// From the start of one request to a host to the start of the next. Default one second.
    pub pace: Duration,
    /// Requests to a host at once. Default one.
    pub concurrency: usize,
    /// Whether robots.txt is obeyed. Default yes.
    pub robots: bool,
    /// How long a connection may take. Default ten seconds.
    pub connect_timeout: Duration,
    /// How long the server may be silent. Default thirty seconds.
    pub idle_timeout: Duration,
    /// How long a request may take in all. Default two minutes.
    pub total_timeout: Duration,
    /// A larger body is refused, whatever it says of its length. Bytes as sent; default 16 MiB.
    pub max_bytes: u64,
    /// The same once unpacked; default 64 MiB.
    pub max_unpacked_bytes: u64,
    /// How often a request is tried again after a passing fault. Default three.
    pub retries: u32,
    /// Headers of every request. A secret one is not sent along to another host after a redirect.
    pub headers: Vec<(String, HeaderValue)>,
    /// A proxy's address, or the name of the secret that holds it with its password.
    pub proxy: Option<HeaderValue>,
    /// PEM file of a certificate authority that is trusted beside the system's.
    pub certificate: Option<std::path::PathBuf>,
    /// Words in an HTML page of at most 64 KiB that say that it is a captcha or a log-in page and not what was asked for.
    pub blocked_words: Vec<String>,
    /// The character set of every page, whatever the server says; `None` to find out.
    pub charset: Option<&'static Encoding>,
}

/// A value that stands in the connector's file, or the name of a secret that does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// As it stands.
    Plain(String),
    /// `HUIYIN_SECRET_<NAME>` of the environment, or `NAME = "…"` in the secrets file.
    Secret(String),
}

impl FetchRules {
    /// The defaults for a server.
    pub const fn new(base: Url) -> Self {
        Self {
            base,
            hosts: Vec::new(),
            private: Vec::new(),
            pace: Duration::from_secs(1),
            concurrency: 1,
            robots: true,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_mins(2),
            max_bytes: 16 << 20,
            max_unpacked_bytes: 64 << 20,
            retries: 3,
            headers: Vec::new(),
            proxy: None,
            certificate: None,
            blocked_words: Vec::new(),
            charset: None,
        }
    }

    /// Whether what goes there could be read on the way, although the source is encrypted.
    pub(super) fn is_overheard(&self, url: &Url) -> bool {
        self.base.scheme() == "https" && url.scheme() == "http"
    }

    /// The request without its headers that hold a secret, where somebody could read them on the way.
    pub(super) fn without_overheard(&self, mut request: Request) -> Request {
        if self.is_overheard(&request.url) {
            request.headers.retain(|(_, value)| !has_marker(value));
        }
        request
    }
}
