//! Lists and counts of items: the filter, the order and the place where a page starts.

use huiyin_domain::access::{Reach, Scope};
use huiyin_domain::id::UnitId;

use super::StoreError;
use super::db::Conn;
use super::item::ItemRow;
use super::statement::{Conditions, Statement, Value, texts, values};

/// In which order a list runs. Ties are broken by number, in the same direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// Newest message first.
    #[default]
    AskedNewest,
    /// Oldest message first.
    AskedOldest,
    /// What is due first; items without a due date are left out, and settled ones unless the filter asks for them.
    DueFirst,
}

/// The place after which a page starts: the order's time (µs UTC) and the number of the last item seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// `asked_at` or `due_at`, as the order says.
    pub at: i64,
    /// The item's number.
    pub number: i64,
}

/// Which items a list shows. Empty lists and `None` do not restrict.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Source ids.
    pub sources: Vec<String>,
    /// Lead unit ids.
    pub lead_units: Vec<String>,
    /// Stage codes.
    pub stages: Vec<String>,
    /// Request type codes.
    pub request_types: Vec<String>,
    /// Only open, or only settled items.
    pub open: Option<bool>,
    /// Only open items due before this instant, µs UTC.
    pub overdue_at: Option<i64>,
    /// Asked at or after, µs UTC.
    pub asked_from: Option<i64>,
    /// Asked before, µs UTC.
    pub asked_to: Option<i64>,
}

/// Which table a statement walks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// `item`, testing each row for the scope.
    Items,
    /// The unit's own rows of `item_unit`, so that its list costs the same however many items others have.
    UnitRows,
}

/// `FROM …`, and the conditions that the scope and the filter add.
fn selection(mut conditions: Conditions, reach: Reach, filter: &Filter, walk: Walk) -> (&'static str, Conditions) {
    match (reach, walk) {
        (Reach::All, _) => {}
        // CROSS: SQLite keeps this order then. Without statistics it would start from any condition on `item`.
        (Reach::Unit(unit), Walk::UnitRows) => {
            conditions.add("item_unit.unit_id = ? AND item.id = item_unit.item_id", values![unit.to_string()]);
        }
        (Reach::Unit(unit), Walk::Items) => conditions.add(
            "EXISTS (SELECT 1 FROM item_unit WHERE item_unit.item_id = item.id AND item_unit.unit_id = ?)",
            values![unit.to_string()],
        ),
        (Reach::Answered, _) => conditions.add("item.replied_at IS NOT NULL", values![]),
        (Reach::UnitOrAnswered(unit), _) => conditions.add(
            "(item.replied_at IS NOT NULL OR EXISTS (SELECT 1 FROM item_unit \
             WHERE item_unit.item_id = item.id AND item_unit.unit_id = ?))",
            values![unit.to_string()],
        ),
        (Reach::None, _) => conditions.add("1 = 0", values![]),
    }
    for (column, list) in [
        ("item.source_id", &filter.sources),
        ("item.lead_unit_id", &filter.lead_units),
        ("item.stage", &filter.stages),
        ("item.request_type", &filter.request_types),
    ] {
        if !list.is_empty() {
            conditions.add_any(column, texts(list));
        }
    }
    if let Some(open) = filter.open {
        conditions.add("item.open = ?", values![open]);
    }
    if let Some(now) = filter.overdue_at {
        conditions.add("item.open = ? AND item.due_at < ?", values![true, now]);
    }
    let (from, asked_from, asked_to) = match walk {
        Walk::Items => ("FROM item", "item.asked_at >= ?", "item.asked_at < ?"),
        Walk::UnitRows => ("FROM item_unit CROSS JOIN item", "item_unit.asked_at >= ?", "item_unit.asked_at < ?"),
    };
    if let Some(from) = filter.asked_from {
        conditions.add(asked_from, values![from]);
    }
    if let Some(to) = filter.asked_to {
        conditions.add(asked_to, values![to]);
    }
    (from, conditions)
}

