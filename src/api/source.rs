//! Sources 渠道 and their pulls 采集批次.

use async_graphql::parser::types::Field;
use async_graphql::{ComplexObject, Context, ContextSelectionSet, ID, Object, SimpleObject, Value};
use huiyin_domain::id::PullId;

use super::connection::{Connection, QUESTION, decode_text_cursor, encode_text_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult, if_allowed};
use super::item::Item;
use super::kept_payload::KeptPayload;
use super::ledger::{Person, person};
use super::ready::Ready;
use super::scalars::{Date, NodeId as _, Time, node};
use super::source_page::{SourceDayTotals, SourceSettings};
use super::source_state::{Alarm, Freshness, Job, SourceSchedule, SourceTotals};
use super::words::Word;
use crate::service::reconcile::Span;
use crate::store::alarm::AlarmRow;
use crate::store::hold::HoldFilter;
use crate::store::source::{PullRow, SourceRow};

/// A channel, read as its connector describes. 渠道
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct Source {
    /// The connector's id. 采集配置
    id: String,
    /// The name people use. 名称
    name: String,
    /// The channel it belongs to, such as 12345热线. 所属渠道
    channel: String,
}

impl Source {
    /// Out of its row.
    pub fn new(row: &SourceRow) -> Self {
        Self { id: row.id.clone(), name: row.name.clone(), channel: row.channel.clone() }
    }
}

#[ComplexObject]
impl Source {
    /// The newest pulls, at most 100. 最近采集批次
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn pulls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Vec<Pull>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let rows = ctx.service()?.pulls(ctx.signed_in()?, &self.id, limit).await?;
        Ok(rows.into_iter().map(Pull::new).collect())
    }

    /// How it is read: a table, a web page, an interface, a push …; null where its connector is gone. 采集方式
    #[graphql(complexity = 10)]
    async fn kind(&self, ctx: &Context<'_>) -> ApiResult<Option<Word>> {
        let kind = ctx.loaders()?.states.kind(&self.id).await?;
        Ok(kind.map(|code| Word::known(code, kind_label(code))))
    }

    /// When it is read by plan; null where it has none, and for those who may not see it. 采集计划
    async fn schedule(&self, ctx: &Context<'_>) -> ApiResult<Option<SourceSchedule>> {
        let schedules = ctx.loaders()?.states.schedules().await?;
        let now = ctx.service()?.now();
        Ok(schedules.and_then(|rows| rows.get(&self.id)).map(|row| SourceSchedule::new(row, now)))
    }

    /// How fresh it is; null for those who may not see it. 新鲜度
    async fn freshness(&self, ctx: &Context<'_>) -> ApiResult<Option<Freshness>> {
        let states = &ctx.loaders()?.states;
        let Some(fresh) = states.fresh().await? else { return Ok(None) };
        let schedule = states.schedules().await?.and_then(|rows| rows.get(&self.id));
        Ok(Some(Freshness::new(fresh.get(&self.id), schedule, ctx.service()?.now())))
    }

    /// What is wrong with it now, the newest first, at most 100; null for those who may not see it. 未解除的告警
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn alarms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Option<Vec<Alarm>>> {
        let open = ctx.loaders()?.states.open_alarms_of(&self.id, page_size(first)?, |_| true).await?;
        Ok(open.map(|rows| rows.into_iter().map(Alarm::new).collect()))
    }

    /// Its pulls of a day in China, added up; null for those who may not see them. 当日合计
    #[graphql(complexity = "10 + child_complexity")]
    async fn statement(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day; today when left out. 日期")] day: Option<Date>,
    ) -> ApiResult<Option<SourceTotals>> {
        self.totals(ctx, Span::of_day(day_or_today(ctx, day)?)?).await
    }

    /// The same of the month in which a day lies. 当月合计
    #[graphql(complexity = "10 + child_complexity")]
    async fn month(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A day of it; today when left out. 日期")] day: Option<Date>,
    ) -> ApiResult<Option<SourceTotals>> {
        self.totals(ctx, Span::of_month(day_or_today(ctx, day)?)?).await
    }

    /// The days of a month on which it was read, the newest first; null for those who may not see them. 本月逐日
    #[graphql(complexity = "31 * child_complexity")]
    async fn days(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A day of the month; today when left out. 日期")] day: Option<Date>,
    ) -> ApiResult<Option<Vec<SourceDayTotals>>> {
        let month = Span::of_month(day_or_today(ctx, day)?)?;
        let days = if_allowed(ctx.service()?.source_days(ctx.signed_in()?, &self.id, month).await)?;
        Ok(days.map(|days| days.into_iter().map(SourceDayTotals::from).collect()))
    }

    /// How its connector has it read; null where that is gone, and for those who may not see it. 采集设置
    #[graphql(complexity = "10 + child_complexity")]
    async fn settings(&self, ctx: &Context<'_>) -> ApiResult<Option<SourceSettings>> {
        let settings = if_allowed(ctx.service()?.source_settings(ctx.signed_in()?, &self.id))?;
        Ok(settings.flatten().map(SourceSettings::from))
    }

    /// What was asked to be read of it, the newest first, at most 100; null for those who may not see it. 采集任务
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn jobs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Option<Vec<Job>>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let rows = if_allowed(ctx.service()?.jobs_of(ctx.signed_in()?, &self.id, limit).await)?;
        Ok(rows.map(|rows| rows.into_iter().map(Job::new).collect()))
    }
}

