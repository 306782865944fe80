//! The ID token: whether it holds, and what it says.

use huiyin_domain::time::Instant;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdToken, IdTokenFields, Nonce, SignatureVerificationError, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::IdentityError;

/// The claims the standard does not know: any of them may be the login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Others {
    #[serde(flatten)]
    all: Map<String, Value>,
}

impl AdditionalClaims for Others {}

type Algorithm = CoreJwsSigningAlgorithm;
type Encryption = CoreJweContentEncryptionAlgorithm;
type Fields = IdTokenFields<Others, EmptyExtraTokenFields, CoreGenderClaim, Encryption, Algorithm>;

/// The crate's client with all claims of a token, for a provider that told where it is.
pub(super) type Client = openidconnect::Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    Encryption,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    StandardTokenResponse<Fields, CoreTokenType>,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// What became of a token.
pub(super) enum Checked {
    /// It holds and says this.
    Claims(Map<String, Value>),
    /// It is signed with a key the provider did not show.
    UnknownKey,
}

/// The ways of signing that are taken: those whose key only the provider has.
const ALGORITHMS: [Algorithm; 10] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EcdsaP521Sha512,
    Algorithm::EdDsa,
];

/// Checks signature, issuer, audience, expiry and nonce of a token.
pub(super) fn check(
    client: &Client,
    token: &IdToken<Others, CoreGenderClaim, Encryption, Algorithm>,
    nonce: &str,
    now: Instant,
) -> Result<Checked, IdentityError> {
    let time = chrono::DateTime::from_timestamp_micros(now.as_micros()).unwrap_or_default();
    let verifier = client.id_token_verifier().set_allowed_algs(ALGORITHMS).set_time_fn(|| time);
    let claims = match token.claims(&verifier, &Nonce::new(nonce.to_owned())) {
        Ok(claims) => claims,
        Err(ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey)) => {
            return Ok(Checked::UnknownKey);
        }
        Err(error) => return Err(IdentityError::Token(reason(&error))),
    };
    // A token made for somebody else, who may show it here: the crate leaves that to its users.
    let other_party = claims.authorized_party().is_some_and(|party| **party != **client.client_id());
    if other_party {
        return Err(IdentityError::Token("made for another party"));
    }
    match serde_json::to_value(claims) {
        Ok(Value::Object(claims)) => Ok(Checked::Claims(claims)),
        _ => Err(IdentityError::Token("its claims cannot be read")),
    }
}

/// What is wrong, without anything that stands in the token.
const fn reason(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "it has expired",
        ClaimsVerificationError::InvalidAudience(_) => "made for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "made by another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "made for another attempt",
        ClaimsVerificationError::SignatureVerification(_) => "its signature is wrong",
        ClaimsVerificationError::Unsupported(_) => "signed in no way taken here",
        _ => "it is not as the standard asks",
    }
}
