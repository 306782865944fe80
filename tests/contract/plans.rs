//! Every list and count is answered from an index, on both databases.
//!
//! Twenty thousand items with the spread of a bureau's (a tenth of them open, fifty units of unequal load, three years)
//! are enough for both planners to prefer what they prefer at a million. SQLite is asked before and after `ANALYZE`:
//! a fresh installation has no statistics, and a plan must not need them.

use std::time::Duration;

use huiyin::store::catalogue::statements;
use huiyin::store::item_list::{After, Filter, Order, Slice, Told, Waiting, count_statement, page_statement};
use huiyin::store::statement::Statement;
use huiyin::store::{Store, item, message, source, unit};
use huiyin_domain::access::{Actor, Limit, Role, Scope, UnitKind, scope};
use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::item::{RequestType, Stage};
use huiyin_domain::time::Instant;
use tokio::time::sleep;

use crate::support::lives::{Life, person};
use crate::support::rows::{self, DAY, START};
use crate::support::stores::{Home, Texts, begin, plan, run_raw};

const ITEMS: usize = 20_000;
const UNITS: usize = 50;
const DAYS: usize = 1_000;
const SOURCES: [&str; 4] = ["board", "hotline-city", "hotline-district", "mailbox"];
/// The tables that grow with the messages. Any other may be read whole.
const LARGE: [&str; 5] = ["item", "item_unit", "message", "message_version", "ledger"];

/// Indexes that lead to what is open, and to what a unit has open.
const OF_OPEN: [&str; 5] = ["item_by_task", "item_by_open", "item_by_due", OF_UNITS_OPEN[0], OF_UNITS_OPEN[1]];
const OF_UNITS_OPEN: [&str; 2] = ["item_unit_by_open", "item_unit_by_due"];

/// Writes the items; returns one of the units.
async fn fill(store: &Store) -> UnitId {
    let mut tx = begin(store).await;
    let mut units = Vec::new();
    for index in 0..UNITS {
        let row = rows::unit(&format!("{index:02}"));
        units.push(row.unit_id().unwrap());
        unit::insert(&mut tx, row).await.unwrap();
    }
    let mut pulls = Vec::new();
    for id in SOURCES {
        source::insert(&mut tx, rows::source(id)).await.unwrap();
        pulls.push(rows::pull(id));
    }
    for pull in &pulls {
        source::insert_pull(&mut tx, pull.clone()).await.unwrap();
    }
    let (mut messages, mut versions, mut items, mut parts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for index in 0..ITEMS {
        let source = index % SOURCES.len();
        let message = rows::message(SOURCES[source], &index.to_string());
        let days = i64::try_from(index * DAYS / ITEMS).unwrap();
        let life = Life {
            // Nine of ten are over; the open ones are spread over all stages.
            stage: if index % 10 == 0 { Stage::ALL[index / 10 % Stage::ALL.len()] } else { Stage::Closed },
            request_type: RequestType::ALL[index / 3 % RequestType::ALL.len()],
            lead: units[index * index % 2_003 % UNITS],
            assisting: [].into(),
            asked_at: Instant::from_micros(START.as_micros() + days * DAY),
            number: i64::try_from(index + 1).unwrap(),
        };
        let (row, concerned) = life.lead(&message);
        tx.record(format!("item:{}", row.id), "item.received", &serde_json::json!({})).unwrap();
        versions.push(rows::version(&message, &pulls[source], 1));
        messages.push(message);
        items.push(row);
        parts.push(concerned);
    }
    let ids: Vec<String> = items.iter().map(|row| row.id.clone()).collect();
    message::insert(&mut tx, messages).await.unwrap();
    message::insert_versions(&mut tx, versions).await.unwrap();
    item::insert(&mut tx, items).await.unwrap();
    for (id, units) in ids.iter().zip(parts).filter(|(_, units)| !units.is_empty()) {
        item::replace_units(&mut tx, id, units).await.unwrap();
    }
    tx.commit(START).await.unwrap();
    units[7]
}

/// What a plan must be like. Each demands what the one before does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Demand {
    /// No large table is read whole.
    Index,
    /// The index gives the order too, so that a page costs what it shows.
    Order,
    /// The index is enough: the rows are not read.
    IndexAlone,
}

