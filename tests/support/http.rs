//! Clients for the tests that speak HTTP to a real server.

use reqwest::redirect::Policy;
use reqwest::{Client, Response};

/// A client that follows redirects.
pub fn client() -> Client {
    huiyin::intake::fetch::install_tls();
    Client::new()
}

/// One that shows them.
pub fn without_redirects() -> Client {
    huiyin::intake::fetch::install_tls();
    Client::builder().redirect(Policy::none()).build().expect("a client is made")
}

/// The answer to one GET.
pub async fn get(address: impl AsRef<str>) -> reqwest::Result<Response> {
    client().get(address.as_ref()).send().await
}
