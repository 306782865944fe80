//! What the page of a source shows of it: its pulls day by day, those of one day, and what a pull brought.
//!
//! Ids carry the millisecond in which they were made, so that the pulls of a day stand together in the index by source.

use super::StoreError;
use super::db::Conn;
use super::reconcile::DayPullRow;
use super::source::PullRow;
use super::statement::{Statement, record, values};

record! {
    /// The pulls of one source that began on one day, added up.
    pub struct SourceDayRow {
        "(started_at + 28800000000) / 86400000000" =>
        /// Days since 1970-01-01, in China.
        day: i64,
        "COUNT(*)" =>
        /// How many pulls.
        pulls: i64,
        "COUNT(CASE WHEN stage = 'failed' OR stage = 'interrupted' THEN 1 END)" =>
        /// How many of them did not end well.
        failed: i64,
        "CAST(SUM(stated) AS BIGINT)" =>
        /// Rows the source showed.
        stated: i64,
        "CAST(SUM(accepted) AS BIGINT)" =>
        /// Rows that became items.
        accepted: i64,
        "CAST(SUM(unchanged) AS BIGINT)" =>
        /// Rows already known.
        unchanged: i64,
        "CAST(SUM(changed) AS BIGINT)" =>
        /// Rows that gave a known message a new version.
        changed: i64,
        "CAST(SUM(held) AS BIGINT)" =>
        /// Rows held for repair.
        held: i64,
        "CAST(SUM(rejected) AS BIGINT)" =>
        /// Rows rejected with a reason.
        rejected: i64,
        "COUNT(CASE WHEN stated <> accepted + unchanged + changed + held + rejected THEN 1 END)" =>
        /// Pulls whose rows do not add up.
        unbalanced: i64,
    }
}

record! {
    /// An item that a pull brought.
    pub struct BroughtRow {
        "item.id" =>
        /// Its id.
        id: String,
    }
}

pub(super) const DAYS: &str = "FROM pull WHERE source_id = $1 AND id >= $2 AND id < $3 \
     GROUP BY (started_at + 28800000000) / 86400000000";
pub(super) const SWEEPS: &str = "FROM pull WHERE source_id = $1 AND id >= $2 AND id < $3 AND purpose = 'sweep' \
     AND stage <> 'running' ORDER BY id LIMIT $4";
pub(super) const PULLS: &str = "FROM pull WHERE source_id = $1 AND id >= $2 AND id < $3 ORDER BY id DESC LIMIT $4";
pub(super) const BROUGHT: &str = "FROM message \
     JOIN message_version first ON first.message_id = message.id AND first.version = 1 \
     JOIN item ON item.message_id = message.id \
     WHERE message.source_id = $1 AND message.first_seen_at >= $2 AND message.first_seen_at <= $3 \
     AND first.pull_id = $4 ORDER BY message.first_seen_at, message.id LIMIT $5";

/// The smallest id that something made at this instant can have.
pub fn id_at(micros: i64) -> String {
    let millis = micros.div_euclid(1_000).max(0);
    format!("{:08x}-{:04x}", millis >> 16, millis & 0xffff)
}

/// The pulls of a source from one instant to another, microseconds UTC, added up by day, in no particular order.
pub async fn days(conn: &mut Conn<'_>, source: &str, from: i64, to: i64) -> Result<Vec<SourceDayRow>, StoreError> {
    conn.all(Statement::select::<SourceDayRow>(DAYS, values![source, id_at(from), id_at(to)])).await
}

/// Its sweeps in that time that have ended, the oldest first.
pub async fn sweeps(
    conn: &mut Conn<'_>,
    source: &str,
    from: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<DayPullRow>, StoreError> {
    conn.all(Statement::select::<DayPullRow>(SWEEPS, values![source, id_at(from), id_at(to), limit])).await
}

/// Its pulls with ids from `from` to below `below`, the newest first.
pub async fn pulls(
    conn: &mut Conn<'_>,
    source: &str,
    from: String,
    below: String,
    limit: i64,
) -> Result<Vec<PullRow>, StoreError> {
    conn.all(Statement::select::<PullRow>(PULLS, values![source, from, below, limit])).await
}

/// The items that a pull made of messages met between two instants, the first met first.
pub async fn brought(
    conn: &mut Conn<'_>,
    pull: &PullRow,
    until: i64,
    limit: i64,
) -> Result<Vec<BroughtRow>, StoreError> {
    let values = values![pull.source_id.as_str(), pull.started_at, until, pull.id.as_str(), limit];
    conn.all(Statement::select::<BroughtRow>(BROUGHT, values)).await
}
