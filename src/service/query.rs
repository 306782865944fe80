//! Reading: lists, one item, its history, search. Everything is asked within the viewer's scope.

use std::collections::HashMap;

use huiyin_domain::access::{Action, Actor, Object, Reach, Scope, allowed, scope};
use huiyin_domain::id::ItemId;

use super::item::{load_state, subject};
use super::{Service, ServiceError};
use crate::search::{self, Page, QueryText, Segment};
use crate::store::item::{self as items, ItemRow, NoteRow, ReplyRow};
use crate::store::item_list::{self, Filter, Slice};
use crate::store::ledger::{self, EntryRow};
use crate::store::message::{self, TextRow, VersionRow};
use crate::store::unit::{self, UnitRow};

/// The most entries of one item's history that are read.
const HISTORY: u32 = 1_000;
/// Characters of a snippet.
const SNIPPET_CHARS: usize = 120;

/// Everything the viewer may see of one item.
#[derive(Debug, Clone)]
pub struct ItemDetail {
    /// The item.
    pub item: ItemRow,
    /// The units it concerns.
    pub units: Vec<UnitRow>,
    /// The message in all its versions, oldest first.
    pub versions: Vec<VersionRow>,
    /// The drafts of its replies, oldest first.
    pub replies: Vec<ReplyRow>,
    /// What was said about it, oldest first.
    pub notes: Vec<NoteRow>,
    /// Its ledger entries, oldest first.
    pub history: Vec<EntryRow>,
}

/// A piece of shown text, and whether it is what was searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The text, unescaped.
    pub text: String,
    /// Whether it is a hit.
    pub hit: bool,
}

/// One found item, with why it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The item.
    pub item: ItemRow,
    /// Its score; higher is better, comparable within one answer only.
    pub score: f32,
    /// The title, cut into hit and other segments.
    pub title: Vec<Piece>,
    /// The place in question or answer where the words stand closest.
    pub snippet: Vec<Piece>,
}

/// A page of found items.
#[derive(Debug, Clone)]
pub struct FoundPage {
    /// The items, in the order asked for.
    pub found: Vec<Found>,
    /// The index's answer: the exact count, the facets, where the next page starts.
    pub page: Page,
}

impl Service {
    /// A page of items the viewer may see, each told as far as somebody needs it.
    pub async fn list_items(
        &self,
        viewer: &Actor,
        filter: &Filter,
        slice: Slice,
    ) -> Result<Vec<ItemRow>, ServiceError> {
        allowed(viewer, Action::ListItems, &Object::None)?;
        let mut reader = self.store.read().await?;
        Ok(item_list::page(&mut reader.conn(), scope(viewer), filter, slice).await?)
    }

    /// How many items the viewer may see under a filter.
    pub async fn count_items(&self, viewer: &Actor, filter: &Filter) -> Result<i64, ServiceError> {
        allowed(viewer, Action::ListItems, &Object::None)?;
        let mut reader = self.store.read().await?;
        Ok(item_list::count(&mut reader.conn(), scope(viewer), filter).await?)
    }

    /// One item; `None` when there is none or the viewer may not see it.
    pub async fn item(&self, viewer: &Actor, id: ItemId) -> Result<Option<ItemRow>, ServiceError> {
        let row = items::by_id(&mut self.store.read().await?.conn(), id).await?;
        visible(viewer, Action::ViewItem, row)
    }

    /// One item by its number; `None` when there is none or the viewer may not see it.
    pub async fn item_by_number(&self, viewer: &Actor, number: i64) -> Result<Option<ItemRow>, ServiceError> {
        let row = items::by_number(&mut self.store.read().await?.conn(), number).await?;
        visible(viewer, Action::ViewItem, row)
    }

    /// Everything about an item the viewer was handed by [`Self::item`] or [`Self::item_by_number`].
    pub async fn item_detail(&self, viewer: &Actor, item: ItemRow) -> Result<ItemDetail, ServiceError> {
        let state = load_state(&item)?;
        allowed(viewer, Action::ViewItem, &state.object())?;
        allowed(viewer, Action::ViewHistory, &state.object())?;
        let mut reader = self.store.read().await?;
        let mut conn = reader.conn();
        let units: Vec<String> = state.lead.iter().chain(&state.assisting).map(ToString::to_string).collect();
        Ok(ItemDetail {
            units: unit::by_ids(&mut conn, &units).await?,
            versions: message::versions(&mut conn, state.message).await?,
            replies: items::replies(&mut conn, state.id).await?,
            notes: items::notes(&mut conn, state.id).await?,
            history: ledger::of_subject(&mut conn, &subject(state.id), 0, HISTORY).await?,
            item,
        })
    }