impl Source {
    async fn totals(&self, ctx: &Context<'_>, span: Span) -> ApiResult<Option<SourceTotals>> {
        let totals = ctx.loaders()?.states.totals(span).await?;
        Ok(totals.map(|totals| SourceTotals::new(&totals, &self.id)))
    }
}

fn day_or_today(ctx: &Context<'_>, day: Option<Date>) -> ApiResult<jiff::civil::Date> {
    let today = ctx.service()?.now().date();
    day.map(|day| day.0).or(today).ok_or_else(|| ApiError::internal("the clock shows no day"))
}

/// The kinds of connectors.
fn kind_label(code: &str) -> Option<(&'static str, &'static str)> {
    const WORDS: [(&str, &str); 8] = [
        ("table", "表格文件"),
        ("html", "网页"),
        ("json", "数据接口"),
        ("jsrows", "脚本列表"),
        ("feed", "订阅源"),
        ("push", "平台推送"),
        ("form", "网上来信"),
        ("mail", "邮箱"),
    ];
    WORDS.into_iter().find(|(known, _)| *known == code)
}

impl Ready for Source {
    fn ready(&self, _ctx: &ContextSelectionSet<'_>, field: &Field) -> Option<Value> {
        match field.name.node.as_str() {
            "id" => Some(Value::from(self.id.as_str())),
            "name" => Some(Value::from(self.name.as_str())),
            "channel" => Some(Value::from(self.channel.as_str())),
            _ => None,
        }
    }
}

/// One reading of a source, with its count statement:
/// `stated = accepted + unchanged + changed + held + rejected`. 采集批次
#[derive(Debug, Clone, SimpleObject)]
#[graphql(complex)]
pub struct Pull {
    #[graphql(skip)]
    source_id: String,
    #[graphql(skip)]
    actor: String,
    #[graphql(skip)]
    uuid: String,
    /// Its id. 编号
    id: ID,
    /// Whether it runs, has finished, failed or was interrupted. 状态
    stage: Word,
    /// The name of the file. 文件名
    file_name: String,
    /// SM3 of the file's bytes. 文件摘要
    file_digest: String,
    /// When it began. 开始时间
    started_at: Time,
    /// When it ended; null while it runs. 结束时间
    finished_at: Option<Time>,
    /// Rows the source holds. 应有
    stated: i64,
    /// Rows that became items. 新收
    accepted: i64,
    /// Rows already known, word for word. 未变
    unchanged: i64,
    /// Rows that gave a known message a new version. 变更
    changed: i64,
    /// Rows held for repair. 待修复
    held: i64,
    /// Rows rejected with a reason. 拒收
    rejected: i64,
    /// Whether every stated row is accounted for. 账平
    balanced: bool,
    /// Why it ran: a file, a quick look, the whole list, a push, a form, a mailbox. 缘由
    purpose: Word,
    /// How many messages the source says it has in all; null where it does not say. 源平台总数
    claimed: Option<i64>,
    /// Distinct messages met in the source's list. 实见
    met: i64,
    /// Pages of the list that were read. 页数
    pages: i64,
    /// Whether it went to the end of the list. 到头
    complete: bool,
    /// Messages that the source no longer shows. 源平台撤下
    withdrawn: i64,
    /// Messages that it shows again. 源平台恢复
    returned: i64,
    /// Why it ended early; null when it did not. 中断原因
    problem: Option<PullProblem>,
}

