//! What the doors remember: answers to pushes, codes for looking up a message, and the keys all nodes share.

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, values};
use super::tx::Tx;

record! {
    /// What a push was answered.
    pub struct ReceiptRow {
        "source_id" =>
        /// The source that pushed.
        source_id: String,
        "request_key" =>
        /// The sender's own key of the request.
        request_key: String,
        "body_digest" =>
        /// SM3 of the request's body, hexadecimal.
        body_digest: String,
        "answer" =>
        /// The answer, as JSON.
        answer: String,
        "answered_at" =>
        /// Microseconds UTC.
        answered_at: i64,
    }
}

record! {
    /// With what somebody looks up what they wrote.
    pub struct InquiryRow {
        "message_id" =>
        /// The message.
        message_id: String,
        "salt" =>
        /// Sixteen bytes in hexadecimal.
        salt: String,
        "digest" =>
        /// Salted digest of the code.
        digest: String,
        "confidential" =>
        /// Whether the writer asked that the message be not made public.
        confidential: bool,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
    }
}

record! {
    /// A key that all nodes share.
    pub struct KeyRow {
        "name" =>
        /// What it is for.
        name: String,
        "value" =>
        /// The key in hexadecimal.
        value: String,
    }
}

pub(super) const RECEIPT_COLUMNS: &[&str] = &["source_id", "request_key", "body_digest", "answer", "answered_at"];
pub(super) const INQUIRY_COLUMNS: &[&str] = &["message_id", "salt", "digest", "confidential", "created_at"];
pub(super) const KEY_COLUMNS: &[&str] = &["name", "value", "made_at"];
pub(super) const RECEIPT: &str = "FROM push_receipt WHERE source_id = $1 AND request_key = $2";
pub(super) const FORGET: &str = "DELETE FROM push_receipt WHERE answered_at < $1";
pub(super) const INQUIRY: &str = "FROM inquiry WHERE message_id = $1";
pub(super) const KEY: &str = "FROM door_key WHERE name = $1";

/// What a source's request with this key was answered; `None` when there was none of late.
pub async fn receipt(conn: &mut Conn<'_>, source: &str, key: &str) -> Result<Option<ReceiptRow>, StoreError> {
    conn.optional(Statement::select::<ReceiptRow>(RECEIPT, values![source, key])).await
}

/// Keeps what a request was answered.
pub async fn insert_receipt(tx: &mut Tx, row: ReceiptRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("push_receipt", RECEIPT_COLUMNS);
    insert.push([
        row.source_id.into(),
        row.request_key.into(),
        row.body_digest.into(),
        row.answer.into(),
        row.answered_at.into(),
    ]);
    tx.insert(insert).await
}

/// Forgets answers from before this instant (microseconds UTC); tells how many.
pub async fn forget_receipts(tx: &mut Tx, before: i64) -> Result<u64, StoreError> {
    tx.execute(FORGET, values![before]).await
}

/// With what a message may be looked up; `None` when it did not come through the form.
pub async fn inquiry(conn: &mut Conn<'_>, message: &str) -> Result<Option<InquiryRow>, StoreError> {
    conn.optional(Statement::select::<InquiryRow>(INQUIRY, values![message])).await
}

/// Lets a message be looked up.
pub async fn insert_inquiry(tx: &mut Tx, row: InquiryRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("inquiry", INQUIRY_COLUMNS);
    insert.push([
        row.message_id.into(),
        row.salt.into(),
        row.digest.into(),
        row.confidential.into(),
        row.created_at.into(),
    ]);
    tx.insert(insert).await
}

/// A key by what it is for; `None` before it was first needed.
pub async fn key(conn: &mut Conn<'_>, name: &str) -> Result<Option<KeyRow>, StoreError> {
    conn.optional(Statement::select::<KeyRow>(KEY, values![name])).await
}

/// Adds a key, made at this instant (microseconds UTC).
pub async fn insert_key(tx: &mut Tx, row: KeyRow, made_at: i64) -> Result<(), StoreError> {
    let mut insert = Insert::new("door_key", KEY_COLUMNS);
    insert.push([row.name.into(), row.value.into(), made_at.into()]);
    tx.insert(insert).await
}
