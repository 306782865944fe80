//! What is written comes back as it was, and what was never written is `None`.

use huiyin::store::desk::{DraftNoteRow, SavedFilterRow};
use huiyin::store::hold::{self, HoldFilter};
use huiyin::store::sign_in_lock::{self, LockRow};
use huiyin::store::{access_token, account, desk, item, ledger, message, publication, second_factor, source, unit};
use huiyin_domain::id::{AccountId, EntryId, ItemId, MessageId, PublicationId, ReplyId, SavedFilterId, UnitId};
use huiyin_domain::item::Stage;
use huiyin_domain::ledger::Root;

use super::{sample, sample_in};
use crate::support::rows::{self, DAY, START, fresh};
use crate::support::stores::{begin, contract};

contract! {
    async fn units_and_accounts(home: &Home) {
        let store = &home.store;
        let mut tx = begin(store).await;
        let units = [rows::unit("b"), rows::unit("a")];
        for row in &units {
            unit::insert(&mut tx, row.clone()).await.unwrap();
        }
        let mut retired = rows::account("zhang", &units[0]);
        retired.active = false;
        let accounts = [rows::account("li", &units[1]), retired];
        for row in &accounts {
            account::insert(&mut tx, row.clone()).await.unwrap();
        }
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        let [b, a] = units;
        assert_eq!(unit::all(conn).await.unwrap(), [a.clone(), b.clone()]);
        assert_eq!(unit::by_id(conn, a.unit_id().unwrap()).await.unwrap(), Some(a.clone()));
        assert_eq!(unit::by_code(conn, "b").await.unwrap(), Some(b.clone()));
        assert_eq!(unit::by_ids(conn, std::slice::from_ref(&b.id)).await.unwrap(), std::slice::from_ref(&b));
        assert_eq!(unit::by_ids(conn, &[]).await.unwrap(), []);
        assert_eq!(unit::by_ids(conn, &[a.id, b.id]).await.unwrap().len(), 2);
        let [li, zhang] = accounts;
        assert_eq!(account::all(conn).await.unwrap(), [li.clone(), zhang.clone()]);
        assert_eq!(account::by_login(conn, "zhang").await.unwrap(), Some(zhang.clone()));
        assert_eq!(account::by_id(conn, li.id.parse().unwrap()).await.unwrap(), Some(li.clone()));
        assert_eq!(account::by_ids(conn, &[li.id, zhang.id]).await.unwrap().len(), 2);
    }
}

