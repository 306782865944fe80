//! Codes: with digests the only kind of text an event may hold. Neither can carry what a person wrote.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A machine's word: 1 to 64 of `a-z`, `0-9`, `-`, `_`, `.`, `/`. The id of a source, for example.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// A text that is not a [`Code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a code (expected 1 to 64 of a-z, 0-9, `-`, `_`, `.`, `/`)")]
pub struct InvalidCode;

impl Code {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Code {
    type Error = InvalidCode;

    fn try_from(text: String) -> Result<Self, InvalidCode> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_./".contains(&byte);
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) { Ok(Self(text)) } else { Err(InvalidCode) }
    }
}

impl FromStr for Code {
    type Err = InvalidCode;

    fn from_str(text: &str) -> Result<Self, InvalidCode> {
        Self::try_from(text.to_owned())
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
