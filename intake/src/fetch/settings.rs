//! What the installation says about fetching, for all connectors.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::network::system_lookup;
use super::{HeaderValue, Secrets};

/// A number from 0 up to 1, another one each time: where randomness enters.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// The addresses of a name. May block.
pub type Lookup = Arc<dyn Fn(&str) -> io::Result<Vec<IpAddr>> + Send + Sync>;

/// The product name that robots.txt files know us by.
pub(super) const PRODUCT: &str = "Huiyin";

/// What the installation says about fetching, for all connectors.
#[derive(Clone)]
pub struct NetSettings {
    /// Passwords and tokens by name.
    pub secrets: Secrets,
    /// Whom a site's owner may write to: an address of the web or of mail, sent with every request. Default none.
    pub contact: Option<String>,
    /// The way out for connectors that name no proxy of their own. Default none; the environment's `HTTP_PROXY` is not read.
    pub proxy: Option<HeaderValue>,
    /// PEM file of certificate authorities trusted beside the system's, for all connectors.
    pub certificate: Option<PathBuf>,
    /// The first pause after a passing fault; it doubles with every further one. Default one second.
    pub backoff: Duration,
    /// Which part of a pause is waited out.
    pub jitter: Jitter,
    /// Who is asked for addresses. Default the system.
    pub lookup: Lookup,
}

impl Default for NetSettings {
    fn default() -> Self {
        Self {
            secrets: Secrets::default(),
            contact: None,
            proxy: None,
            certificate: None,
            backoff: Duration::from_secs(1),
            jitter: Arc::new(random),
            lookup: Arc::new(system_lookup),
        }
    }
}

impl fmt::Debug for NetSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A proxy's address may hold its password.
        let named = |proxy: &HeaderValue| match proxy {
            HeaderValue::Plain(_) => "<set>".to_owned(),
            HeaderValue::Secret(name) => name.clone(),
        };
        f.debug_struct("NetSettings")
            .field("secrets", &self.secrets)
            .field("contact", &self.contact)
            .field("proxy", &self.proxy.as_ref().map(named))
            .field("certificate", &self.certificate)
            .field("backoff", &self.backoff)
            .finish_non_exhaustive()
    }
}

impl NetSettings {
    /// What every request says of us: the product, its version, and whom to write to.
    pub(super) fn user_agent(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let contact = self.contact.as_deref().map(str::trim).filter(|contact| !contact.is_empty());
        contact.map_or_else(|| format!("{PRODUCT}/{version}"), |contact| format!("{PRODUCT}/{version} (+{contact})"))
    }
}

/// The standard library's seed for hash tables is the system's randomness; good enough for who waits how long.
fn random() -> f64 {
    const STEPS: u32 = 1 << 24;
    let drawn = RandomState::new().build_hasher().finish() % u64::from(STEPS);
    f64::from(u32::try_from(drawn).unwrap_or(0)) / f64::from(STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_spreads_over_the_unit() {
        let drawn: Vec<f64> = (0..200).map(|_| random()).collect();
        assert!(drawn.iter().all(|part| (0.0..1.0).contains(part)));
        assert!(drawn.iter().any(|part| *part < 0.3) && drawn.iter().any(|part| *part > 0.7));
    }

    #[test]
    fn it_says_who_it_is_and_keeps_its_secrets() {
        let contact = Some("https://www.example.gov.cn/contact".to_owned());
        let proxy = Some(HeaderValue::Plain("http://user:hunter2@proxy.example:3128".to_owned()));
        let settings = NetSettings { contact, proxy, ..NetSettings::default() };
        let agent = settings.user_agent();
        assert!(agent.starts_with("Huiyin/") && agent.ends_with("(+https://www.example.gov.cn/contact)"), "{agent}");
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert!(!NetSettings::default().user_agent().contains('('));
    }
}
