//! What is known of what sources sent, until it is older than it is to be kept.

use huiyin::store::hold::{self, Settled};
use huiyin::store::payload::{self, PayloadRow};
use huiyin::store::source;
use huiyin_domain::item::Stage;

use super::sample;
use crate::support::rows::{self, START};
use crate::support::stores::{begin, contract};

contract! {
    async fn what_nobody_needs_expires_and_what_a_held_row_stands_on_stays(home: &Home) {
        let store = &home.store;
        let pull = sample(store, Stage::Handling).await.pull;
        let row = |ordinal: i64, content: &str| PayloadRow {
            pull_id: pull.id.clone(),
            ordinal,
            url: "https://www.example.gov.cn/list?p=1".to_owned(),
            media_type: "text/html".to_owned(),
            charset: "gbk".to_owned(),
            bytes: 7,
            content: content.to_owned(),
            taken_at: ordinal * 10,
        };
        let [first, second, third, again] = [row(1, "aa"), row(2, "bb"), row(3, "cc"), row(4, "aa")];
        let mut held = rows::hold(&pull, 1);
        held.payload = Some("bb".to_owned());
        let id = held.id.parse().unwrap();
        let mut tx = begin(store).await;
        payload::insert(&mut tx, vec![again.clone(), second.clone(), first.clone(), third.clone()]).await.unwrap();
        source::insert_holds(&mut tx, vec![held.clone()]).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut tx = begin(store).await;
        let conn = &mut tx.conn();
        assert_eq!(hold::by_id(conn, id).await.unwrap(), Some(held));
        let all = [first.clone(), second.clone(), third.clone(), again.clone()];
        assert_eq!(payload::of_pull(conn, &pull.id, 10).await.unwrap(), all);
        assert_eq!(payload::of_pull(conn, &pull.id, 2).await.unwrap(), all[..2]);
        assert_eq!(payload::of_pull(conn, "none", 10).await.unwrap(), []);
        assert_eq!(payload::of_hold(conn, &pull.id, "aa").await.unwrap(), Some(first.clone()));
        assert_eq!(payload::of_hold(conn, &pull.id, "dd").await.unwrap(), None);
        assert_eq!(payload::of_hold(conn, "none", "aa").await.unwrap(), None);
        let mut named = payload::named(conn, &["cc", "dd", "aa"].map(str::to_owned)).await.unwrap();
        named.sort();
        assert_eq!(named, ["aa", "cc"]);
        assert_eq!(payload::named(conn, &[]).await.unwrap(), [""; 0]);
        // Older than the fourth, but for what the held row stands on.
        assert_eq!(payload::expired(conn, 40, 10).await.unwrap(), [first.clone(), third.clone()]);
        assert_eq!(payload::expired(conn, 40, 1).await.unwrap(), std::slice::from_ref(&first));
        payload::remove(&mut tx, &first).await.unwrap();
        payload::remove(&mut tx, &third).await.unwrap();
        assert_eq!(payload::expired(&mut tx.conn(), 40, 10).await.unwrap(), []);
        assert_eq!(payload::of_hold(&mut tx.conn(), &pull.id, "aa").await.unwrap(), Some(again));
        let settled =
            Settled { at: 1, resolution: "rejected", by: "system:test".to_owned(), item: None, note: None };
        hold::settle(&mut tx, id, settled).await.unwrap();
        assert_eq!(payload::expired(&mut tx.conn(), 40, 10).await.unwrap(), [second]);
        tx.commit(START).await.unwrap();
    }
}
