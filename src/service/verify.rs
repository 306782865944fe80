//! Proving that nothing was lost or altered: the chain, the texts behind its digests, and the items it describes.

use std::collections::HashMap;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::item::{Event, Item};
use huiyin_domain::ledger::{Digest, Fault, Root, Verifier, digest_text};
use serde_json::Value;

use super::import::version_parts;
use super::item::load_state;
use super::{Service, ServiceError};
use crate::store::ledger::{self, EntryRow};
use crate::store::{Conn, StoreError, item as items, message, publication};

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
    },
    /// An item whose state is not what its history says.
    ItemDiffers {
        /// The item's number.
        number: i64,
    },
    /// Items the ledger received that are gone, or items it never received.
    ItemCount {
        /// Received according to the ledger.
        received: u64,
        /// In the table.
        present: u64,
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
            Self::ItemCount { .. } => "item.count",
        }
    }

    /// What is wrong, in Chinese.
    pub fn message(&self) -> String {
        match self {
            Self::Chain(fault) => fault.to_string(),
            Self::Unreadable { seq } => format!("第 {seq} 条已被改动：摘要栏不是摘要"),
            Self::TextAltered { table, key } => format!("{table} 表 {key} 的正文已被改动：与逐件账上的摘要不符"),
            Self::TextForeign { table, key } => format!("{table} 表 {key} 的正文在逐件账上没有记录"),
            Self::TextsMissing { count } => format!("逐件账上有记录的正文少了 {count} 份"),
            Self::ItemDiffers { number } => format!("第 {number} 件的状态与逐件账推算的不符"),
            Self::ItemCount { received, present } => {
                format!("逐件账收到 {received} 件，库中有 {present} 件，数目不符")
            }
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
        allowed(viewer, Action::VerifyLedger, &Object::None)?;
        let mut snapshot = self.store.snapshot().await?;
        let mut conn = snapshot.conn();
        let mut findings = Vec::new();
        let chain = read_chain(&mut conn, roots).await?;
        findings.extend(chain.finding);
        let mut texts = Texts { recorded: chain.recorded, checked: 0, finding: None };
        texts.check_messages(&mut conn).await?;
        texts.check_items(&mut conn).await?;
        texts.check_entries(&mut conn).await?;
        let missing = texts.recorded.values().filter(|seen| !**seen).count();
        findings.extend(texts.finding);
        if missing > 0 {
            findings.push(Finding::TextsMissing { count: missing });
        }
        let (items, differing) = compare_items(&mut conn).await?;
        findings.extend(differing);
        if items != chain.received {
            findings.push(Finding::ItemCount { received: chain.received, present: items });
        }
        Ok(Verification { head: chain.head, texts: texts.checked, items, findings })
    }
}

/// What one pass over the chain gives.
struct Chain {
    head: Root,
    finding: Option<Finding>,
    /// The digests of texts, and whether the text was met.
    recorded: HashMap<Digest, bool>,
    received: u64,
}

