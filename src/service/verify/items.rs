//! The items beside the ledger: each is what its history says, and none is missing.

use std::collections::HashMap;

use huiyin_domain::id::ItemId;
use huiyin_domain::item::{Event, Item};
use huiyin_domain::time::Instant;
use serde_json::Value;

use super::super::ServiceError;
use super::super::import::LINKED_AS_REPEAT;
use super::super::item::load_state;
use super::{Finding, ITEMS};
use crate::store::item::{self as items, ItemRow};
use crate::store::ledger::{self, EntryRow};
use crate::store::message::{self, VersionRow};
use crate::store::Conn;

/// Rebuilds every item from its history and compares it with its row and its newest message. Returns the number of items
/// and the first that differs; those met are taken out of `received`.
pub(super) async fn compare_items(
    conn: &mut Conn<'_>,
    received: &mut HashMap<ItemId, i64>,
) -> Result<(u64, Option<Finding>), ServiceError> {
    let (mut last, mut count, mut finding) = (0, 0, None);
    loop {
        let rows = items::page_by_number(conn, last, ITEMS).await?;
        let Some(newest) = rows.last() else { return Ok((count, finding)) };
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
        for row in &rows {
            if let Ok(id) = row.id.parse() {
                received.remove(&id);
            }
            let history = histories.remove(&format!("item:{}", row.id)).unwrap_or_default();
            if finding.is_none() && !is_what_history_says(row, &history, versions.get(&row.message_id)) {
                finding = Some(Finding::ItemDiffers { number: row.number });
            }
        }
    }
}

fn is_what_history_says(row: &ItemRow, history: &[EntryRow], version: Option<&VersionRow>) -> bool {
    // A link to an earlier item is a fact about the item, not an event of its life.
    let (links, history): (Vec<&EntryRow>, Vec<&EntryRow>) =
        history.iter().partition(|entry| entry.kind == LINKED_AS_REPEAT);
    let events: Option<Vec<Event>> = history
        .into_iter()
        .map(|entry| Event::parse(&entry.kind, &serde_json::from_str(&entry.body).ok()?).ok())
        .collect();
    let rebuilt = events.and_then(|events| Item::replay(&events).ok());
    let (Ok(state), Some(version)) = (load_state(row), version) else { return false };
    rebuilt.is_some_and(|item| item == state)
        && is_projection(row, &state)
        && row.repeat_of == links.last().and_then(|link| original(link))
        && row.title == version.title
        && version.version == i64::from(state.message_versions)
        && version.digest == state.message_digest.to_string()
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
        && row.revision == i64::try_from(state.revision).unwrap_or(i64::MAX)
        && row.lead_unit_id == state.lead.map(|unit| unit.to_string())
        && row.asked_at == times.submitted_at.unwrap_or(times.received_at).as_micros()
        && row.received_at == times.received_at.as_micros()
        && row.replied_at == times.replied_at.map(Instant::as_micros)
}

/// The item that a link names.
fn original(link: &EntryRow) -> Option<String> {
    let body: Value = serde_json::from_str(&link.body).ok()?;
    Some(body.get("of")?.as_str()?.to_owned())
}
