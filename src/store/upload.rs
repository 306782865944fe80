//! Files uploaded for import, and the checks of the ledger.

use huiyin_domain::id::UploadId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, Value, record, values};
use super::tx::Tx;

record! {
    /// A file uploaded for import.
    pub struct UploadRow {
        "id" =>
        /// Its id.
        id: String,
        "file_name" =>
        /// The name it had, cleaned and without its folder. Possibly personal.
        file_name: String,
        "file_kind" =>
        /// What it is, told by its bytes: `xlsx`, `xls`, `ods` or `text`.
        file_kind: String,
        "file_bytes" =>
        /// Its size.
        file_bytes: i64,
        "file_digest" =>
        /// SM3 of its bytes, hexadecimal.
        file_digest: String,
        "stage" =>
        /// `uploaded`, `queued`, `importing`, `imported`, `failed`, `interrupted` or `discarded`.
        stage: String,
        "actor" =>
        /// Who uploaded it, as the ledger writes it.
        actor: String,
        "connector" =>
        /// The connector it is read with; empty until one was chosen.
        connector: String,
        "pull_id" =>
        /// Its newest pull.
        pull_id: Option<String>,
        "row_total" =>
        /// Rows in the file, once they were counted.
        row_total: Option<i64>,
        "problem_code" =>
        /// Why it failed; empty otherwise.
        problem_code: String,
        "problem" =>
        /// The same in Chinese.
        problem: String,
        "uploaded_at" =>
        /// Microseconds UTC.
        uploaded_at: i64,
        "finished_at" =>
        /// When its import ended or it was discarded, microseconds UTC.
        finished_at: Option<i64>,
        "owner" =>
        /// The data directory that holds the file.
        owner: String,
        "lease_until" =>
        /// Until when its import is known to be under way, microseconds UTC.
        lease_until: i64,
    }
}

record! {
    /// A check of the whole ledger that came to its end.
    pub struct CheckRow {
        "id" =>
        /// Its id.
        id: String,
        "actor" =>
        /// Who asked for it, as the ledger writes it.
        actor: String,
        "started_at" =>
        /// Microseconds UTC.
        started_at: i64,
        "finished_at" =>
        /// Microseconds UTC.
        finished_at: i64,
        "seq" =>
        /// The last entry that was checked.
        seq: i64,
        "hash" =>
        /// Its hash.
        hash: String,
        "texts" =>
        /// Texts compared with their digests.
        texts: i64,
        "items" =>
        /// Items rebuilt and compared.
        items: i64,
        "findings" =>
        /// What was found: JSON array of `[code, message]`; `[]` when all is well.
        findings: String,
    }
}

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "file_name",
    "file_kind",
    "file_bytes",
    "file_digest",
    "stage",
    "actor",
    "connector",
    "pull_id",
    "row_total",
    "problem_code",
    "problem",
    "uploaded_at",
    "finished_at",
    "owner",
    "lease_until",
];
pub(super) const CHECK_COLUMNS: &[&str] =
    &["id", "actor", "started_at", "finished_at", "seq", "hash", "texts", "items", "findings"];
pub(super) const BY_ID: &str = "FROM upload WHERE id = $1";
pub(super) const BY_STAGE: &str = "FROM upload WHERE stage = $1 ORDER BY id LIMIT $2";
pub(super) const UPDATE: &str = "UPDATE upload SET stage = $1, connector = $2, pull_id = $3, row_total = $4, \
     problem_code = $5, problem = $6, finished_at = $7, lease_until = $8 WHERE id = $9 AND stage = $10";
pub(super) const RENEW: &str =
    "UPDATE upload SET lease_until = $1 WHERE id = $2 AND (stage = 'queued' OR stage = 'importing')";
pub(super) const COUNT_OF: &str = "SELECT COUNT(*) AS value FROM upload WHERE stage = $1 AND actor = $2";
pub(super) const LAST_CHECK: &str = "FROM ledger_check ORDER BY id DESC LIMIT 1";

/// One upload.
pub async fn by_id(conn: &mut Conn<'_>, id: UploadId) -> Result<Option<UploadRow>, StoreError> {
    conn.optional(Statement::select::<UploadRow>(BY_ID, values![id.to_string()])).await
}

/// The oldest uploads in one stage.
pub async fn in_stage(conn: &mut Conn<'_>, stage: &str, limit: i64) -> Result<Vec<UploadRow>, StoreError> {
    conn.all(Statement::select::<UploadRow>(BY_STAGE, values![stage, limit])).await
}

/// How many uploads of somebody (as the ledger writes them) are in one stage.
pub async fn count_of(conn: &mut Conn<'_>, actor: &str, stage: &str) -> Result<i64, StoreError> {
    conn.number(Statement::new(COUNT_OF, values![stage, actor])).await
}

/// A page of uploads, newest first: ids sort by the time they were made.
pub async fn page(conn: &mut Conn<'_>, after: Option<UploadId>, limit: i64) -> Result<Vec<UploadRow>, StoreError> {
    conn.all(page_statement(after, limit)).await
}

/// The statement of [`page`].
pub fn page_statement(after: Option<UploadId>, limit: i64) -> Statement {
    let mut conditions = Conditions::default();
    if let Some(after) = after {
        conditions.add("id < ?", values![after.to_string()]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    Statement::select::<UploadRow>(&format!("FROM upload {filter} ORDER BY id DESC LIMIT ${}", values.len()), values)
}

/// Adds an upload.
pub async fn insert(tx: &mut Tx, row: UploadRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("upload", COLUMNS);
    insert.push([
        row.id.into(),
        row.file_name.into(),
        row.file_kind.into(),
        row.file_bytes.into(),
        row.file_digest.into(),
        row.stage.into(),
        row.actor.into(),
        row.connector.into(),
        row.pull_id.into(),
        row.row_total.into(),
        row.problem_code.into(),
        row.problem.into(),
        row.uploaded_at.into(),
        row.finished_at.into(),
        row.owner.into(),
        row.lease_until.into(),
    ]);
    tx.insert(insert).await
}

/// Writes what may change of an upload that is still in the stage `before`; [`StoreError::ChangedMeanwhile`] when it is
/// in another.
pub async fn update(tx: &mut Tx, row: &UploadRow, before: &str) -> Result<(), StoreError> {
    let values = values![
        row.stage.as_str(),
        row.connector.as_str(),
        row.pull_id.clone(),
        row.row_total,
        row.problem_code.as_str(),
        row.problem.as_str(),
        row.finished_at,
        row.lease_until,
        row.id.as_str(),
        before
    ];
    let touched = tx.execute(UPDATE, values).await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "upload", id: row.id.clone() }) }
}

/// Says that the import of an upload is still under way.
pub async fn renew(tx: &mut Tx, id: &str, until: i64) -> Result<(), StoreError> {
    tx.execute(RENEW, values![until, id]).await.map(drop)
}

/// The newest check of the ledger.
pub async fn last_check(conn: &mut Conn<'_>) -> Result<Option<CheckRow>, StoreError> {
    conn.optional(Statement::select::<CheckRow>(LAST_CHECK, values![])).await
}

/// Adds a check of the ledger.
pub async fn insert_check(tx: &mut Tx, row: CheckRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("ledger_check", CHECK_COLUMNS);
    insert.push([
        row.id.into(),
        row.actor.into(),
        row.started_at.into(),
        row.finished_at.into(),
        row.seq.into(),
        row.hash.into(),
        row.texts.into(),
        row.items.into(),
        row.findings.into(),
    ]);
    tx.insert(insert).await
}