    /// An item's history: its ledger entries from the first on. Empty when the viewer may not see it.
    pub async fn item_history(&self, viewer: &Actor, id: ItemId) -> Result<Vec<EntryRow>, ServiceError> {
        let mut reader = self.store.read().await?;
        let row = items::by_id(&mut reader.conn(), id).await?;
        if visible(viewer, Action::ViewHistory, row)?.is_none() {
            return Ok(Vec::new());
        }
        Ok(ledger::of_subject(&mut reader.conn(), &subject(id), 0, HISTORY).await?)
    }

    /// Searches within the viewer's scope, with titles and snippets highlighted.
    pub async fn search_items(&self, viewer: &Actor, mut query: search::Query) -> Result<FoundPage, ServiceError> {
        allowed(viewer, Action::SearchItems, &Object::None)?;
        restrict(scope(viewer), &mut query)?;
        let (page, text) = {
            let index = self.search.clone();
            tokio::task::spawn_blocking(move || index.search(&query).map(|page| (page, query.text))).await??
        };
        let numbers: Vec<i64> = page.hits.iter().map(|hit| i64::try_from(hit.number).unwrap_or(0)).collect();
        if numbers.is_empty() {
            return Ok(FoundPage { found: Vec::new(), page });
        }
        let mut reader = self.store.read().await?;
        let rows = items::by_numbers(&mut reader.conn(), &numbers).await?;
        let messages: Vec<String> = rows.iter().map(|row| row.message_id.clone()).collect();
        let versions = message::newest_texts_of(&mut reader.conn(), &messages).await?;
        let versions: HashMap<&str, &TextRow> =
            versions.iter().map(|version| (version.message_id.as_str(), version)).collect();
        let rows: HashMap<i64, ItemRow> = rows.into_iter().map(|row| (row.number, row)).collect();
        let found = page.hits.iter().zip(&numbers).filter_map(|(hit, number)| {
            let item = rows.get(number)?.clone();
            let version = versions.get(item.message_id.as_str())?;
            let title = pieces(&search::highlight(&item.title, &text));
            let snippet = snippet(version, &text);
            Some(Found { item, score: hit.score, title, snippet })
        });
        Ok(FoundPage { found: found.collect(), page })
    }
}

/// The row, if the viewer may do this with it; what must not be seen looks as if it were not there.
pub(super) fn visible(viewer: &Actor, action: Action, row: Option<ItemRow>) -> Result<Option<ItemRow>, ServiceError> {
    let Some(row) = row else { return Ok(None) };
    let state = load_state(&row)?;
    match allowed(viewer, action, &state.object()) {
        Ok(_) => Ok(Some(row)),
        Err(huiyin_domain::access::Refusal::NotVisible) => Ok(None),
        Err(refusal) => Err(refusal.into()),
    }
}

fn pieces(segments: &[Segment<'_>]) -> Vec<Piece> {
    segments.iter().map(|segment| Piece { text: segment.text.to_owned(), hit: segment.hit }).collect()
}

/// From the question where it has a hit, else from the answer.
fn snippet(version: &TextRow, text: &QueryText) -> Vec<Piece> {
    let of_body = search::snippet(&version.body, text, SNIPPET_CHARS);
    if of_body.segments.iter().any(|segment| segment.hit) || version.reply.is_empty() {
        return pieces(&of_body.segments);
    }
    let of_reply = search::snippet(&version.reply, text, SNIPPET_CHARS);
    let chosen = if of_reply.segments.iter().any(|segment| segment.hit) { of_reply } else { of_body };
    pieces(&chosen.segments)
}

/// Sets the query's scope; a viewer who sees nothing is refused.
fn restrict(scope: Scope, query: &mut search::Query) -> Result<(), ServiceError> {
    query.scope = match scope.reach() {
        Reach::All => search::Scope::All,
        Reach::Unit(unit) => search::Scope::Some { units: vec![unit], answered: false },
        Reach::UnitOrAnswered(unit) => search::Scope::Some { units: vec![unit], answered: true },
        Reach::Answered => search::Scope::Some { units: Vec::new(), answered: true },
        Reach::None => return Err(huiyin_domain::access::Refusal::Forbidden.into()),
    };
    Ok(())
}
