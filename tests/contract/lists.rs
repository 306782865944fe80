//! Every list shows every item of its filter and scope exactly once, in order: the same as a naive search of all rows.

use std::collections::{BTreeMap, BTreeSet};

use huiyin::store::account::AccountRow;
use huiyin::store::item::{ItemRow, ItemUnitRow};
use huiyin::store::item_list::{After, Filter, Order, Slice, Told, Waiting, count, page};
use huiyin::store::{Conn, Store, account, item, message, source, unit};
use huiyin_domain::access::{Actor, Limit, Reach, Role, Scope, UnitKind, scope};
use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::item::{RequestType, Stage};
use huiyin_domain::time::Instant;

use crate::support::lives::Life;
use crate::support::rows::{self, DAY, START, fresh};
use crate::support::stores::{begin, contract, run_raw};

const ITEMS: i64 = 1_000;
/// Divides nothing, so that the last page is a short one.
const PAGE: i64 = 137;

/// All items, each with the units it concerns, in memory.
struct World {
    items: Vec<(ItemRow, BTreeSet<String>)>,
    /// Which units assist, by item.
    helping: BTreeMap<String, BTreeSet<String>>,
    units: Vec<UnitId>,
    /// An account, and the items from which it is barred.
    barred: (AccountId, BTreeSet<String>),
}

/// Items of all stages, types, three sources and four units, many of them asked at the same instant.
async fn world(store: &Store) -> World {
    let mut tx = begin(store).await;
    let mut units = Vec::new();
    for code in ["a", "b", "c", "d"] {
        let row = rows::unit(code);
        units.push(row.unit_id().unwrap());
        unit::insert(&mut tx, row).await.unwrap();
    }
    let sources = ["board", "hotline", "mailbox"];
    for id in sources {
        source::insert(&mut tx, rows::source(id)).await.unwrap();
    }
    let pick = |list: &[UnitId], number: i64| list[usize::try_from(number).unwrap() % list.len()];
    let (mut messages, mut items, mut parts): (_, Vec<(ItemRow, _)>, _) = (Vec::new(), Vec::new(), Vec::new());
    for number in 1..=ITEMS {
        let index = usize::try_from(number).unwrap();
        let message = rows::message(sources[index * 7 / 5 % sources.len()], &format!("{number}"));
        let lead = pick(&units, number / 3);
        let assisting = [pick(&units, number / 5)].into_iter().filter(|unit| *unit != lead && number % 3 == 0);
        let life = Life {
            stage: Stage::ALL[index % Stage::ALL.len()],
            request_type: RequestType::ALL[index / 4 % RequestType::ALL.len()],
            lead,
            assisting: assisting.collect(),
            // Thirty-one instants for a thousand items, not in the order of their numbers.
            asked_at: Instant::from_micros(START.as_micros() + number * 17 % 31 * DAY),
            number,
        };
        let (row, units) = life.lead(&message);
        messages.push(message);
        items.push((row, units.iter().map(|part| part.unit_id.clone()).collect()));
        parts.push(units);
    }
    let helps = |parts: &Vec<ItemUnitRow>| {
        let helping = parts.iter().filter(|part| part.part == "assist");
        helping.map(|part| part.unit_id.clone()).collect::<BTreeSet<String>>()
    };
    let helping = items.iter().zip(&parts).map(|((row, _), parts)| (row.id.clone(), helps(parts))).collect();
    let account = AccountRow { unit_id: units[0].to_string(), ..rows::account("barred", &rows::unit("a")) };
    let id: AccountId = account.id.parse().unwrap();
    account::insert(&mut tx, account).await.unwrap();
    message::insert(&mut tx, messages).await.unwrap();
    item::insert(&mut tx, items.iter().map(|(row, _)| row.clone()).collect()).await.unwrap();
    for ((row, _), units) in items.iter().zip(parts) {
        item::replace_units(&mut tx, &row.id, units).await.unwrap();
    }
    for (row, _) in items.iter_mut().step_by(7).filter(|(row, _)| row.open) {
        change(row);
        item::update(&mut tx, row, row.revision - 1).await.unwrap();
    }
    let barred: BTreeSet<String> = items.iter().step_by(3).map(|(row, _): &(ItemRow, _)| row.id.clone()).collect();
    for item in &barred {
        item::replace_barred(&mut tx, item.parse().unwrap(), [id].into()).await.unwrap();
    }
    tx.commit(START).await.unwrap();
    World { items, helping, units, barred: (id, barred) }
}

