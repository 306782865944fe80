//! The texts beside the ledger: each is the one an entry vouches for, and none is missing.

use std::collections::HashMap;

use huiyin_domain::ledger::{Digest, digest_text};

use super::super::ServiceError;
use super::super::attachment::{LISTED, STORED, attachment_parts, listed_parts};
use super::super::import::{hold_parts, version_parts};
use super::{Finding, ITEMS, PAGE, SettledEntry, Vouched, hashed};
use crate::store::attachment::AttachmentRow;
use crate::store::item::{self as items, NoteRow};
use crate::store::source::HoldRow;
use crate::store::{Conn, StoreError, attachment, message, publication, source};

/// The comparison of stored texts with what the ledger recorded.
pub(super) struct Texts {
    recorded: HashMap<Digest, Vouched>,
    checked: u64,
    first: Option<Finding>,
}

/// A stored text and what its row says of it.
struct Stored<'a> {
    table: &'static str,
    key: String,
    salt: &'a str,
    digest: &'a str,
    parts: &'a [&'a str],
    /// When it came, microseconds UTC.
    at: i64,
    /// Whom it is about and who wrote it, where the row says so.
    subject: Option<String>,
    actor: Option<&'a str>,
    /// What it was said for, and what it is a version of, where the row says so.
    kind: Option<&'a str>,
    object: Option<String>,
}

impl Texts {
    pub(super) const fn new(recorded: HashMap<Digest, Vouched>) -> Self {
        Self { recorded, checked: 0, first: None }
    }

    /// Texts compared.
    pub(super) const fn checked(&self) -> u64 {
        self.checked
    }

    /// The first text that differs, and those that were not met.
    pub(super) fn findings(self) -> impl Iterator<Item = Finding> {
        let unseen = || self.recorded.values().filter(|vouched| !vouched.seen).map(|vouched| vouched.seq);
        let missing = unseen().min().map(|seq| Finding::TextsMissing { count: unseen().count(), seq });
        self.first.into_iter().chain(missing)
    }

    fn check(&mut self, stored: Stored<'_>) {
        self.checked += 1;
        let Stored { table, key, .. } = stored;
        let mut salt = [0; 16];
        let computed = hex::decode_to_slice(stored.salt, &mut salt).ok().map(|()| digest_text(&salt, stored.parts));
        let finding = match computed {
            Some(digest) if digest.to_string() == stored.digest => match self.recorded.get_mut(&digest) {
                Some(vouched) => {
                    vouched.seen = true;
                    let sound = vouched.at == stored.at
                        && stored.subject.is_none_or(|subject| hashed(&subject) == vouched.subject)
                        && stored.actor.is_none_or(|actor| hashed(actor) == vouched.actor)
                        && stored.kind.is_none_or(|kind| hashed(kind) == vouched.kind)
                        && stored.object.is_none_or(|object| Some(hashed(&object)) == vouched.object);
                    (!sound).then_some(Finding::TextAltered { table, key })
                }
                None => Some(Finding::TextForeign { table, key }),
            },
            _ => Some(Finding::TextAltered { table, key }),
        };
        if self.first.is_none() {
            self.first = finding;
        }
    }

