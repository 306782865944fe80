//! How the provider is reached: over TLS with the certificates the system trusts, or plainly on this very machine.

use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(8);
/// The largest answer, in bytes.
const MAX_BYTES: usize = 1 << 20;

/// Why an answer was not had.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The system trusts no certificate at all.
    #[error("read the system's certificates")]
    Certificates(#[source] std::io::Error),
    /// No connection, or it broke off.
    #[error("send a request")]
    Request(#[from] hyper_util::client::legacy::Error),
    /// The answer broke off or is too long.
    #[error("read an answer")]
    Answer(#[from] axum::Error),
    /// No answer in time.
    #[error("no answer within {} s", PATIENCE.as_secs())]
    Late,
}

/// Follows no redirects: where a provider's addresses are is what it tells itself.
#[derive(Clone)]
pub(super) enum Wire {
    /// Everything but this machine.
    Encrypted(Client<HttpsConnector<HttpConnector>, Body>),
    /// This machine.
    Plain(Client<HttpConnector, Body>),
}

impl Wire {
    pub(super) fn encrypted() -> Result<Self, WireError> {
        let builder = HttpsConnectorBuilder::new().with_native_roots().map_err(WireError::Certificates)?;
        let connector = builder.https_only().enable_http1().build();
        Ok(Self::Encrypted(Client::builder(TokioExecutor::new()).build(connector)))
    }

    pub(super) fn plain() -> Self {
        Self::Plain(Client::builder(TokioExecutor::new()).build_http())
    }

    async fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, WireError> {
        let request = request.map(Body::from);
        let exchange = async {
            let response = match self {
                Self::Encrypted(client) => client.request(request).await?,
                Self::Plain(client) => client.request(request).await?,
            };
            let (head, body) = response.into_parts();
            let bytes = to_bytes(Body::new(body), MAX_BYTES).await?;
            Ok(HttpResponse::from_parts(head, bytes.into()))
        };
        tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| WireError::Late)?
    }
}

impl<'c> AsyncHttpClient<'c> for Wire {
    type Error = WireError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, WireError>> + Send>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        let wire = self.clone();
        Box::pin(async move { wire.exchange(request).await })
    }
}