/// What moves an item from one list to another: it is settled, or due at another time, or at none.
fn change(row: &mut ItemRow) {
    row.revision += 1;
    match row.number % 3 {
        0 => (row.open, row.task) = (false, None),
        1 => row.due_at = row.due_at.map(|at| at + 11 * DAY),
        _ => row.due_at = None,
    }
}

impl World {
    fn matches(&self, scope: Scope, filter: &Filter) -> Vec<ItemRow> {
        let any = |list: &[String], code: &str| list.is_empty() || list.iter().any(|one| one == code);
        let matching = self.items.iter().filter(|(row, units)| {
            let seen = match scope.reach() {
                Reach::All => true,
                Reach::Unit(unit) => units.contains(&unit.to_string()),
                Reach::Answered => row.replied_at.is_some(),
                Reach::UnitOrAnswered(unit) => row.replied_at.is_some() || units.contains(&unit.to_string()),
                Reach::None => false,
            };
            seen && any(&filter.sources, &row.source_id)
                && any(&filter.stages, &row.stage)
                && any(&filter.request_types, &row.request_type)
                && (filter.lead_units.is_empty()
                    || row.lead_unit_id.as_ref().is_some_and(|lead| any(&filter.lead_units, lead)))
                && filter.open.is_none_or(|open| row.open == open)
                && filter.overdue_at.is_none_or(|now| row.open && row.due_at.is_some_and(|due| due < now))
                && filter.asked_from.is_none_or(|from| row.asked_at >= from)
                && filter.asked_to.is_none_or(|to| row.asked_at < to)
                && filter.due_from.is_none_or(|from| row.due_at.is_some_and(|due| due >= from))
                && filter.due_to.is_none_or(|to| row.due_at.is_some_and(|due| due < to))
                && filter.replied_from.is_none_or(|from| row.replied_at.is_some_and(|at| at >= from))
                && filter.replied_to.is_none_or(|to| row.replied_at.is_some_and(|at| at < to))
                && (filter.tasks.is_empty() || row.task.as_ref().is_some_and(|task| any(&filter.tasks, task)))
                && filter.waiting.as_ref().is_none_or(|waiting| self.waits(row, waiting))
                && filter.assisting.as_ref().is_none_or(|unit| self.helping[&row.id].contains(unit))
        });
        matching.map(|(row, _)| row.clone()).collect()
    }

    fn list(&self, scope: Scope, filter: &Filter, order: Order) -> Vec<ItemRow> {
        let mut rows = self.matches(scope, filter);
        match order {
            Order::AskedNewest => rows.sort_by_key(|row| std::cmp::Reverse((row.asked_at, row.number))),
            Order::AskedOldest => rows.sort_by_key(|row| (row.asked_at, row.number)),
            Order::DueFirst => {
                rows.retain(|row| row.due_at.is_some() && row.open == filter.open.unwrap_or(true));
                rows.sort_by_key(|row| (row.due_at, row.number));
            }
        }
        rows
    }

    fn scopes(&self) -> Vec<Scope> {
        let account = |unit: usize, roles: &[Role]| Actor::Account {
            id: AccountId::new(START, fresh()),
            unit: self.units[unit],
            unit_kind: UnitKind::Section,
            roles: roles.iter().copied().collect(),
            limit: Limit::None,
        };
        let actors = [
            Actor::System("test"),
            account(0, &[Role::Handler]),
            account(1, &[Role::Publisher]),
            account(2, &[Role::Handler, Role::Publisher]),
            Actor::Public,
        ];
        let scopes: Vec<Scope> = actors.iter().map(scope).collect();
        let reaches: Vec<Reach> = scopes.iter().map(|scope| scope.reach()).collect();
        let (a, c) = (self.units[0], self.units[2]);
        let meant = [Reach::All, Reach::Unit(a), Reach::Answered, Reach::UnitOrAnswered(c), Reach::None];
        assert_eq!(reaches, meant, "the actors have the scopes they were made for");
        scopes
    }