    pub(super) async fn check_messages(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let (mut message, mut version) = (String::new(), 0);
        loop {
            let rows = message::versions_after(conn, &message, version, i64::from(PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            message.clone_from(&last.message_id);
            version = last.version;
            for row in &rows {
                let parts = version_parts(row);
                self.check(Stored {
                    table: "message_version",
                    key: format!("{} v{}", row.message_id, row.version),
                    salt: &row.salt,
                    digest: &row.digest,
                    parts: &parts.each_ref().map(AsRef::as_ref),
                    at: row.first_seen_at,
                    subject: None,
                    actor: None,
                    kind: None,
                    object: None,
                });
            }
        }
    }

    /// The bytes lie beside the database; here is compared what they are said to be.
    pub(super) async fn check_attachments(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = attachment::after(conn, &after, i64::from(PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for row in &rows {
                if row.stage == "stored" {
                    let parts = attachment_parts(row);
                    let parts = parts.each_ref().map(AsRef::as_ref);
                    let sealed = (row.salt.as_str(), row.digest.as_str());
                    self.check_attachment(row, STORED, sealed, &parts, row.added_at);
                }
                if row.listed_at != 0 {
                    let parts = listed_parts(row);
                    let parts = parts.each_ref().map(AsRef::as_ref);
                    let sealed = (row.listed_salt.as_str(), row.listed_digest.as_str());
                    self.check_attachment(row, LISTED, sealed, &parts, row.listed_at);
                }
            }
        }
    }

    fn check_attachment(
        &mut self,
        row: &AttachmentRow,
        kind: &'static str,
        (salt, digest): (&str, &str),
        parts: &[&str],
        at: i64,
    ) {
        self.check(Stored {
            table: "attachment",
            key: row.id.clone(),
            salt,
            digest,
            parts,
            at,
            subject: Some(format!("message:{}", row.message_id)),
            actor: None,
            kind: Some(kind),
            object: None,
        });
    }

    pub(super) async fn check_holds(
        &mut self,
        conn: &mut Conn<'_>,
        settled: &HashMap<String, SettledEntry>,
    ) -> Result<(), StoreError> {
        let mut after = String::new();
        loop {
            let rows = source::holds_after(conn, &after, i64::from(PAGE)).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            after.clone_from(&last.id);
            for row in &rows {
                let parts = hold_parts(row);
                self.check(Stored {
                    table: "hold",
                    key: row.id.clone(),
                    salt: &row.salt,
                    digest: &row.digest,
                    parts: &parts.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
                    at: row.held_at,
                    subject: Some(format!("pull:{}", row.pull_id)),
                    actor: None,
                    kind: None,
                    object: None,
                });
                self.check_settled(row, settled.get(&row.id));
            }
        }
    }

    /// A held row is settled exactly as an entry says, or not at all.
    fn check_settled(&mut self, row: &HoldRow, entry: Option<&SettledEntry>) {
        let stored = (row.resolved_at, row.resolution.as_deref(), row.resolved_by.as_deref(), row.item_id.as_deref());
        let recorded = entry.map_or((None, None, None, None), |entry| {
            (Some(entry.at), Some(entry.resolution), Some(entry.actor.as_str()), entry.item.as_deref())
        });
        let rejected = row.resolution.as_deref() == Some("rejected");
        let has_note = [&row.note, &row.note_salt, &row.note_digest].map(Option::is_some);
        if (stored != recorded || has_note != [rejected; 3]) && self.first.is_none() {
            self.first = Some(Finding::TextAltered { table: "hold", key: row.id.clone() });
        }
        if let (Some(note), Some(salt), Some(digest)) = (&row.note, &row.note_salt, &row.note_digest) {
            self.check(Stored {
                table: "hold",
                key: row.id.clone(),
                salt,
                digest,
                parts: &[note],
                at: row.resolved_at.unwrap_or(0),
                subject: Some(format!("hold:{}", row.id)),
                actor: row.resolved_by.as_deref(),
                kind: Some("hold.rejected"),
                object: None,
            });
        }
    }

    pub(super) async fn check_items(&mut self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let mut last = 0;
        loop {
            let rows = items::page_by_number(conn, last, ITEMS).await?;
            let Some(newest) = rows.last() else { return Ok(()) };
            last = newest.number;
            // The revision is not asked whether there are any: it may be what was altered.
            let ids: Vec<String> = rows.into_iter().map(|row| row.id).collect();
            let notes = items::notes_of(conn, &ids).await?;
            self.check_order(&notes);
            for note in &notes {
                self.check(Stored {
                    table: "item_note",
                    key: format!("{} #{}", note.item_id, note.ordinal),
                    salt: &note.salt,
                    digest: &note.digest,
                    parts: &[&note.text],
                    at: note.at,
                    subject: is_about_the_item(note).then(|| format!("item:{}", note.item_id)),
                    actor: Some(&note.actor),
                    kind: Some(&note.kind),
                    object: None,
                });
            }
            for reply in items::replies_of(conn, &ids).await? {
                self.check(Stored {
                    table: "reply_version",
                    key: format!("{} v{}", reply.item_id, reply.version),
                    salt: &reply.salt,
                    digest: &reply.digest,
                    parts: &[&reply.text],
                    at: reply.at,
                    subject: Some(format!("item:{}", reply.item_id)),
                    actor: Some(&reply.actor),
                    kind: None,
                    object: Some(format!("{} v{}", reply.reply_id, reply.version)),
                });
            }
        }
    }

    /// Notes are numbered from one within their item.
    fn check_order(&mut self, notes: &[NoteRow]) {
        let mut before: Option<&NoteRow> = None;
        for note in notes {
            let expected =
                before.filter(|before| before.item_id == note.item_id).map_or(1, |before| before.ordinal + 1);
            if note.ordinal != expected && self.first.is_none() {
                let key = format!("{} #{}", note.item_id, note.ordinal);
                self.first = Some(Finding::TextAltered { table: "item_note", key });
            }
            before = Some(note);
        }
    }

    pub(super) async fn check_entries(&mut self, conn: &mut Conn<'_>) -> Result<(), ServiceError> {
        for issue in publication::newest(conn, i64::MAX).await? {
            let id = super::super::stored_id("publication", &issue.id)?;
            let ids: Vec<String> = publication::entries(conn, id).await?.into_iter().map(|entry| entry.id).collect();
            for version in publication::versions_of(conn, &ids).await? {
                self.check(Stored {
                    table: "entry_version",
                    key: format!("{} v{}", version.entry_id, version.version),
                    salt: &version.salt,
                    digest: &version.digest,
                    parts: &[version.question.as_str(), &version.answer, &version.basis],
                    at: version.at,
                    subject: None,
                    actor: Some(&version.actor),
                    kind: None,
                    object: Some(version.entry_id.clone()),
                });
            }
        }
        Ok(())
    }
}

/// What was said about a published answer is kept beside its item, but the ledger has it under the issue.
fn is_about_the_item(note: &NoteRow) -> bool {
    note.kind.starts_with("item.") || note.kind.starts_with("reply.")
}
