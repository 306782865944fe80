//! What people do with an item, from routing to release: one mutation an act.
//!
//! Who may do it and when is decided below; a refusal is data ([`ItemPayload`]).

use async_graphql::{Context, ID, Object, SimpleObject};
use huiyin_domain::id::{ItemId, UnitId};

use super::context::ContextExt as _;
use super::desk::Conflict;
use super::error::ApiResult;
use super::item::Item;
use super::payload::{Outcome, Status, UserError};
use super::scalars::NodeId as _;
use super::words::{Ground, ReopenReason, ReturnReason, ReviewStep, SuspendReason, TransferRoute};
use crate::service::act::Act;

/// What an act came to.
#[derive(Debug, SimpleObject)]
pub struct ItemPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// What happened meanwhile; only with the refusal `changed_meanwhile`. 其间变更
    conflict: Option<Conflict>,
    /// The item as it is now; null when refused. 件
    item: Option<Item>,
    /// The ledger number that includes the act: a search that has followed so far shows it. 账目号
    seq: Option<u64>,
}

async fn act(ctx: &Context<'_>, item: &ID, act: Act, expected: Option<i64>) -> ApiResult<ItemPayload> {
    let actor = ctx.signed_in()?;
    let (service, id) = (ctx.service()?, ItemId::from_node(item)?);
    let done = service.act(actor, id, act, expected).await;
    let Outcome { status, user_errors, done } = Outcome::of(done)?;
    let (item, seq) = done.map(|done| (Item::new(done.item), done.seq)).unzip();
    let overtaken = user_errors.iter().any(|error| error.code == "changed_meanwhile");
    let conflict = match expected.filter(|_| overtaken) {
        Some(seen) => service.conflict(actor, id, seen).await?.map(Conflict::new),
        None => None,
    };
    Ok(ItemPayload { status, user_errors, conflict, item, seq })
}

/// What the office does: routing, returns, extensions, the end of an item.
#[derive(Debug, Default)]
pub struct RoutingMutation;

#[Object]
impl RoutingMutation {
    /// Registers a new item: it is one for this bureau. 登记
    async fn register_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Register, expected_revision).await
    }

    /// Merges an item into another that is about the same thing: its answer is this citizen's answer too. 并单
    async fn merge_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The item that goes on. 主件")] into: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Merge { into: ItemId::from_node(&into)? }, expected_revision).await
    }

    /// Does not accept an item; the citizen must be told. 不予受理
    async fn refuse_acceptance(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "On which ground. 情形")] ground: Ground,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::RefuseAcceptance { ground: ground.into() }, expected_revision).await
    }

    /// Sends an item where the law says; the citizen must be told. 转出
    async fn transfer_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Where to. 去向")] route: TransferRoute,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::TransferOut { route: route.into() }, expected_revision).await
    }

    /// Assigns an item, first or anew. 派单
    async fn assign_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The unit that has to answer. 主办单位")] lead: ID,
        #[graphql(default, desc = "The units that help. 协办单位")] assisting: Vec<ID>,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        let lead = UnitId::from_node(&lead)?;
        let assisting = UnitId::from_nodes(&assisting)?;
        act(ctx, &item, Act::Assign { lead, assisting }, expected_revision).await
    }

    /// The return is right: the item waits to be assigned again. 同意退单
    async fn uphold_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::UpholdReturn, expected_revision).await
    }

    /// The return is wrong: the unit keeps the item. 驳回退单
    async fn reject_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::RejectReturn, expected_revision).await
    }

    /// The units disagree: somebody has to name the one. 提请裁定
    async fn dispute_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::DisputeReturn, expected_revision).await
    }

    /// Names the unit that has to answer. 裁定
    async fn arbitrate_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The unit. 承办单位")] unit: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Arbitrate { unit: UnitId::from_node(&unit)? }, expected_revision).await
    }

    /// Grants or refuses more time. 审批延期
    async fn decide_extension(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Whether it is granted. 是否同意")] granted: bool,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::DecideExtension { granted }, expected_revision).await
    }

    /// Hands the approved reply over to the citizen. 签发答复
    async fn release_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Release, expected_revision).await
    }

    /// Closes an answered item. 办结
    async fn close_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Close, expected_revision).await
    }

    /// Puts a closed item on file. 归档
    async fn archive_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Archive, expected_revision).await
    }

    /// Has an answered item handled again. 重办
    async fn reopen_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Why. 理由")] reason: ReopenReason,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Reopen { reason: reason.into() }, expected_revision).await
    }

    /// Notes that the citizen took the request back. 诉求人撤回
    async fn withdraw_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Withdraw, expected_revision).await
    }
}

/// What the lead unit does, and the reviewers of its reply.
#[derive(Debug, Default)]
pub struct HandlingMutation;

#[Object]
impl HandlingMutation {
    /// Accepts an assigned item for one's unit. 签收
    async fn accept_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Accept, expected_revision).await
    }

    /// Gives an item back: not ours. 退单
    async fn request_return(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Why. 理由")] reason: ReturnReason,
        #[graphql(desc = "On what basis, in words. 依据")] basis: String,
        #[graphql(desc = "Whose it is instead. 建议承办单位")] suggested: Option<ID>,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        let suggested = suggested.as_ref().map(UnitId::from_node).transpose()?;
        act(ctx, &item, Act::RequestReturn { reason: reason.into(), basis, suggested }, expected_revision).await
    }

    /// Notes the first contact with the citizen. 登记首次联系
    async fn record_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::RecordContact, expected_revision).await
    }

    /// Asks for more time. 申请延期
    async fn request_extension(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Working days more. 工作日数")] days: u32,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::RequestExtension { days }, expected_revision).await
    }

    /// Stops the clock for an approved reason. 挂起
    async fn suspend_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "For what. 理由")] reason: SuspendReason,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Suspend { reason: reason.into() }, expected_revision).await
    }

    /// Lets the clock go on. 恢复办理
    async fn resume_item(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Resume, expected_revision).await
    }

    /// Saves a new version of the reply. During review it takes the reply back. 保存答复稿
    async fn save_draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The whole text. 全文")] text: String,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::SaveDraft { text }, expected_revision).await
    }

    /// Submits the reply for review. 提交答复稿
    async fn submit_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "The version meant. 版本")] version: u32,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::SubmitReply { version }, expected_revision).await
    }

    /// Approves the reply at one of the three reviews. 审核通过
    async fn approve_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Which review. 环节")] step: ReviewStep,
        #[graphql(desc = "The version that was read. 版本")] version: u32,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::Approve { step: step.into(), version }, expected_revision).await
    }

    /// Sends the reply back to be changed. 退回修改
    async fn send_back_reply(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`item:UUID`. 件")] item: ID,
        #[graphql(desc = "Which review. 环节")] step: ReviewStep,
        #[graphql(desc = "What has to change. 修改意见")] reason: String,
        #[graphql(desc = "The revision seen; refused as `changed_meanwhile` when the item has moved on. 所见修订号")]
        expected_revision: Option<i64>,
    ) -> ApiResult<ItemPayload> {
        act(ctx, &item, Act::SendBack { step: step.into(), reason }, expected_revision).await
    }
}