contract! {
    async fn kept_lists_and_texts(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Handling).await;
        let (own, other) = (rows::account("li", &sample.unit), rows::account("zhang", &sample.unit));
        let (li, zhang): (AccountId, AccountId) = (own.id.parse().unwrap(), other.id.parse().unwrap());
        let item: ItemId = sample.item.id.parse().unwrap();
        let kept = |name: &str, ordinal: i64| SavedFilterRow {
            id: SavedFilterId::new(START, fresh()).to_string(),
            account_id: own.id.clone(),
            ordinal,
            name: name.to_owned(),
            query: "open=yes".to_owned(),
            created_at: START.as_micros(),
        };
        let typed = |kind: &str, text: &str, base_revision: i64| DraftNoteRow {
            account_id: own.id.clone(),
            item_id: sample.item.id.clone(),
            kind: kind.to_owned(),
            text: text.to_owned(),
            base_revision,
            saved_at: START.as_micros() + base_revision,
        };
        let (late, early) = (kept("超期", 2), kept("本周\u{1f600}到期", 1));
        let mut tx = begin(store).await;
        account::insert(&mut tx, own.clone()).await.unwrap();
        account::insert(&mut tx, other).await.unwrap();
        for row in [&late, &early] {
            desk::insert_filter(&mut tx, row.clone()).await.unwrap();
        }
        desk::keep_note(&mut tx, typed("reply", "您好", 1)).await.unwrap();
        desk::keep_note(&mut tx, typed("return", "不属于本单位", 1)).await.unwrap();
        tx.commit(START).await.unwrap();

        let changed = SavedFilterRow { query: "within=overdue&order=due".to_owned(), ..late.clone() };
        let mut tx = begin(store).await;
        desk::replace_filter(&mut tx, &changed).await.unwrap();
        let foreign = SavedFilterRow { account_id: zhang.to_string(), ..late.clone() };
        assert!(desk::replace_filter(&mut tx, &foreign).await.is_err(), "somebody else's");
        let id: SavedFilterId = early.id.parse().unwrap();
        assert!(!desk::remove_filter(&mut tx, zhang, id).await.unwrap(), "somebody else's");
        desk::keep_note(&mut tx, typed("reply", "您好，已经办理。", 4)).await.unwrap();
        assert!(desk::remove_note(&mut tx, li, item, "return").await.unwrap());
        assert!(!desk::remove_note(&mut tx, li, item, "return").await.unwrap());
        tx.commit(START).await.unwrap();
        {
            let mut reader = store.read().await.unwrap();
            let conn = &mut reader.conn();
            assert_eq!(desk::filters(conn, li).await.unwrap(), [early.clone(), changed.clone()]);
            assert_eq!(desk::filters(conn, zhang).await.unwrap(), []);
            assert_eq!(desk::notes_of_item(conn, li, item).await.unwrap(), [typed("reply", "您好，已经办理。", 4)]);
            assert_eq!(desk::notes_of_item(conn, zhang, item).await.unwrap(), []);
        }
        let mut tx = begin(store).await;
        assert!(desk::remove_filter(&mut tx, li, id).await.unwrap());
        desk::remove_notes(&mut tx, item).await.unwrap();
        tx.commit(START).await.unwrap();
        let mut reader = store.read().await.unwrap();
        assert_eq!(desk::filters(&mut reader.conn(), li).await.unwrap(), [changed]);
        assert_eq!(desk::notes_of_item(&mut reader.conn(), li, item).await.unwrap(), []);
    }
}

contract! {
    async fn sources_pulls_and_holds(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Received).await;
        let mut finished = rows::pull("board");
        finished.started_at += 1;
        let mut tx = begin(store).await;
        source::insert(&mut tx, rows::source("other")).await.unwrap();
        source::insert_pull(&mut tx, finished.clone()).await.unwrap();
        finished.stage = "finished".to_owned();
        finished.finished_at = Some(START.as_micros() + 5);
        (finished.stated, finished.accepted, finished.unchanged) = (21, 1, 2);
        (finished.changed, finished.held, finished.rejected) = (3, 7, 8);
        source::update_pull(&mut tx, &finished).await.unwrap();
        let mut resolved = rows::hold(&finished, 2);
        resolved.resolved_at = Some(9);
        let holds = vec![rows::hold(&finished, 3), resolved];
        source::insert_holds(&mut tx, holds.clone()).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(source::all(conn).await.unwrap(), [rows::source("board"), rows::source("other")]);
        assert_eq!(source::by_id(conn, "other").await.unwrap(), Some(rows::source("other")));
        assert_eq!(hold::pulls(conn, Some("board"), None, 9).await.unwrap(), [finished.clone(), sample.pull.clone()]);
        assert_eq!(hold::pulls(conn, Some("board"), None, 1).await.unwrap(), [finished.clone()]);
        assert_eq!(source::pulls_in_stage(conn, "running").await.unwrap(), [sample.pull]);
        let of_pull = HoldFilter { pull: Some(finished.id.parse().unwrap()), ..HoldFilter::default() };
        assert_eq!(hold::page(conn, &of_pull, None, 9).await.unwrap(), [holds[1].clone(), holds[0].clone()]);
        // A held row is known by its source and its digest, both of them.
        let digests = [holds[0].raw_digest.clone(), rows::digest("never")];
        assert_eq!(source::known_holds(conn, "board", &digests).await.unwrap(), [holds[0].clone()]);
        assert_eq!(source::known_holds(conn, "other", &digests).await.unwrap(), []);
        assert_eq!(source::known_holds(conn, "board", &[]).await.unwrap(), []);
    }
}

