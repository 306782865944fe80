//! Sessions: when they are there, and when they are over.

use huiyin::store::{Store, account, ledger, unit};
use huiyin_domain::id::{AccountId, SessionId};

use crate::support::rows::{self, START, fresh};
use crate::support::stores::{begin, contract};

/// By what a session's token is found: with the ledger's newest number.
async fn held(store: &Store, token: &str, now: i64, used_since: i64) -> Option<account::HeldRow<account::SessionMark>> {
    let mut reader = store.read().await.unwrap();
    let mut conn = reader.conn();
    let held = account::by_token(&mut conn, token, now, used_since).await.unwrap();
    if let Some(held) = &held {
        let head = ledger::head(&mut conn).await.unwrap().seq;
        assert_eq!(u64::try_from(held.by.head).unwrap(), head, "the ledger's newest number");
    }
    held
}

contract! {
    /// A session counts from the clock that is handed in, to the microsecond.
    async fn sessions_expire_and_are_revoked(home: &Home) {
        let store = &home.store;
        let mut tx = begin(store).await;
        let section = rows::unit("a");
        let (li, mut retired) = (rows::account("li", &section), rows::account("wang", &section));
        retired.active = false;
        unit::insert(&mut tx, section).await.unwrap();
        for row in [&li, &retired] {
            account::insert(&mut tx, row.clone()).await.unwrap();
        }
        let (one, two) = (rows::session(&li, 10, 20), rows::session(&li, 11, 20));
        for (row, token) in [(&one, "one"), (&two, "two"), (&rows::session(&retired, 10, 20), "three")] {
            account::insert_session(&mut tx, row.clone(), token).await.unwrap();
        }
        tx.commit(START).await.unwrap();
        let used_since = async |token: &str, now: i64, used_since: i64| held(store, token, now, used_since).await;
        let found = async |token: &str, now: i64| used_since(token, now, 0).await.map(|held| held.account);
        assert_eq!(found("one", 19).await, Some(li.clone()));
        assert_eq!(found("one", 20).await, None, "it ends at its end");
        assert_eq!(found("three", 15).await, None, "an account that is closed has no session");
        assert!(used_since("one", 15, 9).await.is_some());
        assert_eq!(used_since("one", 15, 10).await, None, "it was not used since");

        let mut tx = begin(store).await;
        account::touch(&mut tx, &one.id, 14).await.unwrap();
        account::touch(&mut tx, &one.id, 13).await.unwrap();
        tx.commit(START).await.unwrap();
        let held = used_since("one", 15, 13).await.unwrap();
        assert_eq!((held.by.id, held.by.last_used_at), (one.id.clone(), 14), "an earlier use does not count back");
        assert_eq!(held.by.signed_in_by, one.signed_in_by);
        let id: AccountId = li.id.parse().unwrap();
        let listed = |now: i64, since: i64| async move {
            account::sessions(&mut store.read().await.unwrap().conn(), id, now, since).await.unwrap()
        };
        let mut touched = one.clone();
        touched.last_used_at = 14;
        assert_eq!(listed(15, 0).await, [two.clone(), touched.clone()]);
        assert_eq!(listed(15, 11).await, [touched.clone()]);
        assert_eq!(listed(20, 0).await, []);
        let by_id = account::session_by_id(&mut store.read().await.unwrap().conn(), one.id.parse().unwrap()).await;
        assert_eq!(by_id.unwrap(), Some(touched));

        let mut tx = begin(store).await;
        assert!(account::revoke(&mut tx, "one", 15).await.unwrap());
        assert!(!account::revoke(&mut tx, "one", 16).await.unwrap(), "it is over already");
        assert!(!account::revoke(&mut tx, "never", 15).await.unwrap());
        assert!(!account::revoke_one(&mut tx, id, one.id.parse().unwrap(), 15).await.unwrap());
        tx.commit(START).await.unwrap();
        assert_eq!(found("one", 15).await, None);
        assert_eq!(found("two", 15).await, Some(li.clone()));

        end_what_is_left(store, id, two.id.parse().unwrap()).await;
        assert_eq!(found("two", 15).await, None);
    }
}

/// Ends the one session an account has left, and none by mistake.
async fn end_what_is_left(store: &Store, account: AccountId, left: SessionId) {
    let mut tx = begin(store).await;
    assert_eq!(account::revoke_others(&mut tx, account, left, 15).await.unwrap(), 0);
    assert!(!account::revoke_one(&mut tx, AccountId::new(START, fresh()), left, 15).await.unwrap());
    assert_eq!(account::revoke_all(&mut tx, account, 15).await.unwrap(), 1);
    tx.commit(START).await.unwrap();
}
