//! Which imports were cut off: those of one's own data directory at once, those of other machines when they fall silent.

use huiyin::service::{HomeSettings, Service};
use huiyin::store::StoreError;
use huiyin::store::source::{self, PullRow};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::on_both;
use crate::support::rows;
use crate::support::world::{START, World};

/// The use cases as a process of this data directory has them.
fn of(world: &World, owner: &str) -> Service {
    let (spool, blobs) = (world.database().with_file_name("uploads"), world.database().with_file_name("blobs"));
    let owner = owner.to_owned();
    world.service.clone().with_home(HomeSettings { owner, spool, blobs, max_upload_bytes: 1 << 20, connectors: None })
}

/// A pull under way in a data directory, with five minutes before it must show a sign of life.
async fn running(world: &World, owner: &str) -> PullRow {
    let store = world.service.store();
    let now: Instant = world.service.now();
    let row = PullRow {
        owner: owner.to_owned(),
        started_at: now.as_micros(),
        lease_until: now.as_micros() + 300_000_000,
        ..rows::pull("board")
    };
    let mut tx = store.begin(&World::permit()).await.unwrap();
    if source::by_id(&mut tx.conn(), "board").await.unwrap().is_none() {
        source::insert(&mut tx, rows::source("board")).await.unwrap();
    }
    source::insert_pull(&mut tx, row.clone()).await.unwrap();
    tx.record(format!("pull:{}", row.id), "pull.started", &json!({})).unwrap();
    tx.commit(now).await.unwrap();
    row
}

async fn stage(world: &World, row: &PullRow) -> String {
    let mut reader = world.service.store().read().await.unwrap();
    source::pull(&mut reader.conn(), &row.id).await.unwrap().unwrap().stage
}

async fn only_silent_imports_are_marked(world: &World) {
    assert_eq!(world.service.now(), START);
    let (here, there) = (of(world, "here"), of(world, "there"));
    let (ours, theirs) = (running(world, "here").await, running(world, "there").await);

    // Beside another process in this directory, nothing is known to be cut off.
    assert_eq!(here.note_interrupted_pulls(false).await.unwrap(), 0);
    // Alone in it, what runs here was cut off; another machine's import goes on.
    assert_eq!(here.note_interrupted_pulls(true).await.unwrap(), 1);
    assert_eq!((stage(world, &ours).await, stage(world, &theirs).await), ("interrupted".into(), "running".into()));

    // A sign of life puts off the time at which it counts as cut off.
    world.clock.advance(200);
    let until = world.service.now().as_micros() + 300_000_000;
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    assert!(source::renew(&mut tx, &theirs.id, until).await.unwrap());
    assert!(!source::renew(&mut tx, &ours.id, until).await.unwrap(), "what was given up does not come back");
    tx.commit(world.service.now()).await.unwrap();
    world.clock.advance(200);
    assert_eq!(here.note_interrupted_pulls(true).await.unwrap(), 0);
    world.clock.advance(100);
    assert_eq!(here.note_interrupted_pulls(false).await.unwrap(), 1);
    assert_eq!(stage(world, &theirs).await, "interrupted");
    assert_eq!(there.note_interrupted_pulls(true).await.unwrap(), 0, "once");

    // Had it only been slow, it must not write on.
    let mut tx = world.service.store().begin(&World::permit()).await.unwrap();
    let late = source::update_pull(&mut tx, &PullRow { stage: "finished".to_owned(), ..theirs }).await;
    assert!(matches!(late, Err(StoreError::ChangedMeanwhile { table: "pull", .. })), "{late:?}");
    drop(tx);

    // An import of its own, from beginning to end, leaves a sound ledger.
    let imported = world.import("L1,甲,题目,2026-09-01 08:00:00,内容,,\n").await;
    assert_eq!(imported.statement.accepted, 1);
}

#[tokio::test]
async fn only_imports_that_fell_silent_are_marked() {
    on_both(only_silent_imports_are_marked).await;
}
