//! Messages 来件 in all the versions a source has shown.

use huiyin_domain::id::MessageId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A message: its identity at the source and where its newest version stands.
    pub struct MessageRow {
        "id" =>
        /// Its id.
        id: String,
        "source_id" =>
        /// The source.
        source_id: String,
        "source_key" =>
        /// The source's own key.
        source_key: String,
        "version" =>
        /// The newest version, from one.
        version: i64,
        "content_digest" =>
        /// SM3 of the newest version's comparable text: equal means unchanged.
        content_digest: String,
        "first_seen_at" =>
        /// Microseconds UTC.
        first_seen_at: i64,
        "list_digest" =>
        /// Digest of its row in the source's list; `None` for a file, and when its detail has to be read again.
        list_digest: Option<String>,
        "url" =>
        /// Where the source shows it; empty when it does not say.
        url: String,
        "printed_number" =>
        /// The number the source prints, for people; empty when it prints none.
        printed_number: String,
        "series" =>
        /// The series of that number, where it is a running number.
        series: Option<String>,
        "running" =>
        /// Its place in the series.
        running: Option<i64>,
        "named_unit" =>
        /// The unit the source names, as it writes it; empty when it names none.
        named_unit: String,
        "withdrawn_at" =>
        /// Since when the source no longer shows it, microseconds UTC; `None` while it does.
        withdrawn_at: Option<i64>,
    }
}

record! {
    /// One version of a message.
    pub struct VersionRow {
        "message_id" =>
        /// The message.
        message_id: String,
        "version" =>
        /// From one.
        version: i64,
        "pull_id" =>
        /// The pull that brought it.
        pull_id: String,
        "first_seen_at" =>
        /// Microseconds UTC.
        first_seen_at: i64,
        "title" =>
        /// The subject line.
        title: String,
        "body" =>
        /// The message as plain text.
        body: String,
        "author" =>
        /// Who wrote, as the source shows it; personal.
        author: String,
        "contact" =>
        /// Telephone number or account, as the source shows it; personal.
        contact: String,
        "address" =>
        /// Where it happened, as the source shows it; personal.
        address: String,
        "asked_at" =>
        /// When the citizen wrote, microseconds UTC; `None` when the source does not tell.
        asked_at: Option<i64>,
        "reply" =>
        /// The answer shown at the source; empty when there is none.
        reply: String,
        "reply_unit" =>
        /// Who answered, as the source shows it.
        reply_unit: String,
        "replied_at" =>
        /// When it was answered at the source, microseconds UTC.
        replied_at: Option<i64>,
        "raw" =>
        /// The cells as read: JSON array of `[header, text]`.
        raw: String,
        "salt" =>
        /// Sixteen bytes in hexadecimal, erased together with the text.
        salt: String,
        "digest" =>
        /// Salted SM3 of the text, as the ledger holds it.
        digest: String,
    }
}

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "source_id",
    "source_key",
    "version",
    "content_digest",
    "first_seen_at",
    "list_digest",
    "url",
    "printed_number",
    "series",
    "running",
    "named_unit",
    "withdrawn_at",
];
pub(super) const VERSION_COLUMNS: &[&str] = &[
    "message_id",
    "version",
    "pull_id",
    "first_seen_at",
    "title",
    "body",
    "author",
    "contact",
    "address",
    "asked_at",
    "reply",
    "reply_unit",
    "replied_at",
    "raw",
    "salt",
    "digest",
];
record! {
    /// The texts of a version: what is searched.
    pub struct TextRow {
        "message_id" =>
        /// The message.
        message_id: String,
        "title" =>
        /// The subject line.
        title: String,
        "body" =>
        /// The message as plain text.
        body: String,
        "reply" =>
        /// The answer shown at the source; empty when there is none.
        reply: String,
    }
}

record! {
    /// The key of a message.
    pub struct KeyRow {
        "source_key" =>
        /// The source's own key.
        source_key: String,
    }
}

/// What is known of a message beside its text, as its source shows it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// As in the message.
    pub list_digest: Option<String>,
    /// As in the message.
    pub url: String,
    /// As in the message.
    pub printed_number: String,
    /// As in the message.
    pub series: Option<String>,
    /// As in the message.
    pub running: Option<i64>,
    /// As in the message.
    pub named_unit: String,
}

impl MessageRow {
    /// What is known of it beside its text.
    pub fn facts(&self) -> Facts {
        Facts {
            list_digest: self.list_digest.clone(),
            url: self.url.clone(),
            printed_number: self.printed_number.clone(),
            series: self.series.clone(),
            running: self.running,
            named_unit: self.named_unit.clone(),
        }
    }
}

