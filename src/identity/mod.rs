//! Signing in through an identity provider 统一身份认证: OpenID Connect, the authorisation code with PKCE.
//!
//! Knows nothing of accounts: it ends with the login the provider vouches for. Nothing of a person is in its errors, and so
//! in no log. Built with the feature `oidc` only (`docs/adr/0010-signing-in-through-an-identity-provider.md`).

mod attempt;
mod claims;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};

use huiyin_domain::time::Instant;
use openidconnect::core::{CoreAuthenticationFlow, CoreClientAuthMethod, CoreProviderMetadata};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, DiscoveryError, IssuerUrl, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, TokenResponse as _,
};

pub use attempt::{ATTEMPT_SECONDS, Attempt};
pub use wire::WireError;

use crate::clock::EntropyError;
use claims::{Checked, Client};
use wire::Wire;

/// Where the provider sends people back to.
pub const CALLBACK: &str = "/sign-in/oidc/callback";
/// How long what the provider says of itself is believed, in seconds.
const KNOWN_SECONDS: i64 = 3_600;
/// How soon it may be asked again when a token is signed with a key it did not show, in seconds: a forged token must not make
/// the program ask without end.
const ASK_AGAIN_SECONDS: i64 = 60;
/// The most letters of an error code that are repeated in the log.
const MAX_CODE_CHARS: usize = 40;

/// How an installation is known to its provider.
#[derive(Clone)]
pub struct Settings {
    /// The provider's address, exactly as it names itself: `https://…`, or `http://` on this very machine.
    pub issuer: String,
    /// The name under which the provider knows this installation.
    pub client_id: String,
    /// What it proves that with.
    pub client_secret: String,
    /// The address under which browsers reach this installation, without a path: `https://huiyin.example`.
    pub public_url: String,
    /// What stands on the button, such as 统一身份认证.
    pub name: String,
    /// The claim of the ID token that is the login here.
    pub claim: String,
}

