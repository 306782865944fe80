//! Texts and numbers at the ends of what a column can hold.

use huiyin::store::{StoreError, item, unit};
use huiyin_domain::item::Stage;

use super::sample;
use crate::support::rows::{self, START};
use crate::support::stores::{Home, begin, contract};
use huiyin::store::Store;

contract! {
    async fn any_text_comes_back_unchanged(home: &Home) {
        let store = &home.store;
        let sample = sample(store, Stage::Handling).await;
        let texts = [
            String::new(),
            " 前后空格 ".to_owned(),
            r#"'; DROP TABLE item; -- " ` \ $1 ? %_"#.to_owned(),
            "一行\n二行\r\n\t制表\u{1}\u{7f}".to_owned(),
            "😀👨‍👩‍👧 𠮷 e\u{301} \u{feff}\u{200b}\u{10ffff}".to_owned(),
            "长".repeat(350_000),
        ];
        let mut tx = begin(store).await;
        for (ordinal, text) in (1..).zip(&texts) {
            let mut note = rows::note(&sample.item.id, ordinal);
            note.text.clone_from(text);
            item::insert_note(&mut tx, note).await.unwrap();
        }
        tx.commit(START).await.unwrap();
        let mut reader = store.read().await.unwrap();
        let notes = item::notes(&mut reader.conn(), sample.item.id.parse().unwrap()).await.unwrap();
        assert_eq!(notes.into_iter().map(|note| note.text).collect::<Vec<_>>(), texts);
    }
}

contract! {
    /// Intake cleans control characters out; what comes here all the same is an error on both databases, and the store
    /// goes on.
    async fn a_text_with_nul_is_an_error(home: &Home) {
        let store = &home.store;
        let mut tx = begin(store).await;
        let mut row = rows::unit("a");
        row.name = "前\0后".to_owned();
        let refused = unit::insert(&mut tx, row).await;
        assert!(matches!(refused, Err(StoreError::Database(sqlx::Error::Encode(_)))), "{refused:?}");
        drop(tx);
        let mut reader = store.read().await.unwrap();
        assert!(unit::by_code(&mut reader.conn(), "a\0").await.is_err());
        assert_eq!(unit::by_code(&mut reader.conn(), "a").await.unwrap(), None);
    }
}

contract! {
    async fn numbers_reach_to_both_ends(home: &Home) {
        let store = &home.store;
        let mut tx = begin(store).await;
        for (code, at) in [("max", i64::MAX), ("min", i64::MIN), ("zero", 0)] {
            let mut row = rows::unit(code);
            row.created_at = at;
            unit::insert(&mut tx, row).await.unwrap();
        }
        tx.commit(START).await.unwrap();
        let units = unit::all(&mut store.read().await.unwrap().conn()).await.unwrap();
        let ends: Vec<i64> = units.iter().map(|unit| unit.created_at).collect();
        assert_eq!(ends, [i64::MAX, i64::MIN, 0]);
        assert_eq!(item::by_number(&mut store.read().await.unwrap().conn(), i64::MAX).await.unwrap(), None);
    }
}

async fn codes_in_order(store: &Store) -> Vec<String> {
    let mut tx = begin(store).await;
    for code in ["b", "a-b", "ab", "B", "aB", "乙", "甲"] {
        unit::insert(&mut tx, rows::unit(code)).await.unwrap();
    }
    tx.commit(START).await.unwrap();
    let units = unit::all(&mut store.read().await.unwrap().conn()).await.unwrap();
    units.into_iter().map(|unit| unit.code).collect()
}

/// A server in a bureau sorts as its locale says; the store does not care.
#[tokio::test]
async fn text_sorts_by_its_bytes_whatever_the_locale() {
    let in_bytes = ["B", "a-b", "aB", "ab", "b", "乙", "甲"];
    let home = Home::on_sqlite().await;
    assert_eq!(codes_in_order(&home.store).await, in_bytes);
    let Some(database) = crate::support::postgres::TestDatabase::create_sorted_as("zh").await else { return };
    let store = Store::open_server(database.url()).await.unwrap();
    assert_eq!(codes_in_order(&store).await, in_bytes);
    store.close().await;
}
