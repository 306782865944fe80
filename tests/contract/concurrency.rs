//! Several at once: one wins, readers go on, writers wait their turn.

use std::time::Duration;

use huiyin::store::statement::Statement;
use huiyin::store::{Store, StoreError, item, unit};
use huiyin_domain::id::ItemId;
use huiyin_domain::item::Stage;
use tokio::time::{sleep, timeout};

use super::sample;
use crate::support::rows::{self, START};
use crate::support::stores::{Home, begin, contract};

contract! {
    async fn of_two_changes_of_one_item_exactly_one_wins(home: &Home) {
        let row = sample(&home.store, Stage::Handling).await.item;
        for round in 0..20_i64 {
            let revision = row.revision + round;
            let rivals: Vec<_> = ["甲", "乙"]
                .map(|title| {
                    let (store, mut row) = (home.store.clone(), row.clone());
                    tokio::spawn(async move {
                        (row.title, row.revision) = (title.to_owned(), revision + 1);
                        let mut tx = begin(&store).await;
                        item::update(&mut tx, &row, revision).await?;
                        tx.commit(START).await.map(|_| title)
                    })
                })
                .into();
            let mut won = Vec::new();
            for rival in rivals {
                match rival.await.unwrap() {
                    Ok(title) => won.push(title),
                    Err(StoreError::ChangedMeanwhile { table: "item", .. }) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
            let id: ItemId = row.id.parse().unwrap();
            let now = item::by_id(&mut home.store.read().await.unwrap().conn(), id).await.unwrap().unwrap();
            assert_eq!((won, now.revision), (vec![now.title.as_str()], revision + 1));
        }
    }
}

contract! {
    async fn an_open_reader_does_not_hold_up_a_writer(home: &Home) {
        let mut reader = home.store.read().await.unwrap();
        reader.conn().execute(Statement::new("BEGIN", Vec::new())).await.unwrap();
        assert_eq!(unit::all(&mut reader.conn()).await.unwrap(), []);
        let write = async {
            let mut tx = begin(&home.store).await;
            unit::insert(&mut tx, rows::unit("a")).await.unwrap();
            tx.commit(START).await.unwrap();
        };
        timeout(Duration::from_secs(10), write).await.expect("the writer is not held up");
        reader.conn().execute(Statement::new("COMMIT", Vec::new())).await.unwrap();
        assert_eq!(unit::all(&mut reader.conn()).await.unwrap().len(), 1);
    }
}

contract! {
    async fn a_reader_goes_on_beside_an_open_writer(home: &Home) {
        let mut tx = begin(&home.store).await;
        unit::insert(&mut tx, rows::unit("a")).await.unwrap();
        let seen = timeout(Duration::from_secs(10), async {
            unit::all(&mut home.store.read().await.unwrap().conn()).await.unwrap()
        });
        assert_eq!(seen.await.expect("the reader is not held up"), [], "and sees nothing unfinished");
        tx.commit(START).await.unwrap();
    }
}

async fn add_unit(store: &Store, code: &str) {
    let mut tx = begin(store).await;
    unit::insert(&mut tx, rows::unit(code)).await.unwrap();
    tx.record(format!("unit:{code}"), "unit.added", &serde_json::json!({})).unwrap();
    tx.commit(START).await.unwrap();
}

contract! {
    /// A command line beside a running server: the same database opened twice.
    async fn a_writer_of_another_process_waits_its_turn(home: &Home) {
        let other = home.open_again().await;
        let mut tx = begin(&home.store).await;
        unit::insert(&mut tx, rows::unit("first")).await.unwrap();
        tx.record("unit:first".to_owned(), "unit.added", &serde_json::json!({})).unwrap();
        let waiting = tokio::spawn({
            let other = other.clone();
            async move { add_unit(&other, "second").await }
        });
        sleep(Duration::from_millis(200)).await;
        tx.commit(START).await.unwrap();
        timeout(Duration::from_secs(20), waiting).await.expect("its turn comes").unwrap();
        assert_eq!(unit::all(&mut home.store.read().await.unwrap().conn()).await.unwrap().len(), 2);
        other.close().await;
    }
}

/// The embedded database has one writer: a second one waits even before its first statement.
#[tokio::test]
async fn sqlite_writers_take_turns() {
    let home = Home::on_sqlite().await;
    let other = home.open_again().await;
    let tx = begin(&home.store).await;
    let early = timeout(Duration::from_millis(200), begin(&other)).await;
    assert!(early.is_err(), "two writers are at work at once");
    drop(tx);
    add_unit(&other, "a").await;
}

contract! {
    /// What depends on an item without changing it: nobody changes it before the transaction ends.
    async fn an_item_held_still_is_changed_afterwards_only(home: &Home) {
        let row = sample(&home.store, Stage::Replied).await.item;
        let mut tx = begin(&home.store).await;
        item::hold_still(&mut tx, &row.id, row.revision).await.unwrap();
        let rival = {
            let (store, mut row) = (home.store.clone(), row.clone());
            tokio::spawn(async move {
                let revision = row.revision;
                row.revision += 1;
                let mut tx = begin(&store).await;
                item::update(&mut tx, &row, revision).await?;
                tx.commit(START).await
            })
        };
        sleep(Duration::from_millis(200)).await;
        assert!(!rival.is_finished(), "the change waits");
        tx.commit(START).await.unwrap();
        timeout(Duration::from_secs(20), rival).await.unwrap().unwrap().unwrap();
        let mut tx = begin(&home.store).await;
        let late = item::hold_still(&mut tx, &row.id, row.revision).await;
        assert!(matches!(late, Err(StoreError::ChangedMeanwhile { table: "item", .. })), "{late:?}");
    }
}
