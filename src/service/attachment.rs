//! Pictures and documents of messages: who may have them, and how the ledger vouches for them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use huiyin_domain::access::{Action, Actor, Object, Refusal, allowed};
use huiyin_domain::id::AttachmentId;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::item::load_state;
use super::upload::clean_file_name;
use super::{Service, ServiceError};
use crate::intake::AttachmentLink;
use crate::store::attachment::{self, AttachmentRow};
use crate::store::item::{self as items, ItemRow};
use crate::store::{Tx, door};

/// The ledger's kind for an attachment whose bytes are kept.
pub(crate) const STORED: &str = "attachment.stored";

/// The same for one that a source shows with a message, from when that was first seen.
pub(crate) const LISTED: &str = "message.attachment_listed";

/// So many are listed of one message. No letter has more; a page that names more is not a letter.
const MOST: usize = 1_000;

/// Messages with the pictures and documents that their source shows with them.
pub(super) type Shown = Vec<(String, Vec<AttachmentLink>)>;

/// An attachment with its bytes.
#[derive(Debug)]
pub struct Opened {
    /// What is known of it.
    pub row: AttachmentRow,
    /// The file.
    pub bytes: Vec<u8>,
}

/// A file that was kept and belongs to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Belonging {
    /// The name of the file, cleaned.
    pub(super) name: String,
    /// What it is.
    pub(super) media_type: &'static str,
    /// SM3 of its bytes, hexadecimal.
    pub(super) content: String,
    /// Its size.
    pub(super) bytes: i64,
}

impl Service {
    /// The attachments of a visible item's message, in their order.
    pub async fn attachments(&self, row: &ItemRow) -> Result<Vec<AttachmentRow>, ServiceError> {
        Ok(attachment::of_message(&mut self.store.read().await?.conn(), &row.message_id).await?)
    }

    /// Whether the writer of a visible item's message asked that it be not made public.
    pub async fn is_confidential(&self, row: &ItemRow) -> Result<bool, ServiceError> {
        let inquiry = door::inquiry(&mut self.store.read().await?.conn(), &row.message_id).await?;
        Ok(inquiry.is_some_and(|inquiry| inquiry.confidential))
    }

    /// An attachment with its bytes; `None` when there is none, when its bytes are not here, or when the viewer may not see
    /// its item: all alike.
    pub async fn open_attachment(&self, viewer: &Actor, id: &str) -> Result<Option<Opened>, ServiceError> {
        if *viewer == Actor::Public {
            return Err(Refusal::SignInRequired.into());
        }
        // Who sees no items at all is told so, whatever was asked for.
        allowed(viewer, Action::ListItems, &Object::None)?;
        let Ok(id) = id.parse::<AttachmentId>() else { return Ok(None) };
        let mut reader = self.store.read().await?;
        let Some(row) = attachment::by_id(&mut reader.conn(), id).await? else { return Ok(None) };
        let Some(item) = items::by_message(&mut reader.conn(), &row.message_id).await? else { return Ok(None) };
        drop(reader);
        if allowed(viewer, Action::ViewItem, &load_state(&item)?.object()).is_err() {
            return Ok(None);
        }
        let Some(content) = &row.content else { return Ok(None) };
        let bytes = self.kept_bytes(content).await?;
        Ok(bytes.map(|bytes| Opened { row, bytes }))
    }

    /// Adds files that are kept already to a message, each with its entry in the ledger.
    pub(super) async fn add_attachments(
        &self,
        tx: &mut Tx,
        message: &str,
        files: Vec<Belonging>,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let mut rows = Vec::new();
        for (ordinal, file) in (1..).zip(files) {
            let mut row = AttachmentRow {
                id: AttachmentId::new(now, self.random()?).to_string(),
                message_id: message.to_owned(),
                ordinal,
                name: file.name,
                url: String::new(),
                media_type: file.media_type.to_owned(),
                bytes: file.bytes,
                content: Some(file.content),
                stage: "stored".to_owned(),
                problem_code: String::new(),
                problem: String::new(),
                added_at: now.as_micros(),
                salt: String::new(),
                digest: String::new(),
                source_id: String::new(),
                listed_at: 0,
                listed_salt: String::new(),
                listed_digest: String::new(),
                attempts: 0,
            };
            self.seal_stored(tx, &mut row)?;
            rows.push(row);
        }
        if rows.is_empty() {
            return Ok(());
        }
        Ok(attachment::insert(tx, rows).await?)
    }