/// A statement with what its plan must be like.
struct Asked {
    name: String,
    statement: Statement,
    demand: Demand,
    /// Whether nothing but what is open may be walked through.
    open_only: bool,
    /// Whether nothing but what the unit has open may be walked through, however much others have.
    own_open_only: bool,
}

fn filters(unit: UnitId) -> Vec<(&'static str, Filter)> {
    let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let month = START.as_micros() + 500 * DAY;
    let none = Filter::default();
    vec![
        ("nothing", none.clone()),
        ("a stage", Filter { stages: codes(&["handling"]), ..none.clone() }),
        ("the stage of most", Filter { stages: codes(&["closed"]), ..none.clone() }),
        ("a source", Filter { sources: codes(&["board"]), ..none.clone() }),
        ("a lead unit", Filter { lead_units: vec![unit.to_string()], ..none.clone() }),
        ("a type", Filter { request_types: codes(&["complaint"]), ..none.clone() }),
        ("open", Filter { open: Some(true), ..none.clone() }),
        ("settled", Filter { open: Some(false), ..none.clone() }),
        ("a month", Filter { asked_from: Some(month), asked_to: Some(month + 30 * DAY), ..none.clone() }),
    ]
}

/// Filters whose result is small or for which no single index has the order: a sort of what was found is allowed.
fn combined(unit: UnitId) -> Vec<(&'static str, Filter)> {
    let month = START.as_micros() + 500 * DAY;
    let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let none = Filter::default();
    vec![
        ("overdue", Filter { overdue_at: Some(START.as_micros() + 900 * DAY), ..none.clone() }),
        ("two stages", Filter { stages: codes(&["handling", "dispatched"]), ..none.clone() }),
        ("due in a week", Filter { due_from: Some(month), due_to: Some(month + 7 * DAY), ..none.clone() }),
        ("answered in a week", Filter { replied_from: Some(month), replied_to: Some(month + 7 * DAY), ..none.clone() }),
        ("what a unit assists with", Filter { assisting: Some(unit.to_string()), ..none.clone() }),
        ("a source and a stage", Filter { sources: codes(&["board"]), stages: codes(&["handling"]), ..none.clone() }),
        ("a unit's open ones", Filter { lead_units: vec![unit.to_string()], open: Some(true), ..none }),
    ]
}

/// What waits for somebody. Hardly anything may wait, or nearly all that is open.
fn waiting(unit: UnitId) -> Vec<(&'static str, Filter)> {
    let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    let none = Filter::default();
    let tasks = codes(&["register", "route", "decide_return", "arbitrate", "decide_extension", "release"]);
    let own = Some((unit.to_string(), codes(&["accept", "answer", "revise", "resume"])));
    let but = Some(AccountId::new(START, rows::fresh()).to_string());
    vec![
        ("a task", Filter { tasks: codes(&["answer"]), ..none.clone() }),
        ("tasks", Filter { tasks: tasks.clone(), ..none.clone() }),
        (
            "what waits anywhere",
            Filter { waiting: Some(Waiting { anywhere: tasks.clone(), own: None, but: but.clone() }), ..none.clone() },
        ),
        (
            "what waits for a unit",
            Filter { waiting: Some(Waiting { own: own.clone(), ..Waiting::default() }), ..none.clone() },
        ),
        ("what waits for one of a unit", Filter { waiting: Some(Waiting { anywhere: tasks, own, but }), ..none }),
    ]
}

