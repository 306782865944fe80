//! A hand in the database: whatever it changes, `ledger verify` names the row.

mod columns;
mod hand;

use std::io::Write as _;
use std::process::{Command, Stdio};

use huiyin_domain::access::Actor;
use huiyin_domain::ledger::Root;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::support::world::World;

/// What verification finds, as codes and messages.
async fn findings(world: &World, roots: &[Root]) -> Vec<(&'static str, String)> {
    let verification = world.service.verify(&Actor::System("test"), roots).await.expect("it verifies");
    verification.findings.iter().map(|finding| (finding.code(), finding.message())).collect()
}

async fn head(world: &World) -> Root {
    world.service.verify(&Actor::System("test"), &[]).await.expect("it verifies").head
}

#[track_caller]
fn assert_names(found: &[(&str, String)], code: &str, place: &str) {
    let named = found.iter().any(|(found, message)| *found == code && message.contains(place));
    assert!(named, "{code} naming {place} was expected: {found:?}");
}

#[tokio::test]
async fn a_removed_ledger_row_and_a_cut_tail_are_named() {
    let (world, mut hand) = hand::worked().await;
    let root = head(&world).await;
    let middle = root.seq / 2;
    hand.run(&format!("DELETE FROM ledger WHERE seq = {middle}")).await;
    assert_names(&findings(&world, &[]).await, "ledger.gap", &format!("第 {middle} 条"));

    // A whole tail cut off, and the head set back with it: only a root printed earlier shows it.
    let (world, mut hand) = hand::worked().await;
    let root = head(&world).await;
    let kept = root.seq - 3;
    let subjects = hand.texts(&format!("SELECT subject FROM ledger WHERE seq > {kept}")).await;
    assert!(subjects.iter().all(|subject| subject.starts_with("publication:")), "{subjects:?}");
    hand.run(&format!("DELETE FROM ledger WHERE seq > {kept}")).await;
    assert_names(&findings(&world, &[]).await, "ledger.tail_cut", &format!("第 {kept} 条"));
    hand.run(&format!("UPDATE ledger_head SET seq = {kept}, hash = (SELECT hash FROM ledger WHERE seq = {kept})"))
        .await;
    hand.run("DELETE FROM entry_version").await;
    assert_eq!(findings(&world, &[]).await, [], "without a root the shorter chain is sound");
    assert_names(&findings(&world, &[root]).await, "ledger.tail_cut", &format!("{}", root.seq));
}

#[tokio::test]
async fn swapped_ledger_rows_and_a_chain_written_anew_are_named() {
    let (world, mut hand) = hand::worked().await;
    let root = head(&world).await;
    hand.run("UPDATE ledger SET seq = -1 WHERE seq = 4").await;
    hand.run("UPDATE ledger SET seq = 4 WHERE seq = 5").await;
    hand.run("UPDATE ledger SET seq = 5 WHERE seq = -1").await;
    assert_names(&findings(&world, &[]).await, "ledger.hash_mismatch", "第 4 条");

    // Whoever can seal rows writes the chain anew from a changed one on: only a root shows it.
    let (world, mut hand) = hand::worked().await;
    hand.run("UPDATE ledger SET at = at + 1 WHERE seq = 1").await;
    hand.seal_anew().await;
    assert_eq!(findings(&world, &[]).await, []);
    assert_names(&findings(&world, &[root]).await, "ledger.root_mismatch", &format!("第 {} 条", root.seq));
}

