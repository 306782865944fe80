//! What the store and the ledger have of a day: read to be held against one another.
//!
//! Ids carry the millisecond in which they were made, so that what the ledger has about the items and pulls of a day
//! stands together in its index by subject, whatever the clock did between.

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A pull of the day.
    pub struct DayPullRow {
        "id" =>
        /// Its id.
        id: String,
        "source_id" =>
        /// The source that was read.
        source_id: String,
        "stage" =>
        /// `running`, `finished`, `failed` or `interrupted`.
        stage: String,
        "purpose" =>
        /// `file`, `head`, `sweep`, `push`, `form` or `mail`.
        purpose: String,
        "started_at" =>
        /// Microseconds UTC.
        started_at: i64,
        "finished_at" =>
        /// Microseconds UTC; `None` while it runs.
        finished_at: Option<i64>,
        "stated" =>
        /// Rows the source showed.
        stated: i64,
        "accepted" =>
        /// Rows that became items.
        accepted: i64,
        "unchanged" =>
        /// Rows already known.
        unchanged: i64,
        "changed" =>
        /// Rows that gave a known message a new version.
        changed: i64,
        "held" =>
        /// Rows held for repair.
        held: i64,
        "rejected" =>
        /// Rows rejected with a reason.
        rejected: i64,
        "claimed" =>
        /// How many the source says it has.
        claimed: Option<i64>,
        "met" =>
        /// Distinct messages met.
        met: i64,
        "complete" =>
        /// Whether it went to the end of the list.
        complete: bool,
    }
}

