//! Lists and counts of items: the filter, the order and the place where a page starts.

use huiyin_domain::access::{Reach, Scope};

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
    /// What is due first; items without a due date are left out.
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

/// `FROM …` and the conditions that the scope and the filter set.
fn selection(scope: Scope, filter: &Filter) -> (&'static str, &'static str, Conditions) {
    let mut conditions = Conditions::default();
    let (from, clock) = match scope.reach() {
        // A unit's list walks its own index, so that it costs the same however many items others have.
        Reach::Unit(unit) => {
            conditions.add("item_unit.unit_id = ?", values![unit.to_string()]);
            ("FROM item_unit JOIN item ON item.id = item_unit.item_id", "item_unit")
        }
        Reach::All => ("FROM item", "item"),
        Reach::Answered => {
            conditions.add("item.replied_at IS NOT NULL", values![]);
            ("FROM item", "item")
        }
        Reach::UnitOrAnswered(unit) => {
            conditions.add(
                "(item.replied_at IS NOT NULL OR EXISTS (SELECT 1 FROM item_unit \
                 WHERE item_unit.item_id = item.id AND item_unit.unit_id = ?))",
                values![unit.to_string()],
            );
            ("FROM item", "item")
        }
        Reach::None => {
            conditions.add("1 = 0", values![]);
            ("FROM item", "item")
        }
    };
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
    if let Some(from) = filter.asked_from {
        conditions.add("item.asked_at >= ?", values![from]);
    }
    if let Some(to) = filter.asked_to {
        conditions.add("item.asked_at < ?", values![to]);
    }
    (from, clock, conditions)
}

/// The statement of [`page`], separate so that a test can read its plan.
pub fn page_statement(scope: Scope, filter: &Filter, order: Order, after: Option<After>, limit: i64) -> Statement {
    let (from, clock, mut conditions) = selection(scope, filter);
    let by_unit = clock == "item_unit";
    let order_by = match (order, by_unit) {
        (Order::AskedNewest, true) => "ORDER BY item_unit.asked_at DESC, item_unit.number DESC",
        (Order::AskedNewest, false) => "ORDER BY item.asked_at DESC, item.number DESC",
        (Order::AskedOldest, true) => "ORDER BY item_unit.asked_at, item_unit.number",
        (Order::AskedOldest, false) => "ORDER BY item.asked_at, item.number",
        (Order::DueFirst, _) => "ORDER BY item.due_at, item.number",
    };
    if order == Order::DueFirst {
        // The equality on `open` lets the (open, due_at, number) index give the order.
        conditions.add("item.due_at IS NOT NULL AND item.open = ?", values![filter.open.unwrap_or(true)]);
    }
    if let Some(After { at, number }) = after {
        let text = match (order, by_unit) {
            (Order::AskedNewest, true) => "(item_unit.asked_at, item_unit.number) < (?, ?)",
            (Order::AskedNewest, false) => "(item.asked_at, item.number) < (?, ?)",
            (Order::AskedOldest, true) => "(item_unit.asked_at, item_unit.number) > (?, ?)",
            (Order::AskedOldest, false) => "(item.asked_at, item.number) > (?, ?)",
            (Order::DueFirst, _) => "(item.due_at, item.number) > (?, ?)",
        };
        conditions.add(text, values![at, number]);
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
    let (from, _, conditions) = selection(scope, filter);
    let (filter, values) = conditions.into_parts();
    Statement::assembled(format!("SELECT COUNT(*) {from} {filter}"), values)
}

/// How many items the filter leaves within the scope.
pub async fn count(conn: &mut Conn<'_>, scope: Scope, filter: &Filter) -> Result<i64, StoreError> {
    conn.number(count_statement(scope, filter)).await
}
