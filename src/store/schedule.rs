//! When each source is read next.

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, values};
use super::tx::Tx;

record! {
    /// When a source is read next. Instants are microseconds UTC, intervals are seconds.
    pub struct ScheduleRow {
        "source_id" =>
        /// The source.
        source_id: String,
        "enabled" =>
        /// Whether it is read by plan.
        enabled: bool,
        "since" =>
        /// When it was switched on or off.
        since: i64,
        "head_every" =>
        /// From one quick look to the next; `None`: none by plan.
        head_every: Option<i64>,
        "sweep_every" =>
        /// From one reading of the whole list to the next; `None`: none by plan.
        sweep_every: Option<i64>,
        "expect_every" =>
        /// The longest time without a new message that is nothing unusual; `None`: any.
        expect_every: Option<i64>,
        "head_due_at" =>
        /// When it is looked at next.
        head_due_at: Option<i64>,
        "sweep_due_at" =>
        /// When it is swept next.
        sweep_due_at: Option<i64>,
        "head_done_at" =>
        /// The last look that succeeded.
        head_done_at: Option<i64>,
        "sweep_done_at" =>
        /// The last sweep that succeeded.
        sweep_done_at: Option<i64>,
        "new_at" =>
        /// When a reading last brought a new message.
        new_at: Option<i64>,
        "failures" =>
        /// Readings that failed since the last that did not.
        failures: i64,
        "blocked_until" =>
        /// Until when the source is left alone.
        blocked_until: Option<i64>,
        "blocked_code" =>
        /// Why; empty when it is not.
        blocked_code: String,
    }
}

pub(super) const COLUMNS: &[&str] = &[
    "source_id",
    "enabled",
    "since",
    "head_every",
    "sweep_every",
    "expect_every",
    "head_due_at",
    "sweep_due_at",
    "head_done_at",
    "sweep_done_at",
    "new_at",
    "failures",
    "blocked_until",
    "blocked_code",
    "validators",
];
pub(super) const ALL: &str = "FROM schedule ORDER BY source_id";
pub(super) const BY_SOURCE: &str = "FROM schedule WHERE source_id = $1";
pub(super) const UPDATE: &str = "UPDATE schedule SET enabled = $1, since = $2, head_every = $3, sweep_every = $4, \
     expect_every = $5, head_due_at = $6, sweep_due_at = $7, head_done_at = $8, sweep_done_at = $9, new_at = $10, \
     failures = $11, blocked_until = $12, blocked_code = $13 WHERE source_id = $14";

/// Not shorter than it is to be left alone already.
pub(super) const REST: &str = "UPDATE schedule SET blocked_until = $1, blocked_code = $2 \
     WHERE source_id = $3 AND (blocked_until IS NULL OR blocked_until < $4)";

/// All schedules in the order of their sources. There are as many as sources, so they are not paged.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<ScheduleRow>, StoreError> {
    conn.all(Statement::select::<ScheduleRow>(ALL, values![])).await
}

/// The schedule of a source; `None` when it was never planned.
pub async fn by_source(conn: &mut Conn<'_>, source: &str) -> Result<Option<ScheduleRow>, StoreError> {
    conn.optional(Statement::select::<ScheduleRow>(BY_SOURCE, values![source])).await
}

/// Adds a schedule.
pub async fn insert(tx: &mut Tx, row: ScheduleRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("schedule", COLUMNS);
    insert.push([
        row.source_id.into(),
        row.enabled.into(),
        row.since.into(),
        row.head_every.into(),
        row.sweep_every.into(),
        row.expect_every.into(),
        row.head_due_at.into(),
        row.sweep_due_at.into(),
        row.head_done_at.into(),
        row.sweep_done_at.into(),
        row.new_at.into(),
        row.failures.into(),
        row.blocked_until.into(),
        row.blocked_code.into(),
        "".into(),
    ]);
    tx.insert(insert).await
}

/// Writes all of a schedule.
pub async fn update(tx: &mut Tx, row: &ScheduleRow) -> Result<(), StoreError> {
    let values = values![
        row.enabled,
        row.since,
        row.head_every,
        row.sweep_every,
        row.expect_every,
        row.head_due_at,
        row.sweep_due_at,
        row.head_done_at,
        row.sweep_done_at,
        row.new_at,
        row.failures,
        row.blocked_until,
        row.blocked_code.as_str(),
        row.source_id.as_str()
    ];
    tx.change(UPDATE, values, "schedule", &row.source_id).await
}

/// Leaves a source alone until an instant (microseconds UTC), for a reason told by a code. One that is to be left alone
/// for longer stays as it is.
pub async fn rest(tx: &mut Tx, source: &str, until: i64, code: &str) -> Result<(), StoreError> {
    tx.execute(REST, values![until, code, source, until]).await.map(drop)
}