    fn filters(&self) -> Vec<Filter> {
        let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let units: Vec<String> = self.units.iter().map(ToString::to_string).collect();
        let day = |days: i64| Some(START.as_micros() + days * DAY);
        let none = Filter::default();
        let mut filters = vec![
            none.clone(),
            Filter { sources: codes(&["hotline"]), ..none.clone() },
            Filter { sources: codes(&["board", "mailbox"]), ..none.clone() },
            Filter { lead_units: units[..1].to_vec(), ..none.clone() },
            Filter { lead_units: units[1..3].to_vec(), ..none.clone() },
            Filter { stages: codes(&["handling"]), ..none.clone() },
            Filter { stages: codes(&["handling", "closed", "received", "no such stage"]), ..none.clone() },
            Filter { request_types: codes(&["complaint"]), ..none.clone() },
            Filter { open: Some(true), ..none.clone() },
            Filter { open: Some(false), ..none.clone() },
            Filter { overdue_at: day(20), ..none.clone() },
            Filter { asked_from: day(7), ..none.clone() },
            Filter { asked_to: day(7), ..none.clone() },
            Filter { asked_from: day(7), asked_to: day(8), ..none.clone() },
            Filter { overdue_at: day(20), open: Some(false), ..none.clone() },
            Filter { sources: codes(&["nowhere"]), ..none.clone() },
            Filter { due_from: day(9), due_to: day(30), ..none.clone() },
            Filter { due_to: day(30), open: Some(false), ..none.clone() },
            Filter { replied_from: day(0), ..none.clone() },
            Filter { replied_to: day(0), ..none.clone() },
            Filter { tasks: codes(&["answer"]), ..none.clone() },
            Filter { tasks: codes(&["route", "release", "no such task"]), ..none.clone() },
            Filter { assisting: Some(units[1].clone()), ..none.clone() },
            Filter { assisting: Some(units[2].clone()), stages: codes(&["handling"]), ..none.clone() },
            Filter {
                sources: codes(&["board", "hotline"]),
                lead_units: units[..3].to_vec(),
                stages: codes(&["handling", "dispatched", "review_1", "approved"]),
                request_types: codes(&["consult", "help", "complaint", "other"]),
                open: Some(true),
                overdue_at: day(40),
                asked_from: day(2),
                asked_to: day(29),
                due_from: day(0),
                ..none
            },
        ];
        filters.extend(self.waiting());
        filters
    }

    /// What waits for whom, in all its parts.
    fn waiting(&self) -> Vec<Filter> {
        let codes = |list: &[&str]| list.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let units: Vec<String> = self.units.iter().map(ToString::to_string).collect();
        let none = Filter::default();
        vec![
            Filter { waiting: Some(Waiting::default()), ..none.clone() },
            Filter {
                waiting: Some(Waiting { anywhere: codes(&["route", "register"]), ..Waiting::default() }),
                ..none.clone()
            },
            Filter {
                waiting: Some(Waiting {
                    anywhere: Vec::new(),
                    own: Some((units[0].clone(), codes(&["answer"]))),
                    but: None,
                }),
                ..none.clone()
            },
            Filter {
                waiting: Some(Waiting {
                    anywhere: codes(&["review_second"]),
                    own: Some((units[2].clone(), codes(&["answer", "review_first"]))),
                    but: Some(self.barred.0.to_string()),
                }),
                asked_to: Some(START.as_micros() + 20 * DAY),
                ..none
            },
        ]
    }
}