record! {
    /// The pulls of a source in a time, added up.
    pub struct TotalsRow {
        "source_id" =>
        /// The source.
        source_id: String,
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
    /// When a source was read last, and when it showed something new last. Microseconds UTC.
    pub struct FreshRow {
        "source.id" =>
        /// The source.
        source_id: String,
        "(SELECT MAX(pull.started_at) FROM pull WHERE pull.source_id = source.id)" =>
        /// When its newest pull began.
        pulled_at: Option<i64>,
        "(SELECT MAX(message.first_seen_at) FROM message WHERE message.source_id = source.id)" =>
        /// When its newest message was met first.
        new_at: Option<i64>,
    }
}

record! {
    /// A ledger row, as far as it is needed here.
    pub struct AboutRow {
        "seq" =>
        /// Its number.
        seq: i64,
        "subject" =>
        /// What it is about.
        subject: String,
        "kind" =>
        /// What happened.
        kind: String,
        "body" =>
        /// Compact JSON.
        body: String,
    }
}

record! {
    /// An item, and what is there of its message.
    pub struct PartsRow {
        "item.id" =>
        /// The item.
        id: String,
        "item.number" =>
        /// Its number.
        number: i64,
        "message.version" =>
        /// The number of its message's newest version; `None` when the message is gone.
        version: Option<i64>,
        "first.version" =>
        /// One; `None` when the first version is gone.
        first: Option<i64>,
        "newest.version" =>
        /// The same as `version`; `None` when that version is gone.
        newest: Option<i64>,
    }
}

record! {
    /// What is there of what a pull took in.
    pub struct KeptRow {
        "first.pull_id" =>
        /// The pull.
        pull_id: String,
        "COUNT(*)" =>
        /// How many messages.
        count: i64,
        "MIN(item.number)" =>
        /// The smallest number of their items.
        first: i64,
        "MAX(item.number)" =>
        /// The largest.
        last: i64,
    }
}

record! {
    /// What was taken in later out of a pull's held rows, by hand.
    pub struct RepairedRow {
        "hold.pull_id" =>
        /// The pull.
        pull_id: String,
        "COUNT(*)" =>
        /// How many messages.
        count: i64,
    }
}

record! {
    /// A running number before which some are missing.
    pub struct SkippedRow {
        "series" =>
        /// Its series.
        series: String,
        "running" =>
        /// The number.
        running: i64,
        "earlier" =>
        /// The largest smaller one that is there.
        earlier: i64,
        "printed_number" =>
        /// As the source prints it.
        printed: String,
    }
}

record! {
    /// A held row that is there.
    pub struct HeldThereRow {
        "id" =>
        /// The row.
        id: String,
        "CASE WHEN resolution = 'superseded' THEN item_id END" =>
        /// The item that its source made of it later by showing it readably.
        superseded_by: Option<String>,
    }
}

record! {
    /// The key of a held row.
    pub struct HeldKeyRow {
        "source_key" =>
        /// The source's own key.
        key: String,
    }
}

record! {
    /// What a day's check came to.
    pub struct DayCheckRow {
        "day" =>
        /// The day in China, such as `2026-10-09`.
        day: String,
        "checked_at" =>
        /// Microseconds UTC.
        checked_at: i64,
        "came" =>
        /// What came.
        came: i64,
        "accounted" =>
        /// What is there of it.
        accounted: i64,
        "differences" =>
        /// How many things did not agree.
        differences: i64,
    }
}

pub(super) const DAY_COLUMNS: &[&str] = &["day", "checked_at", "came", "accounted", "differences"];
pub(super) const PULLS: &str = "FROM pull WHERE started_at >= $1 AND started_at < $2 ORDER BY started_at, id LIMIT $3";
pub(super) const SWEEPS: &str = "FROM pull WHERE started_at >= $1 AND started_at < $2 AND purpose = 'sweep' \
     AND stage <> 'running' ORDER BY started_at, id LIMIT $3";
pub(super) const TOTALS: &str = "FROM pull WHERE started_at >= $1 AND started_at < $2 GROUP BY source_id";
pub(super) const FRESH: &str = "FROM source ORDER BY source.id";
pub(super) const ABOUT: &str =
    "FROM ledger WHERE (subject, seq) > ($1, $2) AND subject < $3 ORDER BY subject, seq LIMIT $4";
pub(super) const RECEIVED: &str = "FROM ledger WHERE (subject, seq) > ($1, $2) AND subject < $3 \
     AND kind = 'item.received' ORDER BY subject, seq LIMIT $4";
pub(super) const RECEIVED_BEFORE: &str = "FROM ledger WHERE subject < $1 AND subject > 'item:' \
     AND kind = 'item.received' ORDER BY subject DESC, seq DESC LIMIT 1";
pub(super) const KEPT: &str = "FROM message \
     JOIN message_version first ON first.message_id = message.id AND first.version = 1 \
     JOIN item ON item.message_id = message.id \
     WHERE message.source_id = $1 AND message.first_seen_at >= $2 AND message.first_seen_at <= $3 \
     GROUP BY first.pull_id";
/// A row that became a message when it was repaired: the message is as old as the repair, and of the row's own pull.
pub(super) const REPAIRED: &str = "FROM hold JOIN item ON item.id = hold.item_id \
     JOIN message ON message.id = item.message_id \
     JOIN message_version first ON first.message_id = message.id AND first.version = 1 \
     WHERE hold.source_id = $1 AND hold.pull_id >= $2 AND hold.pull_id <= $3 AND hold.resolution = 'repaired' \
     AND message.first_seen_at = hold.resolved_at AND message.first_seen_at <= $4 AND first.pull_id = hold.pull_id \
     GROUP BY hold.pull_id";
pub(super) const NUMBERS: &str =
    "SELECT number AS value FROM item WHERE number >= $1 AND number <= $2 ORDER BY number LIMIT $3";
/// Each gap stands below exactly one number, and so belongs to the day on which that number came.
pub(super) const SKIPPED: &str = "FROM (SELECT met.series AS series, met.running AS running, \
     met.printed_number AS printed_number, (SELECT MAX(other.running) FROM message other \
     WHERE other.source_id = met.source_id AND other.series = met.series AND other.running < met.running) AS earlier \
     FROM message met WHERE met.source_id = $1 AND met.first_seen_at >= $2 AND met.first_seen_at < $3 \
     AND met.running IS NOT NULL) numbered WHERE earlier < running - 1 ORDER BY series, running LIMIT $4";
pub(super) const DAY_CHECKS: &str = "FROM day_check WHERE day <= $1 ORDER BY day DESC LIMIT $2";
pub(super) const UPDATE_DAY_CHECK: &str =
    "UPDATE day_check SET checked_at = $1, came = $2, accounted = $3, differences = $4 WHERE day = $5";

/// The pulls that began in a time, at most `limit`, in order.
pub async fn pulls(conn: &mut Conn<'_>, from: i64, to: i64, limit: i64) -> Result<Vec<DayPullRow>, StoreError> {
    conn.all(Statement::select::<DayPullRow>(PULLS, values![from, to, limit])).await
}

/// The sweeps that began in a time and have ended, at most `limit`, in order.
pub async fn sweeps(conn: &mut Conn<'_>, from: i64, to: i64, limit: i64) -> Result<Vec<DayPullRow>, StoreError> {
    conn.all(Statement::select::<DayPullRow>(SWEEPS, values![from, to, limit])).await
}

/// The pulls that began in a time, added up by source.
pub async fn totals(conn: &mut Conn<'_>, from: i64, to: i64) -> Result<Vec<TotalsRow>, StoreError> {
    conn.all(Statement::select::<TotalsRow>(TOTALS, values![from, to])).await
}

/// When each source was read last.
pub async fn fresh(conn: &mut Conn<'_>) -> Result<Vec<FreshRow>, StoreError> {
    conn.all(Statement::select::<FreshRow>(FRESH, values![])).await
}

/// Ledger rows about subjects below `end` after the place `(subject, seq)`, in the order of subjects.
pub async fn about(
    conn: &mut Conn<'_>,
    after: (&str, i64),
    end: &str,
    limit: i64,
) -> Result<Vec<AboutRow>, StoreError> {
    conn.all(Statement::select::<AboutRow>(ABOUT, values![after.0, after.1, end, limit])).await
}

/// The same, of items received only.
pub async fn received(
    conn: &mut Conn<'_>,
    after: (&str, i64),
    end: &str,
    limit: i64,
) -> Result<Vec<AboutRow>, StoreError> {
    conn.all(Statement::select::<AboutRow>(RECEIVED, values![after.0, after.1, end, limit])).await
}

/// The last item received whose subject stands before `subject`.
pub async fn received_before(conn: &mut Conn<'_>, subject: &str) -> Result<Option<AboutRow>, StoreError> {
    conn.optional(Statement::select::<AboutRow>(RECEIVED_BEFORE, values![subject])).await
}

/// What is there of these items, in no particular order.
pub async fn parts(conn: &mut Conn<'_>, items: &[String]) -> Result<Vec<PartsRow>, StoreError> {
    conn.all(parts_statement(items)).await
}

pub(super) fn parts_statement(items: &[String]) -> Statement {
    let from = "FROM item LEFT JOIN message ON message.id = item.message_id \
         LEFT JOIN message_version first ON first.message_id = message.id AND first.version = 1 \
         LEFT JOIN message_version newest ON newest.message_id = message.id AND newest.version = message.version";
    Statement::select_any::<PartsRow>(from, "item.id", texts(items), "")
}

/// Which of these held rows are there, in no particular order.
pub async fn holds_there(conn: &mut Conn<'_>, holds: &[String]) -> Result<Vec<HeldThereRow>, StoreError> {
    conn.all(holds_there_statement(holds)).await
}

pub(super) fn holds_there_statement(holds: &[String]) -> Statement {
    Statement::select_any::<HeldThereRow>("FROM hold", "id", texts(holds), "")
}

/// Which of these keys a source's held rows have, settled or not, in no particular order.
pub async fn held_keys(conn: &mut Conn<'_>, source: &str, keys: &[String]) -> Result<Vec<HeldKeyRow>, StoreError> {
    conn.all(held_keys_statement(source, keys)).await
}

pub(super) fn held_keys_statement(source: &str, keys: &[String]) -> Statement {
    let mut conditions = Conditions::default();
    conditions.add("source_id = ?", values![source]);
    conditions.add_any("source_key", texts(keys));
    let (filter, values) = conditions.into_parts();
    Statement::select::<HeldKeyRow>(&format!("FROM hold {filter}"), values)
}

/// What is there of what a source's pulls took in between two instants, both included, by pull.
pub async fn kept(conn: &mut Conn<'_>, source: &str, from: i64, to: i64) -> Result<Vec<KeptRow>, StoreError> {
    conn.all(Statement::select::<KeptRow>(KEPT, values![source, from, to])).await
}

/// What was taken in out of the held rows of a source's pulls, from the first pull to the last, until an instant.
pub async fn repaired(
    conn: &mut Conn<'_>,
    source: &str,
    first: &str,
    last: &str,
    until: i64,
) -> Result<Vec<RepairedRow>, StoreError> {
    conn.all(Statement::select::<RepairedRow>(REPAIRED, values![source, first, last, until])).await
}

/// The numbers of items from one to another, at most `limit`, in order.
pub async fn numbers(conn: &mut Conn<'_>, from: i64, to: i64, limit: i64) -> Result<Vec<i64>, StoreError> {
    let rows: Vec<super::statement::Number> = conn.all(Statement::new(NUMBERS, values![from, to, limit])).await?;
    Ok(rows.into_iter().map(|row| row.value).collect())
}

/// The running numbers of a source that came in a time and stand above others that did not come, at most `limit`.
pub async fn skipped(
    conn: &mut Conn<'_>,
    source: &str,
    from: i64,
    to: i64,
    limit: i64,
) -> Result<Vec<SkippedRow>, StoreError> {
    conn.all(Statement::select::<SkippedRow>(SKIPPED, values![source, from, to, limit])).await
}

/// What checks came to, up to a day, the newest first.
pub async fn day_checks(conn: &mut Conn<'_>, until: &str, limit: i64) -> Result<Vec<DayCheckRow>, StoreError> {
    conn.all(Statement::select::<DayCheckRow>(DAY_CHECKS, values![until, limit])).await
}

/// Writes what a day's check came to, over an earlier one.
pub async fn put_day_check(tx: &mut Tx, row: DayCheckRow) -> Result<(), StoreError> {
    let values = values![row.checked_at, row.came, row.accounted, row.differences, row.day.as_str()];
    if tx.execute(UPDATE_DAY_CHECK, values).await? == 0 {
        let mut insert = Insert::new("day_check", DAY_COLUMNS);
        insert.push([
            row.day.into(),
            row.checked_at.into(),
            row.came.into(),
            row.accounted.into(),
            row.differences.into(),
        ]);
        tx.insert(insert).await?;
    }
    Ok(())
}