/// PostgreSQL may sort the few rows of a unit that a filter leaves; SQLite, which cannot know how few they are, must not.
fn asked(unit: UnitId, of_unit_filtered: Demand) -> Vec<Asked> {
    let all = scope(&Actor::System("test"));
    let of_unit = scope(&person(unit, Role::Handler));
    let of_both = scope(&Actor::Account {
        id: AccountId::new(START, rows::fresh()),
        unit,
        unit_kind: UnitKind::Section,
        roles: [Role::Handler, Role::Publisher].into(),
        limit: Limit::None,
    });
    let answered = scope(&person(unit, Role::Publisher));
    let after = After { at: START.as_micros() + 500 * DAY, number: 10_000 };
    let orders = [Order::AskedNewest, Order::AskedOldest, Order::DueFirst];
    let mut asked = Vec::new();
    let mut add = |scope: Scope, who: &str, name: &str, filter: &Filter, page: Demand, whole: Demand| {
        let open_only = !filter.tasks.is_empty() || filter.waiting.is_some();
        for order in orders {
            for (place, after) in [("first", None), ("a later", Some(after))] {
                let statement = page_statement(scope, filter, Slice { order, after, limit: 20, told: Told::Whole });
                // Under a filter, what is due may be sorted once it is found: it is a part of what is open, and that is
                // little.
                let little = order == Order::DueFirst && *filter != Filter::default();
                let demand = if little { Demand::Index } else { page };
                let own_open_only = who == "a unit's" && (order == Order::DueFirst || open_only);
                let name = format!("{name}, {who}, {order:?}, {place} page");
                asked.push(Asked { name, statement, demand, open_only, own_open_only });
            }
        }
        let statement = count_statement(scope, filter);
        asked.push(Asked {
            name: format!("the count of {name}, {who}"),
            statement,
            demand: whole,
            open_only,
            own_open_only: false,
        });
    };
    for (name, filter) in filters(unit) {
        add(all, "everybody's", name, &filter, Demand::Order, Demand::IndexAlone);
        let whole = if name == "nothing" { Demand::IndexAlone } else { Demand::Index };
        let page = if name == "nothing" { Demand::Order } else { of_unit_filtered };
        add(of_unit, "a unit's", name, &filter, page, whole);
    }
    add(answered, "answered", "nothing", &Filter::default(), Demand::Order, Demand::IndexAlone);
    add(of_both, "a unit's and answered", "nothing", &Filter::default(), Demand::Order, Demand::IndexAlone);
    for (name, filter) in combined(unit) {
        add(all, "everybody's", name, &filter, Demand::Index, Demand::Index);
        add(of_unit, "a unit's", name, &filter, of_unit_filtered, Demand::Index);
    }
    for (name, filter) in waiting(unit) {
        for (scope, who) in [(all, "everybody's"), (of_unit, "a unit's")] {
            add(scope, who, name, &filter, Demand::Index, Demand::Index);
        }
    }
    asked.extend(of_the_catalogue());
    asked
}

/// All other statements: those of lists are asked with filters as people set them.
fn of_the_catalogue() -> impl Iterator<Item = Asked> {
    statements().into_iter().filter(|(name, _)| !name.starts_with("insert ") && !name.starts_with("item_list::")).map(
        |(name, statement)| {
            // A sweep walks through all that a source shows, page by page.
            let walks = ["message::SHOWN_AFTER", "message::BETWEEN_KEYS"].contains(&name);
            let demand = if walks { Demand::Order } else { Demand::Index };
            Asked { name: name.to_owned(), statement, demand, open_only: false, own_open_only: false }
        },
    )
}

/// What is wrong with a plan.
fn faults(plan: &str, demand: Demand) -> Vec<String> {
    let mut faults = Vec::new();
    let mut alone = false;
    for line in plan.lines() {
        // SQLite: `SCAN item`; `SCAN item USING INDEX …` walks in an index's order.
        // PostgreSQL: `  ->  Seq Scan on item  (cost=…)`.
        let step = line.split("  (").next().unwrap_or_default().trim_start_matches([' ', '-', '>']);
        for table in LARGE {
            if step == format!("SCAN {table}") || step.ends_with(&format!("Seq Scan on {table}")) {
                faults.push(format!("reads all of {table}"));
            }
        }
        if demand >= Demand::Order && (step.starts_with("USE TEMP B-TREE") || step.ends_with("Sort")) {
            faults.push("sorts".to_owned());
        }
        alone |= step.contains("COVERING INDEX") || step.contains("Index Only Scan");
    }
    if demand == Demand::IndexAlone && !alone {
        faults.push("reads the rows to count them".to_owned());
    }
    faults
}

