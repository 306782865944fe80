//! The ledger stays dense and sound whoever writes, and wakes whoever follows.

use std::time::Duration;

use huiyin::store::{Store, ledger};
use huiyin_domain::id::ItemId;
use huiyin_domain::ledger::Verifier;
use huiyin_domain::time::Instant;
use serde_json::json;
use tokio::time::timeout;

use crate::support::rows::{START, fresh};
use crate::support::stores::{begin, contract};

/// Verifies the chain against the head; returns its length.
async fn verify(store: &Store) -> u64 {
    let mut reader = store.read().await.unwrap();
    let head = ledger::head(&mut reader.conn()).await.unwrap();
    let mut verifier = Verifier::new();
    loop {
        let rows = ledger::after(&mut reader.conn(), verifier.head().seq, 97).await.unwrap();
        if rows.is_empty() {
            return verifier.finish(Some(head)).expect("the chain ends where the head says").seq;
        }
        for row in rows {
            verifier.push(&row.into_entry().unwrap()).expect("the chain is sound");
        }
    }
}

contract! {
    async fn eight_writers_make_one_dense_chain(home: &Home) {
        let writers: Vec<_> = (0..8_u64)
            .map(|writer| {
                let store = home.store.clone();
                tokio::spawn(async move {
                    for turn in 0..50 {
                        let mut tx = begin(&store).await;
                        for _ in 0..=turn % 3 {
                            let body = json!({ "turn": turn, "writer": writer });
                            tx.record(format!("item:{writer}"), "item.test", &body).unwrap();
                        }
                        tx.commit(START.plus_seconds(turn)).await.unwrap();
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        // 50 turns of 1, 2, 3, 1, … entries are 99.
        assert_eq!(verify(&home.store).await, 8 * 99);
        assert_eq!(*home.store.follow().borrow(), 8 * 99);

        let mut reader = home.store.read().await.unwrap();
        let of_one = ledger::of_subject(&mut reader.conn(), "item:3", 0, 1_000).await.unwrap();
        assert_eq!(of_one.len(), 99);
        assert!(of_one.is_sorted_by(|left, right| left.seq < right.seq), "in the order in which it happened");
        let after = u64::try_from(of_one[9].seq).unwrap();
        let later = ledger::of_subject(&mut reader.conn(), "item:3", after, 2).await.unwrap();
        assert_eq!(later, of_one[10..12]);
        assert_eq!(ledger::of_subject(&mut reader.conn(), "item:9", 0, 9).await.unwrap(), []);
    }
}

contract! {
    async fn an_entry_comes_back_as_it_was_recorded(home: &Home) {
        let subject = format!("item:{}", ItemId::new(START, fresh()));
        let mut tx = begin(&home.store).await;
        tx.record(subject.clone(), "item.assigned", &json!({ "z": 1, "a": { "c": [true, null], "b": "件" } })).unwrap();
        assert_eq!(tx.commit(Instant::from_micros(-5)).await.unwrap(), 1);
        let mut reader = home.store.read().await.unwrap();
        let rows = ledger::after(&mut reader.conn(), 0, 9).await.unwrap();
        let [row] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((row.at, row.actor.as_str(), &row.subject), (-5, "system:test", &subject));
        assert_eq!((row.kind.as_str(), row.body.as_str()), ("item.assigned", r#"{"a":{"b":"件","c":[true,null]},"z":1}"#));
        drop(reader);
        assert_eq!(verify(&home.store).await, 1);
    }
}

contract! {
    async fn who_follows_is_woken_by_a_commit_and_by_nothing_else(home: &Home) {
        let mut follower = home.store.follow();
        let mut tx = begin(&home.store).await;
        tx.record("item:1".to_owned(), "item.test", &json!({})).unwrap();
        assert!(!follower.has_changed().unwrap(), "nothing is durable yet");
        tx.commit(START).await.unwrap();
        timeout(Duration::from_secs(5), follower.changed()).await.expect("woken").unwrap();
        assert_eq!(*follower.borrow_and_update(), 1);

        let tx = begin(&home.store).await;
        assert_eq!(tx.commit(START).await.unwrap(), 1, "nothing was recorded, the newest number stands");
        assert!(!follower.has_changed().unwrap());
        // One who opens the store later starts from what is there.
        let again = home.open_again().await;
        assert_eq!(*again.follow().borrow(), 1);
        again.close().await;
    }
}
