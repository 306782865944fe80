//! Batches of every awkward size arrive whole.

use huiyin::store::{message, source};

use crate::support::rows::{self, START};
use crate::support::stores::{begin, contract};

contract! {
    async fn batches_arrive_whole(home: &Home) {
        let store = &home.store;
        let pull = rows::pull("board");
        let mut tx = begin(store).await;
        source::insert(&mut tx, rows::source("board")).await.unwrap();
        source::insert_pull(&mut tx, pull.clone()).await.unwrap();
        for size in [0, 1, 2, 127, 128, 129, 1000_usize] {
            let keys: Vec<String> = (0..size).map(|key| format!("{size}-{key}")).collect();
            let messages: Vec<_> = keys.iter().map(|key| rows::message("board", key)).collect();
            let versions: Vec<_> = messages.iter().map(|row| rows::version(row, &pull, 1)).collect();
            message::insert(&mut tx, messages.clone()).await.unwrap();
            message::insert_versions(&mut tx, versions.clone()).await.unwrap();

            let mut found = message::by_keys(&mut tx.conn(), "board", &keys).await.unwrap();
            found.sort_by(|left, right| left.id.cmp(&right.id));
            assert_eq!(found, messages, "{size} messages");
            let ids: Vec<String> = messages.into_iter().map(|row| row.id).collect();
            let mut newest = message::newest_of(&mut tx.conn(), &ids).await.unwrap();
            newest.sort_by(|left, right| left.message_id.cmp(&right.message_id));
            assert_eq!(newest, versions, "{size} versions");
        }
        tx.commit(START).await.unwrap();
    }
}
