//! Reconciliation 对账, alarms 告警, and having sources read.

use async_graphql::{Context, ID, Object, SimpleObject};
use huiyin_domain::id::{AlarmId, JobId};
use huiyin_domain::statement::{Difference as Differing, Gap};

use super::connection::{Connection, QUESTION, decode_text_cursor, encode_text_cursor, page_size, weight};
use super::context::ContextExt as _;
use super::error::ApiResult;
use super::payload::{Outcome, Status, UserError};
use super::scalars::{Date, NodeId as _, Time};
use super::source::Source;
use super::source_state::{Alarm, Job, SourceSchedule};
use crate::service::reconcile::{Reconciliation as Found, SourceDay as Day};
use crate::service::schedule::JobKind;
use crate::store::alarm::AlarmFilter;

/// What reconciling a day costs: it reads all that came on it.
const RECONCILING: usize = 2_000;
/// The order of alarms, in cursors.
const ALARMS: &str = "alarms";

/// What came on a day, held against what is there of it. 对账
#[derive(Debug, SimpleObject)]
pub struct Reconciliation {
    /// The day in China. 日期
    day: Date,
    /// When it was read. 对账时间
    at: Time,
    /// Whether the day is over: until then, more may come. 当日已结束
    over: bool,
    /// What came: messages taken in, rows held, and what a source has but did not show. 来件
    came: i64,
    /// What is there of it. 对上
    accounted: i64,
    /// Whether everything agrees. 账平
    closed: bool,
    /// The sources that were read, should have been, or miss something. 各渠道
    sources: Vec<SourceDay>,
    /// What is missing of nobody knows which source. 渠道不明的差异
    unplaced: Vec<Difference>,
}

/// One source's part of a day's reconciliation. 渠道对账
#[derive(Debug, SimpleObject)]
pub struct SourceDay {
    /// The source. 渠道
    source: Source,
    /// What came. 来件
    came: i64,
    /// What is there of it. 对上
    accounted: i64,
    /// Whether everything agrees. 账平
    closed: bool,
    /// Pulls that began on the day. 采集次数
    pulls: i64,
    /// Of these, the ones that did not end well. 失败次数
    failed: i64,
    /// Rows the source showed. 应有
    stated: i64,
    /// Rows that became items. 新收
    accepted: i64,
    /// Rows already known. 未变
    unchanged: i64,
    /// Rows that gave a known message a new version. 变更
    changed: i64,
    /// Rows held for repair. 待修复
    held: i64,
    /// Rows rejected with a reason. 拒收
    rejected: i64,
    /// How many messages the source said it has, in the last sweep; null where it did not say. 源平台总数
    claimed: Option<i64>,
    /// How many it showed in that sweep. 实见
    met: Option<i64>,
    /// Running numbers not met, one gap after the other. 缺号
    gaps: Vec<NumberGap>,
    /// Gaps beyond those listed. 未列出的缺号
    more_gaps: i64,
    /// What does not agree, each by its name. 差异
    differences: Vec<Difference>,
}

/// Running numbers that are missing, one after the other. 缺号
#[derive(Debug, SimpleObject)]
pub struct NumberGap {
    /// The first, as the source prints it. 起
    from: String,
    /// The last. 止
    to: String,
    /// How many. 个数
    count: i64,
}

/// One thing that does not agree. 差异
#[derive(Debug, SimpleObject)]
pub struct Difference {
    /// The stable code. 代码
    code: String,
    /// Which number, row or pull it is about; empty when it is the source as a whole. 对象
    about: String,
    /// What is wrong, and what to do. 说明
    message: String,
}

