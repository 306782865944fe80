//! What a day costs does not grow with what came before it: every statement about days, plans and jobs uses an index.

use huiyin::store::catalogue::statements;
use huiyin::store::job::{self, JobRow};
use huiyin::store::source::PullRow;
use huiyin::store::statement::Statement;
use huiyin::store::{Store, Tx, item, message, source, unit};
use huiyin_domain::id::JobId;
use huiyin_domain::item::{RequestType, Stage};
use huiyin_domain::time::Instant;
use serde_json::json;

use crate::support::lives::Life;
use crate::support::rows::{self, DAY, START, fresh};
use crate::support::stores::{Home, begin, plan, run_raw};

const SOURCES: [&str; 3] = ["board", "hotline-city", "mailbox"];
const DAYS: i64 = 60;
const MESSAGES_A_DAY: i64 = 60;

/// Sixty days with a pull of each source an hour, sixty messages a day, some of them numbered, held rows and old jobs.
async fn fill(store: &Store) {
    let mut tx = begin(store).await;
    let unit = rows::unit("a-1");
    let lead = unit.unit_id().unwrap();
    unit::insert(&mut tx, unit).await.unwrap();
    for id in SOURCES {
        source::insert(&mut tx, rows::source(id)).await.unwrap();
    }
    let mut number = 0;
    for day in 0..DAYS {
        for id in SOURCES {
            let at = START.as_micros() + day * DAY;
            let mut pull = rows::pull(id);
            pull.started_at = at;
            pull.finished_at = Some(at + 60_000_000);
            pull.stage = "finished".to_owned();
            pull.purpose = "sweep".to_owned();
            source::insert_pull(&mut tx, pull.clone()).await.unwrap();
            read_often(&mut tx, &pull).await;
            let (mut messages, mut versions, mut items) = (Vec::new(), Vec::new(), Vec::new());
            for place in 0..MESSAGES_A_DAY / 3 {
                number += 1;
                let mut row = rows::message(id, &format!("key-{number}"));
                row.first_seen_at = at + place;
                row.series = (place % 2 == 0).then(|| "ZH".to_owned());
                row.running = (place % 2 == 0).then_some(number);
                let life = Life {
                    stage: Stage::Received,
                    request_type: RequestType::Consult,
                    lead,
                    assisting: [].into(),
                    asked_at: Instant::from_micros(at),
                    number,
                };
                let (item, _) = life.lead(&row);
                tx.record(format!("item:{}", item.id), "item.received", &json!({ "source": id })).unwrap();
                versions.push(rows::version(&row, &pull, 1));
                items.push(item);
                messages.push(row);
            }
            message::insert(&mut tx, messages).await.unwrap();
            message::insert_versions(&mut tx, versions).await.unwrap();
            item::insert(&mut tx, items).await.unwrap();
            tx.record(format!("pull:{}", pull.id), "pull.started", &json!({ "source": id })).unwrap();
        }
    }
    tx.commit(START).await.unwrap();
}

/// The other pulls of a day, one an hour: each has a held row, and a job that asked for it.
async fn read_often(tx: &mut Tx, first: &PullRow) {
    for hour in 1..24 {
        let mut pull = rows::pull(&first.source_id);
        pull.started_at = first.started_at + hour * 3_600_000_000;
        pull.finished_at = Some(pull.started_at + 1);
        pull.stage = "finished".to_owned();
        pull.purpose = "head".to_owned();
        source::insert_pull(tx, pull.clone()).await.unwrap();
        let mut hold = rows::hold(&pull, hour);
        hold.source_key = Some(format!("K{}", pull.started_at));
        hold.raw_digest = rows::digest(&pull.id);
        source::insert_holds(tx, vec![hold]).await.unwrap();
        let job = JobRow {
            id: JobId::new(START, fresh()).to_string(),
            kind: "head".to_owned(),
            source_id: pull.source_id,
            stage: "done".to_owned(),
            run_at: pull.started_at,
            attempts: 1,
            actor: "system:test".to_owned(),
            owner: "here".to_owned(),
            lease_until: 0,
            pull_id: Some(pull.id),
            problem: String::new(),
            created_at: pull.started_at,
            finished_at: Some(pull.started_at),
        };
        job::insert(tx, job).await.unwrap();
    }
}

/// The statements about days, plans and jobs. What a page asks of all sources reads all sources.
fn asked() -> Vec<(&'static str, Statement)> {
    let ours = ["reconcile::", "schedule::", "job::", "alarm::", "alias::"];
    let asked: Vec<(&'static str, Statement)> =
        statements().into_iter().filter(|(name, _)| ours.iter().any(|prefix| name.starts_with(prefix))).collect();
    assert!(asked.len() > 30, "{}", asked.len());
    asked
}

/// Tables that have a row for each source or day, and may be read whole.
const SMALL: [&str; 5] = ["source", "schedule", "day_check", "alarm", "unit_alias"];

async fn demand_indexes(store: &Store, when: &str) {
    let mut bad = Vec::new();
    for (name, statement) in asked() {
        let plan = plan(store, &statement).await;
        let whole = plan.lines().any(|line| {
            let line = line.trim();
            let table = line.split("Seq Scan on ").nth(1).or_else(|| line.strip_prefix("SCAN "));
            let table = table.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
            let whole = line.starts_with("SCAN ") && !line.contains(" INDEX ") || line.contains("Seq Scan");
            whole && !SMALL.contains(&table)
        });
        if whole {
            bad.push(format!("{when}: {name}\n{}\n{plan}", statement.sql()));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n\n"));
}

#[tokio::test]
async fn a_day_is_reconciled_from_indexes_on_sqlite() {
    let home = Home::on_sqlite().await;
    fill(&home.store).await;
    demand_indexes(&home.store, "without statistics").await;
    run_raw(&home.store, "ANALYZE").await;
    demand_indexes(&home.open_again().await, "with statistics").await;
}

#[tokio::test]
async fn a_day_is_reconciled_from_indexes_on_postgres() {
    let Some(home) = Home::on_postgres().await else { return };
    fill(&home.store).await;
    // Of a few thousand short rows a hundred are found as fast by reading them all, and the planner knows.
    let more = "INSERT INTO message SELECT (jsonb_populate_record(known, jsonb_build_object('id', known.id || '-' || copy, \
        'source_key', known.source_key || '-' || copy, 'series', NULL, 'running', NULL))).* \
        FROM message known, generate_series(1, 12) copy";
    run_raw(&home.store, more).await;
    run_raw(&home.store, "VACUUM ANALYZE").await;
    demand_indexes(&home.store, "PostgreSQL").await;
    home.store.close().await;
}
