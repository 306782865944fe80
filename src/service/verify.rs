//! Proving that nothing was lost or altered: the chain, the texts behind its digests, and the items it describes.

mod items;
mod pulls;
mod texts;

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::ItemId;
use huiyin_domain::ledger::{Digest, Fault, Root, Verifier};
use serde_json::Value;

use self::items::compare_items;
use self::texts::Texts;
use super::{Service, ServiceError};
use crate::store::Conn;
use crate::store::ledger::{self, EntryRow};

/// Rows read at once.
const PAGE: u32 = 5_000;
/// Items rebuilt at once.
const ITEMS: i64 = 500;
/// Members of an event's body that hold the digest of a text kept elsewhere.
const TEXT_MEMBERS: &[&str] = &["digest", "basis", "reason"];

/// What is wrong, each naming the first place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The chain itself: a row altered, removed, inserted, reordered, or a tail cut off.
    Chain(Fault),
    /// A row of the chain that cannot even be read.
    Unreadable {
        /// Its sequence number.
        seq: i64,
    },
    /// A text that is not the one the ledger vouches for.
    TextAltered {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// A text the ledger knows nothing of.
    TextForeign {
        /// The table.
        table: &'static str,
        /// The row's key.
        key: String,
    },
    /// Texts the ledger vouches for that are gone.
    TextsMissing {
        /// How many.
        count: usize,
        /// The first entry that vouches for one.
        seq: i64,
    },
    /// An item whose state is not what its history says.
    ItemDiffers {
        /// The item's number.
        number: i64,
    },
    /// A pull whose counts are not those that were recorded at its end.
    PullDiffers {
        /// The pull's id.
        id: String,
    },
    /// Items the ledger received that are gone.
    ItemsMissing {
        /// How many.
        count: usize,
        /// The first entry that received one.
        seq: i64,
    },
}

impl Finding {
    /// Stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Chain(fault) => fault.code(),
            Self::Unreadable { .. } => "ledger.unreadable",
            Self::TextAltered { .. } => "text.altered",
            Self::TextForeign { .. } => "text.foreign",
            Self::TextsMissing { .. } => "text.missing",
            Self::ItemDiffers { .. } => "item.differs",
            Self::PullDiffers { .. } => "pull.differs",
            Self::ItemsMissing { .. } => "item.missing",
        }
    }

    /// What is wrong, in Chinese.
    pub fn message(&self) -> String {
        match self {
            Self::Chain(fault) => fault.to_string(),
            Self::Unreadable { seq } => format!("第 {seq} 条已被改动：摘要栏不是摘要"),
            Self::TextAltered { table, key } => format!("{table} 表 {key} 已被改动：与逐件账的记录不符"),
            Self::TextForeign { table, key } => format!("{table} 表 {key} 在逐件账上没有记录"),
            Self::TextsMissing { count, seq } => format!("逐件账上有记录的正文少了 {count} 份，最早的记在第 {seq} 条"),
            Self::ItemDiffers { number } => format!("第 {number} 件的状态与逐件账推算的不符"),
            Self::PullDiffers { id } => format!("采集批次 {id} 与逐件账上的对账单不符"),
            Self::ItemsMissing { count, seq } => format!("逐件账收到的件少了 {count} 件，最早的记在第 {seq} 条"),
        }
    }
}

/// What was verified, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The ledger's head: print it and keep it elsewhere; it proves later that no tail was cut off.
    pub head: Root,
    /// Texts compared with their digests.
    pub texts: u64,
    /// Items rebuilt from their history and compared.
    pub items: u64,
    /// The first fault of each kind of check; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Service {
    /// Verifies chain, texts and items. `roots` are heads printed earlier.
    ///
    /// It reads a snapshot that only grows: what is written meanwhile is either seen whole or not at all, because the
    /// head is read first and later entries are left out.
    pub async fn verify(&self, viewer: &Actor, roots: &[Root]) -> Result<Verification, ServiceError> {
        self.verify_noting(viewer, roots, &|_, _| ()).await
    }

    /// The same; `progress` is told how many entries of the chain were read, and how many there are.
    pub async fn verify_noting(
        &self,
        viewer: &Actor,
        roots: &[Root],
        progress: &(dyn Fn(u64, u64) + Send + Sync),
    ) -> Result<Verification, ServiceError> {
        allowed(viewer, Action::VerifyLedger, &Object::None)?;
        let mut snapshot = self.store.snapshot().await?;
        let mut conn = snapshot.conn();
        let mut findings = Vec::new();
        let mut chain = read_chain(&mut conn, roots, progress).await?;
        findings.extend(chain.finding.take());
        let mut texts = Texts::new(chain.recorded);
        texts.check_messages(&mut conn).await?;
        texts.check_attachments(&mut conn).await?;
        texts.check_holds(&mut conn, &chain.settled).await?;
        texts.check_items(&mut conn).await?;
        texts.check_entries(&mut conn).await?;
        let checked = texts.checked();
        findings.extend(texts.findings());
        let mut received = chain.received;
        let (items, differing) = compare_items(&mut conn, &mut received).await?;
        findings.extend(differing);
        if let Some(seq) = received.values().min().copied() {
            findings.push(Finding::ItemsMissing { count: received.len(), seq });
        }
        findings.extend(pulls::first_differing(&mut conn, chain.pulls).await?);
        Ok(Verification { head: chain.head, texts: checked, items, findings })
    }
}

