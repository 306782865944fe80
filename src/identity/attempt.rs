//! An attempt to sign in, from leaving for the provider to coming back: kept by the browser, sealed by this installation.
//!
//! Nothing is kept on the server, so that any node can end what another began.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use huiyin_domain::time::Instant;
use serde::{Deserialize, Serialize};
use sm3::Sm3;

use super::IdentityError;
use crate::clock::{Entropy as _, SystemEntropy};

/// How long an attempt may take, in seconds.
pub const ATTEMPT_SECONDS: i64 = 600;
/// What the seal is made over besides, so that it serves for nothing else.
const PURPOSE: &[u8] = b"huiyin sign-in attempt 1\n";
/// The longest address to go on to; a cookie holds four thousand bytes.
const MAX_NEXT_BYTES: usize = 1_500;

/// An attempt to sign in.
#[derive(Clone, Serialize, Deserialize)]
pub struct Attempt {
    /// Comes back with the browser: the answer is to this attempt.
    pub(super) state: String,
    /// Comes back within the token: the token is for this attempt.
    pub(super) nonce: String,
    /// Proves to the provider that who began the attempt ends it (PKCE, RFC 7636).
    pub(super) verifier: String,
    /// Where to go afterwards.
    next: String,
    /// When it began, µs UTC.
    began: i64,
}

impl std::fmt::Debug for Attempt {
    /// Without its secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").finish_non_exhaustive()
    }
}

impl Attempt {
    pub(super) fn new(next: &str, now: Instant) -> Result<Self, IdentityError> {
        let next = if next.len() > MAX_NEXT_BYTES { "" } else { next };
        Ok(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            next: next.to_owned(),
            began: now.as_micros(),
        })
    }

    /// Where to go afterwards.
    pub fn next(&self) -> &str {
        &self.next
    }

    pub(super) fn seal(&self, key: &[u8]) -> Result<String, IdentityError> {
        let text = serde_json::to_vec(self).map_err(|_| IdentityError::Attempt)?;
        let mac = sealing(key, &text).ok_or(IdentityError::Attempt)?.finalize().into_bytes();
        Ok(format!("{}.{}", BASE64URL_NOPAD.encode(&text), BASE64URL_NOPAD.encode(&mac)))
    }

    pub(super) fn open(sealed: &str, key: &[u8], now: Instant) -> Option<Self> {
        let (text, mac) = sealed.split_once('.')?;
        let text = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
        sealing(key, &text)?.verify_slice(&mac).ok()?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        let over = Instant::from_micros(attempt.began).plus_seconds(ATTEMPT_SECONDS);
        (now < over).then_some(attempt)
    }
}

/// HMAC-SM3. Whoever has the client's secret could sign in as they like anyway: it needs no key of its own.
fn sealing(key: &[u8], text: &[u8]) -> Option<Hmac<Sm3>> {
    let mut mac = Hmac::<Sm3>::new_from_slice(key).ok()?;
    mac.update(PURPOSE);
    mac.update(text);
    Some(mac)
}

/// Forty-three characters that nobody can guess: as few as a PKCE verifier may have.
fn random() -> Result<String, IdentityError> {
    let mut bytes = [0; 32];
    SystemEntropy.fill(&mut bytes)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(1_800_000_000_000_000);

    #[test]
    fn an_attempt_is_opened_by_its_maker_and_in_time() {
        let attempt = Attempt::new("/desk/items?q=1", NOW).unwrap();
        let sealed = attempt.seal(b"key").unwrap();
        assert!(sealed.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)), "fit for a cookie");
        let opened = Attempt::open(&sealed, b"key", NOW.plus_seconds(ATTEMPT_SECONDS - 1)).unwrap();
        assert_eq!((opened.state, opened.next), (attempt.state.clone(), "/desk/items?q=1".to_owned()));
        assert!(Attempt::open(&sealed, b"key", NOW.plus_seconds(ATTEMPT_SECONDS)).is_none(), "it is over");
        assert!(Attempt::open(&sealed, b"another", NOW).is_none());
        let (text, mac) = sealed.split_once('.').unwrap();
        let other = Attempt { next: "/desk".to_owned(), ..attempt };
        let foreign = other.seal(b"key").unwrap().split_once('.').unwrap().0.to_owned();
        for bad in [text, "", ".", &format!("{text}."), &format!("{foreign}.{mac}"), &format!("{text}.{mac}A")] {
            assert!(Attempt::open(bad, b"key", NOW).is_none(), "{bad}");
        }
    }

    #[test]
    fn attempts_share_nothing_and_stay_short() {
        let (one, two) = (Attempt::new("/", NOW).unwrap(), Attempt::new(&"/".repeat(5_000), NOW).unwrap());
        let all = [&one.state, &one.nonce, &one.verifier, &two.state, &two.nonce, &two.verifier];
        assert_eq!(std::collections::BTreeSet::from(all).len(), 6);
        assert!(two.seal(b"key").unwrap().len() < 3_000);
    }
}
