//! Changing the monthly issue 热点咨询.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use huiyin_domain::access::Actor;
use huiyin_domain::id::{EntryId, ItemId, PublicationId};

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::publication::{Entry, Publication, issue, month_of};
use super::scalars::{NodeId as _, node};
use crate::service::publication::{EntryText, PublicationAct, PublicationDone};
use crate::service::{Refusal, ServiceError};

/// What a change of an issue answers. 热点咨询操作结果
#[derive(Debug, SimpleObject)]
pub struct PublicationPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The issue as it is now. 本期
    publication: Option<Publication>,
    /// The entry it was about, unless it was removed. 条目
    entry: Option<Entry>,
    /// The ledger number that includes it. 逐件账序号
    seq: Option<u64>,
}

/// The public text of an entry, de-identified by hand. 条目文本
#[derive(Debug, InputObject)]
pub struct EntryTextInput {
    /// The question; its first line is the heading. 问题
    question: String,
    /// The answer. 答复内容
    answer: String,
    /// The legal basis. 依据
    #[graphql(default)]
    basis: String,
}

impl From<EntryTextInput> for EntryText {
    fn from(EntryTextInput { question, answer, basis }: EntryTextInput) -> Self {
        Self { question, answer, basis }
    }
}

/// Changing issues. Every mutation takes the revision the person saw, so that nobody decides on something else.
#[derive(Debug, Default)]
pub struct PublicationMutation;

#[Object]
impl PublicationMutation {
    /// Makes the issue of a month, `2026-10`. There is one a month. 创建一期
    async fn create_publication(&self, ctx: &Context<'_>, month: String) -> ApiResult<PublicationPayload> {
        let result = ctx.service()?.create_publication(ctx.actor()?, month_of(&month)?).await;
        payload(ctx, result).await
    }

    /// Takes an answered item into an issue. Without a text it begins with that of the item, with a word in the place of
    /// obvious personal data. 添加条目
    async fn add_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        item: ID,
        text: Option<EntryTextInput>,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let item = ItemId::from_node(&item)?;
        let text = match text {
            Some(text) => text.into(),
            None => match ctx.service()?.first_entry_text(ctx.actor()?, item).await {
                Ok(Some(text)) => text,
                Ok(None) => return payload(ctx, Err(Refusal::not_visible().into())).await,
                Err(refused) => return payload(ctx, Err(refused)).await,
            },
        };
        let act = PublicationAct::AddEntry { item, text };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Changes an entry's text; every check is to be given again. 修改条目
    async fn edit_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        text: EntryTextInput,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = PublicationAct::EditEntry { entry: EntryId::from_node(&entry)?, text: text.into() };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Shows an entry of an issue that is not published at another place, from one. 调整顺序
    async fn move_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        place: u32,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = PublicationAct::MoveEntry { entry: EntryId::from_node(&entry)?, place };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Drops an entry that never was public. 移除条目
    async fn remove_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = PublicationAct::RemoveEntry { entry: EntryId::from_node(&entry)? };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Vouches that nobody can be recognised in this version. Refused (`personal_data_found`) while the text shows a
    /// telephone or identity number, an e-mail address or a number plate. 确认去标识化
    async fn deidentify_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        version: u32,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = PublicationAct::Deidentify { entry: EntryId::from_node(&entry)?, version };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Gives the secrecy review of this version or, with a reason, refuses it. 保密审查
    async fn check_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        version: u32,
        refusal: Option<String>,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let entry = EntryId::from_node(&entry)?;
        let act = match refusal {
            Some(reason) => PublicationAct::RefuseSecrecy { entry, reason },
            None => PublicationAct::CheckSecrecy { entry, version },
        };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Approves this version for publication or, with a reason, refuses it. 批准
    async fn approve_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: ID,
        version: u32,
        refusal: Option<String>,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let entry = EntryId::from_node(&entry)?;
        let act = match refusal {
            Some(reason) => PublicationAct::RefuseApproval { entry, reason },
            None => PublicationAct::ApproveEntry { entry, version },
        };
        run(ctx, &publication, act, expected_revision).await
    }

    /// Publishes the issue, or what was changed in a published one. 发布
    async fn publish(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        run(ctx, &publication, PublicationAct::Publish, expected_revision).await
    }

    /// Takes one public entry back, or without an entry the whole issue. 撤回
    async fn retract(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        entry: Option<ID>,
        reason: String,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = match entry {
            Some(entry) => PublicationAct::RetractEntry { entry: EntryId::from_node(&entry)?, reason },
            None => PublicationAct::Retract { reason },
        };
        run(ctx, &publication, act, expected_revision).await
    }
}

async fn run(
    ctx: &Context<'_>,
    publication: &ID,
    act: PublicationAct,
    expected: Option<i64>,
) -> ApiResult<PublicationPayload> {
    let (service, actor): (_, &Actor) = (ctx.service()?, ctx.actor()?);
    let id = PublicationId::from_node(publication)?;
    payload(ctx, service.act_on_publication(actor, id, act, expected).await).await
}

async fn payload(ctx: &Context<'_>, result: Result<PublicationDone, ServiceError>) -> ApiResult<PublicationPayload> {
    let Outcome { status, user_errors, done } = Outcome::of(result)?;
    let Some(PublicationDone { publication: row, entry, seq }) = done else {
        return Ok(PublicationPayload { status, user_errors, publication: None, entry: None, seq: None });
    };
    let entry = match entry {
        Some(entry) => {
            let issue = issue(ctx, PublicationId::from_node(&node("publication", &row.id))?).await?;
            let mut entries = issue.into_iter().flat_map(|issue| issue.entries);
            entries.find(|known| known.row.id == entry.to_string()).map(Entry)
        }
        None => None,
    };
    Ok(PublicationPayload { status, user_errors, publication: Some(Publication { row }), entry, seq: Some(seq) })
}
