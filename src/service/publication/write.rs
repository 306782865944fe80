//! The rows of an issue: loading them, and writing what the events changed in one transaction.

use huiyin_domain::access::Permit;
use huiyin_domain::id::{EntryId, ItemId, PublicationId};
use huiyin_domain::ledger::Digest;
use huiyin_domain::publication::{Entry, Event, Publication};
use huiyin_domain::time::Instant;

use super::{EntryText, subject};
use crate::service::{ServiceError, stored_id};
use crate::store::item::{self as items, ItemRow, NoteRow};
use crate::store::publication::{self as store, EntryRow, EntryVersionRow, PublicationRow};
use crate::store::{Snapshot, Store, StoreError, Tx};

/// Stage of the row of an entry that the issue no longer has. Its texts stay: the ledger vouches for them.
pub(super) const REMOVED: &str = "removed";

/// An issue as it was loaded.
pub(super) struct Loaded {
    pub(super) row: PublicationRow,
    pub(super) state: Publication,
    pub(super) entries: Vec<EntryRow>,
}

/// What goes into tables beside the issue.
pub(super) enum Aside {
    Text { text: EntryText, salt: String, digest: Digest, source: Option<Box<ItemRow>> },
    Note { text: String, salt: String, digest: Digest },
}

/// Who writes and when, as rows hold it.
struct Signature {
    actor: String,
    at: i64,
}

/// Puts the events into effect and makes it durable. Returns the new row and the ledger number.
pub(super) async fn write(
    database: &Store,
    permit: &Permit,
    loaded: Loaded,
    events: &[Event],
    (entry, aside): (Option<EntryId>, Option<Aside>),
    now: Instant,
) -> Result<(PublicationRow, u64), ServiceError> {
    let Loaded { mut row, state: before, entries } = loaded;
    let (id, old_revision) = (before.id, row.revision);
    let after = replay(id, Some(before.clone()), events)?;
    after.stage.code().clone_into(&mut row.stage);
    row.revision = revision(&after);
    row.state = json(id, &after)?;
    row.published_at = after.published_at.map(Instant::as_micros);
    let mut tx = database.begin(permit).await?;
    if let Some(Aside::Text { source: Some(item), .. }) = &aside {
        // It was decided on an item that was answered; nobody may reopen it before this is written.
        items::hold_still(&mut tx, &item.id, item.revision).await?;
    }
    store::update(&mut tx, &row, old_revision).await?;
    let signature = Signature { actor: permit.actor().code(), at: now.as_micros() };
    match (entry, aside) {
        (Some(entry), Some(Aside::Text { text, salt, digest, source })) => {
            let known = entries.iter().find(|row| row.id == entry.to_string());
            let version = known.map_or(1, |row| row.version.saturating_add(1));
            if let (None, Some(item), Some(added)) = (known, source, after.entries.get(&entry)) {
                let ordinal = entries.iter().map(|row| row.ordinal).max().unwrap_or(0).saturating_add(1);
                store::insert_entry(&mut tx, entry_row(entry, &row, ordinal, &item, added)?).await?;
            }
            store::insert_entry_version(&mut tx, version_row(entry, version, text, signature, (salt, digest))).await?;
        }
        (entry, Some(Aside::Note { text, salt, digest })) => {
            let kind = events.first().map_or("", Event::kind);
            let seal = (salt.as_str(), digest);
            // A reason for the whole issue is kept beside every item whose answer it takes off the page.
            for (id, known) in &before.entries {
                if entry.map_or(known.was_public, |entry| *id == entry) {
                    write_note(&mut tx, known.item, kind, &text, &signature, seal).await?;
                }
            }
        }
        (_, _) => {}
    }
    for row in changed_rows(entries, &before, &after)? {
        store::update_entry(&mut tx, &row, row.revision.saturating_sub(1)).await?;
    }
    record(&mut tx, id, events)?;
    let seq = tx.commit(now).await?;
    Ok((row, seq))
}

pub(super) async fn load(reader: &mut Snapshot, id: PublicationId) -> Result<Option<Loaded>, ServiceError> {
    let Some(row) = store::by_id(&mut reader.conn(), id).await? else { return Ok(None) };
    let state = state_of(&row)?;
    let entries = store::entries(&mut reader.conn(), id).await?;
    Ok(Some(Loaded { row, state, entries }))
}