/// Why a pull ended early. 中断原因
#[derive(Debug, Clone, SimpleObject)]
pub struct PullProblem {
    /// The stable code. 代码
    code: String,
    /// What happened, and what to do. 说明
    message: String,
}

impl Ready for Pull {}

#[ComplexObject]
impl Pull {
    /// The source that was read. 渠道
    async fn source(&self, ctx: &Context<'_>) -> ApiResult<Option<Source>> {
        // Its name stands on every item, so that nobody who sees the pull may not know it.
        Ok(ctx.loaders()?.source(&self.source_id).await?.map(|row| Source::new(&row)))
    }

    /// Who started it. 操作人
    async fn started_by(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.actor).await
    }

    /// How many of its held rows nobody has settled; null for those who may not see them. 待处理行数
    #[graphql(complexity = 10)]
    async fn open_held(&self, ctx: &Context<'_>) -> ApiResult<Option<i64>> {
        let pull = self.uuid.parse().map_err(|_| ApiError::internal("a stored pull has no id"))?;
        let filter = HoldFilter { pull: Some(pull), source: None, open: true };
        if_allowed(ctx.service()?.count_held(ctx.signed_in()?, &filter).await)
    }

    /// What its source sent and is still kept, the first that came first, at most 100; null for those who may not see it.
    /// 原始页面
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn payloads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Option<Vec<KeptPayload>>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let rows = if_allowed(ctx.service()?.payloads_of_pull(ctx.signed_in()?, &self.uuid, limit).await)?;
        Ok(rows.map(|rows| rows.into_iter().map(KeptPayload::from).collect()))
    }

    /// The items it made, those the viewer may see, the first met first, at most 100; null for those who see none.
    /// 新收的件
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn items(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Option<Vec<Item>>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let Some(row) = ctx.loaders()?.pull(&self.uuid).await? else { return Ok(None) };
        let Some(rows) = if_allowed(ctx.service()?.items_of_pull(ctx.signed_in()?, &row, limit).await)? else {
            return Ok(None);
        };
        ctx.loaders()?.prime(&rows, &ctx.look_ahead()).await?;
        Ok(Some(rows.into_iter().map(Item::new).collect()))
    }

    /// The open alarms that it met last; null for those who may not see them. 未解除的告警
    #[graphql(complexity = "QUESTION + 10 * child_complexity")]
    async fn alarms(&self, ctx: &Context<'_>) -> ApiResult<Option<Vec<Alarm>>> {
        let met_here = |row: &AlarmRow| row.pull_id.as_deref() == Some(self.uuid.as_str());
        let open = ctx.loaders()?.states.open_alarms_of(&self.source_id, usize::MAX, met_here).await?;
        Ok(open.map(|rows| rows.into_iter().map(Alarm::new).collect()))
    }
}