impl std::fmt::Debug for Settings {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Why nobody was vouched for. None of its texts holds anything of a person.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The settings cannot work.
    #[error("the setting cannot be used: {0}")]
    Setting(&'static str),
    /// The provider cannot be reached.
    #[error("reach the identity provider")]
    Unreachable(#[from] WireError),
    /// The provider does not say what the standard asks it to say.
    #[error("understand the identity provider: {0}")]
    Answer(&'static str),
    /// The provider refused, with this code of the standard.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// An answer to no attempt of this browser, or to one that is over.
    #[error("an answer to no attempt")]
    Attempt,
    /// The ID token does not hold.
    #[error("the ID token does not hold: {0}")]
    Token(&'static str),
    /// The ID token has no such claim.
    #[error("the ID token does not have the claim that is the login")]
    Claim,
    /// No random bytes.
    #[error("draw random bytes")]
    Entropy(#[from] EntropyError),
}

/// What the provider sends a browser back with.
#[derive(Debug, Clone, Copy)]
pub struct Returned<'a> {
    /// The code to be changed for a token.
    pub code: &'a str,
    /// What the attempt was marked with.
    pub state: &'a str,
    /// The code of an error, where it refused.
    pub error: &'a str,
}

/// An identity provider. Cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Shared>);

struct Shared {
    settings: Settings,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    wire: Wire,
    known: Mutex<Option<Known>>,
}

/// What the provider said of itself, and when.
#[derive(Clone)]
struct Known {
    metadata: CoreProviderMetadata,
    at: Instant,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Provider").field(&self.0.settings).finish()
    }
}

impl Provider {
    /// Checks the settings; the provider itself is asked at the first sign-in.
    pub fn new(settings: Settings) -> Result<Self, IdentityError> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|_| IdentityError::Setting("the issuer is not an address"))?;
        let local = is_local(issuer.url());
        if issuer.url().scheme() != "https" && !local {
            return Err(IdentityError::Setting("the issuer is reached without encryption"));
        }
        if settings.client_id.is_empty() || settings.client_secret.is_empty() {
            return Err(IdentityError::Setting("client id or client secret is missing"));
        }
        let redirect = format!("{}{CALLBACK}", settings.public_url.trim_end_matches('/'));
        let redirect =
            RedirectUrl::new(redirect).map_err(|_| IdentityError::Setting("the public address is not an address"))?;
        if !matches!(redirect.url().scheme(), "http" | "https") || redirect.url().path() != CALLBACK {
            return Err(IdentityError::Setting("the public address is more than scheme, host and port"));
        }
        let wire = if local { Wire::plain() } else { Wire::encrypted()? };
        Ok(Self(Arc::new(Shared { settings, issuer, redirect, wire, known: Mutex::default() })))
    }

    /// What stands on the button.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Begins an attempt: where the browser goes, and what it keeps meanwhile.
    pub async fn begin(&self, next: &str, now: Instant) -> Result<(String, Attempt), IdentityError> {
        let attempt = Attempt::new(next, now)?;
        let client = self.client(&self.known(now, KNOWN_SECONDS).await?);
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&attempt.pkce());
        let (state, nonce) = (attempt.state.clone(), attempt.nonce.clone());
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            || CsrfToken::new(state),
            || Nonce::new(nonce),
        );
        let (address, _, _) = request.add_scope(Scope::new("profile".to_owned())).set_pkce_challenge(challenge).url();
        Ok((address.into(), attempt))
    }

    /// What a browser keeps of an attempt, in a form only this installation can make.
    pub fn seal(&self, attempt: &Attempt) -> Result<String, IdentityError> {
        attempt.seal(self.0.settings.client_secret.as_bytes())
    }

    /// The attempt a browser kept, if it was made here and is not over.
    pub fn open(&self, sealed: &str, now: Instant) -> Result<Attempt, IdentityError> {
        Attempt::open(sealed, self.0.settings.client_secret.as_bytes(), now).ok_or(IdentityError::Attempt)
    }

    /// Ends an attempt: the login the provider vouches for.
    pub async fn finish(
        &self,
        attempt: &Attempt,
        returned: Returned<'_>,
        now: Instant,
    ) -> Result<String, IdentityError> {
        if returned.state != attempt.state {
            return Err(IdentityError::Attempt);
        }
        if !returned.error.is_empty() {
            return Err(IdentityError::Refused(code(returned.error)));
        }
        if returned.code.is_empty() {
            return Err(IdentityError::Answer("it sent neither a code nor an error"));
        }
        let known = self.known(now, KNOWN_SECONDS).await?;
        let client = self.client(&known);
        let request = client
            .exchange_code(AuthorizationCode::new(returned.code.to_owned()))
            .map_err(|_| IdentityError::Answer("it names no address for tokens"))?;
        let answer =
            request.set_pkce_verifier(attempt.pkce()).request_async(&self.0.wire).await.map_err(
                |error| match error {
                    RequestTokenError::Request(error) => IdentityError::Unreachable(error),
                    RequestTokenError::ServerResponse(refused) => {
                        IdentityError::Refused(code(refused.error().as_ref()))
                    }
                    _ => IdentityError::Answer("its answer for the code is no token"),
                },
            )?;
        let token = answer.id_token().ok_or(IdentityError::Answer("it sent no ID token"))?;
        let check = |known: &Known| claims::check(&self.client(known), token, &attempt.nonce, now);
        let checked = match check(&known)? {
            // It may have changed its keys since it was asked.
            Checked::UnknownKey => check(&self.known(now, ASK_AGAIN_SECONDS).await?)?,
            checked @ Checked::Claims(_) => checked,
        };
        let Checked::Claims(claims) = checked else { return Err(IdentityError::Token("signed with an unknown key")) };
        let login = claims.get(&self.0.settings.claim).and_then(serde_json::Value::as_str);
        login.map(str::to_owned).ok_or(IdentityError::Claim)
    }

    /// What the provider says of itself, asked anew when that was said more than so many seconds ago.
    async fn known(&self, now: Instant, seconds: i64) -> Result<Known, IdentityError> {
        let kept = self.0.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(known) = kept.filter(|known| known.at > now.plus_seconds(-seconds)) {
            return Ok(known);
        }
        let asked = CoreProviderMetadata::discover_async(self.0.issuer.clone(), &self.0.wire).await;
        let metadata = asked.map_err(|error| match error {
            DiscoveryError::Request(error) => IdentityError::Unreachable(error),
            DiscoveryError::Validation(_) => IdentityError::Answer("it names itself otherwise than the setting does"),
            DiscoveryError::Response(..) => IdentityError::Answer("it does not tell of itself or of its keys"),
            _ => IdentityError::Answer("what it tells of itself cannot be read"),
        })?;
        let known = Known { metadata, at: now };
        *self.0.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    fn client(&self, known: &Known) -> Client {
        let Settings { client_id, client_secret, .. } = &self.0.settings;
        let secret = ClientSecret::new(client_secret.clone());
        let client =
            Client::from_provider_metadata(known.metadata.clone(), ClientId::new(client_id.clone()), Some(secret));
        // The standard's default is the header; some providers take the secret in the form only.
        let ways = known.metadata.token_endpoint_auth_methods_supported();
        let in_form = ways.is_some_and(|ways| !ways.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let way = if in_form { AuthType::RequestBody } else { AuthType::BasicAuth };
        client.set_auth_type(way).set_redirect_uri(self.0.redirect.clone())
    }
}

impl Attempt {
    fn pkce(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.verifier.clone())
    }
}

