//! The monthly issue 热点咨询: drafts for those who work on them, the published one for everybody.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use huiyin_domain::access::Actor;
use huiyin_domain::id::{AccountId, EntryId, ItemId, PublicationId};
use huiyin_domain::publication::{EntryStage, PublicationStage, YearMonth};

use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::item::Item;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{NodeId as _, Time, node};
use super::words::Word;
use crate::service::ServiceError;
use crate::service::publication::read::{self, Issue, IssueEntry};
use crate::service::publication::{EntryText, PublicationAct, PublicationDone};
use crate::store::publication::PublicationRow;

/// The most issues a list shows: ten years.
const MOST_ISSUES: i32 = 120;

/// A month with a published issue. 已发布的月份
#[derive(Debug, SimpleObject)]
pub struct PublishedMonth {
    /// The month, `2026-10`. 月份
    month: String,
    /// Its heading. 标题
    title: String,
    /// When it was first published. 发布时间
    published_at: Time,
}

impl From<read::PublishedMonth> for PublishedMonth {
    fn from(month: read::PublishedMonth) -> Self {
        Self { month: month.month.to_string(), title: month.title, published_at: Time(month.published_at) }
    }
}

/// A published issue, as everybody may read it. 已发布的一期热点咨询
#[derive(Debug, SimpleObject)]
pub struct PublishedIssue {
    /// The month, `2026-10`. 月份
    month: String,
    /// Its heading. 标题
    title: String,
    /// When it was first published. 发布时间
    published_at: Time,
    /// When something of it was last published. 更新时间
    updated_at: Time,
    /// Messages written in the month. 来件总数
    received: i64,
    /// Of these, consultations. 咨询数
    consults: i64,
    /// Who wrote, edited or de-identified the entries. 拟稿
    drafters: Vec<String>,
    /// Who gave the secrecy reviews and the approvals. 审核
    reviewers: Vec<String>,
    /// Who published last. 发布
    publisher: Option<String>,
    /// What is public now, in order. 条目
    #[graphql(complexity = "1 + 20 * child_complexity")]
    entries: Vec<PublishedEntry>,
}

/// A published question with its answer. 已发布的条目
#[derive(Debug, SimpleObject)]
pub struct PublishedEntry {
    /// Its id. 编号（系统）
    id: ID,
    /// The question; its first line is the heading. 问题
    question: String,
    /// The answer. 答复内容
    answer: String,
    /// The legal basis; may be empty. 依据
    basis: String,
    /// When the question came. 受理日期
    asked_at: Time,
    /// When it was answered. 答复日期
    replied_at: Time,
    /// The name of the unit that answered. 答复部门
    unit_name: Option<String>,
}

impl From<read::PublishedIssue> for PublishedIssue {
    fn from(issue: read::PublishedIssue) -> Self {
        let entries = issue.entries.into_iter().map(PublishedEntry::from).collect();
        Self {
            month: issue.month.to_string(),
            title: issue.title,
            published_at: Time(issue.published_at),
            updated_at: Time(issue.updated_at),
            received: issue.received,
            consults: issue.consults,
            drafters: issue.drafters,
            reviewers: issue.reviewers,
            publisher: issue.publisher,
            entries,
        }
    }
}

impl From<read::PublishedEntry> for PublishedEntry {
    fn from(entry: read::PublishedEntry) -> Self {
        Self {
            id: node("entry", &entry.id.to_string()),
            question: entry.question,
            answer: entry.answer,
            basis: entry.basis,
            asked_at: Time(entry.asked_at),
            replied_at: Time(entry.replied_at),
            unit_name: entry.unit,
        }
    }
}

/// A monthly issue in the making. 一期热点咨询
#[derive(Debug, async_graphql::Description)]
pub struct Publication {
    row: PublicationRow,
}

#[Object(use_type_description)]
impl Publication {
    /// Its id. 编号（系统）
    async fn id(&self) -> ID {
        node("publication", &self.row.id)
    }

    /// The month, `2026-10`. 月份
    async fn month(&self) -> &str {
        &self.row.month
    }

    /// Its heading. 标题
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Where it stands. 阶段
    async fn stage(&self) -> Word {
        let code = self.row.stage.as_str();
        Word::known(code, PublicationStage::parse(code).map(|stage| (stage.code(), stage.label())))
    }

    /// Number of changes so far; hand it back as `expectedRevision` to be told of changes meanwhile. 修订号
    async fn revision(&self) -> i64 {
        self.row.revision
    }

    /// When it was made. 创建时间
    async fn created_at(&self) -> Time {
        Time::from_micros(self.row.created_at)
    }

    /// When it was first published. 发布时间
    async fn published_at(&self) -> Option<Time> {
        self.row.published_at.map(Time::from_micros)
    }

    /// Its entries in their order. 条目
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn entries(&self, ctx: &Context<'_>) -> ApiResult<Vec<Entry>> {
        let issue = issue(ctx, PublicationId::from_node(&node("publication", &self.row.id))?).await?;
        Ok(issue.map_or_else(Vec::new, |issue| issue.entries.into_iter().map(Entry).collect()))
    }
}

