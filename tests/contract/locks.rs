//! What the database refuses, and what it says when somebody else was first.

use huiyin::store::{StoreError, account, item, message, publication, source, unit};
use huiyin_domain::item::Stage;

use super::{Sample, sample};
use crate::support::rows::{self, START};
use crate::support::stores::{begin, contract};

/// Runs each write in a transaction of its own and demands that the database refuses it.
macro_rules! refused {
    ($home:ident, $($why:literal: |$tx:ident| $write:expr;)*) => {$(
        let mut transaction = begin(&$home.store).await;
        let $tx = &mut transaction;
        let answer = $write.await;
        assert!(matches!(answer, Err(StoreError::Database(_))), "{}: {answer:?}", $why);
        drop(transaction);
    )*};
}

contract! {
    async fn what_is_unique_stays_unique(home: &Home) {
        let Sample { unit, pull, message, item } = sample(&home.store, Stage::Replied).await;
        let li = rows::account("li", &unit);
        let held = rows::hold(&pull, 1);
        let october = rows::publication("2026-10");
        let entry = rows::entry(&october, &item.id, 1);
        let mut tx = begin(&home.store).await;
        account::insert(&mut tx, li.clone()).await.unwrap();
        account::insert_session(&mut tx, rows::session(&li, 0, 1), "token").await.unwrap();
        source::insert_holds(&mut tx, vec![held.clone()]).await.unwrap();
        publication::insert(&mut tx, october.clone()).await.unwrap();
        publication::insert_entry(&mut tx, entry.clone()).await.unwrap();
        item::insert_note(&mut tx, rows::note(&item.id, 1)).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut same_number = item.clone();
        same_number.id = "another".to_owned();
        let mut second_of_message = same_number.clone();
        second_of_message.number = 2;
        let mut same_key = rows::message("board", "key-1");
        same_key.version = 7;
        refused! { home,
            "a unit's code": |tx| unit::insert(tx, rows::unit("a-1"));
            "a login": |tx| account::insert(tx, rows::account("li", &unit));
            "a token": |tx| account::insert_session(tx, rows::session(&li, 0, 1), "token");
            "a source": |tx| source::insert(tx, rows::source("board"));
            "a held row": |tx| source::insert_holds(tx, vec![rows::hold(&pull, 1)]);
            "a source's key": |tx| message::insert(tx, vec![same_key.clone()]);
            "a version": |tx| message::insert_versions(tx, vec![rows::version(&message, &pull, 1)]);
            "an item's number": |tx| item::insert(tx, vec![same_number.clone()]);
            "a message's item": |tx| item::insert(tx, vec![second_of_message.clone()]);
            "a note's place": |tx| item::insert_note(tx, rows::note(&item.id, 1));
            "a month": |tx| publication::insert(tx, rows::publication("2026-10"));
            "an item in an issue": |tx| publication::insert_entry(tx, rows::entry(&october, &item.id, 2));
        }
    }
}

contract! {
    async fn a_row_refers_to_what_is_there(home: &Home) {
        let Sample { pull, item, .. } = sample(&home.store, Stage::Handling).await;
        let stray = rows::unit("stray");
        let mut of_nothing = item.clone();
        (of_nothing.id, of_nothing.number, of_nothing.message_id) = ("x".to_owned(), 2, "none".to_owned());
        let unknown = rows::message("board", "unknown");
        refused! { home,
            "an account's unit": |tx| account::insert(tx, rows::account("li", &stray));
            "a pull's source": |tx| source::insert_pull(tx, rows::pull("nowhere"));
            "a message's source": |tx| message::insert(tx, vec![rows::message("nowhere", "k")]);
            "a version's message": |tx| message::insert_versions(tx, vec![rows::version(&unknown, &pull, 1)]);
            "an item's message": |tx| item::insert(tx, vec![of_nothing.clone()]);
            "a note's item": |tx| item::insert_note(tx, rows::note("none", 1));
        }
    }
}

contract! {
    async fn a_change_of_what_has_changed_is_refused(home: &Home) {
        let Sample { mut item, message, mut pull, .. } = sample(&home.store, Stage::Handling).await;
        let mut october = rows::publication("2026-10");
        let mut entry = rows::entry(&october, &item.id, 1);
        let revision = item.revision;
        let mut tx = begin(&home.store).await;
        publication::insert(&mut tx, october.clone()).await.unwrap();
        publication::insert_entry(&mut tx, entry.clone()).await.unwrap();
        item.revision += 1;
        item::update(&mut tx, &item, revision).await.unwrap();
        october.revision += 1;
        publication::update(&mut tx, &october, 1).await.unwrap();
        entry.revision += 1;
        publication::update_entry(&mut tx, &entry, 1).await.unwrap();
        message::advance(&mut tx, &message.id, 2, "d").await.unwrap();

        pull.id = "none".to_owned();
        let late = [
            ("item", item::update(&mut tx, &item, revision).await),
            ("publication", publication::update(&mut tx, &october, 1).await),
            ("entry", publication::update_entry(&mut tx, &entry, 1).await),
            ("message", message::advance(&mut tx, &message.id, 2, "d").await),
            ("pull", source::update_pull(&mut tx, &pull).await),
        ];
        for (name, answer) in late {
            let Err(StoreError::ChangedMeanwhile { table, .. }) = answer else { panic!("{name}: {answer:?}") };
            assert_eq!(table, name);
        }
    }
}

contract! {
    /// One database undoes the whole transaction then, the other the statement alone: neither may be committed.
    async fn nothing_is_committed_after_a_write_has_failed(home: &Home) {
        let mut tx = begin(&home.store).await;
        unit::insert(&mut tx, rows::unit("a")).await.unwrap();
        unit::insert(&mut tx, rows::unit("a")).await.unwrap_err();
        assert!(matches!(tx.commit(START).await, Err(StoreError::Failed)));
        let mut tx = begin(&home.store).await;
        assert_eq!(unit::all(&mut tx.conn()).await.unwrap(), []);
    }
}
