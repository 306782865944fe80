//! What waits, counted: open items by what they wait for and who leads them, issues and entries by where they stand.
//!
//! Only open items are walked through, by the index that holds them and no others: the cost follows the work that is
//! there, not the years behind it.

use huiyin_domain::id::UnitId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Statement, Value, record, values};

record! {
    /// How many open items wait for a task in the hands of one lead unit.
    pub struct LoadRow {
        "item.task" =>
        /// Code of `item::Task`.
        task: String,
        "item.lead_unit_id" =>
        /// The lead unit, once there is one.
        lead_unit_id: Option<String>,
        "item_barred.account_id" =>
        /// The account that asks, when these are the items from which it is barred.
        barred: Option<String>,
        "COUNT(*)" =>
        /// All of them.
        total: i64,
        "SUM(CASE WHEN item.due_at < $1 THEN 1 ELSE 0 END)" =>
        /// Those whose time has passed.
        overdue: i64,
        "SUM(CASE WHEN item.due_at >= $1 AND item.due_at < $2 THEN 1 ELSE 0 END)" =>
        /// Those due today.
        today: i64,
        "SUM(CASE WHEN item.due_at >= $2 AND item.due_at < $3 THEN 1 ELSE 0 END)" =>
        /// Those due soon.
        soon: i64,
        "MIN(item.asked_at)" =>
        /// When the one that waits longest was asked, microseconds UTC.
        oldest_asked_at: i64,
    }
}

record! {
    /// How many stand in one stage.
    pub struct StageRow {
        "stage" =>
        /// The code of the stage.
        stage: String,
        "COUNT(*)" =>
        /// How many.
        total: i64,
    }
}

/// The due times that part overdue, today, soon and later, µs UTC: the first instants of the last three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// From now on: no longer overdue.
    pub now: i64,
    /// Behind today.
    pub tomorrow: i64,
    /// Behind what is soon.
    pub later: i64,
}

impl Bounds {
    fn values(self, account: &str) -> Vec<Value> {
        values![self.now, self.tomorrow, self.later, account]
    }
}

pub(super) const LOADS: &str = "FROM item \
     LEFT JOIN item_barred ON item_barred.item_id = item.id AND item_barred.account_id = $4 \
     WHERE item.task IS NOT NULL GROUP BY item.task, item.lead_unit_id, item_barred.account_id";
pub(super) const LOADS_OF_UNIT: &str = "FROM item \
     LEFT JOIN item_barred ON item_barred.item_id = item.id AND item_barred.account_id = $4 \
     WHERE item.task IS NOT NULL AND item.lead_unit_id = $5 \
     GROUP BY item.task, item.lead_unit_id, item_barred.account_id";
pub(super) const LOADS_ASSISTED: &str = "FROM item_unit JOIN item ON item.id = item_unit.item_id \
     LEFT JOIN item_barred ON item_barred.item_id = item.id AND item_barred.account_id = $4 \
     WHERE item_unit.unit_id = $5 AND item_unit.part = 'assist' AND item.task IS NOT NULL \
     GROUP BY item.task, item.lead_unit_id, item_barred.account_id";
pub(super) const ISSUES: &str = "FROM publication GROUP BY stage";
/// Entries of issues that are not taken back: one that is edited after its issue was published waits for its reviews like any
/// other. An index finds the issue's.
pub(super) const ENTRIES_TO_REVIEW: &str = "FROM entry WHERE publication_id IN (SELECT id FROM publication \
     WHERE publication.stage <> 'retracted') GROUP BY stage";

/// Open items by task, lead unit, and whether this account (empty: none) is barred from them.
pub async fn loads(conn: &mut Conn<'_>, account: &str, bounds: Bounds) -> Result<Vec<LoadRow>, StoreError> {
    conn.all(Statement::select::<LoadRow>(LOADS, bounds.values(account))).await
}

/// Those a unit leads.
pub async fn loads_of_unit(
    conn: &mut Conn<'_>,
    account: &str,
    unit: UnitId,
    bounds: Bounds,
) -> Result<Vec<LoadRow>, StoreError> {
    conn.all(Statement::select::<LoadRow>(LOADS_OF_UNIT, of_unit(account, unit, bounds))).await
}

/// Those a unit assists with.
pub async fn loads_assisted(
    conn: &mut Conn<'_>,
    account: &str,
    unit: UnitId,
    bounds: Bounds,
) -> Result<Vec<LoadRow>, StoreError> {
    conn.all(Statement::select::<LoadRow>(LOADS_ASSISTED, of_unit(account, unit, bounds))).await
}

fn of_unit(account: &str, unit: UnitId, bounds: Bounds) -> Vec<Value> {
    let mut values = bounds.values(account);
    values.push(Value::from(unit.to_string()));
    values
}

/// Monthly issues by stage. There are twelve a year.
pub async fn issues(conn: &mut Conn<'_>) -> Result<Vec<StageRow>, StoreError> {
    conn.all(Statement::select::<StageRow>(ISSUES, values![])).await
}

/// Entries of issues that are not taken back, by stage.
pub async fn entries_to_review(conn: &mut Conn<'_>) -> Result<Vec<StageRow>, StoreError> {
    conn.all(Statement::select::<StageRow>(ENTRIES_TO_REVIEW, values![])).await
}