/// Whether a plan begins with what one unit has open.
fn is_of_units_open(plan: &str) -> bool {
    // PostgreSQL knows when it is less to begin with what the unit leads and what waits for the tasks.
    let by_lead =
        |line: &str| line.contains("Index Cond") && line.contains("task = ") && line.contains("lead_unit_id = ");
    OF_UNITS_OPEN.iter().any(|index| plan.contains(index)) || plan.lines().any(by_lead)
}

async fn demand_indexes(store: &Store, when: &str, asked: Vec<Asked>) {
    let mut findings = Vec::new();
    for Asked { name, statement, demand, open_only, own_open_only } in asked {
        let plan = plan(store, &statement).await;
        let strays = open_only && !OF_OPEN.iter().any(|index| plan.contains(index));
        let strays = strays.then(|| "walks through what is settled".to_owned());
        let strangers = own_open_only && !is_of_units_open(&plan);
        let strangers = strangers.then(|| "walks through what others have open".to_owned());
        for fault in faults(&plan, demand).into_iter().chain(strays).chain(strangers) {
            let sql = statement.sql().get(..2_000).unwrap_or(statement.sql());
            findings.push(format!("{when}: {name}: {fault}\n{sql}\n{plan}\n"));
        }
    }
    assert!(findings.is_empty(), "{} plans are bad:\n{}", findings.len(), findings.join("\n"));
}

#[tokio::test]
async fn indexes_answer_on_sqlite() {
    let home = Home::on_sqlite().await;
    let unit = fill(&home.store).await;
    demand_indexes(&home.store, "SQLite without statistics", asked(unit, Demand::Order)).await;
    run_raw(&home.store, "ANALYZE").await;
    demand_indexes(&home.open_again().await, "SQLite with statistics", asked(unit, Demand::Order)).await;
}

#[tokio::test]
async fn indexes_answer_on_postgres() {
    let Some(home) = Home::on_postgres().await else { return };
    let unit = fill(&home.store).await;
    vacuum(&home.store).await;
    demand_indexes(&home.store, "PostgreSQL", asked(unit, Demand::Index)).await;
    home.store.close().await;
}

/// What autovacuum does in an installation. Transactions of other tests on the same server can keep it from marking the
/// pages that an index alone may answer for, so it is done until all are marked.
async fn vacuum(store: &Store) {
    let unmarked = "SELECT CAST(COUNT(*) AS TEXT) FROM pg_class WHERE relname LIKE 'item%' AND relallvisible < relpages \
         AND relkind = 'r'";
    for _ in 0..100 {
        run_raw(store, "VACUUM ANALYZE").await;
        let mut reader = store.read().await.unwrap();
        let left: Vec<Texts<1>> = reader.conn().all(Statement::new(unmarked, Vec::new())).await.unwrap();
        if left.iter().all(|Texts([count])| count == "0") {
            return;
        }
        sleep(Duration::from_millis(200)).await;
    }
    panic!("another transaction on the server has been open for too long");
}

#[test]
fn a_bad_plan_is_seen() {
    let bad = "SCAN item\nUSE TEMP B-TREE FOR ORDER BY";
    assert_eq!(faults(bad, Demand::Order), ["reads all of item", "sorts"]);
    assert_eq!(faults(bad, Demand::Index), ["reads all of item"]);
    assert_eq!(faults("SCAN item USING INDEX item_by_asked", Demand::Order), [""; 0]);
    assert_eq!(faults("SEARCH item USING INDEX item_by_asked", Demand::IndexAlone), ["reads the rows to count them"]);
    let bad = "Limit  (cost=1)\n  ->  Sort  (cost=1)\n        ->  Parallel Seq Scan on item  (cost=1)";
    assert_eq!(faults(bad, Demand::Order), ["sorts", "reads all of item"]);
    assert_eq!(faults("  ->  Index Only Scan using item_by_asked on item  (cost=1)", Demand::IndexAlone), [""; 0]);
    assert_eq!(faults("Seq Scan on unit  (cost=1)", Demand::Order), [""; 0]);
}
