//! The desk of one person: the lists they keep, and the words they are typing.
//!
//! Both are the person's own: nobody else's are read or changed. What is being typed is no act: it stands in no ledger and
//! no version, and goes once the person saves, or the item is not open any more.

use huiyin_domain::access::{Action, Actor, Object, ReviewStep, allowed};
use huiyin_domain::id::{AccountId, ItemId, SavedFilterId};
use huiyin_domain::item::Item;

use super::act::check_length;
use super::error::or_taken;
use super::item::load_state;
use super::list::ListQuery;
use super::query::visible;
use super::{Refusal, Service, ServiceError};
use crate::store::desk::{self, DraftNoteRow, SavedFilterRow};
use crate::store::item as items;

/// The most lists one person keeps.
const MAX_FILTERS: usize = 50;
/// The most characters of a list's name.
const MAX_NAME_CHARS: usize = 30;

/// What a text that is being typed is to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DraftKind {
    /// The reply to the citizen.
    Reply,
    /// The basis of a return.
    Return,
    /// What a reviewer wants changed.
    Comment,
}

impl DraftKind {
    /// The stable word in the store.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Return => "return",
            Self::Comment => "comment",
        }
    }

    /// What the text becomes in the end: who may do that may type.
    fn action(self, state: &Item) -> Action {
        match self {
            Self::Reply => Action::Draft,
            Self::Return => Action::Return,
            Self::Comment => Action::Review(state.awaited_review().unwrap_or(ReviewStep::First)),
        }
    }

    /// The text that an act has made use of.
    pub(super) const fn spent_by(action: Action) -> Option<Self> {
        match action {
            Action::Draft | Action::Submit => Some(Self::Reply),
            Action::Return => Some(Self::Return),
            Action::Review(_) => Some(Self::Comment),
            _ => None,
        }
    }
}

/// A text that is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDraft {
    /// The text, and the item's revision that was on the screen.
    pub row: DraftNoteRow,
    /// Whether the item has moved on since.
    pub stale: bool,
}

impl Service {
    /// The lists the person keeps, in their order.
    pub async fn saved_filters(&self, actor: &Actor) -> Result<Vec<SavedFilterRow>, ServiceError> {
        allowed(actor, Action::ArrangeDesk, &Object::None)?;
        Ok(desk::filters(&mut self.store.read().await?.conn(), own(actor)?).await?)
    }

