//! One's own desk: lists that are kept, and what is being typed. And what changed: between two versions, and since one
//! looked.

use async_graphql::{Context, Description, Enum, ID, Object, SimpleObject};
use huiyin_domain::id::{ItemId, ReplyId, SavedFilterId};

use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::ledger::HistoryEntry;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{NodeId as _, Time, node};
use super::words::Word;
use crate::service::desk::{DraftKind as Kind, KeptDraft as Kept};
use crate::service::difference::{Change, Conflict as Overtaken, DiffPiece as Piece};
use crate::store::desk::SavedFilterRow;

/// What it costs to compare two texts: long ones keep a processor busy for a fifth of a second.
const COMPARING: usize = 1_000;

/// A list that one keeps. 常用筛选
#[derive(Debug, SimpleObject)]
pub struct SavedFilter {
    /// Its id. 编号
    id: ID,
    /// What it is called. 名称
    name: String,
    /// The query string of the list. 列表地址
    query: String,
}

impl From<SavedFilterRow> for SavedFilter {
    fn from(row: SavedFilterRow) -> Self {
        Self { id: node(SavedFilterId::KIND, &row.id), name: row.name, query: row.query }
    }
}

/// What keeping or giving up a list came to.
#[derive(Debug, SimpleObject)]
pub struct SavedFilterPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The list; null when given up or refused. 常用筛选
    saved_filter: Option<SavedFilter>,
}

/// What a text that is being typed is to become. 草稿种类
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
#[graphql(remote = "Kind")]
pub enum DraftKind {
    /// 答复: the reply to the citizen.
    #[default]
    Reply,
    /// 退单依据: the basis of a return.
    Return,
    /// 修改意见: what a reviewer wants changed.
    Comment,
}

/// A text that one is typing, kept as one types. Nobody else sees it. 草稿
#[derive(Debug, SimpleObject)]
pub struct KeptDraft {
    /// The text so far. 内容
    text: String,
    /// When it was kept. 保存时间
    saved_at: Time,
    /// The item's revision that was on the screen. 所见修订号
    base_revision: i64,
    /// Whether the item has moved on since. 件已变更
    stale: bool,
}

impl From<Kept> for KeptDraft {
    fn from(Kept { row, stale }: Kept) -> Self {
        let saved_at = Time::from_micros(row.saved_at);
        Self { text: row.text, saved_at, base_revision: row.base_revision, stale }
    }
}

/// What keeping a text came to.
#[derive(Debug, SimpleObject)]
pub struct KeptDraftPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// What is kept now; null for an empty text. 草稿
    kept_draft: Option<KeptDraft>,
}

/// Whether a stretch of text is in both texts, or in which of them. 变更
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Change")]
pub enum DiffKind {
    /// 未变: in both.
    Same,
    /// 新增: in the later text only.
    Added,
    /// 删去: in the earlier text only.
    Removed,
}

/// A stretch of text. 文字片段
#[derive(Debug, SimpleObject)]
pub struct DiffPiece {
    /// The text, not escaped. 文字
    text: String,
    /// Where it is. 变更
    kind: DiffKind,
}

impl From<Piece> for DiffPiece {
    fn from(piece: Piece) -> Self {
        Self { text: piece.text, kind: piece.change.into() }
    }
}

/// The item as it is, for somebody who acted on an earlier revision. 已被他人变更
#[derive(Debug, Description)]
pub struct Conflict(Overtaken);

impl Conflict {
    /// Of an item that the viewer may see.
    pub const fn new(overtaken: Overtaken) -> Self {
        Self(overtaken)
    }
}

#[Object(use_type_description)]
impl Conflict {
    /// The present revision: act again with it once its news have been read. 现修订号
    async fn revision(&self) -> i64 {
        self.0.item.revision
    }

    /// Where the item stands. 阶段
    async fn stage(&self) -> Word {
        Word::stage(&self.0.item.stage)
    }

    /// What happened since the revision seen, oldest first: who, when, what. 其间变更
    #[graphql(complexity = "10 * child_complexity")]
    async fn since(&self) -> Vec<HistoryEntry> {
        self.0.since.iter().cloned().map(HistoryEntry::new).collect()
    }
}

/// Queries about one's own desk, and about what changed.
#[derive(Debug, Default)]
pub struct DeskQuery;