async fn read_chain(conn: &mut Conn<'_>, roots: &[Root]) -> Result<Chain, ServiceError> {
    let stored = ledger::head(conn).await.ok();
    let mut verifier = Verifier::with_roots(roots);
    let mut chain = Chain { head: Root::EMPTY, finding: None, recorded: HashMap::new(), received: 0 };
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

/// Notes which texts the entry vouches for.
fn note_digests(row: &EntryRow, chain: &mut Chain) {
    if row.kind == "item.received" {
        chain.received += 1;
    }
    let Ok(Value::Object(members)) = serde_json::from_str(&row.body) else { return };
    for member in TEXT_MEMBERS {
        if let Some(Value::String(text)) = members.get(*member)
            && let Ok(digest) = text.parse()
        {
            chain.recorded.entry(digest).or_insert(false);
        }
    }
}

/// The comparison of stored texts with what the ledger recorded.
struct Texts {
    recorded: HashMap<Digest, bool>,
    checked: u64,
    finding: Option<Finding>,
}

impl Texts {
    fn check(&mut self, table: &'static str, key: &str, salt: &str, stored: &str, parts: &[&str]) {
        self.checked += 1;
        let key = key.to_owned();
        let mut bytes = [0; 16];
        let computed = hex::decode_to_slice(salt, &mut bytes).ok().map(|()| digest_text(&bytes, parts));
        let finding = match computed {
            Some(digest) if digest.to_string() == stored => match self.recorded.get_mut(&digest) {
                Some(seen) => {
                    *seen = true;
                    None
                }
                None => Some(Finding::TextForeign { table, key }),
            },
            _ => Some(Finding::TextAltered { table, key }),
        };
        if self.finding.is_none() {
            self.finding = finding;
        }
    }

    async fn check_messages(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let (mut message, mut version) = (String::new(), 0);
        loop {
            let rows = message::versions_after(conn, &message, version, i64::from(PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            message.clone_from(&last.message_id);
            version = last.version;
            for row in &rows {
                let parts = version_parts(row);
                let parts = parts.each_ref().map(|part| part.as_ref());
                self.check(
                    "message_version",
                    &format!("{} v{}", row.message_id, row.version),
                    &row.salt,
                    &row.digest,
                    &parts,
                );
            }
        }
    }

    async fn check_items(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let mut last = 0;
        loop {
            let rows = items::page_by_number(conn, last, ITEMS).await?;
            let Some(newest) = rows.last() else { return Ok(()) };
            last = newest.number;
            // Items that were never worked on have neither notes nor drafts.
            let ids: Vec<String> = rows.into_iter().filter(|row| row.revision > 1).map(|row| row.id).collect();
            if ids.is_empty() {
                continue;
            }
            for note in items::notes_of(conn, &ids).await? {
                let key = format!("{} #{}", note.item_id, note.ordinal);
                self.check("item_note", &key, &note.salt, &note.digest, &[&note.text]);
            }
            for reply in items::replies_of(conn, &ids).await? {
                let key = format!("{} v{}", reply.item_id, reply.version);
                self.check("reply_version", &key, &reply.salt, &reply.digest, &[&reply.text]);
            }
        }
    }

    async fn check_entries(&mut self, conn: &mut Conn<'_>) -> Result<(), ServiceError> {
        for issue in publication::newest(conn, i64::MAX).await? {
            let id = super::stored_id("publication", &issue.id)?;
            let ids: Vec<String> = publication::entries(conn, id).await?.into_iter().map(|entry| entry.id).collect();
            for version in publication::versions_of(conn, &ids).await? {
                let key = format!("{} v{}", version.entry_id, version.version);
                let parts = [version.question.as_str(), &version.answer, &version.basis];
                self.check("entry_version", &key, &version.salt, &version.digest, &parts);
            }
        }
        Ok(())
    }
}

/// Rebuilds every item from its history and compares it with its row. Returns the number of items.
async fn compare_items(conn: &mut Conn<'_>) -> Result<(u64, Option<Finding>), ServiceError> {
    let (mut last, mut count, mut finding) = (0, 0, None);
    loop {
        let rows = items::page_by_number(conn, last, ITEMS).await?;
        let Some(newest) = rows.last() else { return Ok((count, finding)) };
        last = newest.number;
        count += rows.len() as u64;
        let subjects: Vec<String> = rows.iter().map(|row| format!("item:{}", row.id)).collect();
        let mut histories: HashMap<String, Vec<EntryRow>> = HashMap::new();
        for entry in ledger::of_subjects(conn, &subjects).await? {
            histories.entry(entry.subject.clone()).or_default().push(entry);
        }
        for row in &rows {
            let history = histories.remove(&format!("item:{}", row.id)).unwrap_or_default();
            if finding.is_none() && !is_what_history_says(row, &history) {
                finding = Some(Finding::ItemDiffers { number: row.number });
            }
        }
    }
}

fn is_what_history_says(row: &items::ItemRow, history: &[EntryRow]) -> bool {
    let events: Option<Vec<Event>> = history
        .iter()
        // A link to an earlier item is a fact about the item, not an event of its life.
        .filter(|entry| entry.kind != super::import::LINKED_AS_REPEAT)
        .map(|entry| Event::parse(&entry.kind, &serde_json::from_str(&entry.body).ok()?).ok())
        .collect();
    let rebuilt = events.and_then(|events| Item::replay(&events).ok());
    let Ok(state) = load_state(row) else { return false };
    rebuilt.is_some_and(|item| item == state)
        && row.stage == state.stage.code()
        && row.open == state.stage.is_open()
        && row.revision == i64::try_from(state.revision).unwrap_or(i64::MAX)
        && row.lead_unit_id == state.lead.map(|unit| unit.to_string())
        && row.replied_at == state.times.replied_at.map(huiyin_domain::time::Instant::as_micros)
}