/// What the check of a day that is over came to. 日对账结果
#[derive(Debug, SimpleObject)]
pub struct DayCheck {
    /// The day in China. 日期
    day: Date,
    /// When it was checked. 核对时间
    checked_at: Time,
    /// What came. 来件
    came: i64,
    /// What is there of it. 对上
    accounted: i64,
    /// How many things did not agree. 差异数
    differences: i64,
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl From<&Differing> for Difference {
    fn from(found: &Differing) -> Self {
        Self { code: found.code().to_owned(), about: found.subject(), message: found.message() }
    }
}

impl From<&Gap> for NumberGap {
    fn from(gap: &Gap) -> Self {
        Self { from: gap.printed(gap.from), to: gap.printed(gap.to), count: number(gap.count()) }
    }
}

impl From<&Day> for SourceDay {
    fn from(Day { source, statement }: &Day) -> Self {
        let counts = statement.counts;
        Self {
            source: Source::new(source),
            came: number(statement.came),
            accounted: number(statement.accounted),
            closed: statement.is_closed(),
            pulls: number(statement.pulls),
            failed: number(statement.failed),
            stated: number(counts.stated),
            accepted: number(counts.accepted),
            unchanged: number(counts.unchanged),
            changed: number(counts.changed),
            held: number(counts.held),
            rejected: number(counts.rejected),
            claimed: statement.sweep.and_then(|sweep| sweep.claimed).map(number),
            met: statement.sweep.map(|sweep| number(sweep.met)),
            gaps: statement.gaps.listed.iter().map(Into::into).collect(),
            more_gaps: number(statement.gaps.unlisted),
            differences: statement.differences.iter().map(Difference::from).collect(),
        }
    }
}

impl From<&Found> for Reconciliation {
    fn from(found: &Found) -> Self {
        Self {
            day: Date(found.day),
            at: Time::from_micros(found.at.as_micros()),
            over: found.over,
            came: number(found.came()),
            accounted: number(found.accounted()),
            closed: found.is_closed(),
            sources: found.sources.iter().map(SourceDay::from).collect(),
            unplaced: found.unplaced.iter().map(Difference::from).collect(),
        }
    }
}

/// Queries about reconciliation.
#[derive(Debug, Default)]
pub struct ReconcileQuery;

#[Object]
impl ReconcileQuery {
    /// Holds what came on a day against what is there of it. 对账
    #[graphql(complexity = "RECONCILING + child_complexity")]
    async fn reconciliation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The day in China. 日期")] day: Date,
        #[graphql(
            desc = "Of a day that takes long to read, whether what was read lately will do, at most ten times as long ago as \
                    reading took: for pages that follow. 可用刚刚的结果"
        )]
        recent: Option<bool>,
    ) -> ApiResult<Reconciliation> {
        let (service, actor) = (ctx.service()?, ctx.signed_in()?);
        if recent.unwrap_or(false) {
            return Ok(service.reconcile_lately(actor, day.0).await?.as_ref().into());
        }
        Ok((&service.reconcile(actor, day.0).await?).into())
    }

    /// What the checks of the last days came to, the newest first; at most 100. 近日对账
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn day_checks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
    ) -> ApiResult<Vec<DayCheck>> {
        let limit = i64::try_from(page_size(first)?).unwrap_or(0);
        let rows = ctx.service()?.day_checks(ctx.signed_in()?, limit).await?;
        let checks = rows.into_iter().filter_map(|row| {
            Some(DayCheck {
                day: Date(row.day.parse().ok()?),
                checked_at: Time::from_micros(row.checked_at),
                came: row.came,
                accounted: row.accounted,
                differences: row.differences,
            })
        });
        Ok(checks.collect())
    }

    /// What is or was wrong with sources, the newest first. 告警
    #[graphql(complexity = "weight(first, child_complexity)")]
    async fn alarms(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of one source. 渠道")] source: Option<String>,
        #[graphql(desc = "Only those nobody has settled. 仅未解除")] open: Option<bool>,
        #[graphql(desc = "How many; 20 when left out. 条数")] first: Option<i32>,
        #[graphql(desc = "Behind this cursor. 起点")] after: Option<String>,
    ) -> ApiResult<Connection<Alarm>> {
        let (actor, size) = (ctx.signed_in()?, page_size(first)?);
        let after = after.map(|text| decode_text_cursor(ALARMS, &text)).transpose()?;
        let filter = AlarmFilter { source, open: open.unwrap_or(false) };
        let limit = i64::try_from(size).unwrap_or(0) + 1;
        let rows = ctx.service()?.alarms(actor, &filter, after, limit).await?;
        let node = ctx.look_ahead().field("edges").field("node");
        let wants = |name: &str| if node.field(name).exists() { rows.as_slice() } else { &[] };
        let pulls = wants("pull").iter().filter_map(|row| row.pull_id.clone()).collect();
        let people = wants("settledBy").iter().filter_map(|row| row.settled_by.clone()).collect();
        let sources = wants("source").iter().map(|row| row.source_id.clone()).collect();
        ctx.loaders()?.warm(pulls, people, sources).await?;
        Ok(Connection::new(rows, size, None, |row| encode_text_cursor(ALARMS, &row.id), Alarm::new))
    }

    /// One source to be read once; null when there is none. 采集任务
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn job(&self, ctx: &Context<'_>, #[graphql(desc = "`job:UUID`. 编号")] id: ID) -> ApiResult<Option<Job>> {
        Ok(ctx.service()?.job(ctx.signed_in()?, JobId::from_node(&id)?).await?.map(Job::new))
    }
}