#[Object]
impl DeskQuery {
    /// The lists one keeps, in their order. 常用筛选
    #[graphql(complexity = "10 * child_complexity")]
    async fn saved_filters(&self, ctx: &Context<'_>) -> ApiResult<Vec<SavedFilter>> {
        let rows = ctx.service()?.saved_filters(ctx.signed_in()?).await?;
        Ok(rows.into_iter().map(SavedFilter::from).collect())
    }

    /// What one was typing about an item; null when there is nothing. 草稿
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn kept_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(default, desc = "What it is to become. 种类")] kind: DraftKind,
    ) -> ApiResult<Option<KeptDraft>> {
        let actor = ctx.signed_in()?;
        let kept = ctx.service()?.kept_draft(actor, ItemId::from_node(&item)?, kind.into()).await?;
        Ok(kept.map(KeptDraft::from))
    }

    /// What changed between two versions of a reply, by words; null when the item or a version is not there. 答复稿比对
    #[graphql(complexity = "COMPARING + 20 * child_complexity")]
    async fn reply_diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The earlier version; zero for the empty text. 自版本")] from: i64,
        #[graphql(desc = "The later version. 至版本")] to: i64,
        #[graphql(desc = "`reply:UUID`; the newest reply when left out. 答复")] reply: Option<ID>,
    ) -> ApiResult<Option<Vec<DiffPiece>>> {
        let actor = ctx.signed_in()?;
        let reply = reply.as_ref().map(ReplyId::from_node).transpose()?;
        let pieces = ctx.service()?.reply_diff(actor, ItemId::from_node(&item)?, reply, (from, to)).await?;
        Ok(pieces.map(|pieces| pieces.into_iter().map(DiffPiece::from).collect()))
    }

    /// What changed between two versions of the citizen's message, by words; null when the item or a version is not there.
    /// Personal. 来件比对
    #[graphql(complexity = "COMPARING + 20 * child_complexity")]
    async fn question_diff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The earlier version. 自版本")] from: i64,
        #[graphql(desc = "The later version. 至版本")] to: i64,
    ) -> ApiResult<Option<Vec<DiffPiece>>> {
        let actor = ctx.signed_in()?;
        let pieces = ctx.service()?.question_diff(actor, ItemId::from_node(&item)?, (from, to)).await?;
        Ok(pieces.map(|pieces| pieces.into_iter().map(DiffPiece::from).collect()))
    }
}

/// Changes of one's own desk.
#[derive(Debug, Default)]
pub struct DeskMutation;

#[Object]
impl DeskMutation {
    /// Keeps a list under a name; the one kept under this name so far is replaced. 保存常用筛选
    async fn save_filter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is called, at most 30 characters. 名称")] name: String,
        #[graphql(desc = "The query string of the list. 列表地址")] query: String,
    ) -> ApiResult<SavedFilterPayload> {
        let saved = ctx.service()?.save_filter(ctx.signed_in()?, &name, &query).await;
        let Outcome { status, user_errors, done } = Outcome::of(saved)?;
        Ok(SavedFilterPayload { status, user_errors, saved_filter: done.map(SavedFilter::from) })
    }

    /// Gives up a list of one's own. 删除常用筛选
    async fn delete_filter(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`filter:UUID`. 常用筛选")] id: ID,
    ) -> ApiResult<SavedFilterPayload> {
        let actor = ctx.signed_in()?;
        let deleted = ctx.service()?.delete_filter(actor, SavedFilterId::from_node(&id)?).await;
        let Outcome { status, user_errors, .. } = Outcome::of(deleted)?;
        Ok(SavedFilterPayload { status, user_errors, saved_filter: None })
    }

    /// Keeps what one is typing about an item; an empty text drops it. Nothing is written to the ledger, and an item that
    /// has moved on refuses nothing. 保存草稿
    async fn keep_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The whole text. 全文")] text: String,
        #[graphql(desc = "The revision on the screen. 所见修订号")] base_revision: i64,
        #[graphql(default, desc = "What it is to become. 种类")] kind: DraftKind,
    ) -> ApiResult<KeptDraftPayload> {
        let actor = ctx.signed_in()?;
        let id = ItemId::from_node(&item)?;
        let kept = ctx.service()?.keep_draft(actor, id, kind.into(), text, base_revision).await;
        let Outcome { status, user_errors, done } = Outcome::of(kept)?;
        Ok(KeptDraftPayload { status, user_errors, kept_draft: done.flatten().map(KeptDraft::from) })
    }
}