#[tokio::test]
async fn a_removed_row_beside_the_ledger_is_named_by_its_entry() {
    let (world, mut hand) = hand::worked().await;
    assert_eq!(findings(&world, &[]).await, []);
    for table in ["message_version", "item_note", "reply_version", "entry_version", "hold"] {
        for row in hand.row_ids(table).await {
            let place = format!("第 {} 条", hand.entry_of(table, row).await);
            let removed = hand.remove(table, row).await;
            assert_names(&findings(&world, &[]).await, "text.missing", &place);
            hand.put_back(table, &removed).await;
            assert_eq!(findings(&world, &[]).await, [], "{table} {row} is back");
        }
    }
    for row in hand.row_ids("item").await {
        let id = hand.text(&format!("SELECT id FROM item WHERE rowid = {row}")).await;
        let entry = format!("SELECT seq FROM ledger WHERE subject = 'item:{id}' AND kind = 'item.received'");
        let place = format!("第 {} 条", hand.number(&entry).await);
        let removed = hand.remove("item", row).await;
        assert_names(&findings(&world, &[]).await, "item.missing", &place);
        hand.put_back("item", &removed).await;
    }
    let removed = hand.remove("message", 1).await;
    assert_names(&findings(&world, &[]).await, "item.differs", "第 1 件");
    hand.put_back("message", &removed).await;
    assert_eq!(findings(&world, &[]).await, []);
}

#[tokio::test]
async fn texts_that_changed_places_or_came_from_nowhere_are_named() {
    let (world, mut hand) = hand::worked().await;
    // Two messages' texts with their seals: each is sound by itself, but in the wrong place.
    let columns = ["title", "body", "author", "contact", "address", "asked_at", "reply", "reply_unit", "replied_at"];
    for column in columns.into_iter().chain(["raw", "salt", "digest"]) {
        hand.swap("message_version", column, 1, 2).await;
    }
    let id = hand.text("SELECT message_id FROM message_version WHERE rowid = 1").await;
    let other = hand.text("SELECT message_id FROM message_version WHERE rowid = 2").await;
    let found = findings(&world, &[]).await;
    let named = found
        .iter()
        .any(|(code, message)| *code == "text.altered" && (message.contains(&id) || message.contains(&other)));
    assert!(named, "{found:?}");

    let (world, mut hand) = hand::worked().await;
    for column in ["text", "salt", "digest"] {
        hand.swap("reply_version", column, 1, 2).await;
    }
    assert_names(&findings(&world, &[]).await, "text.altered", "reply_version");

    let (world, mut hand) = hand::worked().await;
    hand.run("INSERT INTO item_note SELECT item_id, 9, kind, actor, at, 'x', salt, digest FROM item_note LIMIT 1")
        .await;
    assert_names(&findings(&world, &[]).await, "text.altered", "#9");
}

#[tokio::test]
async fn openssl_alone_reproduces_the_chain_of_a_worked_store() {
    if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "openssl is missing");
        eprintln!("NOT RUN: the chain of a worked store with openssl: it is not installed");
        return;
    }
    let (world, mut hand) = hand::worked().await;
    let root = head(&world).await;
    assert!(root.seq > 20);
    let export = export(hand.connection()).await;
    assert_eq!(documented_loop(&export), (true, format!("ok {root}\n")));

    let altered = export.replacen("item.assigned", "item.accepted", 1);
    let row = 1 + export.lines().position(|line| line.contains("item.assigned")).expect("an item was assigned");
    assert_eq!(documented_loop(&altered), (false, format!("row {row}: altered\n")));
}

/// The eight columns as docs/ledger-format.md asks for them.
async fn export(connection: &mut SqliteConnection) -> String {
    let rows = sqlx::query(
        "SELECT seq || char(9) || at || char(9) || actor || char(9) || subject || char(9) || kind || char(9) || body \
         || char(9) || prev_hash || char(9) || hash || char(10) FROM ledger ORDER BY seq",
    );
    let rows = rows.fetch_all(connection).await.expect("the ledger is exported");
    rows.iter().map(|row| row.get::<String, _>(0)).collect()
}

/// Runs the loop printed in the document.
fn documented_loop(export: &str) -> (bool, String) {
    let document = include_str!("../../docs/ledger-format.md");
    let script = document.split_once("```sh verify\n").and_then(|(_, rest)| rest.split_once("```"));
    let mut shell = Command::new("sh")
        .args(["-c", script.expect("the document prints the loop").0])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh starts");
    // The loop stops reading at the first fault, so that the rest of the input may meet a closed pipe.
    let _ = shell.stdin.take().expect("its input").write_all(export.as_bytes());
    let output = shell.wait_with_output().expect("sh ends");
    (output.status.success(), String::from_utf8(output.stdout).expect("UTF-8"))
}
