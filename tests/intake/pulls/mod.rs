//! Pulls of a source's list: what is new, changed, gone and back; what could not be read; what broke off.

mod faults;
mod files;
mod keys;
mod life;
mod mailbox;
mod model;
mod payloads;
mod program;
mod site;
mod tables;

use huiyin::store::alarm::{self, AlarmRow};
use huiyin::store::item::ItemRow;
use huiyin::store::ledger;
use huiyin::store::message::{self, MessageRow};

use super::on_both;
use crate::support::world::World;

impl World {
    /// The message with this key.
    async fn message(&self, key: &str) -> MessageRow {
        let mut reader = self.service.store().read().await.expect("a reader");
        let found = message::by_keys(&mut reader.conn(), "board", &[key.to_owned()]).await.expect("the store answers");
        found.into_iter().next().expect("the message is there")
    }

    /// The item made from a message.
    async fn item_of(&self, message: &MessageRow) -> ItemRow {
        let items = self.items().await;
        items.into_iter().find(|item| item.message_id == message.id).expect("it has an item")
    }

    /// The kinds of an item's history, oldest first.
    async fn history(&self, item: &ItemRow) -> Vec<String> {
        let mut reader = self.service.store().read().await.expect("a reader");
        let subject = format!("item:{}", item.id);
        let rows = ledger::of_subject(&mut reader.conn(), &subject, 0, 100).await.expect("the ledger answers");
        rows.into_iter().map(|row| row.kind).collect()
    }

    /// The board's open alarms, as code and subject.
    async fn alarms(&self) -> Vec<(String, String)> {
        self.alarm_rows().await.into_iter().map(|row| (row.code, row.subject)).collect()
    }

    async fn alarm_rows(&self) -> Vec<AlarmRow> {
        let mut reader = self.service.store().read().await.expect("a reader");
        alarm::open_of_source(&mut reader.conn(), "board", 1_000).await.expect("the alarms are read")
    }
}

/// An open alarm as [`World::alarms`] tells it.
fn alarm_of(code: &str, subject: &str) -> (String, String) {
    (code.to_owned(), subject.to_owned())
}
