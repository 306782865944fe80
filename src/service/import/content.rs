//! What of a row is the message: its comparable digest, its sealed version, its official answer.

use std::fmt::Write as _;

use huiyin_domain::item::SourceAnswer;
use huiyin_domain::ledger::Digest;
use huiyin_domain::text::date::DateOrDateTime;
use huiyin_domain::text::fold::{comparable, fingerprint};
use huiyin_domain::time::Instant;

use super::super::{Service, ServiceError};
use crate::intake::Record;
use crate::store::message::VersionRow;
use crate::store::source::HoldRow;

/// A row, ready to be compared with what is known.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) record: Record,
    /// Equal digests mean that nothing but white space, width or case differs.
    pub(super) comparable_digest: String,
    /// Equal for exact repeats: taken from the words alone, since repeats differ in number, author, time and punctuation.
    pub(super) fingerprint: String,
    pub(super) asked_at: Option<Instant>,
    pub(super) dispatched_at: Option<Instant>,
    pub(super) replied_at: Option<Instant>,
    /// The cells as read: JSON array of `[header, text]`.
    raw: String,
}

impl Content {
    pub(super) fn new(record: Record) -> Self {
        let asked_at = record.asked_at.and_then(DateOrDateTime::instant);
        let dispatched_at = record.dispatched_at.and_then(DateOrDateTime::instant);
        let replied_at = record.answer.as_ref().and_then(|answer| answer.replied_at).and_then(DateOrDateTime::instant);
        let comparable_digest = digest_of(&record, asked_at, replied_at);
        let fingerprint = repeat_fingerprint(&record.body);
        let raw = serde_json::to_string(&record.raw).unwrap_or_default();
        Self { record, comparable_digest, fingerprint, asked_at, dispatched_at, replied_at, raw }
    }

    /// The official answer's text; empty when the source shows none.
    pub(super) fn reply(&self) -> &str {
        self.record.answer.as_ref().map_or("", |answer| answer.text.as_str())
    }

    /// Whether the source shows a real answer; "received, forwarded" is none.
    pub(super) fn is_answered(&self) -> bool {
        self.record.answer.as_ref().is_some_and(|answer| !answer.holding && !answer.text.trim().is_empty())
    }
}

/// The common ideographs first: for them the general answer is a walk through a table.
fn is_letter_or_digit(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fa5}') || letter.is_alphanumeric()
}

/// The fingerprint of a message's letters and digits; of all of it where it has none.
fn repeat_fingerprint(body: &str) -> String {
    let words: String = body.chars().filter(|letter| is_letter_or_digit(*letter)).collect();
    fingerprint(if words.is_empty() { body } else { &words })
}

/// Digest of everything a source may change about a message, in comparable form.
///
/// It stays in the database beside the text and goes with it; the ledger holds only salted digests.
fn digest_of(record: &Record, asked_at: Option<Instant>, replied_at: Option<Instant>) -> String {
    let mut text = String::with_capacity(record.body.len() + 256);
    let answer = record.answer.as_ref();
    let parts = [
        Some(record.title.as_str()),
        Some(record.body.as_str()),
        record.author.as_deref(),
        record.contact.as_deref(),
        record.address.as_deref(),
        record.request_type_text.as_deref(),
        record.status.as_deref(),
        answer.map(|answer| answer.text.as_str()),
        answer.and_then(|answer| answer.unit.as_deref()),
    ];
    for part in parts {
        let folded = part.map(comparable).unwrap_or_default();
        // The length in front keeps neighbouring parts apart. Writing to a String cannot fail.
        let _ = write!(text, "{}:{folded}", folded.len());
    }
    for instant in [asked_at, replied_at] {
        let _ = write!(text, "|{}", instant.map_or(0, Instant::as_micros));
    }
    Digest::of(text.as_bytes()).to_string()
}

/// The answer the source shows; one without a time counts from when it was first seen here.
pub(super) fn source_answer(content: &Content, digest: Digest, now: Instant) -> Option<SourceAnswer> {
    let replied_at = content.replied_at.unwrap_or(now);
    content.is_answered().then_some(SourceAnswer { replied_at, digest, unit: None })
}

impl Service {
    /// The version row of a message, sealed with a fresh salt, and its digest for the ledger.
    pub(super) fn seal_version(
        &self,
        content: &Content,
        message: &str,
        version: i64,
        pull: &str,
        now: Instant,
    ) -> Result<(VersionRow, Digest), ServiceError> {
        let record = &content.record;
        let text = |part: &Option<String>| part.clone().unwrap_or_default();
        let mut row = VersionRow {
            message_id: message.to_owned(),
            version,
            pull_id: pull.to_owned(),
            first_seen_at: now.as_micros(),
            title: record.title.clone(),
            body: record.body.clone(),
            author: text(&record.author),
            contact: text(&record.contact),
            address: text(&record.address),
            asked_at: content.asked_at.map(Instant::as_micros),
            reply: content.reply().to_owned(),
            reply_unit: record.answer.as_ref().and_then(|answer| answer.unit.clone()).unwrap_or_default(),
            replied_at: content.replied_at.map(Instant::as_micros),
            raw: content.raw.clone(),
            salt: String::new(),
            digest: String::new(),
        };
        let (salt, digest) = self.seal_text(&version_parts(&row).each_ref().map(AsRef::as_ref))?;
        row.salt = salt;
        row.digest = digest.to_string();
        Ok((row, digest))
    }
}

/// The parts of a version that its digest covers, in order: whose version it is, and every column that holds what the
/// source said.
pub(crate) fn version_parts(row: &VersionRow) -> [std::borrow::Cow<'_, str>; 13] {
    let instant = |at: Option<i64>| at.map(|at| at.to_string()).unwrap_or_default().into();
    [
        row.message_id.as_str().into(),
        row.version.to_string().into(),
        row.pull_id.as_str().into(),
        row.title.as_str().into(),
        row.body.as_str().into(),
        row.author.as_str().into(),
        row.contact.as_str().into(),
        row.address.as_str().into(),
        instant(row.asked_at),
        row.reply.as_str().into(),
        row.reply_unit.as_str().into(),
        instant(row.replied_at),
        row.raw.as_str().into(),
    ]
}

/// The parts of a held row that its digest covers, in order: where it stood, why it was held, what it says.
pub(crate) fn hold_parts(row: &HoldRow) -> [std::borrow::Cow<'_, str>; 9] {
    [
        row.id.as_str().into(),
        row.source_id.as_str().into(),
        row.sheet.as_str().into(),
        row.row_number.to_string().into(),
        row.column_name.as_str().into(),
        row.reason.as_str().into(),
        row.message.as_str().into(),
        row.raw.as_str().into(),
        row.raw_digest.as_str().into(),
    ]
}
