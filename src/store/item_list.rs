//! Lists and counts of items: the filter, the order and the place where a page starts.

use huiyin_domain::access::{Reach, Scope};
use huiyin_domain::id::UnitId;

use super::StoreError;
use super::db::Conn;
use super::item::ItemRow;
use super::statement::{self, Conditions, Record as _, Statement, Value, values};

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

/// How much a list tells of each item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// The whole row.
    Whole,
    /// Without the longest columns by far, which no list shows: `state` and `fingerprint` are empty.
    Facts,
}

impl Told {
    fn columns(self) -> String {
        match self {
            Self::Whole => ItemRow::COLUMNS.to_owned(),
            Self::Facts => ItemRow::COLUMNS.replace("item.state", "''").replace("item.fingerprint", "''"),
        }
    }
}

/// Which part of a list is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slice {
    /// In which order the list runs.
    pub order: Order,
    /// Behind which place; `None` from its beginning.
    pub after: Option<After>,
    /// How many items at most.
    pub limit: i64,
    /// How much of each.
    pub told: Told,
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
    /// Due at or after, µs UTC.
    pub due_from: Option<i64>,
    /// Due before, µs UTC.
    pub due_to: Option<i64>,
    /// Answered at or after, µs UTC.
    pub replied_from: Option<i64>,
    /// Answered before, µs UTC.
    pub replied_to: Option<i64>,
    /// Codes of `item::Task`.
    pub tasks: Vec<String>,
    /// What waits for somebody.
    pub waiting: Option<Waiting>,
    /// The id of a unit that assists.
    pub assisting: Option<String>,
}

/// Items with one of the tasks, or with one of the other tasks and this lead unit. Codes of `item::Task`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Tasks, whoever leads.
    pub anywhere: Vec<String>,
    /// The id of a lead unit, and tasks.
    pub own: Option<(String, Vec<String>)>,
    /// The id of an account: without the items from which it is barred.
    pub but: Option<String>,
}

impl Filter {
    /// Whether only open items can be left, and those few are reached by what they wait for.
    const fn is_by_task(&self) -> bool {
        !self.tasks.is_empty() || self.waiting.is_some()
    }

    /// Only open, or only settled items: an item waits for something exactly while it is open. Said to the database, lest it
    /// take what waits for many and walk through all items in the order of the list.
    const fn only_open(&self) -> Option<bool> {
        match self.open {
            None if self.is_by_task() => Some(true),
            open => open,
        }
    }
}

/// Which rows a statement walks through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rows {
    /// `item`, testing each row for the scope.
    Items,
    /// The unit's own rows of `item_unit`, so that its list costs the same however many items others have.
    OfUnit,
    /// The rows of `item_unit` of the unit that the filter names as assisting, testing each for the scope.
    OfAssistant,
}

/// The rows, and the texts that lead the databases to the index they are walked by.
#[derive(Debug, Clone, Copy)]
struct Walk {
    rows: Rows,
    texts: &'static Texts,
}