/// What having a source read came to. 立即采集结果
#[derive(Debug, SimpleObject)]
pub struct JobPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The job: follow its stage. 采集任务
    job: Option<Job>,
}

/// What switching a source on or off came to. 启停结果
#[derive(Debug, SimpleObject)]
pub struct SchedulePayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The schedule as it is now. 采集计划
    schedule: Option<SourceSchedule>,
}

/// What settling an alarm came to. 解除告警结果
#[derive(Debug, SimpleObject)]
pub struct AlarmPayload {
    /// Whether it was done. 结果
    status: Status,
    /// Why not. 拒绝理由
    user_errors: Vec<UserError>,
    /// The alarm as it is now. 告警
    alarm: Option<Alarm>,
}

/// What is done about sources.
#[derive(Debug, Default)]
pub struct ReconcileMutation;

#[Object]
impl ReconcileMutation {
    /// Has a source read as soon as somebody is free. 立即采集
    async fn pull_now(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source. 渠道")] source: String,
        #[graphql(desc = "The whole list, not only its newest pages. 全量")] sweep: Option<bool>,
    ) -> ApiResult<JobPayload> {
        let kind = if sweep.unwrap_or(false) { JobKind::Sweep } else { JobKind::Head };
        let asked = ctx.service()?.pull_now(ctx.signed_in()?, &source, kind).await;
        let Outcome { status, user_errors, done } = Outcome::of(asked)?;
        Ok(JobPayload { status, user_errors, job: done.map(Job::new) })
    }

    /// Sets whether a source is read by its plan. 启用或停用采集计划
    async fn set_source_enabled(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The source. 渠道")] source: String,
        #[graphql(desc = "Whether it is. 启用")] enabled: bool,
    ) -> ApiResult<SchedulePayload> {
        let service = ctx.service()?;
        let set = service.set_source_enabled(ctx.signed_in()?, &source, enabled).await;
        let Outcome { status, user_errors, done } = Outcome::of(set)?;
        let schedule = done.map(|row| SourceSchedule::new(&row, service.now()));
        Ok(SchedulePayload { status, user_errors, schedule })
    }

    /// Settles an alarm, for a reason that stays on record. 解除告警
    async fn settle_alarm(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`alarm:UUID`. 编号")] alarm: ID,
        #[graphql(desc = "What was done about it. 处理说明")] reason: String,
    ) -> ApiResult<AlarmPayload> {
        let settled = ctx.service()?.settle_alarm(ctx.signed_in()?, AlarmId::from_node(&alarm)?, &reason).await;
        let Outcome { status, user_errors, done } = Outcome::of(settled)?;
        Ok(AlarmPayload { status, user_errors, alarm: done.map(Alarm::new) })
    }
}
