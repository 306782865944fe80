//! Pictures and documents of messages: what is known of each. The bytes lie beside the database.

use huiyin_domain::id::AttachmentId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A picture or document of a message.
    pub struct AttachmentRow {
        "id" =>
        /// Its id.
        id: String,
        "message_id" =>
        /// The message.
        message_id: String,
        "ordinal" =>
        /// Its place among those of the message, from one.
        ordinal: i64,
        "name" =>
        /// The name of the file, cleaned. Possibly personal.
        name: String,
        "url" =>
        /// Where the source shows it; empty when it came with the message.
        url: String,
        "media_type" =>
        /// What it is, told by its bytes; empty while they are not here.
        media_type: String,
        "bytes" =>
        /// Its size; zero while it is not here.
        bytes: i64,
        "content" =>
        /// SM3 of its bytes, hexadecimal: the name it is kept under. `None` while it is not here.
        content: Option<String>,
        "stage" =>
        /// `stored`, `listed`, `refused` or `missing`.
        stage: String,
        "problem_code" =>
        /// Why it is not here; empty otherwise.
        problem_code: String,
        "problem" =>
        /// The same in Chinese.
        problem: String,
        "added_at" =>
        /// When it was stored, or first seen, microseconds UTC.
        added_at: i64,
        "salt" =>
        /// Sixteen bytes in hexadecimal; empty while it is not stored.
        salt: String,
        "digest" =>
        /// Salted digest of what it is, as the ledger holds it; empty while it is not stored.
        digest: String,
        "source_id" =>
        /// The source that is asked for it; empty for one that came with its message.
        source_id: String,
        "listed_at" =>
        /// When the source was first seen to show it, microseconds UTC; zero for one that came with its message.
        listed_at: i64,
        "listed_salt" =>
        /// Sixteen bytes in hexadecimal; empty for one that came with its message.
        listed_salt: String,
        "listed_digest" =>
        /// Salted digest of what was known of it then, as the ledger holds it; empty for one that came with its message.
        listed_digest: String,
        "attempts" =>
        /// How often it was tried in vain.
        attempts: i64,
    }
}

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "message_id",
    "ordinal",
    "name",
    "url",
    "media_type",
    "bytes",
    "content",
    "stage",
    "problem_code",
    "problem",
    "added_at",
    "salt",
    "digest",
    "source_id",
    "listed_at",
    "listed_salt",
    "listed_digest",
    "attempts",
];
pub(super) const BY_ID: &str = "FROM attachment WHERE id = $1";
pub(super) const OF_MESSAGE: &str = "FROM attachment WHERE message_id = $1 ORDER BY ordinal";
pub(super) const AFTER: &str = "FROM attachment WHERE id > $1 ORDER BY id LIMIT $2";
pub(super) const DUE: &str = "FROM attachment WHERE source_id = $1 AND stage = 'listed' ORDER BY attempts, id LIMIT $2";
pub(super) const UPDATE: &str = "UPDATE attachment SET media_type = $1, bytes = $2, content = $3, stage = $4, \
     problem_code = $5, problem = $6, added_at = $7, salt = $8, digest = $9, attempts = $10 \
     WHERE id = $11 AND stage = 'listed'";

/// One attachment.
pub async fn by_id(conn: &mut Conn<'_>, id: AttachmentId) -> Result<Option<AttachmentRow>, StoreError> {
    conn.optional(Statement::select::<AttachmentRow>(BY_ID, values![id.to_string()])).await
}

/// The attachments of a message, in their order.
pub async fn of_message(conn: &mut Conn<'_>, message: &str) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(Statement::select::<AttachmentRow>(OF_MESSAGE, values![message])).await
}

/// The attachments of several messages, in no particular order.
pub async fn of_messages(conn: &mut Conn<'_>, messages: &[String]) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(of_messages_statement(messages)).await
}

pub(super) fn of_messages_statement(messages: &[String]) -> Statement {
    Statement::select_any::<AttachmentRow>("FROM attachment", "message_id", texts(messages), "")
}

/// A page of all, by id, after this one.
pub async fn after(conn: &mut Conn<'_>, after: &str, limit: i64) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(Statement::select::<AttachmentRow>(AFTER, values![after, limit])).await
}

/// Those of a source that are listed and not here, the least tried first.
pub async fn due(conn: &mut Conn<'_>, source: &str, limit: i64) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(Statement::select::<AttachmentRow>(DUE, values![source, limit])).await
}

/// Writes what became of one that was listed. Tells whether it still was.
pub async fn update(tx: &mut Tx, row: &AttachmentRow) -> Result<bool, StoreError> {
    let values = vec![
        row.media_type.clone().into(),
        row.bytes.into(),
        row.content.clone().into(),
        row.stage.clone().into(),
        row.problem_code.clone().into(),
        row.problem.clone().into(),
        row.added_at.into(),
        row.salt.clone().into(),
        row.digest.clone().into(),
        row.attempts.into(),
        row.id.clone().into(),
    ];
    Ok(tx.execute(UPDATE, values).await? == 1)
}

/// Those whose bytes are one of these (SM3 in hexadecimal), in no particular order.
pub async fn by_contents(conn: &mut Conn<'_>, contents: &[String]) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(by_contents_statement(contents)).await
}

pub(super) fn by_contents_statement(contents: &[String]) -> Statement {
    Statement::select_any::<AttachmentRow>("FROM attachment", "content", texts(contents), "")
}

/// Adds attachments.
pub async fn insert(tx: &mut Tx, rows: Vec<AttachmentRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("attachment", COLUMNS);
    for row in rows {
        insert.push([
            row.id.into(),
            row.message_id.into(),
            row.ordinal.into(),
            row.name.into(),
            row.url.into(),
            row.media_type.into(),
            row.bytes.into(),
            row.content.into(),
            row.stage.into(),
            row.problem_code.into(),
            row.problem.into(),
            row.added_at.into(),
            row.salt.into(),
            row.digest.into(),
            row.source_id.into(),
            row.listed_at.into(),
            row.listed_salt.into(),
            row.listed_digest.into(),
            row.attempts.into(),
        ]);
    }
    tx.insert(insert).await
}
