//! One row of the ledger: what goes in, its canonical text, its digest.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::{Digest, DigestWriter};
use crate::time::Instant;

/// The first line of every canonical text. Another format gets another line.
const VERSION: &str = "huiyin-ledger-1";

/// Why a row cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// A field holds a control character, which could imitate the end of a line.
    #[error("ledger field `{field}` holds a control character")]
    ControlCharacter {
        /// Which field.
        field: &'static str,
    },
    /// A field is empty.
    #[error("ledger field `{field}` is empty")]
    Empty {
        /// Which field.
        field: &'static str,
    },
}

/// What a change wants written, before it has a place in the chain. Its fields are checked once, here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    actor: String,
    subject: String,
    kind: String,
    body: String,
}

impl Draft {
    /// Checks the fields and brings `body` into its one form, [`canonical_json`].
    ///
    /// `actor` is who did it (`account:UUID`, `system`), `subject` what it happened to (`item:UUID`), `kind` what
    /// happened (`item.assigned`).
    pub fn new(
        actor: impl Into<String>,
        subject: impl Into<String>,
        kind: impl Into<String>,
        body: &Value,
    ) -> Result<Self, LedgerError> {
        let draft =
            Self { actor: actor.into(), subject: subject.into(), kind: kind.into(), body: canonical_json(body) };
        check_fields([
            ("actor", &draft.actor),
            ("subject", &draft.subject),
            ("kind", &draft.kind),
            ("body", &draft.body),
        ])?;
        Ok(draft)
    }

    /// Who did it.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// What it happened to.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What happened.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The particulars, as compact JSON.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// A row of the ledger, as it is stored. Its fields are open because a stored row may be anything: [`super::Verifier`]
/// tells whether it is what was sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1, 2, 3 … without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Instant,
    /// Who did it: `account:UUID`, `system`.
    pub actor: String,
    /// What it happened to: `item:UUID`.
    pub subject: String,
    /// What happened: `item.assigned`.
    pub kind: String,
    /// The particulars, as compact JSON with sorted keys: ids, codes and digests, never personal text.
    pub body: String,
    /// The digest of the row before it, [`Digest::ZERO`] for the first.
    pub prev_hash: Digest,
    /// The SM3 digest of [`Entry::canonical_text`].
    pub hash: Digest,
}

impl Entry {
    /// The bytes that `hash` is the digest of: eight lines, each ended by a line feed.
    ///
    /// No field may hold a control character, so that each line is one field and two different rows never have the same
    /// text.
    ///
    /// ```text
    /// huiyin-ledger-1
    /// seq:1
    /// at:1791475200000000
    /// actor:system
    /// subject:item:01980000-0000-7000-8000-000000000000
    /// kind:item.received
    /// body:{"source":"board"}
    /// prev:0000000000000000000000000000000000000000000000000000000000000000
    /// ```
    pub fn canonical_text(&self) -> String {
        let mut text = String::with_capacity(256 + self.body.len());
        // Writing to a String does not fail.
        let _ = self.write_canonical(&mut text);
        text
    }

    /// The digest that `hash` must be.
    pub fn computed_hash(&self) -> Digest {
        let mut writer = DigestWriter::default();
        // Writing to a digest does not fail.
        let _ = self.write_canonical(&mut writer);
        writer.finish()
    }

    /// Whether every field has the form a [`Draft`] demands.
    pub(super) fn check(&self) -> Result<(), LedgerError> {
        check_fields([("actor", &self.actor), ("subject", &self.subject), ("kind", &self.kind), ("body", &self.body)])
    }

    fn write_canonical(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let Self { seq, at, actor, subject, kind, body, prev_hash, hash: _ } = self;
        writeln!(out, "{VERSION}\nseq:{seq}\nat:{}\nactor:{actor}\nsubject:{subject}", at.as_micros())?;
        writeln!(out, "kind:{kind}\nbody:{body}\nprev:{prev_hash}")
    }
}

/// Gives a draft its place in the chain: `seq` is one more than that of the row whose digest is `prev`.
pub fn seal(prev: &Digest, draft: &Draft, seq: u64, at: Instant) -> Entry {
    let mut entry = Entry {
        seq,
        at,
        actor: draft.actor.clone(),
        subject: draft.subject.clone(),
        kind: draft.kind.clone(),
        body: draft.body.clone(),
        prev_hash: *prev,
        hash: Digest::ZERO,
    };
    entry.hash = entry.computed_hash();
    entry
}

/// JSON in one line, without white space, keys sorted by their bytes at every depth.
///
/// It sorts by itself, because whether `serde_json` keeps the order of insertion is a feature that any crate in the
/// build may switch on.
pub fn canonical_json(value: &Value) -> String {
    sorted(value).to_string()
}

fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut members: Vec<_> = map.iter().map(|(key, member)| (key.clone(), sorted(member))).collect();
            members.sort_by(|(left, _), (right, _)| left.cmp(right));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(members) => Value::Array(members.iter().map(sorted).collect()),
        scalar => scalar.clone(),
    }
}

fn check_fields(fields: [(&'static str, &String); 4]) -> Result<(), LedgerError> {
    for (field, text) in fields {
        if text.is_empty() {
            return Err(LedgerError::Empty { field });
        }
        if text.chars().any(char::is_control) {
            return Err(LedgerError::ControlCharacter { field });
        }
    }
    Ok(())
}