/// One question with its answer, as it is or will be public. 条目
#[derive(Debug, async_graphql::Description)]
pub struct Entry(IssueEntry);

#[Object(use_type_description)]
impl Entry {
    /// Its id. 编号（系统）
    async fn id(&self) -> ID {
        node("entry", &self.0.row.id)
    }

    /// The item whose answer it tells, if the viewer may see it. 来源件
    async fn item(&self, ctx: &Context<'_>) -> ApiResult<Option<Item>> {
        Ok(ctx.loaders()?.item(&self.0.row.item_id).await?.map(Item::new))
    }

    /// Where it stands. 阶段
    async fn stage(&self) -> Word {
        let stage: EntryStage = self.0.state.stage;
        Word::new(stage.code(), stage.label())
    }

    /// The newest version of its text; a check is given for one version. 版本
    async fn version(&self) -> i64 {
        self.0.text.version
    }

    /// The question. 问题
    async fn question(&self) -> &str {
        &self.0.text.question
    }

    /// The answer. 答复内容
    async fn answer(&self) -> &str {
        &self.0.text.answer
    }

    /// The legal basis; may be empty. 依据
    async fn basis(&self) -> &str {
        &self.0.text.basis
    }

    /// When the question came. 受理日期
    async fn asked_at(&self) -> Time {
        Time::from_micros(self.0.row.asked_at)
    }

    /// When it was answered. 答复日期
    async fn replied_at(&self) -> Time {
        Time::from_micros(self.0.row.replied_at)
    }

    /// Who vouches that nobody can be recognised in this text. 去标识化人
    async fn deidentified_by(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        name(ctx, self.0.state.deidentified_by).await
    }

    /// Who gave the secrecy review of this text. 保密审查人
    async fn checked_by(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        name(ctx, self.0.state.checked_by).await
    }

    /// Who approved this text. 批准人
    async fn approved_by(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        name(ctx, self.0.state.approved_by).await
    }
}

async fn name(ctx: &Context<'_>, account: Option<AccountId>) -> ApiResult<Option<String>> {
    let Some(account) = account else { return Ok(None) };
    Ok(ctx.loaders()?.account(&account.to_string()).await?.map(|row| row.name))
}

/// Those who may not see drafts are refused; a draft that is not there is null.
async fn issue(ctx: &Context<'_>, id: PublicationId) -> ApiResult<Option<Issue>> {
    Ok(ctx.service()?.publication(ctx.actor()?, id).await?)
}

fn month_of(text: &str) -> ApiResult<YearMonth> {
    text.parse().map_err(|_| ApiError::bad_input("bad_month", "月份不对，应为 2026-10 的形式，请核对后重试。"))
}

/// Reading issues.
#[derive(Debug, Default)]
pub struct PublicationQuery;

#[Object]
impl PublicationQuery {
    /// All issues, newest month first, for those who work on them. 各期热点咨询
    #[graphql(complexity = "1 + usize::try_from(first).unwrap_or(0).min(120) * child_complexity")]
    async fn publications(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 24)] first: i32,
    ) -> ApiResult<Vec<Publication>> {
        let limit = i64::from(first.clamp(0, MOST_ISSUES));
        let rows = ctx.service()?.publications(ctx.actor()?, limit).await?;
        Ok(rows.into_iter().map(|row| Publication { row }).collect())
    }

    /// One issue, for those who work on it. 一期热点咨询
    async fn publication(&self, ctx: &Context<'_>, id: ID) -> ApiResult<Option<Publication>> {
        let issue = issue(ctx, PublicationId::from_node(&id)?).await?;
        Ok(issue.map(|issue| Publication { row: issue.row }))
    }

    /// The issue of a month, `2026-10`, for those who work on it. 某月的热点咨询
    async fn publication_of(&self, ctx: &Context<'_>, month: String) -> ApiResult<Option<Publication>> {
        let issue = ctx.service()?.publication_of(ctx.actor()?, month_of(&month)?).await?;
        Ok(issue.map(|issue| Publication { row: issue.row }))
    }

    /// The months with a published issue, newest first; for everybody. 已发布的月份
    #[graphql(complexity = "1 + 24 * child_complexity")]
    async fn published_months(&self, ctx: &Context<'_>) -> ApiResult<Vec<PublishedMonth>> {
        let months = ctx.service()?.published_months(ctx.actor()?).await?;
        Ok(months.into_iter().map(PublishedMonth::from).collect())
    }

    /// The published issue of a month, `2026-10`; for everybody. 已发布的一期
    async fn published_issue(&self, ctx: &Context<'_>, month: String) -> ApiResult<Option<PublishedIssue>> {
        let issue = ctx.service()?.published(ctx.actor()?, month_of(&month)?).await?;
        Ok(issue.map(PublishedIssue::from))
    }
}

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

    /// Takes an answered item into an issue. 添加条目
    async fn add_entry(
        &self,
        ctx: &Context<'_>,
        publication: ID,
        item: ID,
        text: EntryTextInput,
        expected_revision: Option<i64>,
    ) -> ApiResult<PublicationPayload> {
        let act = PublicationAct::AddEntry { item: ItemId::from_node(&item)?, text: text.into() };
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