impl Pull {
    /// Out of its row.
    pub fn new(row: PullRow) -> Self {
        Self {
            id: node("pull", &row.id),
            uuid: row.id,
            source_id: row.source_id,
            actor: row.actor,
            stage: pull_stage(&row.stage),
            started_at: Time::from_micros(row.started_at),
            finished_at: row.finished_at.map(Time::from_micros),
            balanced: row.stated == row.accepted + row.unchanged + row.changed + row.held + row.rejected,
            purpose: purpose(&row.purpose),
            claimed: row.claimed,
            met: row.met,
            pages: row.pages,
            complete: row.complete,
            withdrawn: row.withdrawn,
            returned: row.returned,
            problem: (!row.problem_code.is_empty())
                .then_some(PullProblem { code: row.problem_code, message: row.problem }),
            file_name: row.file_name,
            file_digest: row.file_digest,
            stated: row.stated,
            accepted: row.accepted,
            unchanged: row.unchanged,
            changed: row.changed,
            held: row.held,
            rejected: row.rejected,
        }
    }
}

fn purpose(code: &str) -> Word {
    let words = [
        ("file", "文件"),
        ("head", "快速查看"),
        ("sweep", "全量采集"),
        ("push", "平台推送"),
        ("form", "网上来信"),
        ("mail", "邮箱"),
    ];
    Word::known(code, words.into_iter().find(|(known, _)| *known == code))
}

fn pull_stage(code: &str) -> Word {
    let words = [("running", "进行中"), ("finished", "已完成"), ("failed", "失败"), ("interrupted", "中断")];
    Word::known(code, words.into_iter().find(|(known, _)| *known == code))
}

/// The order of pulls, in cursors.
const PULLS: &str = "pulls";

/// Queries about sources.
#[derive(Debug, Default)]
pub struct SourceQuery;

#[Object]
impl SourceQuery {
    /// All sources. 渠道
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn sources(&self, ctx: &Context<'_>) -> ApiResult<Vec<Source>> {
        let rows = ctx.service()?.sources(ctx.signed_in()?).await?;
        Ok(rows.iter().map(Source::new).collect())
    }

    /// One source; null when there is none. 渠道
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn source(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its connector's id. 编号")] id: String,
    ) -> ApiResult<Option<Source>> {
        Ok(ctx.service()?.source(ctx.signed_in()?, &id).await?.map(|row| Source::new(&row)))
    }

    /// Pulls of all sources or of one, newest first. 采集批次
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn pulls(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A source's id; all sources when left out. 渠道")] source: Option<String>,
        #[graphql(desc = "Those of this source that began on this day. 日期")] day: Option<Date>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor. 起点")] after: Option<String>,
    ) -> ApiResult<Connection<Pull>> {
        let (actor, size) = (ctx.signed_in()?, page_size(first)?);
        let after = after.map(|text| decode_text_cursor(PULLS, &text)).transpose()?;
        let limit = i64::try_from(size).unwrap_or(0) + 1;
        let service = ctx.service()?;
        let rows = match (source.as_deref(), day) {
            (Some(source), Some(Date(day))) => {
                service.pulls_between(actor, source, Span::of_day(day)?, after, limit).await?
            }
            (None, Some(_)) => {
                return Err(ApiError::bad_input("day_without_source", "按日期查看批次时请写明渠道。".to_owned()));
            }
            (source, None) => service.pull_page(actor, source, after, limit).await?,
        };
        let node = ctx.look_ahead().field("edges").field("node");
        let sources = if node.field("source").exists() { rows.as_slice() } else { &[] };
        let people = if node.field("startedBy").exists() { rows.as_slice() } else { &[] };
        let sources = sources.iter().map(|row| row.source_id.clone()).collect();
        let people = people.iter().map(|row| row.actor.clone()).collect();
        ctx.loaders()?.warm(Vec::new(), people, sources).await?;
        Ok(Connection::new(rows, size, None, |row| encode_text_cursor(PULLS, &row.id), Pull::new))
    }

    /// One pull; null when there is none. 采集批次
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn pull(
        &self, ctx: &Context<'_>, #[graphql(desc = "`pull:UUID`. 编号")] id: ID
    ) -> ApiResult<Option<Pull>> {
        let row = ctx.service()?.pull(ctx.signed_in()?, PullId::from_node(&id)?).await?;
        Ok(row.map(Pull::new))
    }
}
