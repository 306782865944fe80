//! Whatever is lost behind the program's back, or at the source, is named.

use huiyin::intake::crawl::Coverage;
use huiyin::store::source;

use super::{PROGRAM, TODAY, behind, difference, on_both, rows};
use crate::support::world::World;

/// Two imports: nine messages and a row that is held; then the same again, two changed and one more.
async fn worked(world: &World) {
    let held = "L90,甲,题目,某天,内容,,\n";
    world.import(&format!("{}{held}", rows(1, 9))).await;
    let changed = rows(3, 4).replace("内容", "内容已改");
    world.import(&format!("{}{changed}{}", rows(1, 2), rows(10, 10))).await;
}

async fn every_loss_is_named(world: &World) {
    worked(world).await;
    assert_eq!(world.differences().await, []);
    assert_eq!(world.totals().await, (11, 11));
    let store = world.service.store();
    for number in [1, 5, 9, 10] {
        behind(store, "CREATE TABLE kept AS SELECT * FROM item").await;
        assert_eq!(behind(store, &format!("DELETE FROM item WHERE number = {number}")).await, 1);
        assert_eq!(world.differences().await, [difference("item_gone", &number)]);
        assert_eq!(world.totals().await, (11, 10));
        behind(store, &format!("INSERT INTO item SELECT * FROM kept WHERE number = {number}")).await;
        behind(store, "DROP TABLE kept").await;
        assert_eq!(world.differences().await, []);
    }
    let of = |number: i64| format!("(SELECT message_id FROM item WHERE number = {number})");
    for (table, condition, found) in [
        ("message", format!("id = {}", of(4)), difference("message_gone", &4)),
        ("message_version", format!("version = 1 AND message_id = {}", of(4)), difference("version_gone", "4/1")),
        ("message_version", format!("version = 2 AND message_id = {}", of(4)), difference("version_gone", "4/2")),
    ] {
        behind(store, &format!("CREATE TABLE kept AS SELECT * FROM {table} WHERE {condition}")).await;
        assert_eq!(behind(store, &format!("DELETE FROM {table} WHERE {condition}")).await, 1);
        assert_eq!(world.differences().await, [found], "{table}");
        behind(store, &format!("INSERT INTO {table} SELECT * FROM kept")).await;
        behind(store, "DROP TABLE kept").await;
        assert_eq!(world.differences().await, []);
    }
}

#[tokio::test]
async fn every_row_deleted_behind_the_programs_back_is_named() {
    on_both(every_loss_is_named).await;
}

async fn what_pulls_lost_is_named(world: &World) {
    worked(world).await;
    let found = world.reconciled(TODAY).await;
    let [day] = &found.sources[..] else { panic!("{found:?}") };
    assert_eq!((day.source.id.as_str(), day.statement.pulls, day.statement.held), ("board", 2, 1));
    let store = world.service.store();
    assert_eq!(behind(store, "DELETE FROM hold").await, 1);
    let differences = world.differences().await;
    assert!(matches!(&differences[..], [("held_gone", subject)] if subject.ends_with("/11")), "{differences:?}");
    assert_eq!(world.totals().await, (11, 10));

    assert_eq!(
        behind(store, "UPDATE pull SET accepted = accepted - 1, unchanged = unchanged + 1 WHERE accepted = 9").await,
        1
    );
    let codes: Vec<&str> = world.differences().await.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["pull_altered", "held_gone"]);
    assert_eq!(behind(store, "DELETE FROM pull WHERE accepted = 1").await, 1);
    let codes: Vec<&str> = world.differences().await.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["pull_gone", "pull_altered", "held_gone"]);
}

#[tokio::test]
async fn held_rows_and_pulls_that_are_gone_or_altered_are_named() {
    on_both(what_pulls_lost_is_named).await;
}

async fn whole_days_are_named(world: &World) {
    // Three days, so that the one in the middle has neighbours.
    for day in 0..3 {
        world.import(&rows(1 + 4 * day, 4 + 4 * day)).await;
        world.clock.advance(86_400);
    }
    let middle = TODAY.tomorrow().expect("a day");
    let store = world.service.store();
    assert_eq!(behind(store, "DELETE FROM item WHERE number >= 5 AND number <= 8").await, 4);
    let found = world.reconciled(middle).await;
    let named: Vec<String> = found.differences().map(|(_, difference)| difference.subject()).collect();
    assert_eq!(named, ["5", "6", "7", "8"]);
    assert_eq!((found.came(), found.accounted()), (4, 0));
    assert!(world.reconciled(TODAY).await.is_closed());

    // The last number of all, and the ledger's entry about it as well: the pull's own count still tells.
    assert_eq!(behind(store, "DELETE FROM item WHERE number = 12").await, 1);
    behind(store, "DELETE FROM ledger WHERE seq = (SELECT MAX(seq) FROM ledger WHERE kind = 'item.received')").await;
    let found = world.reconciled(middle.tomorrow().expect("a day")).await;
    let codes: Vec<&str> = found.differences().map(|(_, difference)| difference.code()).collect();
    assert_eq!(codes, ["pull_short"]);
    // One in the middle: its number is nobody's.
    behind(store, "DELETE FROM ledger WHERE kind = 'item.received' AND subject = (SELECT 'item:' || id FROM item WHERE number = 10)").await;
    behind(store, "DELETE FROM item WHERE number = 10").await;
    let found = world.reconciled(middle.tomorrow().expect("a day")).await;
    let named: Vec<(&str, String)> =
        found.differences().map(|(_, difference)| (difference.code(), difference.subject())).collect();
    assert!(named.contains(&difference("number_gone", &10)), "{named:?}");
}