/// Rows of one statement that sets facts: seven values each, far below both databases' limits.
const FACTS_AT_ONCE: usize = 256;

pub(super) const VERSIONS: &str = "FROM message_version WHERE message_id = $1 ORDER BY version";
const NEWEST: &str = "AND version = (SELECT version FROM message WHERE message.id = message_version.message_id)";
pub(super) const ADVANCE: &str = "UPDATE message SET version = $1, content_digest = $2 WHERE id = $3 AND version = $4";
pub(super) const RENAME: &str = "UPDATE message SET source_key = $1 WHERE id = $2 AND source_key = $3";
pub(super) const BETWEEN_KEYS: &str =
    "FROM message WHERE source_id = $1 AND source_key > $2 AND source_key < $3 ORDER BY source_key";
pub(super) const SHOWN_AFTER: &str = "FROM message WHERE source_id = $1 AND source_key > $2 AND withdrawn_at IS NULL \
     ORDER BY source_key LIMIT $3";
pub(super) const VERSIONS_AFTER: &str =
    "FROM message_version WHERE (message_id, version) > ($1, $2) ORDER BY message_id, version LIMIT $3";

/// The messages of a source that have one of these keys.
pub async fn by_keys(conn: &mut Conn<'_>, source: &str, keys: &[String]) -> Result<Vec<MessageRow>, StoreError> {
    conn.all(by_keys_statement(source, keys)).await
}

pub(super) fn by_keys_statement(source: &str, keys: &[String]) -> Statement {
    let mut conditions = Conditions::default();
    conditions.add("source_id = ?", values![source]);
    conditions.add_any("source_key", texts(keys));
    let (filter, values) = conditions.into_parts();
    Statement::select::<MessageRow>(&format!("FROM message {filter}"), values)
}

/// Several messages by id, in no particular order.
pub async fn by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<MessageRow>, StoreError> {
    conn.all(by_ids_statement(ids)).await
}

pub(super) fn by_ids_statement(ids: &[String]) -> Statement {
    Statement::select_any::<MessageRow>("FROM message", "id", texts(ids), "")
}

/// The messages of a source whose keys lie strictly between two, in the order of their keys.
pub async fn between_keys(
    conn: &mut Conn<'_>,
    source: &str,
    low: &str,
    high: &str,
) -> Result<Vec<MessageRow>, StoreError> {
    conn.all(Statement::select::<MessageRow>(BETWEEN_KEYS, values![source, low, high])).await
}