/// The domain's issue out of its row.
pub(super) fn state_of(row: &PublicationRow) -> Result<Publication, ServiceError> {
    serde_json::from_str(&row.state).map_err(|error| {
        let (id, problem) = (row.id.clone(), error.to_string());
        StoreError::Inconsistent { table: "publication", column: "state", id, problem }.into()
    })
}

pub(super) fn json(id: PublicationId, state: &impl serde::Serialize) -> Result<String, ServiceError> {
    serde_json::to_string(state)
        .map_err(|error| ServiceError::Inconsistent { subject: subject(id), problem: error.to_string() })
}

pub(super) fn revision(state: &Publication) -> i64 {
    i64::try_from(state.revision).unwrap_or(i64::MAX)
}

pub(super) fn replay(
    id: PublicationId,
    state: Option<Publication>,
    events: &[Event],
) -> Result<Publication, ServiceError> {
    let problem = |problem: String| ServiceError::Inconsistent { subject: subject(id), problem };
    let mut state = state;
    for event in events {
        state = Some(Publication::apply(state, event).map_err(|error| problem(error.to_string()))?);
    }
    state.ok_or_else(|| problem("no events".to_owned()))
}

pub(super) fn record(tx: &mut Tx, id: PublicationId, events: &[Event]) -> Result<(), StoreError> {
    events.iter().try_for_each(|event| tx.record(subject(id), event.kind(), &event.body()))
}

fn entry_row(
    id: EntryId,
    publication: &PublicationRow,
    ordinal: i64,
    item: &ItemRow,
    entry: &Entry,
) -> Result<EntryRow, ServiceError> {
    Ok(EntryRow {
        id: id.to_string(),
        publication_id: publication.id.clone(),
        ordinal,
        item_id: item.id.clone(),
        unit_id: item.lead_unit_id.clone(),
        stage: entry.stage.code().to_owned(),
        version: 1,
        revision: 1,
        state: entry_json(id, entry)?,
        asked_at: item.asked_at,
        // The domain takes answered items only, and those have the time of their answer.
        replied_at: item.replied_at.unwrap_or(item.received_at),
    })
}

fn entry_json(id: EntryId, entry: &Entry) -> Result<String, ServiceError> {
    serde_json::to_string(entry)
        .map_err(|error| ServiceError::Inconsistent { subject: format!("entry:{id}"), problem: error.to_string() })
}

fn version_row(
    entry: EntryId,
    version: i64,
    text: EntryText,
    Signature { actor, at }: Signature,
    (salt, digest): (String, Digest),
) -> EntryVersionRow {
    let EntryText { question, answer, basis } = text;
    let (entry_id, digest) = (entry.to_string(), digest.to_string());
    EntryVersionRow { entry_id, version, question, answer, basis, actor, at, salt, digest }
}

/// The rows of entries that the events changed, with their next revision.
fn changed_rows(rows: Vec<EntryRow>, before: &Publication, after: &Publication) -> Result<Vec<EntryRow>, ServiceError> {
    let mut changed = Vec::new();
    for mut row in rows {
        let id: EntryId = stored_id("entry", &row.id)?;
        let (old, new) = (before.entries.get(&id), after.entries.get(&id));
        if old == new {
            continue;
        }
        if new.is_some_and(|new| old.is_none_or(|old| old.digest != new.digest)) {
            row.version = row.version.saturating_add(1);
        }
        new.map_or(REMOVED, |new| new.stage.code()).clone_into(&mut row.stage);
        if let Some(new) = new {
            row.state = entry_json(id, new)?;
        }
        row.revision = row.revision.saturating_add(1);
        changed.push(row);
    }
    Ok(changed)
}

/// Keeps the reason beside the item whose answer it is about.
async fn write_note(
    tx: &mut Tx,
    item: ItemId,
    kind: &str,
    text: &str,
    Signature { actor, at }: &Signature,
    (salt, digest): (&str, Digest),
) -> Result<(), StoreError> {
    let ordinal = items::notes(&mut tx.conn(), item).await?.len();
    let note = NoteRow {
        item_id: item.to_string(),
        ordinal: i64::try_from(ordinal).unwrap_or(i64::MAX).saturating_add(1),
        kind: kind.to_owned(),
        actor: actor.clone(),
        at: *at,
        text: text.to_owned(),
        salt: salt.to_owned(),
        digest: digest.to_string(),
    };
    items::insert_note(tx, note).await
}
