//! What a form is sent with: a number of its own and when it was opened, signed. It names nobody.

use hmac::Mac as _;

use super::super::door::sign;
use super::super::{Service, ServiceError};

/// Bytes of a signature that go along.
const SIGNATURE: usize = 16;

/// A form that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its own number, known to nobody but the page.
    pub(in crate::service) nonce: [u8; 16],
    /// When it was opened, in seconds since 1970.
    pub(in crate::service) issued: i64,
}

impl Service {
    /// A ticket for a form that is opened now.
    pub async fn new_ticket(&self) -> Result<String, ServiceError> {
        let nonce: [u8; 16] = self.random()?;
        let issued = self.now().as_micros().div_euclid(1_000_000);
        let key = self.form_key().await?;
        Ok(written(&key, &Ticket { nonce, issued }))
    }

    /// The ticket that was sent; `None` when this installation did not make it.
    pub async fn read_ticket(&self, text: &str) -> Result<Option<Ticket>, ServiceError> {
        let key = self.form_key().await?;
        Ok(read(&key, text))
    }
}

fn written(key: &[u8], ticket: &Ticket) -> String {
    let nonce = hex::encode(ticket.nonce);
    format!("{nonce}.{}.{}", ticket.issued, signature(key, &[b"form", nonce.as_bytes(), &ticket.issued.to_be_bytes()]))
}

fn read(key: &[u8], text: &str) -> Option<Ticket> {
    let (nonce, rest) = text.split_once('.')?;
    let (issued, signed) = rest.split_once('.')?;
    let issued: i64 = issued.parse().ok()?;
    if !is_signature(key, &[b"form", nonce.as_bytes(), &issued.to_be_bytes()], signed) {
        return None;
    }
    let mut ticket = Ticket { nonce: [0; 16], issued };
    hex::decode_to_slice(nonce, &mut ticket.nonce).ok()?;
    Some(ticket)
}

/// The signature over these parts, hexadecimal.
pub(super) fn signature(key: &[u8], parts: &[&[u8]]) -> String {
    let bytes = sign(key, parts).map(|mac| mac.finalize().into_bytes());
    bytes.as_deref().and_then(|bytes| bytes.get(..SIGNATURE)).map(hex::encode).unwrap_or_default()
}

/// Whether it is the signature over these parts. Compared in constant time.
pub(super) fn is_signature(key: &[u8], parts: &[&[u8]], text: &str) -> bool {
    let mut given = [0; SIGNATURE];
    hex::decode_to_slice(text, &mut given).is_ok()
        && sign(key, parts).is_some_and(|mac| mac.verify_truncated_left(&given).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_signed_is_a_ticket() {
        let ticket = Ticket { nonce: [9; 16], issued: 1_800_000_000 };
        let text = written(b"key", &ticket);
        assert_eq!(read(b"key", &text), Some(ticket));
        assert_eq!(read(b"other", &text), None);
        let later = text.replace(".1800000000.", ".1800000001.");
        let other = text.replacen("09", "0a", 1);
        for forged in ["", "a", "a.b", "a.b.c", &text[..text.len() - 2], later.as_str(), other.as_str()] {
            assert_eq!(read(b"key", forged), None, "{forged}");
        }
    }
}