impl World {
    fn waits(&self, row: &ItemRow, waiting: &Waiting) -> bool {
        let barred = waiting.but.as_ref().is_some_and(|account| *account == self.barred.0.to_string());
        !(barred && self.barred.1.contains(&row.id)) && is_asked_for(row, waiting)
    }
}

fn is_asked_for(row: &ItemRow, waiting: &Waiting) -> bool {
    let Some(task) = &row.task else { return false };
    waiting.anywhere.contains(task)
        || waiting
            .own
            .as_ref()
            .is_some_and(|(unit, tasks)| row.lead_unit_id.as_ref() == Some(unit) && tasks.contains(task))
}

/// Walks through the pages to the end.
async fn walk(conn: &mut Conn<'_>, scope: Scope, filter: &Filter, order: Order, told: Told) -> Vec<ItemRow> {
    let mut rows: Vec<ItemRow> = Vec::new();
    let mut after = None;
    loop {
        let slice = Slice { order, after, limit: PAGE, told };
        let next = page(conn, scope, filter, slice).await.unwrap();
        let last_page = next.len() < usize::try_from(PAGE).unwrap();
        rows.extend(next);
        assert!(rows.len() <= usize::try_from(ITEMS).unwrap(), "the pages go round in a circle");
        let Some(last) = rows.last().filter(|_| !last_page) else { return rows };
        let at = if order == Order::DueFirst { last.due_at.expect("a due date") } else { last.asked_at };
        after = Some(After { at, number: last.number });
    }
}

contract! {
    async fn every_list_shows_every_item_once_and_in_order(home: &Home) {
        let world = world(&home.store).await;
        let mut reader = home.store.read().await.unwrap();
        let conn = &mut reader.conn();
        let mut shown = 0;
        for scope in world.scopes() {
            for filter in world.filters() {
                for order in [Order::AskedNewest, Order::AskedOldest, Order::DueFirst] {
                    let listed = walk(conn, scope, &filter, order, Told::Whole).await;
                    let expected = world.list(scope, &filter, order);
                    let numbers = |rows: &[ItemRow]| rows.iter().map(|row| row.number).collect::<Vec<_>>();
                    assert_eq!(numbers(&listed), numbers(&expected), "{order:?} of {filter:?} within {scope:?}");
                    assert!(listed == expected, "a row of {order:?} of {filter:?} within {scope:?} differs");
                    shown += listed.len();
                }
                let facts = walk(conn, scope, &filter, Order::AskedNewest, Told::Facts).await;
                let short = |row| ItemRow { state: String::new(), fingerprint: String::new(), ..row };
                let expected: Vec<ItemRow> =
                    world.list(scope, &filter, Order::AskedNewest).into_iter().map(short).collect();
                assert!(facts == expected, "a fact of {filter:?} within {scope:?} differs");
                let counted = count(conn, scope, &filter).await.unwrap();
                let expected = i64::try_from(world.matches(scope, &filter).len()).unwrap();
                assert_eq!(counted, expected, "the count of {filter:?} within {scope:?}");
            }
        }
        assert!(shown > 20_000, "the lists are too short to prove anything: {shown}");
    }
}

contract! {
    /// Rows written before units had what is due in rows of their own.
    async fn lists_of_units_are_whole_after_the_change_that_brought_them(home: &Home) {
        let world = world(&home.store).await;
        let before = "DROP INDEX item_unit_by_due; DROP INDEX item_unit_by_open; ALTER TABLE item_unit DROP COLUMN open; \
            ALTER TABLE item_unit DROP COLUMN due_at; DELETE FROM _sqlx_migrations WHERE version = 10";
        run_raw(&home.store, before).await;
        let store = home.open_again().await;
        let mut reader = store.read().await.unwrap();
        for scope in world.scopes() {
            for open in [true, false] {
                let filter = Filter { open: Some(open), ..Filter::default() };
                let listed = walk(&mut reader.conn(), scope, &filter, Order::DueFirst, Told::Whole).await;
                assert!(listed == world.list(scope, &filter, Order::DueFirst), "{open} within {scope:?}");
            }
        }
    }
}
