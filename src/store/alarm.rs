//! Alarms 告警: what is wrong with a source, until a later pull or a person settles it.

use huiyin_domain::id::AlarmId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, Value, record, values};
use super::tx::Tx;

record! {
    /// Something that is wrong with a source.
    pub struct AlarmRow {
        "id" =>
        /// Its id.
        id: String,
        "source_id" =>
        /// The source.
        source_id: String,
        "pull_id" =>
        /// The pull that met it last; `None` when no pull did.
        pull_id: Option<String>,
        "code" =>
        /// Stable code.
        code: String,
        "subject" =>
        /// Which page, number or day it is about: tells two of one code apart. Never personal.
        subject: String,
        "detail" =>
        /// What happened and what to do, in Chinese. Never personal.
        detail: String,
        "raised_at" =>
        /// Microseconds UTC.
        raised_at: i64,
        "met_at" =>
        /// When it was met last, microseconds UTC.
        met_at: i64,
        "settled_at" =>
        /// Microseconds UTC, once it is settled.
        settled_at: Option<i64>,
        "settled_by" =>
        /// Who settled it, as the ledger writes it.
        settled_by: Option<String>,
        "note" =>
        /// Why a person settled it.
        note: Option<String>,
    }
}

pub(super) const COLUMNS: &[&str] = &["id", "source_id", "pull_id", "code", "subject", "detail", "raised_at", "met_at"];
pub(super) const BY_ID: &str = "FROM alarm WHERE id = $1";
pub(super) const OPEN: &str = "FROM alarm WHERE source_id = $1 AND code = $2 AND subject = $3 AND settled_at IS NULL";
pub(super) const OPEN_OF_SOURCE: &str =
    "FROM alarm WHERE source_id = $1 AND settled_at IS NULL ORDER BY code, subject LIMIT $2";
pub(super) const MEET: &str =
    "UPDATE alarm SET pull_id = $1, detail = $2, met_at = $3 WHERE id = $4 AND settled_at IS NULL";
pub(super) const SETTLE: &str =
    "UPDATE alarm SET settled_at = $1, settled_by = $2 WHERE id = $3 AND settled_at IS NULL";
pub(super) const SETTLE_SAYING: &str = "UPDATE alarm SET settled_at = $1, settled_by = $2, note = $3, note_salt = $4, \
     note_digest = $5 WHERE id = $6 AND settled_at IS NULL";

/// One alarm.
pub async fn by_id(conn: &mut Conn<'_>, id: &str) -> Result<Option<AlarmRow>, StoreError> {
    conn.optional(Statement::select::<AlarmRow>(BY_ID, values![id])).await
}

/// The open alarm of this code about this subject.
pub async fn open(
    conn: &mut Conn<'_>,
    source: &str,
    code: &str,
    subject: &str,
) -> Result<Option<AlarmRow>, StoreError> {
    conn.optional(Statement::select::<AlarmRow>(OPEN, values![source, code, subject])).await
}

/// The open alarms of a source, at most `limit`, in the order of code and subject.
pub async fn open_of_source(conn: &mut Conn<'_>, source: &str, limit: i64) -> Result<Vec<AlarmRow>, StoreError> {
    conn.all(Statement::select::<AlarmRow>(OPEN_OF_SOURCE, values![source, limit])).await
}

/// Adds an alarm, which is open.
pub async fn insert(tx: &mut Tx, row: AlarmRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("alarm", COLUMNS);
    insert.push([
        row.id.into(),
        row.source_id.into(),
        row.pull_id.into(),
        row.code.into(),
        row.subject.into(),
        row.detail.into(),
        row.raised_at.into(),
        row.met_at.into(),
    ]);
    tx.insert(insert).await
}

/// Notes that an open alarm was met again. Tells whether it was still open.
pub async fn meet(tx: &mut Tx, id: &str, pull: Option<String>, detail: &str, at: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(MEET, values![pull, detail, at, id]).await? == 1)
}

/// Settles an open alarm; [`StoreError::ChangedMeanwhile`] when somebody was faster.
pub async fn settle(tx: &mut Tx, id: &str, at: i64, by: &str) -> Result<(), StoreError> {
    tx.change(SETTLE, values![Some(at), Some(by.to_owned()), id], "alarm", id).await
}

/// Settles an open alarm for a reason, given with its salt and digest; [`StoreError::ChangedMeanwhile`] when somebody was
/// faster.
pub async fn settle_saying(
    tx: &mut Tx,
    id: &str,
    at: i64,
    by: &str,
    (note, salt, digest): (&str, &str, &str),
) -> Result<(), StoreError> {
    let some = |text: &str| Some(text.to_owned());
    let values = values![Some(at), some(by), some(note), some(salt), some(digest), id];
    tx.change(SETTLE_SAYING, values, "alarm", id).await
}

/// Which alarms a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlarmFilter {
    /// Of one source.
    pub source: Option<String>,
    /// Only those that nobody has settled.
    pub open: bool,
}

/// A page of alarms, newest first: ids sort by the time they were made.
pub async fn page(
    conn: &mut Conn<'_>,
    filter: &AlarmFilter,
    after: Option<AlarmId>,
    limit: i64,
) -> Result<Vec<AlarmRow>, StoreError> {
    conn.all(page_statement(filter, after, limit)).await
}

/// The statement of [`page`], separate so that a test can read its plan.
pub fn page_statement(filter: &AlarmFilter, after: Option<AlarmId>, limit: i64) -> Statement {
    let mut conditions = Conditions::default();
    if let Some(source) = &filter.source {
        conditions.add("source_id = ?", values![source.as_str()]);
    }
    if filter.open {
        conditions.add("settled_at IS NULL", values![]);
    }
    if let Some(after) = after {
        conditions.add("id < ?", values![after.to_string()]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    Statement::select::<AlarmRow>(&format!("FROM alarm {filter} ORDER BY id DESC LIMIT ${}", values.len()), values)
}
