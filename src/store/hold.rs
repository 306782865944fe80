//! Lists of pulls and of held rows, and what becomes of a held row.

use huiyin_domain::id::{HoldId, PullId};

use super::StoreError;
use super::db::Conn;
use super::source::{HoldRow, PullRow};
use super::statement::{Conditions, Statement, Value, values};
use super::tx::Tx;

/// Which held rows a list shows. `None` does not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldFilter {
    /// Of one pull.
    pub pull: Option<PullId>,
    /// Of one source.
    pub source: Option<String>,
    /// Only those that nobody has settled.
    pub open: bool,
}

/// The place after which a page of held rows starts: pull by pull, each in the order of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldAfter {
    /// The pull.
    pub pull: PullId,
    /// The row's number.
    pub row: i64,
    /// The held row.
    pub hold: HoldId,
}

/// What became of a held row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// When, microseconds UTC.
    pub at: i64,
    /// `repaired`, `rejected` or `superseded`.
    pub resolution: &'static str,
    /// Who, as the ledger writes it.
    pub by: String,
    /// The item it became or belongs to.
    pub item: Option<String>,
    /// Why it was rejected, with salt and digest.
    pub note: Option<(String, String, String)>,
}

pub(super) const BY_ID: &str = "FROM hold WHERE id = $1";
pub(super) const SETTLE: &str = "UPDATE hold SET resolved_at = $1, resolution = $2, resolved_by = $3, item_id = $4, \
     note = $5, note_salt = $6, note_digest = $7 WHERE id = $8 AND resolved_at IS NULL";

/// One held row.
pub async fn by_id(conn: &mut Conn<'_>, id: HoldId) -> Result<Option<HoldRow>, StoreError> {
    conn.optional(Statement::select::<HoldRow>(BY_ID, values![id.to_string()])).await
}

/// A page of held rows.
pub async fn page(
    conn: &mut Conn<'_>,
    filter: &HoldFilter,
    after: Option<&HoldAfter>,
    limit: i64,
) -> Result<Vec<HoldRow>, StoreError> {
    conn.all(page_statement(filter, after, limit)).await
}

/// The statement of [`page`], separate so that a test can read its plan.
pub fn page_statement(filter: &HoldFilter, after: Option<&HoldAfter>, limit: i64) -> Statement {
    let mut conditions = selection(filter);
    if let Some(HoldAfter { pull, row, hold }) = after {
        conditions.add("(pull_id, row_number, id) > (?, ?, ?)", values![pull.to_string(), *row, hold.to_string()]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    let rest = format!("FROM hold {filter} ORDER BY pull_id, row_number, id LIMIT ${}", values.len());
    Statement::select::<HoldRow>(&rest, values)
}

/// How many held rows the filter leaves.
pub async fn count(conn: &mut Conn<'_>, filter: &HoldFilter) -> Result<i64, StoreError> {
    conn.number(count_statement(filter)).await
}

/// The statement of [`count`].
pub fn count_statement(filter: &HoldFilter) -> Statement {
    let (filter, values) = selection(filter).into_parts();
    Statement::assembled(format!("SELECT COUNT(*) FROM hold {filter}"), values)
}

fn selection(filter: &HoldFilter) -> Conditions {
    let mut conditions = Conditions::default();
    if let Some(source) = &filter.source {
        conditions.add("source_id = ?", values![source.as_str()]);
    }
    if let Some(pull) = filter.pull {
        conditions.add("pull_id = ?", values![pull.to_string()]);
    }
    if filter.open {
        conditions.add("resolved_at IS NULL", values![]);
    }
    conditions
}

/// A page of pulls, newest first: ids sort by the time they were made.
pub async fn pulls(
    conn: &mut Conn<'_>,
    source: Option<&str>,
    after: Option<PullId>,
    limit: i64,
) -> Result<Vec<PullRow>, StoreError> {
    conn.all(pulls_statement(source, after, limit)).await
}

/// The statement of [`pulls`].
pub fn pulls_statement(source: Option<&str>, after: Option<PullId>, limit: i64) -> Statement {
    let mut conditions = Conditions::default();
    if let Some(source) = source {
        conditions.add("source_id = ?", values![source]);
    }
    if let Some(after) = after {
        conditions.add("id < ?", values![after.to_string()]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    Statement::select::<PullRow>(&format!("FROM pull {filter} ORDER BY id DESC LIMIT ${}", values.len()), values)
}

/// Settles a held row; [`StoreError::ChangedMeanwhile`] when somebody was faster.
pub async fn settle(tx: &mut Tx, id: HoldId, settled: Settled) -> Result<(), StoreError> {
    let (note, salt, digest) = match settled.note {
        Some((note, salt, digest)) => (Some(note), Some(salt), Some(digest)),
        None => (None, None, None),
    };
    let values =
        values![Some(settled.at), settled.resolution, settled.by, settled.item, note, salt, digest, id.to_string()];
    let touched = tx.execute(SETTLE, values).await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "hold", id: id.to_string() }) }
}