contract! {
    async fn messages_and_versions(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Received).await;
        let first = rows::version(&sample.message, &sample.pull, 1);
        let mut second = rows::version(&sample.message, &sample.pull, 2);
        (second.asked_at, second.replied_at) = (None, Some(START.as_micros() + DAY));
        let mut tx = begin(store).await;
        message::insert_versions(&mut tx, vec![second.clone()]).await.unwrap();
        message::advance(&mut tx, &sample.message.id, 2, "digest-2").await.unwrap();
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        let mut advanced = sample.message.clone();
        (advanced.version, advanced.content_digest) = (2, "digest-2".to_owned());
        let keys = ["key-1".to_owned(), "key-2".to_owned()];
        assert_eq!(message::by_keys(conn, "board", &keys).await.unwrap(), [advanced]);
        assert_eq!(message::by_keys(conn, "other", &keys).await.unwrap(), []);
        let id = sample.message.id;
        assert_eq!(message::newest_of(conn, std::slice::from_ref(&id)).await.unwrap(), [second.clone()]);
        assert_eq!(message::versions(conn, id.parse().unwrap()).await.unwrap(), [first.clone(), second.clone()]);
        assert_eq!(message::versions_after(conn, "", 0, 1).await.unwrap(), [first]);
        assert_eq!(message::versions_after(conn, &id, 1, 9).await.unwrap(), [second]);
        assert_eq!(message::versions_after(conn, &id, 2, 9).await.unwrap(), []);
    }
}

