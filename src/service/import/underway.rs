//! A pull under way: why it runs, what it has met, and its count statement.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use huiyin_domain::access::Permit;
use huiyin_domain::id::PullId;
use huiyin_domain::ledger::Digest;
use serde::Serialize;
use serde_json::json;

use super::super::payload::KeptPayload;
use super::newcomer::Origin;
use crate::intake::Connector;
use crate::store::payload::PayloadRow;
use crate::store::source::PullRow;

/// The count statement of one file: `stated = accepted + unchanged + changed + held + rejected`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Statement {
    /// The file as it was named.
    pub file: String,
    /// Data rows in the file.
    pub stated: u64,
    /// Rows that became new items.
    pub accepted: u64,
    /// Rows already known, word for word.
    pub unchanged: u64,
    /// Rows that gave a known message a new version.
    pub changed: u64,
    /// Rows held for repair.
    pub held: u64,
    /// Rows rejected with a reason.
    pub rejected: u64,
}

impl Statement {
    /// Whether every stated row is accounted for.
    pub const fn adds_up(&self) -> bool {
        self.stated == self.accepted + self.unchanged + self.changed + self.held + self.rejected
    }
}

/// Why a pull runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A file is imported.
    File,
    /// A quick look at the newest of a source's list.
    Head,
    /// The whole list of a source.
    Sweep,
    /// A platform sent messages.
    Push,
    /// Somebody wrote through the bureau's own form.
    Form,
    /// A mailbox is read.
    Mail,
}

impl Purpose {
    /// The code as written to the store and to JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Head => "head",
            Self::Sweep => "sweep",
            Self::Push => "push",
            Self::Form => "form",
            Self::Mail => "mail",
        }
    }
}

/// What a pull is to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) struct Reads {
    /// Why.
    pub(in crate::service) purpose: Purpose,
    /// The name of the file, or the host of what is read over the network. Never personal.
    pub(in crate::service) name: String,
    /// SM3 of the file's bytes; empty for what is no file.
    pub(in crate::service) digest: String,
    /// What all of its rows stand in, if that is kept: the file, or the body of a request.
    pub(in crate::service) whole: Option<KeptPayload>,
}

/// A pull under way.
#[derive(Debug)]
pub(in crate::service) struct Pull {
    id: PullId,
    pub(in crate::service) connector: Connector,
    pub(in crate::service) permit: Permit,
    pub(in crate::service) row: PullRow,
    /// How often it met each held row's cells.
    pub(super) held: HashMap<Digest, u32>,
    /// The sheets whose headers are written down.
    pub(super) sheets: HashSet<String>,
    /// What all of its rows stand in, by its digest.
    pub(super) whole: Option<String>,
    /// Payloads that are on record so far.
    payloads: i64,
    /// Keys that its file has shown so far, each as a number; not for a list, which shows a key once.
    met: HashSet<u64>,
}

impl Pull {
    /// A pull as its row says, before it has read anything.
    pub(in crate::service) fn of(id: PullId, connector: Connector, permit: Permit, row: PullRow) -> Self {
        let (held, sheets, met) = (HashMap::new(), HashSet::new(), HashSet::new());
        Self { id, connector, permit, row, held, sheets, whole: None, payloads: 0, met }
    }

    pub(in crate::service) fn subject(&self) -> String {
        format!("pull:{}", self.id)
    }

    /// What its new rows have from it.
    pub(super) fn origin(&self) -> Origin {
        Origin { source: self.connector.id.clone(), pull: self.row.id.clone(), actor: self.permit.actor().clone() }
    }

    /// Its id.
    pub(in crate::service) const fn id(&self) -> PullId {
        self.id
    }

    /// The rows of payloads that came next.
    pub(super) fn payload_rows(&mut self, kept: Vec<KeptPayload>) -> Vec<PayloadRow> {
        let first = self.payloads + 1;
        let rows: Vec<PayloadRow> =
            (first..).zip(kept).map(|(ordinal, kept)| kept.into_row(&self.row.id, ordinal)).collect();
        self.payloads = rows.last().map_or(self.payloads, |row| row.ordinal);
        rows
    }

    /// Whether it reads the list of a source, in which each key stands once.
    pub(super) fn reads_a_list(&self) -> bool {
        [Purpose::Head, Purpose::Sweep].iter().any(|purpose| self.row.purpose == purpose.as_str())
    }

    /// Notes that a file has shown these keys.
    pub(super) fn note_met(&mut self, keys: &[String]) {
        if !self.reads_a_list() {
            self.met.extend(keys.iter().map(|key| hashed(key)));
        }
    }

    /// Whether its file has shown this key before.
    pub(super) fn has_met(&self, key: &str) -> bool {
        self.met.contains(&hashed(key))
    }

    /// Its counts so far; `file` is what they are of, for people.
    pub(in crate::service) fn statement(&self, file: String) -> Statement {
        let count = |value: i64| u64::try_from(value).unwrap_or(0);
        Statement {
            file,
            stated: count(self.row.stated),
            accepted: count(self.row.accepted),
            unchanged: count(self.row.unchanged),
            changed: count(self.row.changed),
            held: count(self.row.held),
            rejected: count(self.row.rejected),
        }
    }
}

fn hashed(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish()
}

/// The counts of a pull as the ledger holds them. What a plain file has none of is left out: entries from before there
/// was anything else say the same.
pub(crate) fn counts(pull: &PullRow) -> serde_json::Value {
    let mut body = json!({
        "source": pull.source_id, "file": pull.file_digest, "stated": pull.stated, "accepted": pull.accepted,
        "unchanged": pull.unchanged, "changed": pull.changed, "held": pull.held, "rejected": pull.rejected,
    });
    let number = |count: i64| (count != 0).then(|| json!(count));
    let further = [
        ("purpose", (pull.purpose != Purpose::File.as_str()).then(|| json!(pull.purpose))),
        ("claimed", pull.claimed.map(|claimed| json!(claimed))),
        ("met", number(pull.met)),
        ("pages", number(pull.pages)),
        ("withdrawn", number(pull.withdrawn)),
        ("returned", number(pull.returned)),
        ("complete", pull.complete.then_some(json!(true))),
        ("problem", (!pull.problem_code.is_empty()).then(|| json!(pull.problem_code))),
        // The sentence is the office's; that nobody changed it is the ledger's.
        ("told", (!pull.problem.is_empty()).then(|| json!(Digest::of(pull.problem.as_bytes()).to_string()))),
    ];
    if let Some(body) = body.as_object_mut() {
        body.extend(further.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    body
}
