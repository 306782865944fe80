//! The monthly issue 热点咨询: drafts for those who work on them, the published one for everybody.

use async_graphql::{Context, ID, Object, SimpleObject};
use huiyin_domain::id::{AccountId, EntryId, PublicationId};
use huiyin_domain::publication::{self, EntryStage, PublicationStage, YearMonth};

use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::item::Item;
use super::scalars::{NodeId as _, Time, node};
use super::words::Word;
use crate::service::publication::read::{self, Issue, IssueEntry};
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
    pub(super) row: PublicationRow,
}

impl Publication {
    fn state(&self) -> ApiResult<publication::Publication> {
        Ok(read::publication_state(&self.row)?)
    }
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

    /// How many entries it has. 条目数
    async fn entry_count(&self) -> ApiResult<usize> {
        Ok(self.state()?.entries.len())
    }

    /// Of these, how many have been approved, or are or were public. 已批准条目数
    async fn approved_count(&self) -> ApiResult<usize> {
        let state = self.state()?;
        Ok(state.entries.values().filter(|entry| entry.stage >= EntryStage::Approved).count())
    }

    /// How many the public reads now. 公开条目数
    async fn public_count(&self) -> ApiResult<usize> {
        Ok(self.state()?.public_entries().count())
    }

    /// What the viewer may do with it now. 可进行的操作
    async fn available_acts(&self, ctx: &Context<'_>) -> ApiResult<Vec<Word>> {
        let acts = self.state()?.acts(ctx.actor()?);
        Ok(acts.into_iter().map(|act| Word::new(act.code(), act.label())).collect())
    }

    /// One of its entries; null when it has no such entry. 某一条目
    async fn entry(&self, ctx: &Context<'_>, id: ID) -> ApiResult<Option<Entry>> {
        let entry = EntryId::from_node(&id)?.to_string();
        let issue = issue(ctx, PublicationId::from_node(&node("publication", &self.row.id))?).await?;
        let mut entries = issue.into_iter().flat_map(|issue| issue.entries);
        Ok(entries.find(|known| known.row.id == entry).map(Entry))
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
pub struct Entry(pub(super) IssueEntry);

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

    /// What the viewer may do with it now. 可进行的操作
    async fn available_acts(&self) -> Vec<Word> {
        self.0.acts.iter().map(|act| Word::new(act.code(), act.label())).collect()
    }

    /// Whether some version of it has been public. 曾公开
    async fn was_public(&self) -> bool {
        self.0.state.was_public
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
pub(super) async fn issue(ctx: &Context<'_>, id: PublicationId) -> ApiResult<Option<Issue>> {
    Ok(ctx.service()?.publication(ctx.actor()?, id).await?)
}

pub(super) fn month_of(text: &str) -> ApiResult<YearMonth> {
    text.parse().map_err(|_| ApiError::bad_input("bad_month", "月份不对，应为 2026-10 的形式，请核对后重试。"))
}

/// Reading issues.
#[derive(Debug, Default)]
pub struct PublicationQuery;

#[Object]
impl PublicationQuery {
    /// All issues, newest month first, for those who work on them. 各期热点咨询
    #[graphql(complexity = "QUESTION + usize::try_from(first).unwrap_or(0).min(120) * child_complexity")]
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
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn publication(&self, ctx: &Context<'_>, id: ID) -> ApiResult<Option<Publication>> {
        let issue = issue(ctx, PublicationId::from_node(&id)?).await?;
        Ok(issue.map(|issue| Publication { row: issue.row }))
    }

    /// The issue of a month, `2026-10`, for those who work on it. 某月的热点咨询
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn publication_of(&self, ctx: &Context<'_>, month: String) -> ApiResult<Option<Publication>> {
        let issue = ctx.service()?.publication_of(ctx.actor()?, month_of(&month)?).await?;
        Ok(issue.map(|issue| Publication { row: issue.row }))
    }

    /// The issue of a month as everybody would read it were it published now in its newest texts; for those who work on it.
    /// 发布预览
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn publication_preview(&self, ctx: &Context<'_>, month: String) -> ApiResult<Option<PublishedIssue>> {
        let issue = ctx.service()?.preview(ctx.actor()?, month_of(&month)?).await?;
        Ok(issue.map(PublishedIssue::from))
    }

    /// The months with a published issue, newest first; for everybody. 已发布的月份
    #[graphql(complexity = "QUESTION + 24 * child_complexity")]
    async fn published_months(&self, ctx: &Context<'_>) -> ApiResult<Vec<PublishedMonth>> {
        let months = ctx.service()?.published_months(ctx.actor()?).await?;
        Ok(months.into_iter().map(PublishedMonth::from).collect())
    }

    /// The published issue of a month, `2026-10`; for everybody. 已发布的一期
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn published_issue(&self, ctx: &Context<'_>, month: String) -> ApiResult<Option<PublishedIssue>> {
        let issue = ctx.service()?.published(ctx.actor()?, month_of(&month)?).await?;
        Ok(issue.map(PublishedIssue::from))
    }
}
