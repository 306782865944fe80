//! Connections that do not speak HTTP: the same rules for addresses and certificates.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::address::{Named, Side};
use super::network::checked;
use super::{FetchCode, FetchError, NetSettings};

/// A connection to a port of a host. `private`: hosts whose address may be private.
///
/// # Errors
///
/// `Address`, `Network` and `Timeout`, as for a page.
pub(crate) async fn connect(
    (host, port): (&str, u16),
    private: &[String],
    settings: &NetSettings,
    patience: Duration,
) -> Result<TcpStream, FetchError> {
    let name = host.trim_end_matches('.').to_lowercase();
    let is_private = private.iter().any(|known| Named::parse(known).is(&name, port));
    let side = if is_private { Side::Private } else { Side::Public };
    let lookup = Arc::clone(&settings.lookup);
    let asked = name.clone();
    let connecting = async {
        let found = tokio::task::spawn_blocking(move || lookup(&asked)).await.ok().and_then(Result::ok);
        let addresses = checked(&found.unwrap_or_default(), side).map_err(|error| error.fault(host).error)?;
        for address in addresses {
            if let Ok(stream) = TcpStream::connect((address, port)).await {
                return Ok(stream);
            }
        }
        Err(FetchError::new(
            FetchCode::Network,
            format!("{host}:{port} 连不上：没有开机、没有这个服务，或被防火墙挡住"),
        ))
    };
    timeout(patience, connecting).await.unwrap_or_else(|_| {
        let seconds = patience.as_secs_f64();
        Err(FetchError::new(FetchCode::Timeout, format!("{host}:{port} {seconds} 秒没有连上")))
    })
}

/// Who makes connections secret: the system's authorities are trusted, and those of the PEM files.
///
/// # Errors
///
/// `Settings` when a certificate is missing or cannot be used.
pub(crate) fn tls(settings: &NetSettings, certificate: Option<&Path>) -> Result<TlsConnector, FetchError> {
    let failed = |why: String| FetchError::new(FetchCode::Settings, why);
    let mut roots: Vec<CertificateDer<'static>> = Vec::new();
    for path in [certificate, settings.certificate.as_deref()].into_iter().flatten() {
        let shown = path.display();
        let pem = std::fs::read(path).map_err(|_| failed(format!("证书文件 {shown} 读不到")))?;
        let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let found = found.ok().filter(|found| !found.is_empty());
        roots.extend(found.ok_or_else(|| failed(format!("证书文件 {shown} 里没有 PEM 证书")))?);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = || failed("证书的设置不能用".to_owned());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|_| unusable())?;
    let config = match Verifier::new_with_extra_roots(roots, provider) {
        Ok(verifier) => builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth(),
        // A machine without any certificates trusts nobody, and says so when somebody shows one.
        Err(_) => builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth(),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

/// The same connection, secret from here on.
///
/// # Errors
///
/// `Certificate`, `Network` and `Timeout`, as for a page.
pub(crate) async fn encrypt<S>(
    connector: &TlsConnector,
    host: &str,
    stream: S,
    patience: Duration,
) -> Result<tokio_rustls::client::TlsStream<S>, FetchError>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| FetchError::new(FetchCode::Settings, "邮箱的主机名不能用来核对证书"))?;
    let Ok(made) = timeout(patience, connector.connect(name, stream)).await else {
        let seconds = patience.as_secs_f64();
        return Err(FetchError::new(FetchCode::Timeout, format!("{host} {seconds} 秒没有完成加密握手")));
    };
    made.map_err(|error| {
        let fault = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(fault, Some(rustls::Error::InvalidCertificate(_))) {
            FetchError::new(FetchCode::Certificate, format!("{host} 的证书不受信任、已过期或不是它的：请核对后再采集"))
        } else {
            FetchError::new(FetchCode::Network, format!("{host} 的加密连接没有建成：端口可能不对"))
        }
    })
}
