//! SM3 digests (GB/T 32905-2016) and the salted digest of a personal text.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sm3::{Digest as _, Sm3};

/// Separates this use of SM3 from every other: no ledger row starts with these bytes.
const TEXT_DOMAIN: &[u8] = b"huiyin-text-1\n";

/// An SM3 digest: 32 bytes, written as 64 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Sixty-four zeros: what the first row names as the digest of the row before it.
    pub const ZERO: Self = Self([0; 32]);

    /// From its bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of `bytes` as they are.
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sm3::digest(bytes.as_ref()).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut digits = [0; 64];
        hex::encode_to_slice(self.0, &mut digits).map_err(|_| fmt::Error)?;
        f.write_str(str::from_utf8(&digits).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// A text that is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest (expected 64 lower-case hexadecimal digits)")]
pub struct InvalidDigest {
    /// What was handed in, at most its first 80 characters.
    pub text: String,
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    /// Reads lower-case digits only: a digest has one spelling, so that texts may be compared as well.
    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let invalid = || InvalidDigest { text: text.chars().take(80).collect() };
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(invalid());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| invalid())?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The salted digest by which a ledger row commits to a personal text without holding it.
///
/// Messages and names can be guessed, so that a bare digest would confirm a guess for ever. The salt, sixteen random
/// bytes kept beside the text, prevents it: once a lawful deletion (个人信息保护法 Art. 47) has removed text and salt, the
/// digest left in the ledger tells nothing, and the chain still holds.
///
/// The bytes digested are `huiyin-text-1`, a line feed, the salt, then each part behind its length in bytes (eight bytes,
/// big-endian), so that `["ab", "c"]` and `["a", "bc"]` differ.
pub fn digest_text(salt: &[u8; 16], parts: &[&str]) -> Digest {
    let mut hasher = Sm3::new();
    hasher.update(TEXT_DOMAIN);
    hasher.update(salt);
    for part in parts {
        // A length beyond 64 bits cannot occur: `usize` is at most 64 bits wide.
        let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
        hasher.update(length.to_be_bytes());
        hasher.update(part.as_bytes());
    }
    Digest(hasher.finalize().into())
}

/// Digests what is written to it, so that a row is hashed without building its text.
#[derive(Default)]
pub(super) struct DigestWriter(Sm3);

impl DigestWriter {
    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}

impl fmt::Write for DigestWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