/// What is written differently where a row of `item_unit` has a copy of the item's column: only columns of one table are
/// walked by one index.
#[derive(Debug)]
struct Texts {
    from: &'static str,
    open_column: &'static str,
    open: &'static str,
    overdue: &'static str,
    asked_from: &'static str,
    asked_to: &'static str,
    due_from: &'static str,
    due_to: &'static str,
    has_due: &'static str,
    newest: [&'static str; 2],
    oldest: [&'static str; 2],
    due_first: [&'static str; 2],
}

const OF_ITEM: Texts = Texts {
    from: "FROM item",
    open_column: "item.open",
    open: "item.open = ?",
    overdue: "item.open = ? AND item.due_at < ?",
    asked_from: "item.asked_at >= ?",
    asked_to: "item.asked_at < ?",
    due_from: "item.due_at >= ?",
    due_to: "item.due_at < ?",
    has_due: "item.due_at IS NOT NULL AND item.open = ?",
    newest: ["ORDER BY item.asked_at DESC, item.number DESC", "(item.asked_at, item.number) < (?, ?)"],
    oldest: ["ORDER BY item.asked_at, item.number", "(item.asked_at, item.number) > (?, ?)"],
    due_first: ["ORDER BY item.due_at, item.number", "(item.due_at, item.number) > (?, ?)"],
};

/// By `item_unit_by_unit`, and `item_unit_by_open` where the filter has it.
const OF_PART_BY_ASKED: Texts = Texts {
    // CROSS: SQLite keeps this order then. Without statistics it would start from any condition on `item`.
    from: "FROM item_unit CROSS JOIN item",
    open_column: "item_unit.open",
    open: "item_unit.open = ?",
    // The item's own time: the unit's would lead to the index by it, and all that was found would have to be sorted.
    overdue: "item_unit.open = ? AND item.due_at < ?",
    asked_from: "item_unit.asked_at >= ?",
    asked_to: "item_unit.asked_at < ?",
    newest: [
        "ORDER BY item_unit.asked_at DESC, item_unit.number DESC",
        "(item_unit.asked_at, item_unit.number) < (?, ?)",
    ],
    oldest: ["ORDER BY item_unit.asked_at, item_unit.number", "(item_unit.asked_at, item_unit.number) > (?, ?)"],
    ..OF_ITEM
};

/// By `item_unit_by_due`.
const OF_PART_BY_DUE: Texts = Texts {
    from: "FROM item_unit CROSS JOIN item",
    open_column: "item_unit.open",
    open: "item_unit.open = ?",
    overdue: "item_unit.open = ? AND item_unit.due_at < ?",
    due_from: "item_unit.due_at >= ?",
    due_to: "item_unit.due_at < ?",
    has_due: "item_unit.due_at IS NOT NULL AND item_unit.open = ?",
    due_first: ["ORDER BY item_unit.due_at, item_unit.number", "(item_unit.due_at, item_unit.number) > (?, ?)"],
    ..OF_ITEM
};

impl Walk {
    /// The way of least cost in the order of asking.
    fn by_asked(reach: Reach, filter: &Filter) -> Self {
        Self::of(Rows::least(reach, filter), &OF_PART_BY_ASKED)
    }

    /// The way of least cost in the order of what is due.
    fn by_due(reach: Reach, filter: &Filter) -> Self {
        Self::of(Rows::least(reach, filter), &OF_PART_BY_DUE)
    }

    /// The way of least cost in no order.
    fn any(reach: Reach, filter: &Filter) -> Self {
        // Of all that a unit had, little is open.
        let by_due = filter.only_open() == Some(true) || filter.overdue_at.is_some();
        if by_due { Self::by_due(reach, filter) } else { Self::by_asked(reach, filter) }
    }

    fn of(rows: Rows, of_parts: &'static Texts) -> Self {
        Self { rows, texts: if rows == Rows::Items { &OF_ITEM } else { of_parts } }
    }
}

impl Rows {
    /// The fewest.
    fn least(reach: Reach, filter: &Filter) -> Self {
        match reach {
            _ if filter.assisting.is_some() => Self::OfAssistant,
            Reach::Unit(_) => Self::OfUnit,
            _ => Self::Items,
        }
    }
}

/// `FROM …`, and the conditions that the scope and the filter add.
fn selection(mut conditions: Conditions, reach: Reach, filter: &Filter, walk: Walk) -> (&'static str, Conditions) {
    let Walk { rows, texts } = walk;
    match (reach, rows) {
        (Reach::All, _) => {}
        (Reach::Unit(unit), Rows::OfUnit) => {
            conditions.add("item_unit.unit_id = ? AND item.id = item_unit.item_id", values![unit.to_string()]);
        }
        (Reach::Unit(unit), _) => conditions.add(
            "EXISTS (SELECT 1 FROM item_unit seen WHERE seen.item_id = item.id AND seen.unit_id = ?)",
            values![unit.to_string()],
        ),
        (Reach::Answered, _) => conditions.add("item.replied_at IS NOT NULL", values![]),
        (Reach::UnitOrAnswered(unit), _) => conditions.add(
            "(item.replied_at IS NOT NULL OR EXISTS (SELECT 1 FROM item_unit seen \
             WHERE seen.item_id = item.id AND seen.unit_id = ?))",
            values![unit.to_string()],
        ),
        (Reach::None, _) => conditions.add("1 = 0", values![]),
    }
    for (column, list) in [
        ("item.source_id", &filter.sources),
        ("item.lead_unit_id", &filter.lead_units),
        ("item.stage", &filter.stages),
        ("item.request_type", &filter.request_types),
        ("item.task", &filter.tasks),
    ] {
        if !list.is_empty() {
            conditions.add_any(column, statement::texts(list));
        }
    }
    if let Some(open) = filter.only_open() {
        conditions.add(texts.open, values![open]);
    }
    if let Some(now) = filter.overdue_at {
        conditions.add(texts.overdue, values![true, now]);
    }
    if let Some(waiting) = &filter.waiting {
        add_waiting(&mut conditions, waiting);
    }
    add_assisting(&mut conditions, filter, rows);
    add_periods(&mut conditions, filter, texts);
    (texts.from, conditions)
}

fn add_waiting(conditions: &mut Conditions, waiting: &Waiting) {
    if let Some(account) = &waiting.but {
        conditions.add(
            "NOT EXISTS (SELECT 1 FROM item_barred WHERE item_barred.item_id = item.id AND item_barred.account_id = ?)",
            values![account.as_str()],
        );
    }
    match (&waiting.own, waiting.anywhere.is_empty()) {
        (None, _) => conditions.add_any("item.task", statement::texts(&waiting.anywhere)),
        (Some((unit, tasks)), true) => {
            conditions.add_any("item.task", statement::texts(tasks));
            conditions.add("item.lead_unit_id = ?", values![unit.as_str()]);
        }
        (Some((unit, tasks)), false) => {
            // The first condition is all that the index needs; the second sorts out what others lead.
            let all: Vec<String> = waiting.anywhere.iter().chain(tasks).cloned().collect();
            conditions.add_any("item.task", statement::texts(&all));
            conditions.add_any_or(
                "item.task",
                statement::texts(&waiting.anywhere),
                "item.lead_unit_id = ?",
                values![unit.as_str()],
            );
        }
    }
}

fn add_assisting(conditions: &mut Conditions, filter: &Filter, rows: Rows) {
    let Some(unit) = &filter.assisting else { return };
    let (text, walked) = match rows {
        Rows::OfAssistant => (
            "item_unit.unit_id = ? AND item_unit.part = ? AND item.id = item_unit.item_id",
            values![unit.as_str(), "assist"],
        ),
        Rows::Items | Rows::OfUnit => (
            "EXISTS (SELECT 1 FROM item_unit helps WHERE helps.item_id = item.id AND helps.unit_id = ? AND helps.part = ?)",
            values![unit.as_str(), "assist"],
        ),
    };
    conditions.add(text, walked);
}

/// When it was asked, when the answer is due and when it was given.
fn add_periods(conditions: &mut Conditions, filter: &Filter, texts: &'static Texts) {
    if filter.only_open().is_none() && filter.due_from.or(filter.due_to).is_some() {
        // Naming both values of `open` lets the index by it and by what is due find the range.
        conditions.add_any(texts.open_column, values![true, false]);
    }
    for (text, at) in [
        (texts.asked_from, filter.asked_from),
        (texts.asked_to, filter.asked_to),
        (texts.due_from, filter.due_from),
        (texts.due_to, filter.due_to),
        ("item.replied_at >= ?", filter.replied_from),
        ("item.replied_at < ?", filter.replied_to),
    ] {
        if let Some(at) = at {
            conditions.add(text, values![at]);
        }
    }
}

/// The statement of [`page`], separate so that a test can read its plan.
pub fn page_statement(scope: Scope, filter: &Filter, slice: Slice) -> Statement {
    let Slice { order, after, limit, told } = slice;
    let reach = scope.reach();
    let walk = match order {
        Order::AskedNewest | Order::AskedOldest => Walk::by_asked(reach, filter),
        Order::DueFirst => Walk::by_due(reach, filter),
    };
    let (from, mut conditions) = selection(Conditions::default(), reach, filter, walk);
    let [order_by, beyond] = match order {
        Order::AskedNewest => walk.texts.newest,
        Order::AskedOldest => walk.texts.oldest,
        Order::DueFirst => walk.texts.due_first,
    };
    if order == Order::DueFirst {
        // The equality on `open` lets the index by it and by what is due give the order.
        conditions.add(walk.texts.has_due, values![filter.open.unwrap_or(true)]);
    }
    if let Some(After { at, number }) = after {
        conditions.add(beyond, values![at, number]);
    }
    let (filter, mut values) = conditions.into_parts();
    values.push(Value::Int(limit));
    let (columns, last) = (told.columns(), values.len());
    Statement::assembled(format!("SELECT {columns} {from} {filter} {order_by} LIMIT ${last}"), values)
}

/// A page of items within the scope.
pub async fn page(
    conn: &mut Conn<'_>,
    scope: Scope,
    filter: &Filter,
    slice: Slice,
) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(page_statement(scope, filter, slice)).await
}

/// The statement of [`count`], separate so that a test can read its plan.
pub fn count_statement(scope: Scope, filter: &Filter) -> Statement {
    let (reach, walk) = match scope.reach() {
        Reach::Unit(unit) if *filter == Filter::default() => {
            let all_of_unit = "SELECT COUNT(*) FROM item_unit WHERE item_unit.unit_id = $1";
            return Statement::new(all_of_unit, values![unit.to_string()]);
        }
        Reach::UnitOrAnswered(unit) => return either_count_statement(unit, filter),
        reach => (reach, Walk::any(reach, filter)),
    };
    let (from, conditions) = selection(Conditions::default(), reach, filter, walk);
    let (filter, values) = conditions.into_parts();
    Statement::assembled(format!("SELECT COUNT(*) {from} {filter}"), values)
}

/// The answered ones and the unit's unanswered ones, each from its own index: no index knows both at once.
fn either_count_statement(unit: UnitId, filter: &Filter) -> Statement {
    let walk = Walk::any(Reach::Answered, filter);
    let (from_items, answered) = selection(Conditions::default(), Reach::Answered, filter, walk);
    let (answered, values) = answered.into_parts();
    let mut own = Conditions::following(values);
    own.add("item.replied_at IS NULL", values![]);
    let walk = Walk::any(Reach::Unit(unit), filter);
    let (from_unit, own) = selection(own, Reach::Unit(unit), filter, walk);
    let (own, values) = own.into_parts();
    let sql =
        format!("SELECT (SELECT COUNT(*) {from_items} {answered}) + (SELECT COUNT(*) {from_unit} {own}) AS value");
    Statement::assembled(sql, values)
}

/// How many items the filter leaves within the scope.
pub async fn count(conn: &mut Conn<'_>, scope: Scope, filter: &Filter) -> Result<i64, StoreError> {
    conn.number(count_statement(scope, filter)).await
}