/// The statement of [`page`], separate so that a test can read its plan.
pub fn page_statement(scope: Scope, filter: &Filter, order: Order, after: Option<After>, limit: i64) -> Statement {
    // What is due is open, and that is little: a unit's part of it is found by walking all of it in its order.
    let walk = match (scope.reach(), order) {
        (Reach::Unit(_), Order::AskedNewest | Order::AskedOldest) => Walk::UnitRows,
        _ => Walk::Items,
    };
    let (from, mut conditions) = selection(Conditions::default(), scope.reach(), filter, walk);
    let (order_by, beyond) = match (order, walk) {
        (Order::AskedNewest, Walk::UnitRows) => (
            "ORDER BY item_unit.asked_at DESC, item_unit.number DESC",
            "(item_unit.asked_at, item_unit.number) < (?, ?)",
        ),
        (Order::AskedNewest, Walk::Items) => {
            ("ORDER BY item.asked_at DESC, item.number DESC", "(item.asked_at, item.number) < (?, ?)")
        }
        (Order::AskedOldest, Walk::UnitRows) => {
            ("ORDER BY item_unit.asked_at, item_unit.number", "(item_unit.asked_at, item_unit.number) > (?, ?)")
        }
        (Order::AskedOldest, Walk::Items) => {
            ("ORDER BY item.asked_at, item.number", "(item.asked_at, item.number) > (?, ?)")
        }
        (Order::DueFirst, _) => ("ORDER BY item.due_at, item.number", "(item.due_at, item.number) > (?, ?)"),
    };
    if order == Order::DueFirst {
        // The equality on `open` lets the (open, due_at, number) index give the order.
        conditions.add("item.due_at IS NOT NULL AND item.open = ?", values![filter.open.unwrap_or(true)]);
    }
    if let Some(After { at, number }) = after {
        conditions.add(beyond, values![at, number]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    Statement::select::<ItemRow>(&format!("{from} {filter} {order_by} LIMIT ${}", values.len()), values)
}

/// A page of items within the scope.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: Scope,
    filter: &Filter,
    order: Order,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(page_statement(scope, filter, order, after, limit)).await
}

/// The statement of [`count`], separate so that a test can read its plan.
pub fn count_statement(scope: Scope, filter: &Filter) -> Statement {
    let (reach, walk) = match scope.reach() {
        Reach::Unit(unit) if *filter == Filter::default() => {
            let all_of_unit = "SELECT COUNT(*) FROM item_unit WHERE item_unit.unit_id = $1";
            return Statement::new(all_of_unit, values![unit.to_string()]);
        }
        Reach::UnitOrAnswered(unit) => return either_count_statement(unit, filter),
        reach @ Reach::Unit(_) => (reach, Walk::UnitRows),
        reach => (reach, Walk::Items),
    };
    let (from, conditions) = selection(Conditions::default(), reach, filter, walk);
    let (filter, values) = conditions.into_parts();
    Statement::assembled(format!("SELECT COUNT(*) {from} {filter}"), values)
}

/// The answered ones and the unit's unanswered ones, each from its own index: no index knows both at once.
fn either_count_statement(unit: UnitId, filter: &Filter) -> Statement {
    let (from_items, answered) = selection(Conditions::default(), Reach::Answered, filter, Walk::Items);
    let (answered, values) = answered.into_parts();
    let mut own = Conditions::following(values);
    own.add("item.replied_at IS NULL", values![]);
    let (from_unit, own) = selection(own, Reach::Unit(unit), filter, Walk::UnitRows);
    let (own, values) = own.into_parts();
    let sql =
        format!("SELECT (SELECT COUNT(*) {from_items} {answered}) + (SELECT COUNT(*) {from_unit} {own}) AS value");
    Statement::assembled(sql, values)
}

/// How many items the filter leaves within the scope.
pub async fn count(conn: &mut Conn<'_>, scope: Scope, filter: &Filter) -> Result<i64, StoreError> {
    conn.number(count_statement(scope, filter)).await
}
