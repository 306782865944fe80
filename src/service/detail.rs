//! What hangs on things the viewer has already been shown: the texts of an item, the names behind ids, sources and pulls.
//!
//! Functions that take a `&ItemRow` trust that a reading use case has handed it out, and ask no second time.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::deadline::Effective;
use huiyin_domain::id::{HoldId, ItemId, MessageId, PullId};
use huiyin_domain::item::Item;
use huiyin_domain::ledger::Root;

use super::item::{effective_deadline, load_state};
use super::query::visible;
use super::{Service, ServiceError, stored_id};
use crate::store::account::{self as accounts, AccountRow};
use crate::store::hold::{self, HoldAfter, HoldFilter};
use crate::store::item::{self as items, ItemRow, NoteRow, ReplyRow};
use crate::store::ledger;
use crate::store::message::{self, MessageRow, VersionRow};
use crate::store::source::{self, HoldRow, PullRow, SourceRow};

/// The most repeats, pulls or held rows shown at once.
pub const MAX_DETAILS: i64 = 100;

/// The domain's item out of a row: its units, reviews and pauses.
pub fn state_of(row: &ItemRow) -> Result<Item, ServiceError> {
    load_state(row)
}

impl Service {
    /// When the answer is due at every level, with the day-by-day count; `None` when no rule applies.
    pub fn deadline(&self, state: &Item) -> Result<Option<Effective>, ServiceError> {
        effective_deadline(state, &self.rules)
    }

    /// Accounts by id, without their passwords' hashes: for the names of those who did something with a visible item.
    pub async fn accounts_by_ids(&self, ids: &[String]) -> Result<Vec<AccountRow>, ServiceError> {
        let mut rows = accounts::by_ids(&mut self.store.read().await?.conn(), ids).await?;
        for row in &mut rows {
            row.password_hash.clear();
        }
        Ok(rows)
    }

    /// Items by id, those the viewer may see, in no particular order.
    pub async fn items_by_ids(&self, viewer: &Actor, ids: &[String]) -> Result<Vec<ItemRow>, ServiceError> {
        let rows = items::by_ids(&mut self.store.read().await?.conn(), ids).await?;
        visible_of(viewer, rows)
    }

    /// Exact repeats of an item, those the viewer may see, oldest first.
    pub async fn repeats(&self, viewer: &Actor, row: &ItemRow) -> Result<Vec<ItemRow>, ServiceError> {
        let id: ItemId = stored_id("item", &row.id)?;
        let rows = items::repeats(&mut self.store.read().await?.conn(), id, MAX_DETAILS).await?;
        visible_of(viewer, rows)
    }

    /// Messages by id, in no particular order.
    pub async fn messages_by_ids(&self, ids: &[String]) -> Result<Vec<MessageRow>, ServiceError> {
        Ok(message::by_ids(&mut self.store.read().await?.conn(), ids).await?)
    }

    /// The newest version of each of these messages, in no particular order.
    pub async fn newest_versions(&self, messages: &[String]) -> Result<Vec<VersionRow>, ServiceError> {
        Ok(message::newest_of(&mut self.store.read().await?.conn(), messages).await?)
    }

    /// All versions of an item's message, oldest first.
    pub async fn message_versions(&self, row: &ItemRow) -> Result<Vec<VersionRow>, ServiceError> {
        let id: MessageId = stored_id("message", &row.message_id)?;
        Ok(message::versions(&mut self.store.read().await?.conn(), id).await?)
    }

    /// The drafts of an item's replies, in the order in which they were written.
    pub async fn drafts(&self, row: &ItemRow) -> Result<Vec<ReplyRow>, ServiceError> {
        let id: ItemId = stored_id("item", &row.id)?;
        Ok(items::replies(&mut self.store.read().await?.conn(), id).await?)
    }

    /// What was said about an item, in order.
    pub async fn notes(&self, row: &ItemRow) -> Result<Vec<NoteRow>, ServiceError> {
        let id: ItemId = stored_id("item", &row.id)?;
        Ok(items::notes(&mut self.store.read().await?.conn(), id).await?)
    }

    /// All sources.
    pub async fn sources(&self, actor: &Actor) -> Result<Vec<SourceRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        Ok(source::all(&mut self.store.read().await?.conn()).await?)
    }

    /// The newest pulls of a source, at most [`MAX_DETAILS`].
    pub async fn pulls(&self, actor: &Actor, source: &str, limit: i64) -> Result<Vec<PullRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        let limit = limit.clamp(0, MAX_DETAILS);
        Ok(hold::pulls(&mut self.store.read().await?.conn(), Some(source), None, limit).await?)
    }

    /// A page of pulls, of all sources or of one, newest first.
    pub async fn pull_page(
        &self,
        actor: &Actor,
        source: Option<&str>,
        after: Option<PullId>,
        limit: i64,
    ) -> Result<Vec<PullRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        Ok(hold::pulls(&mut self.store.read().await?.conn(), source, after, limit).await?)
    }

    /// One pull; `None` when there is none.
    pub async fn pull(&self, actor: &Actor, id: PullId) -> Result<Option<PullRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        Ok(source::pull(&mut self.store.read().await?.conn(), &id.to_string()).await?)
    }

    /// Several pulls, in no particular order.
    pub async fn pulls_by_ids(&self, actor: &Actor, ids: &[String]) -> Result<Vec<PullRow>, ServiceError> {
        allowed(actor, Action::ViewSources, &Object::None)?;
        Ok(source::pulls_by_ids(&mut self.store.read().await?.conn(), ids).await?)
    }

    /// A page of rows held for repair, pull by pull in the order of the file.
    pub async fn held_rows(
        &self,
        actor: &Actor,
        filter: &HoldFilter,
        after: Option<&HoldAfter>,
        limit: i64,
    ) -> Result<Vec<HoldRow>, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        Ok(hold::page(&mut self.store.read().await?.conn(), filter, after, limit).await?)
    }

    /// How many rows are held under a filter.
    pub async fn count_held(&self, actor: &Actor, filter: &HoldFilter) -> Result<i64, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        Ok(hold::count(&mut self.store.read().await?.conn(), filter).await?)
    }

    /// One held row; `None` when there is none.
    pub async fn hold(&self, actor: &Actor, id: HoldId) -> Result<Option<HoldRow>, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        Ok(hold::by_id(&mut self.store.read().await?.conn(), id).await?)
    }

    /// The ledger's newest number and hash.
    pub async fn ledger_head(&self, actor: &Actor) -> Result<Root, ServiceError> {
        allowed(actor, Action::ViewLedger, &Object::None)?;
        Ok(ledger::head(&mut self.store.read().await?.conn()).await?)
    }

    /// Whether store and index answer: the ledger's newest number and the one the index has followed to.
    pub async fn health(&self) -> Result<(u64, u64), ServiceError> {
        let head = ledger::head(&mut self.store.read().await?.conn()).await?;
        Ok((head.seq, self.search.cursor()?))
    }
}

fn visible_of(viewer: &Actor, rows: Vec<ItemRow>) -> Result<Vec<ItemRow>, ServiceError> {
    let rows = rows.into_iter().map(|row| visible(viewer, Action::ViewItem, Some(row)));
    rows.filter_map(Result::transpose).collect()
}
