//! The ledger 逐件账: append-only rows, chained by SM3 digests, that anybody can verify.
//!
//! Every change in an item's life is one [`Entry`]. Its digest covers the [canonical text](Entry::canonical_text) of the
//! row, and that text holds the digest of the row before it, so that no row can be altered, removed or moved without
//! breaking the chain from there on. What the chain alone cannot show, a tail cut off or the whole chain written anew, is
//! caught by a [`Root`] printed earlier. `docs/ledger-format.md` describes the format for those who verify it without
//! this program.
//!
//! Rows hold ids, codes and digests, never personal text: where a row must commit to a text, it holds its salted
//! [`digest_text`].

mod digest;
mod entry;
mod verify;

pub use digest::{Digest, InvalidDigest, digest_text};
pub use entry::{Draft, Entry, LedgerError, canonical_json, seal};
pub use verify::{Fault, InvalidRoot, Root, Verifier};

#[cfg(test)]
mod tests;
