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
        /// `stored`, `waiting`, `refused` or `missing`.
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
];
pub(super) const BY_ID: &str = "FROM attachment WHERE id = $1";
pub(super) const OF_MESSAGE: &str = "FROM attachment WHERE message_id = $1 ORDER BY ordinal";
pub(super) const IN_STAGE: &str = "FROM attachment WHERE stage = $1 AND id > $2 ORDER BY id LIMIT $3";

/// One attachment.
pub async fn by_id(conn: &mut Conn<'_>, id: AttachmentId) -> Result<Option<AttachmentRow>, StoreError> {
    conn.optional(Statement::select::<AttachmentRow>(BY_ID, values![id.to_string()])).await
}

/// The attachments of a message, in their order.
pub async fn of_message(conn: &mut Conn<'_>, message: &str) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(Statement::select::<AttachmentRow>(OF_MESSAGE, values![message])).await
}

/// A page of those in one stage, by id, after this one.
pub async fn in_stage(
    conn: &mut Conn<'_>,
    stage: &str,
    after: &str,
    limit: i64,
) -> Result<Vec<AttachmentRow>, StoreError> {
    conn.all(Statement::select::<AttachmentRow>(IN_STAGE, values![stage, after, limit])).await
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
        ]);
    }
    tx.insert(insert).await
}
