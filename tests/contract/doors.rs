//! What the doors remember: answers, codes, keys and attachments.

use huiyin::store::attachment::{self, AttachmentRow};
use huiyin::store::door::{self, InquiryRow, KeyRow, ReceiptRow};
use huiyin_domain::id::AttachmentId;
use huiyin_domain::item::Stage;

use super::sample;
use crate::support::rows::{START, fresh};
use crate::support::stores::{begin, contract};

contract! {
    async fn what_a_push_was_answered_is_kept_once_and_forgotten_in_time(home: &Home) {
        let store = &home.store;
        sample(store, Stage::Handling).await;
        let row = |key: &str, at: i64| ReceiptRow {
            source_id: "board".to_owned(),
            request_key: key.to_owned(),
            body_digest: "d".to_owned(),
            answer: "{\"pull\":\"采\"}".to_owned(),
            answered_at: at,
        };
        let mut tx = begin(store).await;
        door::insert_receipt(&mut tx, row("a", 10)).await.unwrap();
        door::insert_receipt(&mut tx, row("b", 20)).await.unwrap();
        tx.commit(START).await.unwrap();
        let mut tx = begin(store).await;
        assert!(door::insert_receipt(&mut tx, row("a", 30)).await.unwrap_err().is_taken());
        drop(tx);
        let mut tx = begin(store).await;
        assert_eq!(door::receipt(&mut tx.conn(), "board", "a").await.unwrap(), Some(row("a", 10)));
        assert_eq!(door::receipt(&mut tx.conn(), "mailbox", "a").await.unwrap(), None);
        assert_eq!(door::forget_receipts(&mut tx, 20).await.unwrap(), 1);
        assert_eq!(door::receipt(&mut tx.conn(), "board", "a").await.unwrap(), None);
        assert_eq!(door::receipt(&mut tx.conn(), "board", "b").await.unwrap(), Some(row("b", 20)));
        tx.commit(START).await.unwrap();
    }
}

/// A picture that a message named and that has not been fetched.
fn listed(message: &str, ordinal: i64) -> AttachmentRow {
    AttachmentRow {
        id: AttachmentId::new(START, fresh()).to_string(),
        message_id: message.to_owned(),
        ordinal,
        name: "现场.png".to_owned(),
        url: String::new(),
        media_type: "image/png".to_owned(),
        bytes: 3,
        content: None,
        stage: "listed".to_owned(),
        problem_code: String::new(),
        problem: String::new(),
        added_at: 2,
        salt: "s".to_owned(),
        digest: "d".to_owned(),
        source_id: "board".to_owned(),
        listed_at: 1,
        listed_salt: "ls".to_owned(),
        listed_digest: "ld".to_owned(),
        attempts: 0,
    }
}

/// One that is kept.
fn stored(message: &str, ordinal: i64) -> AttachmentRow {
    AttachmentRow { content: Some("aa".to_owned()), stage: "stored".to_owned(), ..listed(message, ordinal) }
}

contract! {
    async fn codes_keys_and_attachments_come_back(home: &Home) {
        let store = &home.store;
        let message = sample(store, Stage::Handling).await.message.id;
        let inquiry = InquiryRow {
            message_id: message.clone(),
            salt: "s".to_owned(),
            digest: "d".to_owned(),
            confidential: true,
            created_at: 1,
        };
        let key = KeyRow { name: "form".to_owned(), value: "00".to_owned() };
        let (second, first) = (listed(&message, 2), stored(&message, 1));
        let mut tx = begin(store).await;
        door::insert_inquiry(&mut tx, inquiry.clone()).await.unwrap();
        door::insert_key(&mut tx, key.clone(), 5).await.unwrap();
        attachment::insert(&mut tx, vec![second.clone(), first.clone()]).await.unwrap();
        tx.commit(START).await.unwrap();

        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(door::inquiry(conn, &message).await.unwrap(), Some(inquiry));
        assert_eq!(door::inquiry(conn, "none").await.unwrap(), None);
        assert_eq!(door::key(conn, "form").await.unwrap(), Some(key));
        assert_eq!(door::key(conn, "other").await.unwrap(), None);
        assert_eq!(attachment::of_message(conn, &message).await.unwrap(), [first.clone(), second.clone()]);
        assert_eq!(attachment::by_id(conn, first.id.parse().unwrap()).await.unwrap(), Some(first.clone()));
        assert_eq!(attachment::due(conn, "board", 10).await.unwrap(), std::slice::from_ref(&second));
        assert_eq!(attachment::due(conn, "other", 10).await.unwrap(), []);
        assert_eq!(attachment::after(conn, "", 10).await.unwrap().len(), 2);
        assert_eq!(attachment::after(conn, second.id.as_str().max(&first.id), 10).await.unwrap(), []);
        assert_eq!(attachment::of_messages(conn, std::slice::from_ref(&message)).await.unwrap().len(), 2);
        let contents = ["aa".to_owned(), "bb".to_owned()];
        assert_eq!(attachment::by_contents(conn, &contents).await.unwrap(), [first]);
        assert_eq!(attachment::by_contents(conn, &[]).await.unwrap(), []);
        drop(reader);

        let tried = AttachmentRow { attempts: 2, problem_code: "timeout".to_owned(), ..second.clone() };
        let gone = AttachmentRow { stage: "missing".to_owned(), ..tried.clone() };
        for (row, is_changed) in [(&tried, true), (&gone, true), (&tried, false)] {
            let mut tx = begin(store).await;
            assert_eq!(attachment::update(&mut tx, row).await.unwrap(), is_changed, "only what is listed still");
            tx.commit(START).await.unwrap();
        }
        let mut reader = store.read().await.unwrap();
        let conn = &mut reader.conn();
        assert_eq!(attachment::by_id(conn, second.id.parse().unwrap()).await.unwrap(), Some(gone));
        assert_eq!(attachment::due(conn, "board", 10).await.unwrap(), []);
    }
}
