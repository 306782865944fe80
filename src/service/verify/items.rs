//! The items beside the ledger: each is what its history says, and none is missing.

use std::collections::HashMap;

use huiyin_domain::id::ItemId;
use huiyin_domain::item::{Event, Item};
use huiyin_domain::time::Instant;
use serde_json::Value;

use super::super::ServiceError;
use super::super::import::{KEY_REUSED, LINKED_AS_REPEAT, RETURNED, WITHDRAWN};
use super::super::item::load_state;
use super::{Finding, ITEMS};
use crate::store::Conn;
use crate::store::item::{self as items, ItemRow};
use crate::store::ledger::{self, EntryRow};
use crate::store::message::{self, MessageRow, VersionRow};

/// Rebuilds every item from its history and compares it with its row and its newest message. Returns the number of items
/// and the first that differs; those met are taken out of `received`.
pub(super) async fn compare_items(
    conn: &mut Conn<'_>,
    received: &mut HashMap<ItemId, i64>,
) -> Result<(u64, Option<Finding>), ServiceError> {
    let (mut last, mut count, mut finding) = (0, 0, None);
    let mut last_seq = 0;
    loop {
        let rows = items::page_by_number(conn, last, ITEMS).await?;
        let Some(newest) = rows.last() else {
            // The numbers rise with the ledger; without a gap the last is the count.
            let dense = u64::try_from(last).is_ok_and(|last| last == count) || !received.is_empty();
            return Ok((count, finding.or((!dense).then_some(Finding::ItemDiffers { number: last }))));
        };
        last = newest.number;
        count += rows.len() as u64;
        let subjects: Vec<String> = rows.iter().map(|row| format!("item:{}", row.id)).collect();
        let mut histories: HashMap<String, Vec<EntryRow>> = HashMap::new();
        for entry in ledger::of_subjects(conn, &subjects).await? {
            histories.entry(entry.subject.clone()).or_default().push(entry);
        }
        let messages: Vec<String> = rows.iter().map(|row| row.message_id.clone()).collect();
        let versions: HashMap<String, VersionRow> = message::newest_of(conn, &messages)
            .await?
            .into_iter()
            .map(|version| (version.message_id.clone(), version))
            .collect();
        let messages: HashMap<String, MessageRow> =
            message::by_ids(conn, &messages).await?.into_iter().map(|message| (message.id.clone(), message)).collect();
        for row in &rows {
            let seq = row.id.parse().ok().and_then(|id| received.remove(&id)).unwrap_or(0);
            let in_order = seq > last_seq;
            last_seq = seq.max(last_seq);
            let history = histories.remove(&format!("item:{}", row.id)).unwrap_or_default();
            let shown = messages.get(&row.message_id).is_some_and(|message| is_shown_as_recorded(message, &history));
            let sound = in_order && is_what_history_says(row, &history, versions.get(&row.message_id));
            if finding.is_none() && !(sound && shown) {
                finding = Some(Finding::ItemDiffers { number: row.number });
            }
        }
    }
}

fn is_what_history_says(row: &ItemRow, history: &[EntryRow], version: Option<&VersionRow>) -> bool {
    // A link to an earlier item is a fact about the item, and whether the source shows it one about its message: neither
    // is an event of its life.
    let links: Vec<&EntryRow> = history.iter().filter(|entry| entry.kind == LINKED_AS_REPEAT).collect();
    let facts = [LINKED_AS_REPEAT, WITHDRAWN, RETURNED, KEY_REUSED];
    let history: Vec<&EntryRow> = history.iter().filter(|entry| !facts.contains(&entry.kind.as_str())).collect();
    let events: Option<Vec<Event>> = history
        .into_iter()
        .map(|entry| Event::parse(&entry.kind, &serde_json::from_str(&entry.body).ok()?).ok())
        .collect();
    let rebuilt = events.and_then(|events| Item::replay(&events).ok());
    let (Ok(state), Some(version)) = (load_state(row), version) else { return false };
    rebuilt.is_some_and(|item| item == state && is_written(&row.state, &item))
        && is_projection(row, &state)
        && row.repeat_of == links.last().and_then(|link| original(link))
        && row.title == version.title
        && version.version == i64::from(state.message_versions)
        && version.digest == state.message_digest.to_string()
}

/// Whether the source shows the message, or has ceased to, as the last entry about it says.
fn is_shown_as_recorded(message: &MessageRow, history: &[EntryRow]) -> bool {
    let last = history.iter().rev().find(|entry| [WITHDRAWN, RETURNED].contains(&entry.kind.as_str()));
    message.withdrawn_at == last.filter(|entry| entry.kind == WITHDRAWN).map(|entry| entry.at)
}

/// Whether the stored state says nothing else than the item: a member with an altered name would be read as absent.
fn is_written(stored: &str, item: &Item) -> bool {
    let stored: Option<Value> = serde_json::from_str(stored).ok();
    let item = serde_json::to_value(item).ok();
    stored.zip(item).is_some_and(|(stored, item)| is_part_of(&stored, &item))
}

/// Whether every member is there with the same value. An older program may have written fewer.
fn is_part_of(stored: &Value, whole: &Value) -> bool {
    match (stored, whole) {
        (Value::Object(stored), Value::Object(whole)) => {
            stored.iter().all(|(name, value)| whole.get(name).is_some_and(|other| is_part_of(value, other)))
        }
        (Value::Array(stored), Value::Array(whole)) => {
            stored.len() == whole.len() && stored.iter().zip(whole).all(|(value, other)| is_part_of(value, other))
        }
        _ => stored == whole,
    }
}

/// Whether the columns say what the state says. The due date is left out: it follows the rules and calendars in force.
fn is_projection(row: &ItemRow, state: &Item) -> bool {
    let times = &state.times;
    row.id == state.id.to_string()
        && row.message_id == state.message.to_string()
        && row.source_id == state.source.as_str()
        && row.request_type == state.request_type.code()
        && row.stage == state.stage.code()
        && row.open == state.stage.is_open()
        && row.task.as_deref() == state.task().map(huiyin_domain::item::Task::code)
        && row.revision == i64::try_from(state.revision).unwrap_or(i64::MAX)
        && row.lead_unit_id == state.lead.map(|unit| unit.to_string())
        && row.asked_at == times.asked_at().as_micros()
        && row.received_at == times.received_at.as_micros()
        && row.replied_at == times.replied_at.map(Instant::as_micros)
}

/// The item that a link names.
fn original(link: &EntryRow) -> Option<String> {
    let body: Value = serde_json::from_str(&link.body).ok()?;
    Some(body.get("of")?.as_str()?.to_owned())
}