/// The keys above `after` of messages that a source shows, in their order, at most `limit`.
pub async fn shown_after(
    conn: &mut Conn<'_>,
    source: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, StoreError> {
    let rows: Vec<KeyRow> = conn.all(Statement::select::<KeyRow>(SHOWN_AFTER, values![source, after, limit])).await?;
    Ok(rows.into_iter().map(|row| row.source_key).collect())
}

/// The newest version of each of these messages, in no particular order.
pub async fn newest_of(conn: &mut Conn<'_>, messages: &[String]) -> Result<Vec<VersionRow>, StoreError> {
    conn.all(newest_of_statement(messages)).await
}

pub(super) fn newest_of_statement(messages: &[String]) -> Statement {
    Statement::select_any::<VersionRow>("FROM message_version", "message_id", texts(messages), NEWEST)
}

/// The texts of the newest version of each of these messages, in no particular order.
pub async fn newest_texts_of(conn: &mut Conn<'_>, messages: &[String]) -> Result<Vec<TextRow>, StoreError> {
    conn.all(newest_texts_of_statement(messages)).await
}

pub(super) fn newest_texts_of_statement(messages: &[String]) -> Statement {
    Statement::select_any::<TextRow>("FROM message_version", "message_id", texts(messages), NEWEST)
}

/// All versions of one message, oldest first.
pub async fn versions(conn: &mut Conn<'_>, message: MessageId) -> Result<Vec<VersionRow>, StoreError> {
    conn.all(Statement::select::<VersionRow>(VERSIONS, values![message.to_string()])).await
}

/// A page of all versions of all messages, in the order of their keys: for verification.
pub async fn versions_after(
    conn: &mut Conn<'_>,
    message: &str,
    version: i64,
    limit: i64,
) -> Result<Vec<VersionRow>, StoreError> {
    conn.all(Statement::select::<VersionRow>(VERSIONS_AFTER, values![message, version, limit])).await
}

/// Adds new messages.
pub async fn insert(tx: &mut Tx, rows: Vec<MessageRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("message", COLUMNS);
    for row in rows {
        insert.push([
            row.id.into(),
            row.source_id.into(),
            row.source_key.into(),
            row.version.into(),
            row.content_digest.into(),
            row.first_seen_at.into(),
            row.list_digest.into(),
            row.url.into(),
            row.printed_number.into(),
            row.series.into(),
            row.running.into(),
            row.named_unit.into(),
            row.withdrawn_at.into(),
        ]);
    }
    tx.insert(insert).await
}

/// Adds versions.
pub async fn insert_versions(tx: &mut Tx, rows: Vec<VersionRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("message_version", VERSION_COLUMNS);
    for row in rows {
        insert.push([
            row.message_id.into(),
            row.version.into(),
            row.pull_id.into(),
            row.first_seen_at.into(),
            row.title.into(),
            row.body.into(),
            row.author.into(),
            row.contact.into(),
            row.address.into(),
            row.asked_at.into(),
            row.reply.into(),
            row.reply_unit.into(),
            row.replied_at.into(),
            row.raw.into(),
            row.salt.into(),
            row.digest.into(),
        ]);
    }
    tx.insert(insert).await
}

/// Points a message at its newest version.
pub async fn advance(tx: &mut Tx, message: &str, version: i64, content_digest: &str) -> Result<(), StoreError> {
    match tx.execute(ADVANCE, values![version, content_digest, message, version - 1]).await? {
        1 => Ok(()),
        _ => Err(StoreError::ChangedMeanwhile { table: "message", id: message.to_owned() }),
    }
}

/// Gives a message another key; [`StoreError::ChangedMeanwhile`] when it no longer has the one it was read with.
pub async fn rename(tx: &mut Tx, row: &MessageRow, key: &str) -> Result<(), StoreError> {
    tx.change(RENAME, values![key, row.id.as_str(), row.source_key.as_str()], "message", &row.id).await
}

/// Notes when a source ceased to show these messages, or that it shows them again (`None`).
pub async fn set_withdrawn(tx: &mut Tx, messages: &[String], at: Option<i64>) -> Result<(), StoreError> {
    for some in messages.chunks(FACTS_AT_ONCE) {
        tx.run(set_withdrawn_statement(some, at)).await?;
    }
    Ok(())
}

pub(super) fn set_withdrawn_statement(messages: &[String], at: Option<i64>) -> Statement {
    let mut conditions = Conditions::following(values![at]);
    conditions.add_any("id", texts(messages));
    let (filter, values) = conditions.into_parts();
    Statement::assembled(format!("UPDATE message SET withdrawn_at = $1 {filter}"), values)
}

/// Writes what is known of messages beside their texts, by their ids.
pub async fn set_facts(tx: &mut Tx, facts: Vec<(String, Facts)>) -> Result<(), StoreError> {
    let mut facts = facts.into_iter();
    loop {
        let some: Vec<(String, Facts)> = facts.by_ref().take(FACTS_AT_ONCE).collect();
        if some.is_empty() {
            return Ok(());
        }
        tx.run(set_facts_statement(some)).await?;
    }
}

/// One statement for many rows with a value each: neither database has a shorter way that both understand. The types are
/// said because PostgreSQL cannot tell them from a list of placeholders.
pub(super) fn set_facts_statement(facts: Vec<(String, Facts)>) -> Statement {
    use std::fmt::Write as _;

    let (mut rows, mut values) = (String::new(), Vec::new());
    for (id, facts) in facts {
        let first = values.len();
        let place = |offset: usize| first + offset;
        // Writing to a String cannot fail.
        let _ = write!(
            rows,
            "{}(${}, ${}, ${}, ${}, ${}, CAST(${} AS BIGINT), ${})",
            if first == 0 { "" } else { ", " },
            place(1),
            place(2),
            place(3),
            place(4),
            place(5),
            place(6),
            place(7),
        );
        let Facts { list_digest, url, printed_number, series, running, named_unit } = facts;
        values.extend(values![id, list_digest, url, printed_number, series, running, named_unit]);
    }
    let text = format!(
        "WITH told (id, list_digest, url, printed_number, series, running, named_unit) AS (VALUES {rows}) \
         UPDATE message SET list_digest = told.list_digest, url = told.url, printed_number = told.printed_number, \
         series = told.series, running = told.running, named_unit = told.named_unit FROM told WHERE message.id = told.id"
    );
    Statement::assembled(text, values)
}