    /// Seals an attachment whose bytes are kept, and notes it in the ledger.
    pub(super) fn seal_stored(&self, tx: &mut Tx, row: &mut AttachmentRow) -> Result<(), ServiceError> {
        let (salt, digest) = self.seal_text(&attachment_parts(row).each_ref().map(AsRef::as_ref))?;
        let body = json!({ "attachment": row.id, "digest": digest.to_string() });
        tx.record(format!("message:{}", row.message_id), STORED, &body)?;
        row.salt = salt;
        row.digest = digest.to_string();
        Ok(())
    }

    /// Lists the pictures and documents that a source shows with messages and that are not listed yet. One that it no
    /// longer shows stays: what was there once is never taken away.
    pub(super) async fn list_attachments(
        &self,
        tx: &mut Tx,
        source: &str,
        mut shown: Shown,
        now: Instant,
    ) -> Result<(), ServiceError> {
        shown.retain(|(_, links)| !links.is_empty());
        if shown.is_empty() {
            return Ok(());
        }
        let messages: Vec<String> = shown.iter().map(|(message, _)| message.clone()).collect();
        let mut known: HashMap<String, Vec<AttachmentRow>> = HashMap::new();
        for row in attachment::of_messages(&mut tx.conn(), &messages).await? {
            known.entry(row.message_id.clone()).or_default().push(row);
        }
        let mut rows = Vec::new();
        for (message, links) in shown {
            let known = known.get(&message).map_or(&[][..], Vec::as_slice);
            let mut addresses: HashSet<&str> = known.iter().map(|row| row.url.as_str()).collect();
            let mut ordinal = known.iter().map(|row| row.ordinal).max().unwrap_or(0);
            for link in &links {
                if addresses.len() >= MOST || !addresses.insert(&link.url) {
                    continue;
                }
                ordinal += 1;
                let row = self.listed(source, &message, ordinal, link, now)?;
                let body = json!({ "attachment": row.id, "digest": row.listed_digest });
                tx.record(format!("message:{message}"), LISTED, &body)?;
                rows.push(row);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        Ok(attachment::insert(tx, rows).await?)
    }

    /// The row of an attachment that a source shows.
    fn listed(
        &self,
        source: &str,
        message: &str,
        ordinal: i64,
        link: &AttachmentLink,
        now: Instant,
    ) -> Result<AttachmentRow, ServiceError> {
        let mut row = AttachmentRow {
            id: AttachmentId::new(now, self.random()?).to_string(),
            message_id: message.to_owned(),
            ordinal,
            name: clean_file_name(&link.name),
            url: link.url.clone(),
            media_type: String::new(),
            bytes: 0,
            content: None,
            stage: "listed".to_owned(),
            problem_code: String::new(),
            problem: String::new(),
            added_at: now.as_micros(),
            salt: String::new(),
            digest: String::new(),
            source_id: source.to_owned(),
            listed_at: now.as_micros(),
            listed_salt: String::new(),
            listed_digest: String::new(),
            attempts: 0,
        };
        let (salt, digest) = self.seal_text(&listed_parts(&row).each_ref().map(AsRef::as_ref))?;
        row.listed_salt = salt;
        row.listed_digest = digest.to_string();
        Ok(row)
    }
}

/// The parts of an attachment that the digest covers with which it was listed, in order.
pub(crate) fn listed_parts(row: &AttachmentRow) -> [Cow<'_, str>; 6] {
    [
        row.id.as_str().into(),
        row.message_id.as_str().into(),
        row.ordinal.to_string().into(),
        row.name.as_str().into(),
        row.url.as_str().into(),
        row.source_id.as_str().into(),
    ]
}

/// The parts of an attachment that its digest covers, in order: whose it is, what it is called, and its bytes by their
/// digest.
pub(crate) fn attachment_parts(row: &AttachmentRow) -> [Cow<'_, str>; 8] {
    [
        row.id.as_str().into(),
        row.message_id.as_str().into(),
        row.ordinal.to_string().into(),
        row.name.as_str().into(),
        row.url.as_str().into(),
        row.media_type.as_str().into(),
        row.bytes.to_string().into(),
        row.content.as_deref().unwrap_or_default().into(),
    ]
}