    /// Keeps a list under a name; one that the person has under this name is replaced. `query` is a list's query string.
    pub async fn save_filter(&self, actor: &Actor, name: &str, query: &str) -> Result<SavedFilterRow, ServiceError> {
        let permit = allowed(actor, Action::ArrangeDesk, &Object::None)?;
        let account = own(actor)?;
        let name = name.trim();
        if !(1..=MAX_NAME_CHARS).contains(&name.chars().count()) {
            return Err(Refusal::new("filter_name", "请给常用筛选起个名字，最多 30 个字。").into());
        }
        let query: ListQuery = query.parse()?;
        let now = self.now();
        let id = SavedFilterId::new(now, self.random()?);
        let mut tx = self.store.begin(&permit).await?;
        let kept = desk::filters(&mut tx.conn(), account).await?;
        let query = query.to_query();
        if let Some(row) = kept.iter().find(|row| row.name == name) {
            let row = SavedFilterRow { query, ..row.clone() };
            desk::replace_filter(&mut tx, &row).await?;
            tx.commit(now).await?;
            return Ok(row);
        }
        if kept.len() >= MAX_FILTERS {
            return Err(Refusal::new("filter_limit", "常用筛选最多 50 个。请先删除不用的，再保存。").into());
        }
        let row = SavedFilterRow {
            id: id.to_string(),
            account_id: account.to_string(),
            ordinal: kept.last().map_or(1, |last| last.ordinal + 1),
            name: name.to_owned(),
            query,
            created_at: now.as_micros(),
        };
        let taken = Refusal::new("filter_taken", "刚刚已有同名的常用筛选，请刷新页面后再保存。");
        desk::insert_filter(&mut tx, row.clone()).await.map_err(or_taken(taken))?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// Gives up a list of one's own. One that is not there, or somebody else's, is refused alike.
    pub async fn delete_filter(&self, actor: &Actor, id: SavedFilterId) -> Result<(), ServiceError> {
        let permit = allowed(actor, Action::ArrangeDesk, &Object::None)?;
        let mut tx = self.store.begin(&permit).await?;
        if !desk::remove_filter(&mut tx, own(actor)?, id).await? {
            return Err(Refusal::new("filter_unknown", "没有这个常用筛选，请刷新页面。").into());
        }
        tx.commit(self.now()).await?;
        Ok(())
    }

    /// Keeps what the person is typing about an item; an empty text drops it. `base` is the item's revision on the screen:
    /// it is kept with the text and refuses nothing, so that no word is lost. Refused (`wrong_stage`) once the item is not
    /// open any more: what is typed about it would stay for ever.
    pub async fn keep_draft(
        &self,
        actor: &Actor,
        id: ItemId,
        kind: DraftKind,
        text: String,
        base: i64,
    ) -> Result<Option<KeptDraft>, ServiceError> {
        let row = items::by_id(&mut self.store.read().await?.conn(), id).await?;
        let row = visible(actor, Action::ViewItem, row)?.ok_or_else(Refusal::not_visible)?;
        let state = load_state(&row)?;
        let permit = allowed(actor, kind.action(&state), &state.object())?;
        check_length(&text)?;
        let (account, now) = (own(actor)?, self.now());
        let mut tx = self.store.begin(&permit).await?;
        if text.trim().is_empty() {
            desk::remove_note(&mut tx, account, id, kind.code()).await?;
            tx.commit(now).await?;
            return Ok(None);
        }
        let kept = DraftNoteRow {
            account_id: account.to_string(),
            item_id: row.id,
            kind: kind.code().to_owned(),
            text,
            base_revision: base,
            saved_at: now.as_micros(),
        };
        // Within the transaction, because an act or an import may have ended it meanwhile and dropped what was typed.
        let present = items::by_id(&mut tx.conn(), id).await?.ok_or_else(Refusal::not_visible)?;
        let Item { stage: reached, .. } = load_state(&present)?;
        if !reached.is_open() {
            let command = "保存未提交的内容";
            return Err(huiyin_domain::item::Refusal::WrongStage { command, stage: reached }.into());
        }
        items::hold_still(&mut tx, &present.id, present.revision).await?;
        desk::keep_note(&mut tx, kept.clone()).await?;
        tx.commit(now).await?;
        Ok(Some(KeptDraft { stale: base != present.revision, row: kept }))
    }

    /// What the person was typing about an item; `None` when there is nothing, or the person may not see the item.
    pub async fn kept_draft(
        &self,
        actor: &Actor,
        id: ItemId,
        kind: DraftKind,
    ) -> Result<Option<KeptDraft>, ServiceError> {
        let mut reader = self.store.read().await?;
        let row = items::by_id(&mut reader.conn(), id).await?;
        let Some(row) = visible(actor, Action::ViewItem, row)? else { return Ok(None) };
        let state = load_state(&row)?;
        allowed(actor, kind.action(&state), &state.object())?;
        let notes = desk::notes_of_item(&mut reader.conn(), own(actor)?, id).await?;
        let kept = notes.into_iter().find(|note| note.kind == kind.code());
        Ok(kept.map(|note| KeptDraft { stale: note.base_revision != row.revision, row: note }))
    }
}

/// Only people have desks.
fn own(actor: &Actor) -> Result<AccountId, ServiceError> {
    actor.account().ok_or_else(|| huiyin_domain::item::Refusal::AccountRequired.into())
}
