//! The HTTP clients of one fetcher: encrypted connections, the way out, and where a name may lead.

use std::path::Path;
use std::sync::Arc;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderMap, HeaderName, HeaderValue as Wire, USER_AGENT,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy};

use super::address::Side;
use super::network::Resolver;
use super::{FetchCode, FetchError, FetchRules, HeaderValue, NetSettings};

/// Headers that say who asks and how the connection works: a connector has no say in them.
const OWN_HEADERS: &[&str] = &[
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "proxy-authorization",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// Makes ring the one that encrypts. Whoever makes a client calls it first; more than once does no harm.
pub fn install_tls() {
    // It fails only when somebody was first, and there is nobody but ring in this program.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Two clients: one whose connections lead to public addresses only, one for the hosts that the connector names as private.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    public: Client,
    private: Client,
    /// Whether a proxy makes the connections. It looks the names up, so that only names and literal addresses are checked here.
    pub(super) proxied: bool,
}

impl Clients {
    pub(super) fn new(rules: &FetchRules, settings: &NetSettings) -> Result<Self, FetchError> {
        install_tls();
        let proxy = rules.proxy.as_ref().or(settings.proxy.as_ref());
        let proxy = proxy.map(|proxy| way_out(settings.secrets.value(proxy)?)).transpose()?;
        let mut roots = Vec::new();
        for path in [&rules.certificate, &settings.certificate].into_iter().flatten() {
            roots.extend(certificates(path)?);
        }
        let make = |side| client(rules, settings, &roots, proxy.as_ref(), side);
        // What a proxied client looks up is the proxy, and that stands inside of the house.
        let private = make(Side::Private)?;
        let public = if proxy.is_some() { private.clone() } else { make(Side::Public)? };
        Ok(Self { public, private, proxied: proxy.is_some() })
    }

    pub(super) const fn of(&self, side: Side) -> &Client {
        match side {
            Side::Public => &self.public,
            Side::Private => &self.private,
        }
    }
}

fn client(
    rules: &FetchRules,
    settings: &NetSettings,
    roots: &[Certificate],
    proxy: Option<&Proxy>,
    side: Side,
) -> Result<Client, FetchError> {
    let mut headers = HeaderMap::new();
    let agent = Wire::from_str(&settings.user_agent());
    headers.insert(USER_AGENT, agent.map_err(|_| failed("联系方式里有不能用在请求头里的字符"))?);
    headers.insert(ACCEPT, Wire::from_static("text/html, application/json, application/xml;q=0.9, */*;q=0.8"));
    headers.insert(ACCEPT_LANGUAGE, Wire::from_static("zh-CN, zh;q=0.9"));
    headers.insert(ACCEPT_ENCODING, Wire::from_static("gzip"));
    let plain = || -> ClientBuilder {
        let resolver = Resolver { lookup: Arc::clone(&settings.lookup), side };
        let builder = Client::builder()
            .default_headers(headers.clone())
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .http1_only()
            // Old servers write headers that no standard knows; a browser passes over them, and so do we.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .no_proxy()
            .connect_timeout(rules.connect_timeout)
            .dns_resolver(Arc::new(resolver));
        match proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder,
        }
    };
    // A machine without any certificates of its own can still read what needs none, or only the given ones.
    let built = plain().tls_certs_merge(roots.iter().cloned()).build();
    built
        .or_else(|_| plain().tls_certs_only(roots.iter().cloned()).build())
        .map_err(|_| failed("证书或代理的设置不能用"))
}

fn failed(why: &str) -> FetchError {
    FetchError::new(FetchCode::Settings, why)
}

fn way_out(address: &str) -> Result<Proxy, FetchError> {
    // The address may hold a password, so it is not quoted.
    let sound = url::Url::parse(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let proxy = sound.and_then(|url| Proxy::all(url).ok());
    proxy.ok_or_else(|| failed("代理地址不能用：应像 http://主机:端口"))
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, FetchError> {
    let shown = path.display();
    let pem = std::fs::read(path).map_err(|_| failed(&format!("证书文件 {shown} 读不到")))?;
    let found = Certificate::from_pem_bundle(&pem).ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| failed(&format!("证书文件 {shown} 里没有 PEM 证书")))
}

/// The headers of the rules: those that everybody may see, and those that hold secrets.
pub(super) fn headers_of(rules: &FetchRules, settings: &NetSettings) -> Result<[HeaderMap; 2], FetchError> {
    let [mut open, mut secret] = [HeaderMap::new(), HeaderMap::new()];
    for (name, value) in &rules.headers {
        let is_secret = matches!(value, HeaderValue::Secret(_));
        let text = settings.secrets.value(value)?;
        add_header(if is_secret { &mut secret } else { &mut open }, name, text)?;
    }
    Ok([open, secret])
}

/// Adds a header that a connector gives; its value is not quoted when it cannot be used.
pub(super) fn add_header(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), FetchError> {
    let refuse = |why: &str| Err(FetchError::new(FetchCode::Settings, format!("请求头 {name} {why}")));
    if OWN_HEADERS.contains(&name.trim().to_ascii_lowercase().as_str()) {
        return refuse("不能由连接器设置");
    }
    let (Ok(name), Ok(mut value)) =
        (HeaderName::from_bytes(name.trim().as_bytes()), Wire::from_bytes(value.as_bytes()))
    else {
        return refuse("的名称或值不能用");
    };
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}
