//! What sources sent, as they sent it 原始页面: what is known of each. The bytes lie beside the database.

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A page, a request or a file as a source sent it.
    pub struct PayloadRow {
        "pull_id" =>
        /// The pull that met it.
        pull_id: String,
        "ordinal" =>
        /// Its place among those of the pull, from one.
        ordinal: i64,
        "url" =>
        /// The request it answers, without anything secret; empty for what was sent by itself.
        url: String,
        "media_type" =>
        /// What its sender says it is; what its bytes say for a file. Empty when nobody says.
        media_type: String,
        "charset" =>
        /// The character set its sender says it is in; empty when it does not say.
        charset: String,
        "bytes" =>
        /// Its size as it was sent.
        bytes: i64,
        "content" =>
        /// SM3 of what was sent, hexadecimal: the name it is kept under.
        content: String,
        "taken_at" =>
        /// When it came, microseconds UTC.
        taken_at: i64,
    }
}

record! {
    /// Bytes that some payload is.
    pub struct NamedRow {
        "content" =>
        /// SM3 in hexadecimal.
        content: String,
    }
}

pub(super) const COLUMNS: &[&str] =
    &["pull_id", "ordinal", "url", "media_type", "charset", "bytes", "content", "taken_at"];
pub(super) const OF_PULL: &str = "FROM payload WHERE pull_id = $1 ORDER BY ordinal LIMIT $2";
pub(super) const OF_HOLD: &str = "FROM payload WHERE pull_id = $1 AND content = $2 ORDER BY ordinal LIMIT 1";
/// What is older than it is to be kept, but for what a row stands on that nobody has settled.
pub(super) const EXPIRED: &str = "FROM payload WHERE taken_at < $1 AND NOT EXISTS \
     (SELECT 1 FROM hold WHERE hold.pull_id = payload.pull_id AND hold.resolved_at IS NULL \
     AND hold.payload = payload.content) ORDER BY taken_at, pull_id, ordinal LIMIT $2";
pub(super) const REMOVE: &str = "DELETE FROM payload WHERE pull_id = $1 AND ordinal = $2";

/// The first payloads of a pull, in the order in which they came.
pub async fn of_pull(conn: &mut Conn<'_>, pull: &str, limit: i64) -> Result<Vec<PayloadRow>, StoreError> {
    conn.all(Statement::select::<PayloadRow>(OF_PULL, values![pull, limit])).await
}

/// The payload of a pull with these bytes (SM3 in hexadecimal).
pub async fn of_hold(conn: &mut Conn<'_>, pull: &str, content: &str) -> Result<Option<PayloadRow>, StoreError> {
    conn.optional(Statement::select::<PayloadRow>(OF_HOLD, values![pull, content])).await
}

/// Payloads that came before this time (microseconds UTC) and that no row held for repair needs, the oldest first.
pub async fn expired(conn: &mut Conn<'_>, before: i64, limit: i64) -> Result<Vec<PayloadRow>, StoreError> {
    conn.all(Statement::select::<PayloadRow>(EXPIRED, values![before, limit])).await
}

/// Which of these bytes (SM3 in hexadecimal) some payload is.
pub async fn named(conn: &mut Conn<'_>, contents: &[String]) -> Result<Vec<String>, StoreError> {
    let rows: Vec<NamedRow> = conn.all(named_statement(contents)).await?;
    Ok(rows.into_iter().map(|row| row.content).collect())
}

pub(super) fn named_statement(contents: &[String]) -> Statement {
    let mut conditions = Conditions::default();
    conditions.add_any("content", texts(contents));
    let (filter, values) = conditions.into_parts();
    // A page that did not change for weeks is that of many pulls.
    Statement::assembled(format!("SELECT DISTINCT content FROM payload {filter}"), values)
}

/// Adds payloads.
pub async fn insert(tx: &mut Tx, rows: Vec<PayloadRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("payload", COLUMNS);
    for row in rows {
        insert.push([
            row.pull_id.into(),
            row.ordinal.into(),
            row.url.into(),
            row.media_type.into(),
            row.charset.into(),
            row.bytes.into(),
            row.content.into(),
            row.taken_at.into(),
        ]);
    }
    tx.insert(insert).await
}

/// Forgets a payload; the file goes by itself once nothing names it.
pub async fn remove(tx: &mut Tx, row: &PayloadRow) -> Result<(), StoreError> {
    tx.execute(REMOVE, values![row.pull_id.as_str(), row.ordinal]).await.map(drop)
}
