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

pub(super) const COLUMNS: &[&str] = &["id", "source_id", "source_key", "version", "content_digest", "first_seen_at"];
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

pub(super) const VERSIONS: &str = "FROM message_version WHERE message_id = $1 ORDER BY version";
const NEWEST: &str = "AND version = (SELECT version FROM message WHERE message.id = message_version.message_id)";
pub(super) const ADVANCE: &str = "UPDATE message SET version = $1, content_digest = $2 WHERE id = $3 AND version = $4";
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
