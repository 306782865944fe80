//! Lists and counts of pulls, held rows and uploads are answered from an index in its order, on both databases.

use huiyin::store::catalogue::statements;
use huiyin::store::hold::{self, HoldAfter, HoldFilter};
use huiyin::store::payload::{self, PayloadRow};
use huiyin::store::statement::Statement;
use huiyin::store::upload::{self, UploadRow};
use huiyin::store::{Store, source};
use huiyin_domain::id::{HoldId, PullId, UploadId};

use crate::support::rows::{self, START, fresh};
use crate::support::stores::{Home, begin, plan, run_raw};

const SOURCES: [&str; 4] = ["board", "hotline-city", "hotline-district", "mailbox"];
const PULLS: usize = 3_000;

/// Three thousand pulls, four held rows each, of which one of fifty is open.
async fn fill(store: &Store) -> (PullId, HoldId) {
    let mut tx = begin(store).await;
    for id in SOURCES {
        source::insert(&mut tx, rows::source(id)).await.unwrap();
    }
    let (mut last, mut number) = (None, 0_i64);
    for index in 0..PULLS {
        let pull = rows::pull(SOURCES[index % 4]);
        source::insert_pull(&mut tx, pull.clone()).await.unwrap();
        let mut holds = Vec::new();
        for _ in 0..4 {
            number += 1;
            let mut row = rows::hold(&pull, number);
            row.resolved_at = (number % 50 != 0).then_some(START.as_micros());
            holds.push(row);
        }
        last = Some((pull.id.parse().unwrap(), holds[0].id.parse().unwrap()));
        source::insert_holds(&mut tx, holds).await.unwrap();
        let row = UploadRow {
            id: UploadId::new(START, fresh()).to_string(),
            file_name: "样例.csv".to_owned(),
            file_kind: "text".to_owned(),
            file_bytes: 1,
            file_digest: rows::digest("file"),
            stage: if index == 0 { "queued" } else { "imported" }.to_owned(),
            actor: "system:test".to_owned(),
            connector: "board".to_owned(),
            pull_id: Some(pull.id.clone()),
            row_total: Some(4),
            problem_code: String::new(),
            problem: String::new(),
            uploaded_at: START.as_micros(),
            finished_at: None,
            owner: "here".to_owned(),
            lease_until: 0,
        };
        upload::insert(&mut tx, row).await.unwrap();
        payload::insert(&mut tx, (1..=2).map(|ordinal| sent(&pull.id, ordinal)).collect()).await.unwrap();
    }
    tx.commit(START).await.unwrap();
    last.unwrap()
}

fn sent(pull: &str, ordinal: i64) -> PayloadRow {
    PayloadRow {
        pull_id: pull.to_owned(),
        ordinal,
        url: String::new(),
        media_type: "text/html".to_owned(),
        charset: String::new(),
        bytes: 1,
        content: rows::digest(&format!("{pull} {ordinal}")),
        taken_at: START.as_micros() + ordinal,
    }
}

fn asked(pull: PullId, row: HoldId) -> Vec<(String, Statement, bool)> {
    let mut asked = Vec::new();
    for open in [false, true] {
        for (name, of_pull, source) in
            [("all", None, None), ("a pull", Some(pull), None), ("a source", None, Some("board".to_owned()))]
        {
            let filter = HoldFilter { pull: of_pull, source, open };
            let name = format!("held rows of {name}, open: {open}");
            let after = HoldAfter { pull, row: 5, hold: row };
            asked.push((format!("{name}, first page"), hold::page_statement(&filter, None, 20), true));
            asked.push((format!("{name}, later page"), hold::page_statement(&filter, Some(&after), 20), true));
            // Nobody asks how many rows were ever held.
            if open {
                asked.push((format!("{name}, count"), hold::count_statement(&filter), false));
            }
        }
    }
    for source in [None, Some("board")] {
        for after in [None, Some(pull)] {
            asked.push(("pulls".to_owned(), hold::pulls_statement(source, after, 20), true));
        }
    }
    // A hundred of six thousand are found fastest by looking at all: of the long lists the plan is no matter.
    let is_asked =
        |(name, statement): &(&str, Statement)| name.starts_with("payload::") && !statement.sql().contains(" IN (");
    for (name, statement) in statements().into_iter().filter(is_asked) {
        let is_list = ["payload::OF_PULL", "payload::EXPIRED"].contains(&name);
        asked.push((name.to_owned(), statement, is_list));
    }
    asked.push(("uploads".to_owned(), upload::page_statement(None, 20), true));
    let (last, after) = (UploadId::new(START, fresh()), "uploads, later page".to_owned());
    asked.push((after, upload::page_statement(Some(last), 20), true));
    asked
}

async fn demand_indexes(store: &Store, when: &str, asked: &[(String, Statement, bool)]) {
    let mut bad = Vec::new();
    for (name, statement, ordered) in asked {
        let plan = plan(store, statement).await;
        let whole = plan.lines().any(|line| {
            let line = line.trim();
            let scan = line.starts_with("SCAN ") && !line.contains(" INDEX ");
            scan || line.contains("Seq Scan")
        });
        let sorts = *ordered && ["TEMP B-TREE", "Sort"].iter().any(|word| plan.contains(word));
        if whole || sorts {
            bad.push(format!("{when}: {name}\n{}\n{plan}", statement.sql()));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

#[tokio::test]
async fn imports_are_listed_from_indexes_on_sqlite() {
    let home = Home::on_sqlite().await;
    let (pull, row) = fill(&home.store).await;
    demand_indexes(&home.store, "without statistics", &asked(pull, row)).await;
    run_raw(&home.store, "ANALYZE").await;
    demand_indexes(&home.open_again().await, "with statistics", &asked(pull, row)).await;
}

#[tokio::test]
async fn imports_are_listed_from_indexes_on_postgres() {
    let Some(home) = Home::on_postgres().await else { return };
    let (pull, row) = fill(&home.store).await;
    run_raw(&home.store, "VACUUM ANALYZE").await;
    demand_indexes(&home.store, "PostgreSQL", &asked(pull, row)).await;
    home.store.close().await;
}