/// Whether an address leads to this very machine, where nobody listens in.
fn is_local(url: &openidconnect::url::Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    url.scheme() == "http" && matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// An error code of the standard, such as `access_denied`; what is none is not repeated.
fn code(text: &str) -> String {
    let plain = text.len() <= MAX_CODE_CHARS && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { text.to_owned() } else { "a code of its own".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(issuer: &str, public_url: &str) -> Settings {
        Settings {
            issuer: issuer.to_owned(),
            client_id: "huiyin".to_owned(),
            client_secret: "invented".to_owned(),
            public_url: public_url.to_owned(),
            name: "统一身份认证".to_owned(),
            claim: "preferred_username".to_owned(),
        }
    }

    #[test]
    fn secrets_go_over_encrypted_connections_only() {
        let public = "https://huiyin.example";
        for good in ["http://127.0.0.1:8081", "http://localhost/realms/a", "http://[::1]:80"] {
            assert!(Provider::new(settings(good, public)).is_ok(), "{good}");
        }
        for bad in ["http://id.example", "ftp://id.example", "id.example", "", "http://127.0.0.1.example"] {
            assert!(matches!(Provider::new(settings(bad, public)), Err(IdentityError::Setting(_))), "{bad}");
        }
    }

    #[test]
    fn the_way_back_is_an_address_of_this_installation() {
        let local = "http://127.0.0.1:8081";
        for good in ["https://huiyin.example", "https://huiyin.example:8443/", "http://127.0.0.1:8080"] {
            assert!(Provider::new(settings(local, good)).is_ok(), "{good}");
        }
        for bad in ["", "huiyin.example", "https://huiyin.example/sub", "ftp://huiyin.example"] {
            assert!(matches!(Provider::new(settings(local, bad)), Err(IdentityError::Setting(_))), "{bad}");
        }
    }

    #[test]
    fn nothing_secret_or_foreign_is_written_down() {
        let provider = Provider::new(settings("http://127.0.0.1:8081", "http://127.0.0.1:8080")).unwrap();
        assert!(!format!("{provider:?}").contains("invented"));
        assert_eq!(code("access_denied"), "access_denied");
        for foreign in ["周敏", "zhou.min", "a b", &"a".repeat(41)] {
            assert_eq!(code(foreign), "a code of its own");
        }
    }
}
