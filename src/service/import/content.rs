//! What of a row is the message: its comparable digest, its sealed version, its official answer.

use huiyin_domain::item::SourceAnswer;
use huiyin_domain::ledger::Digest;
use huiyin_domain::text::date::DateOrDateTime;
use huiyin_domain::text::fold::{comparable, fingerprint_of_comparable, is_letter_or_digit};
use huiyin_domain::time::Instant;

use super::super::{Salt, seal_with};
use crate::intake::{Connector, Record};
use crate::store::message::{Facts, VersionRow};
use crate::store::source::HoldRow;

/// A row, ready to be compared with what is known.
#[derive(Debug)]
pub(in crate::service) struct Content {
    pub(super) record: Record,
    /// What is known of the message beside its text.
    pub(super) facts: Facts,
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
    pub(in crate::service) fn new(connector: &Connector, mut record: Record) -> Self {
        let facts = facts_of(connector, &mut record);
        let asked_at = record.asked_at.and_then(DateOrDateTime::instant);
        let dispatched_at = record.dispatched_at.and_then(DateOrDateTime::instant);
        let replied_at = record.answer.as_ref().and_then(|answer| answer.replied_at).and_then(DateOrDateTime::instant);
        let body = comparable(&record.body);
        let comparable_digest = digest_of(&record, &body, asked_at, replied_at);
        let fingerprint = repeat_fingerprint(&body);
        let raw = serde_json::to_string(&record.raw).unwrap_or_default();
        Self { record, facts, comparable_digest, fingerprint, asked_at, dispatched_at, replied_at, raw }
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

/// Takes out of a row what is known of its message beside the text.
fn facts_of(connector: &Connector, record: &mut Record) -> Facts {
    let printed_number = record.printed_number.take().unwrap_or_default();
    let (series, running) = match connector.running_number(&printed_number) {
        Some((series, running)) => (Some(series), i64::try_from(running).ok()),
        None => (None, None),
    };
    Facts {
        list_digest: record.list_digest.take(),
        url: record.url.take().unwrap_or_default(),
        printed_number,
        // A series without a place in it says nothing.
        series: series.filter(|_| running.is_some()),
        running,
        named_unit: record.unit.take().unwrap_or_default(),
    }
}

/// The fingerprint of the letters and digits of a message in comparable form; of all of it where it has none.
fn repeat_fingerprint(body: &str) -> String {
    let mut words = String::with_capacity(body.len());
    words.extend(body.chars().filter(|c| is_letter_or_digit(*c)));
    fingerprint_of_comparable(if words.is_empty() { body } else { &words })
}

/// Digest of everything a source may change about a message, in comparable form; `body` is the record's in that form.
///
/// It stays in the database beside the text and goes with it; the ledger holds only salted digests.
fn digest_of(record: &Record, body: &str, asked_at: Option<Instant>, replied_at: Option<Instant>) -> String {
    let answer = record.answer.as_ref();
    let others = [
        record.author.as_deref(),
        record.contact.as_deref(),
        record.address.as_deref(),
        record.request_type_text.as_deref(),
        record.status.as_deref(),
        answer.map(|answer| answer.text.as_str()),
        answer.and_then(|answer| answer.unit.as_deref()),
    ];
    let mut text = String::with_capacity(body.len() + 256);
    let mut add = |folded: &str| {
        // The length in front keeps neighbouring parts apart.
        text.push_str(&folded.len().to_string());
        text.push(':');
        text.push_str(folded);
    };
    add(&comparable(&record.title));
    add(body);
    for part in others {
        add(&part.map(comparable).unwrap_or_default());
    }
    for instant in [asked_at, replied_at] {
        text.push('|');
        text.push_str(&instant.map_or(0, Instant::as_micros).to_string());
    }
    Digest::of(text.as_bytes()).to_string()
}

/// The answer the source shows; one without a time counts from when it was first seen here. So does one that took the
/// place of another text (`before`: the newest version known so far) under that text's date: sources put the real answer
/// where the holding reply stood, weeks later, and leave the printed date as it was.
pub(super) fn source_answer(
    content: &Content,
    before: Option<&VersionRow>,
    digest: Digest,
    now: Instant,
) -> Option<SourceAnswer> {
    let printed = content.replied_at.filter(|at| !before.is_some_and(|before| is_under_old_date(content, before, *at)));
    let replied_at = printed.unwrap_or(now);
    content.is_answered().then_some(SourceAnswer { replied_at, digest, unit: None })
}

fn is_under_old_date(content: &Content, before: &VersionRow, printed: Instant) -> bool {
    before.replied_at == Some(printed.as_micros())
        && !before.reply.trim().is_empty()
        && comparable(&before.reply) != comparable(content.reply())
}

impl Content {
    /// Whether it is another message than the one with this version: title, text and date all differ. A message without a
    /// date is never told apart so.
    pub(super) fn is_another_than(&self, version: &VersionRow) -> bool {
        let dated = self.asked_at.zip(version.asked_at);
        dated.is_some_and(|(here, there)| here.as_micros() != there)
            && comparable(&self.record.title) != comparable(&version.title)
            && comparable(&self.record.body) != comparable(&version.body)
    }

    /// Whether it says no more than the beginning of a version that is known whole: the row of a list whose detail could
    /// not be read this time.
    pub(super) fn is_excerpt_of(&self, version: &VersionRow) -> bool {
        let (title, body) = (comparable(&self.record.title), comparable(&self.record.body));
        is_opening(&title, &comparable(&version.title))
            && is_opening(&body, &comparable(&version.body))
            && self.asked_at.is_none_or(|at| version.asked_at == Some(at.as_micros()))
            && (self.reply().trim().is_empty() || is_opening(&comparable(self.reply()), &comparable(&version.reply)))
    }
}

/// Whether `text`, without the dots that say it was cut, is how `whole` begins. Both are in comparable form.
fn is_opening(text: &str, whole: &str) -> bool {
    whole.starts_with(text.trim_end_matches(['.', '…', '。', '·']))
}

impl Content {
    /// The version row of a message, sealed with a fresh salt, and its digest for the ledger.
    pub(super) fn sealed(
        &self,
        message: &str,
        version: i64,
        pull: &str,
        now: Instant,
        salt: Salt,
    ) -> (VersionRow, Digest) {
        let record = &self.record;
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
            asked_at: self.asked_at.map(Instant::as_micros),
            reply: self.reply().to_owned(),
            reply_unit: record.answer.as_ref().and_then(|answer| answer.unit.clone()).unwrap_or_default(),
            replied_at: self.replied_at.map(Instant::as_micros),
            raw: self.raw.clone(),
            salt: String::new(),
            digest: String::new(),
        };
        let (salt, digest) = seal_with(salt, &version_parts(&row).each_ref().map(AsRef::as_ref));
        row.salt = salt;
        row.digest = digest.to_string();
        (row, digest)
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

/// The parts of a held row that its digest covers, in order: where it stood, why it was held, what it says, the
/// source's own key where it has one, and the digest of what it stood on where that was kept.
pub(crate) fn hold_parts(row: &HoldRow) -> Vec<std::borrow::Cow<'_, str>> {
    let mut parts: Vec<std::borrow::Cow<'_, str>> = vec![
        row.id.as_str().into(),
        row.source_id.as_str().into(),
        row.sheet.as_str().into(),
        row.row_number.to_string().into(),
        row.column_name.as_str().into(),
        row.reason.as_str().into(),
        row.message.as_str().into(),
        row.raw.as_str().into(),
        row.raw_digest.as_str().into(),
    ];
    // Rows held before there were keys are sealed without one.
    parts.extend(row.source_key.as_deref().map(std::borrow::Cow::from));
    // The word tells it apart from a key.
    parts.extend(row.payload.as_ref().map(|content| std::borrow::Cow::from(format!("payload:{content}"))));
    parts
}