#[tokio::test]
async fn losses_at_the_edges_of_a_day_are_named() {
    on_both(whole_days_are_named).await;
}

async fn what_the_source_dropped_is_named(world: &World) {
    let shows = |claimed: u64, met: u64| Coverage {
        claimed: Some(claimed),
        shown: 0,
        met,
        pages: 2,
        complete: true,
        ..Coverage::default()
    };
    let pulled = world.swept("board", shows(28, 8)).await;
    assert_eq!((pulled.claimed, pulled.met), (Some(28), 8));
    assert_eq!(world.differences().await, [difference("source_differs", "")]);
    assert_eq!(world.totals().await, (20, 0));
    // The next sweep sees all of it: the day is closed.
    world.swept("board", shows(28, 28)).await;
    assert_eq!(world.differences().await, []);
    world.swept("board", Coverage { complete: false, ..shows(28, 28) }).await;
    assert_eq!(world.differences().await, [difference("sweep_unfinished", "")]);
}

#[tokio::test]
async fn a_page_that_the_source_dropped_is_named() {
    on_both(what_the_source_dropped_is_named).await;
}

async fn a_skipped_number_is_named(world: &World) {
    world.import(&rows(1, 9)).await;
    let store = world.service.store();
    let number =
        |column: &str| format!("UPDATE message SET {column} WHERE id = (SELECT message_id FROM item WHERE number = ");
    // 0007 is skipped, and so are 0009 to 0011.
    for (item, running) in [(1, 5), (2, 6), (3, 8), (4, 12), (5, 13)] {
        let set = number(&format!("series = 'ZH2026', running = {running}, printed_number = 'ZH2026{running:04}'"));
        behind(store, &format!("{set}{item})")).await;
    }
    // Another series goes on without a gap, and one that prints no zeros has its own width.
    for (item, running) in [(6, 9), (7, 10), (8, 12)] {
        let set = number(&format!("series = 'A', running = {running}, printed_number = 'A{running}'"));
        behind(store, &format!("{set}{item})")).await;
    }
    let missing = |label: &str| difference("numbers_missing", label);
    assert_eq!(world.differences().await, [missing("A11"), missing("ZH20260007"), missing("ZH20260009 至 ZH20260011")]);
    assert_eq!(world.totals().await, (14, 9));

    // A row that is held under its number was met; what comes late closes the gap of the day it belongs to.
    world.import("L90,甲,题目,某天,内容,,\n").await;
    behind(store, "UPDATE hold SET source_key = 'ZH20260010'").await;
    world.clock.advance(86_400);
    world.import(&rows(10, 10)).await;
    let set = number("series = 'ZH2026', running = 7, printed_number = 'ZH20260007'");
    behind(store, &format!("{set}10)")).await;
    assert_eq!(world.differences().await, [missing("A11"), missing("ZH20260009"), missing("ZH20260011")]);
    assert!(world.reconciled(TODAY.tomorrow().expect("a day")).await.is_closed());
}

#[tokio::test]
async fn a_number_that_was_skipped_is_named() {
    on_both(a_skipped_number_is_named).await;
}

async fn repairs_do_not_disturb(world: &World) {
    world.import(&format!("{}L90,甲,题目,某天,内容,,\nL91,甲,题目,某月,内容,,\n", rows(1, 3))).await;
    let holds = source::holds_after(&mut world.service.store().read().await.unwrap().conn(), "", 10).await.unwrap();
    let id = |index: usize| holds[index].id.parse().unwrap();
    let cells = ["L90", "甲", "题目", "2026-09-02 08:00:00", "内容"];
    let headers = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情"];
    let cells = headers.iter().zip(cells).map(|(header, cell)| ((*header).to_owned(), cell.to_owned())).collect();
    let repaired = world.service.repair_held(&PROGRAM, id(0), Some(cells)).await.unwrap();
    assert_eq!(repaired.outcome, "accepted");
    world.service.reject_held(&PROGRAM, id(1), "重复").await.unwrap();
    world.clock.advance(60);
    assert_eq!(world.differences().await, []);
    assert_eq!(world.totals().await, (5, 5));
    // A later pull of the same day, so that the repair lies between two of them.
    world.import(&rows(1, 4)).await;
    assert_eq!(world.differences().await, []);
    assert_eq!(world.totals().await, (6, 6));
    // What was repaired can be lost as well.
    behind(world.service.store(), "DELETE FROM item WHERE number = 4").await;
    assert_eq!(world.differences().await, [difference("item_gone", &4)]);
}

#[tokio::test]
async fn a_held_row_that_was_repaired_counts_once() {
    on_both(repairs_do_not_disturb).await;
}