contract! {
    async fn items_notes_and_replies(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Handling).await;
        let id: ItemId = sample.item.id.parse().unwrap();
        let answer = ReplyId::new(START, fresh());
        let notes = [rows::note(&sample.item.id, 1), rows::note(&sample.item.id, 2)];
        let replies = [rows::reply(&sample.item.id, answer, 1), rows::reply(&sample.item.id, answer, 2)];
        let message = rows::message("board", "key-2");
        let mut repeat = sample.item.clone();
        repeat.id = ItemId::new(START, fresh()).to_string();
        (repeat.number, repeat.message_id) = (2, message.id.clone());
        repeat.repeat_of = Some(sample.item.id.clone());
        let mut tx = begin(store).await;
        for row in notes.iter().rev() {
            item::insert_note(&mut tx, row.clone()).await.unwrap();
        }
        for row in replies.iter().rev() {
            item::insert_reply(&mut tx, row.clone()).await.unwrap();
        }
        message::insert(&mut tx, vec![message.clone()]).await.unwrap();
        item::insert(&mut tx, vec![repeat.clone()]).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        let first = sample.item;
        assert_eq!(item::by_id(conn, id).await.unwrap(), Some(first.clone()));
        assert_eq!(item::by_number(conn, 2).await.unwrap(), Some(repeat.clone()));
        assert_eq!(item::by_message(conn, &message.id).await.unwrap(), Some(repeat.clone()));
        assert_eq!(item::by_numbers(conn, &[1]).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(item::by_numbers(conn, &[1, 2, 3]).await.unwrap().len(), 2);
        assert_eq!(item::by_ids(conn, &[first.id.clone(), repeat.id.clone()]).await.unwrap().len(), 2);
        assert_eq!(item::page_by_number(conn, 0, 1).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(item::page_by_number(conn, 1, 9).await.unwrap(), [repeat.clone()]);
        // Of a fingerprint's items only the first is the one to link to.
        let prints = [first.fingerprint.clone(), "never".to_owned()];
        assert_eq!(item::first_by_fingerprints(conn, &prints).await.unwrap(), std::slice::from_ref(&first));
        assert_eq!(item::repeats(conn, id, 9).await.unwrap(), [repeat]);
        let units = item::units_of(conn, std::slice::from_ref(&first.id)).await.unwrap();
        assert_eq!(units, [rows::item_unit(&first, &sample.unit.id, "lead")]);
        assert_eq!(item::notes(conn, id).await.unwrap(), notes);
        assert_eq!(item::replies(conn, id).await.unwrap(), replies);
        assert_eq!(item::replies_of(conn, &[first.id.clone(), "none".to_owned()]).await.unwrap(), replies);
        let timings = item::timings(conn, START.as_micros(), START.as_micros() + 1).await.unwrap();
        assert_eq!(timings.len(), 2);
        assert_eq!((&timings[0].lead_unit_id, timings[0].due_at), (&first.lead_unit_id, first.due_at));
        assert_eq!(item::timings(conn, START.as_micros() + 1, i64::MAX).await.unwrap(), []);
    }
}

contract! {
    async fn publications_and_entries(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Replied).await;
        let (september, mut october) = (rows::publication("2026-09"), rows::publication("2026-10"));
        let mut entry = rows::entry(&october, &sample.item.id, 1);
        entry.unit_id = Some(sample.unit.id);
        let versions = [rows::entry_version(&entry, 1), rows::entry_version(&entry, 2)];
        let mut tx = begin(store).await;
        for row in [&september, &october] {
            publication::insert(&mut tx, row.clone()).await.unwrap();
        }
        publication::insert_entry(&mut tx, entry.clone()).await.unwrap();
        for row in versions.iter().rev() {
            publication::insert_entry_version(&mut tx, row.clone()).await.unwrap();
        }
        (october.stage, october.revision) = ("published".to_owned(), 2);
        (october.published_at, october.state) = (Some(7), r#"{"a":1}"#.to_owned());
        publication::update(&mut tx, &october, 1).await.unwrap();
        (entry.stage, entry.version, entry.revision) = ("approved".to_owned(), 2, 2);
        publication::update_entry(&mut tx, &entry, 1).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(publication::by_id(conn, october.id.parse().unwrap()).await.unwrap(), Some(october.clone()));
        assert_eq!(publication::by_month(conn, "2026-09").await.unwrap(), Some(september.clone()));
        assert_eq!(publication::in_stage(conn, "published", 9).await.unwrap(), [october.clone()]);
        assert_eq!(publication::newest(conn, 9).await.unwrap(), [october.clone(), september]);
        assert_eq!(publication::entries(conn, october.id.parse().unwrap()).await.unwrap(), [entry.clone()]);
        let id: EntryId = entry.id.parse().unwrap();
        assert_eq!(publication::entry_by_id(conn, id).await.unwrap(), Some(entry.clone()));
        assert_eq!(publication::entry_versions(conn, id).await.unwrap(), versions);
        assert_eq!(publication::versions_of(conn, &[entry.id]).await.unwrap(), versions);
    }
}

contract! {
    async fn what_is_not_there_is_none(home: &Home) {
        let mut reader = home.store.read().await.unwrap();
        let conn = &mut reader.conn();
        let item = ItemId::new(START, fresh());
        assert_eq!(item::by_id(conn, item).await.unwrap(), None);
        assert_eq!(item::by_number(conn, 1).await.unwrap(), None);
        assert_eq!(item::by_message(conn, "none").await.unwrap(), None);
        assert_eq!(item::notes(conn, item).await.unwrap(), []);
        assert_eq!(unit::by_id(conn, UnitId::new(START, fresh())).await.unwrap(), None);
        assert_eq!(unit::by_code(conn, "none").await.unwrap(), None);
        assert_eq!(account::by_id(conn, AccountId::new(START, fresh())).await.unwrap(), None);
        assert_eq!(account::by_login(conn, "none").await.unwrap(), None);
        assert_eq!(account::by_token(conn, "none", 0, 0).await.unwrap(), None);
        assert_eq!(source::by_id(conn, "none").await.unwrap(), None);
        assert_eq!(message::versions(conn, MessageId::new(START, fresh())).await.unwrap(), []);
        assert_eq!(publication::by_id(conn, PublicationId::new(START, fresh())).await.unwrap(), None);
        assert_eq!(publication::by_month(conn, "2026-10").await.unwrap(), None);
        assert_eq!(publication::entry_by_id(conn, EntryId::new(START, fresh())).await.unwrap(), None);
        assert_eq!(ledger::head(conn).await.unwrap(), Root::EMPTY);
    }
}

contract! {
    async fn what_changes_about_accounts_and_units(home: &Home) {
        let store = &home.store;
        let (a, b) = (rows::unit("a"), rows::unit("b"));
        let mut li = rows::account("li", &a);
        let (id, unit) = (li.id.parse().unwrap(), a.unit_id().unwrap());
        let mut tx = begin(store).await;
        for row in [&a, &b] {
            unit::insert(&mut tx, row.clone()).await.unwrap();
        }
        account::insert(&mut tx, li.clone()).await.unwrap();
        account::set_password(&mut tx, id, "other", true).await.unwrap();
        account::set_active(&mut tx, id, false).await.unwrap();
        account::set_unit(&mut tx, id, b.unit_id().unwrap()).await.unwrap();
        account::set_second_factor(&mut tx, id, true).await.unwrap();
        unit::rename(&mut tx, unit, "新名称").await.unwrap();
        unit::set_active(&mut tx, unit, false).await.unwrap();
        let nobody = AccountId::new(START, fresh());
        assert!(account::set_active(&mut tx, nobody, false).await.is_err(), "there is none to change");
        tx.commit(START).await.unwrap();

        (li.password_hash, li.must_change, li.active, li.second_factor) = ("other".to_owned(), true, false, true);
        li.unit_id = b.id;
        let mut reader = store.read().await.unwrap();
        assert_eq!(account::by_id(&mut reader.conn(), id).await.unwrap(), Some(li));
        let renamed = unit::by_id(&mut reader.conn(), unit).await.unwrap().unwrap();
        assert_eq!((renamed.name.as_str(), renamed.active), ("新名称", false));
    }
}

contract! {
    async fn locks_and_second_factors(home: &Home) {
        let store = &home.store;
        let section = rows::unit("a");
        let li = rows::account("li", &section);
        let id: AccountId = li.id.parse().unwrap();
        let lock = |login: &str, locked_until: i64| LockRow { login_digest: rows::digest(login), locked_until };
        let mut tx = begin(store).await;
        unit::insert(&mut tx, section).await.unwrap();
        account::insert(&mut tx, li.clone()).await.unwrap();
        for row in [lock("li", 20), lock("li", 30), lock("nobody", 25)] {
            sign_in_lock::lock(&mut tx, row, 10).await.unwrap();
        }
        second_factor::begin(&mut tx, id, "FIRST").await.unwrap();
        second_factor::begin(&mut tx, id, "SECOND").await.unwrap();
        assert!(second_factor::use_step(&mut tx, id, 7).await.unwrap());
        assert!(!second_factor::use_step(&mut tx, id, 7).await.unwrap(), "no code serves twice");
        let codes = [rows::digest("a"), rows::digest("b")];
        assert!(second_factor::confirm(&mut tx, id, &codes, 12).await.unwrap());
        assert!(!second_factor::confirm(&mut tx, id, &codes, 12).await.unwrap(), "it is confirmed already");
        assert!(second_factor::use_recovery(&mut tx, id, &codes[0], 13).await.unwrap());
        assert!(!second_factor::use_recovery(&mut tx, id, &codes[0], 13).await.unwrap(), "it is used up");
        assert!(!second_factor::use_recovery(&mut tx, id, &rows::digest("c"), 13).await.unwrap());
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(sign_in_lock::by_login(conn, &rows::digest("li"), 29).await.unwrap(), Some(lock("li", 30)));
        assert_eq!(sign_in_lock::by_login(conn, &rows::digest("li"), 30).await.unwrap(), None);
        let logins = [rows::digest("li"), rows::digest("never")];
        assert_eq!(sign_in_lock::by_logins(conn, &logins).await.unwrap(), [lock("li", 30)]);
        let factor = second_factor::of_account(conn, id).await.unwrap().unwrap();
        assert_eq!((factor.secret.as_str(), factor.last_step, factor.confirmed_at), ("SECOND", 7, Some(12)));
        assert_eq!(second_factor::recovery_left(conn, id).await.unwrap(), 1);
        drop(reader);

        let mut tx = begin(store).await;
        sign_in_lock::lock(&mut tx, lock("other", 99), 40).await.unwrap();
        assert!(!sign_in_lock::unlock(&mut tx, &rows::digest("li")).await.unwrap(), "what is over was forgotten");
        assert!(sign_in_lock::unlock(&mut tx, &rows::digest("other")).await.unwrap());
        assert!(second_factor::remove(&mut tx, id).await.unwrap());
        assert!(!second_factor::remove(&mut tx, id).await.unwrap());
        tx.commit(START).await.unwrap();
        let mut reader = store.read().await.unwrap();
        assert_eq!(second_factor::of_account(&mut reader.conn(), id).await.unwrap(), None);
        assert_eq!(second_factor::recovery_left(&mut reader.conn(), id).await.unwrap(), 0);
    }
}

contract! {
    async fn access_tokens_expire_and_are_revoked(home: &Home) {
        let store = &home.store;
        let section = rows::unit("a");
        let li = rows::account("li", &section);
        let id: AccountId = li.id.parse().unwrap();
        let (one, two) = (rows::access_token(&li, 10, 20), rows::access_token(&li, 11, 30));
        let mut tx = begin(store).await;
        unit::insert(&mut tx, section).await.unwrap();
        account::insert(&mut tx, li.clone()).await.unwrap();
        access_token::insert(&mut tx, one.clone(), "one").await.unwrap();
        access_token::insert(&mut tx, two.clone(), "two").await.unwrap();
        access_token::touch(&mut tx, &two.id, 15).await.unwrap();
        tx.commit(START).await.unwrap();
        let mut used = two.clone();
        used.last_used_at = Some(15);

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(access_token::of_account(conn, id, 19).await.unwrap(), [used.clone(), one.clone()]);
        assert_eq!(access_token::of_account(conn, id, 20).await.unwrap(), [used.clone()]);
        assert_eq!(access_token::count(conn, id, 19).await.unwrap(), 2);
        let held = access_token::by_digest(conn, "two", 29).await.unwrap().unwrap();
        assert_eq!((held.account, held.by.id, held.by.last_used_at), (li.clone(), two.id.clone(), Some(15)));
        assert_eq!(held.by.scopes, "read");
        assert_eq!(access_token::by_digest(conn, "two", 30).await.unwrap(), None, "it ends at its end");
        assert_eq!(access_token::by_digest(conn, "never", 15).await.unwrap(), None);
        drop(reader);

        let mut tx = begin(store).await;
        let other = AccountId::new(START, fresh());
        assert!(!access_token::revoke(&mut tx, other, one.id.parse().unwrap(), 15).await.unwrap(), "it is another's");
        assert!(access_token::revoke(&mut tx, id, one.id.parse().unwrap(), 15).await.unwrap());
        assert!(!access_token::revoke(&mut tx, id, one.id.parse().unwrap(), 16).await.unwrap(), "it is over already");
        assert_eq!(access_token::revoke_all(&mut tx, id, 16).await.unwrap(), 1);
        tx.commit(START).await.unwrap();
        assert_eq!(access_token::count(&mut store.read().await.unwrap().conn(), id, 16).await.unwrap(), 0);
    }
}

contract! {
    async fn a_transaction_that_is_dropped_leaves_nothing(home: &Home) {
        let store = &home.store;
        let mut tx = begin(store).await;
        let sample = sample_in(&mut tx, Stage::Handling).await;
        assert_eq!(item::reserve_numbers(&mut tx, 5).await.unwrap(), 1);
        tx.record("item:1".to_owned(), "item.received", &serde_json::json!({})).unwrap();
        // It sees its own rows; others do not.
        assert!(item::by_number(&mut tx.conn(), 1).await.unwrap().is_some());
        assert_eq!(item::by_number(&mut store.read().await.unwrap().conn(), 1).await.unwrap(), None);
        drop(tx);

        let mut tx = begin(store).await;
        assert_eq!(item::by_number(&mut tx.conn(), 1).await.unwrap(), None);
        assert_eq!(unit::by_code(&mut tx.conn(), &sample.unit.code).await.unwrap(), None);
        assert_eq!(ledger::head(&mut tx.conn()).await.unwrap(), Root::EMPTY);
        assert_eq!(item::reserve_numbers(&mut tx, 2).await.unwrap(), 1, "numbers are dense");
        tx.commit(START).await.unwrap();
        assert_eq!(*store.follow().borrow(), 0);
    }
}