/// What one pass over the chain gives.
struct Chain {
    head: Root,
    finding: Option<Finding>,
    /// The digests of texts, with who vouches for them.
    recorded: HashMap<Digest, Vouched>,
    /// The items received, with the number of the entry.
    received: HashMap<ItemId, i64>,
    /// The pulls started.
    pulls: BTreeSet<String>,
    /// The held rows that were settled.
    settled: HashMap<String, SettledEntry>,
}

/// What an entry says became of a held row.
#[derive(Debug)]
struct SettledEntry {
    at: i64,
    actor: String,
    resolution: &'static str,
    item: Option<String>,
}

/// The entry that vouches for a text.
#[derive(Debug)]
struct Vouched {
    seq: i64,
    at: i64,
    /// [`hashed`], to keep a million of them small.
    subject: u64,
    /// [`hashed`].
    actor: u64,
    /// [`hashed`].
    kind: u64,
    /// What it is a version of, [`hashed`]: the reply and the version, or the publication's entry.
    object: Option<u64>,
    /// Whether the text was met.
    seen: bool,
}

fn hashed(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

async fn read_chain(
    conn: &mut Conn<'_>,
    roots: &[Root],
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<Chain, ServiceError> {
    let stored = ledger::head(conn).await.ok();
    let mut verifier = Verifier::with_roots(roots);
    let mut chain = Chain {
        head: Root::EMPTY,
        finding: None,
        recorded: HashMap::new(),
        received: HashMap::new(),
        pulls: BTreeSet::new(),
        settled: HashMap::new(),
    };
    let total = stored.as_ref().map_or(0, |head| head.seq);
    let mut after = 0;
    loop {
        let rows = ledger::after(conn, after, PAGE).await?;
        let Some(last) = rows.last() else { break };
        after = u64::try_from(last.seq).unwrap_or(u64::MAX);
        for row in rows {
            note_digests(&row, &mut chain);
            if chain.finding.is_some() {
                continue;
            }
            chain.finding = push(&mut verifier, row);
        }
        progress(after, total.max(after));
    }
    chain.head = verifier.head();
    if chain.finding.is_none() {
        chain.finding = verifier.finish(stored).err().map(Finding::Chain);
    }
    Ok(chain)
}

fn push(verifier: &mut Verifier, row: EntryRow) -> Option<Finding> {
    let seq = row.seq;
    match row.into_entry() {
        Ok(entry) => verifier.push(&entry).err().map(Finding::Chain),
        Err(_) => Some(Finding::Unreadable { seq }),
    }
}

/// The text's place as the entry's body tells it.
fn object(members: &serde_json::Map<String, Value>) -> Option<u64> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    let version = || members.get("version").and_then(Value::as_u64);
    let reply = || Some(format!("{} v{}", text("reply")?, version()?));
    text("entry").map(str::to_owned).or_else(reply).map(|place| hashed(&place))
}

/// Notes which texts the entry vouches for.
fn note_digests(row: &EntryRow, chain: &mut Chain) {
    if row.kind == "pull.started" {
        chain.pulls.extend(row.subject.strip_prefix("pull:").map(str::to_owned));
    }
    if row.kind == "item.received"
        && let Some(item) = row.subject.strip_prefix("item:").and_then(|id| id.parse().ok())
    {
        chain.received.insert(item, row.seq);
    }
    let Ok(Value::Object(members)) = serde_json::from_str(&row.body) else { return };
    note_settled(row, &members, chain);
    for member in TEXT_MEMBERS {
        if let Some(Value::String(text)) = members.get(*member)
            && let Ok(digest) = text.parse()
        {
            // A draft's digest comes again with its reviews: the first entry is the one that brought the text.
            chain.recorded.entry(digest).or_insert_with(|| Vouched {
                seq: row.seq,
                at: row.at,
                subject: hashed(&row.subject),
                actor: hashed(&row.actor),
                kind: hashed(&row.kind),
                object: object(&members),
                seen: false,
            });
        }
    }
}

/// Notes what became of a held row.
fn note_settled(row: &EntryRow, members: &serde_json::Map<String, Value>, chain: &mut Chain) {
    let resolution = match row.kind.as_str() {
        "hold.repaired" => "repaired",
        "hold.rejected" => "rejected",
        "hold.superseded" => "superseded",
        _ => return,
    };
    let Some(hold) = row.subject.strip_prefix("hold:") else { return };
    let item = members.get("item").and_then(Value::as_str).map(str::to_owned);
    let entry = SettledEntry { at: row.at, actor: row.actor.clone(), resolution, item };
    chain.settled.insert(hold.to_owned(), entry);
}
