//! How a source is read: its schedule, how fresh it is, what is wrong with it, and what was asked for.

use async_graphql::{ComplexObject, Context, ID, SimpleObject};
use huiyin_domain::id::{AlarmId, JobId};
use huiyin_domain::schedule::{is_stale, is_unread};
use huiyin_domain::time::Instant;

use super::context::ContextExt as _;
use super::error::ApiResult;
use super::ledger::{Person, person};
use super::ready::Ready;
use super::scalars::{NodeId as _, Time, node};
use super::source::{Pull, Source};
use super::source_states::Totals;
use super::words::Word;
use crate::service::schedule::intervals;
use crate::store::alarm::AlarmRow;
use crate::store::job::JobRow;
use crate::store::reconcile::FreshRow;
use crate::store::schedule::ScheduleRow;

/// When a source is read by plan. 采集计划
#[derive(Debug, SimpleObject)]
pub struct SourceSchedule {
    /// Whether it is. 启用
    enabled: bool,
    /// Seconds from one quick look to the next; null: none by plan. 快速查看周期（秒）
    head_every: Option<i64>,
    /// Seconds from one reading of the whole list to the next; null: none by plan. 全量采集周期（秒）
    sweep_every: Option<i64>,
    /// The longest time without anything new that is nothing unusual, in seconds; null: any. 预期来件周期（秒）
    expect_every: Option<i64>,
    /// When it is looked at next. 下次快速查看
    head_due_at: Option<Time>,
    /// When it is swept next. 下次全量采集
    sweep_due_at: Option<Time>,
    /// Until when the source asked to be left alone; null when it did not. 暂停至
    blocked_until: Option<Time>,
    /// Readings that failed since the last that did not. 连续失败次数
    failures: i64,
}

impl SourceSchedule {
    /// Out of its row.
    pub fn new(row: &ScheduleRow, now: Instant) -> Self {
        let time = |at: Option<i64>| at.map(Time::from_micros);
        Self {
            enabled: row.enabled,
            head_every: row.head_every,
            sweep_every: row.sweep_every,
            expect_every: row.expect_every,
            head_due_at: time(row.head_due_at),
            sweep_due_at: time(row.sweep_due_at),
            blocked_until: time(row.blocked_until.filter(|until| *until > now.as_micros())),
            failures: row.failures,
        }
    }
}

/// How fresh a source is. 新鲜度
#[derive(Debug, SimpleObject)]
pub struct Freshness {
    /// When its newest pull began. 最近采集
    last_pull_at: Option<Time>,
    /// The last reading by plan that succeeded. 最近成功
    last_success_at: Option<Time>,
    /// The last sweep by plan that succeeded. 最近全量采集
    last_sweep_at: Option<Time>,
    /// When its newest message was met first. 最近新来件
    last_new_at: Option<Time>,
    /// Whether it has shown nothing new for longer than is usual. 久无新件
    stale: bool,
    /// Whether it was not read for three of its intervals. 久未采集
    unread: bool,
}

impl Freshness {
    /// Out of what is known.
    pub fn new(fresh: Option<&FreshRow>, schedule: Option<&ScheduleRow>, now: Instant) -> Self {
        let time = |at: Option<i64>| at.map(Time::from_micros);
        let swept = schedule.and_then(|row| row.sweep_done_at);
        let read = schedule.and_then(|row| row.head_done_at).max(swept);
        let late = |last: Option<i64>, is_late: fn(Instant, Instant, &huiyin_domain::schedule::Intervals) -> bool| {
            schedule.filter(|row| row.enabled).is_some_and(|row| {
                let since = last.unwrap_or(row.since).max(row.since);
                is_late(now, Instant::from_micros(since), &intervals(row))
            })
        };
        Self {
            last_pull_at: time(fresh.and_then(|row| row.pulled_at)),
            last_success_at: time(read),
            last_sweep_at: time(swept),
            last_new_at: time(fresh.and_then(|row| row.new_at)),
            stale: late(schedule.and_then(|row| row.new_at), is_stale),
            unread: late(read, is_unread),
        }
    }
}

/// The pulls of a source in a day or a month, added up: `stated = accepted + unchanged + changed + held + rejected`. 合计
#[derive(Debug, SimpleObject)]
pub struct SourceTotals {
    /// Pulls that began in the time. 采集次数
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
    /// Whether every pull adds up. 账平
    balanced: bool,
    /// How many messages the source said it has, in the last sweep; null where it did not say. 源平台总数
    claimed: Option<i64>,
    /// How many it showed in that sweep. 实见
    met: Option<i64>,
    /// Whether that sweep reached the end of the list. 到头
    sweep_complete: Option<bool>,
}

impl SourceTotals {
    /// Those of a source; zeros where it was not read.
    pub fn new(totals: &Totals, source: &str) -> Self {
        let (row, sweep) = totals.of(source);
        let number = |read: fn(&crate::store::reconcile::TotalsRow) -> i64| row.map_or(0, read);
        Self {
            pulls: number(|row| row.pulls),
            failed: number(|row| row.failed),
            stated: number(|row| row.stated),
            accepted: number(|row| row.accepted),
            unchanged: number(|row| row.unchanged),
            changed: number(|row| row.changed),
            held: number(|row| row.held),
            rejected: number(|row| row.rejected),
            balanced: number(|row| row.unbalanced) == 0,
            claimed: sweep.and_then(|sweep| sweep.claimed),
            met: sweep.map(|sweep| sweep.met),
            sweep_complete: sweep.map(|sweep| sweep.complete),
        }
    }
}

/// Something that is wrong with a source, until it is settled. 告警
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct Alarm {
    #[graphql(skip)]
    row: AlarmRow,
    /// Its id. 编号
    id: ID,
    /// What kind of fault. 类别
    kind: Word,
    /// Which page, number or day it is about; empty when it is the source as a whole. 对象
    about: String,
    /// What happened, and what to do. 说明
    message: String,
    /// When it was raised. 发生时间
    raised_at: Time,
    /// When it was met last. 最近出现
    met_at: Time,
    /// When it was settled; null while it is open. 解除时间
    settled_at: Option<Time>,
    /// Why a person settled it. 处理说明
    note: Option<String>,
}

impl Ready for Alarm {}

impl Alarm {
    /// Out of its row.
    pub fn new(row: AlarmRow) -> Self {
        Self {
            id: node(AlarmId::KIND, &row.id),
            kind: Word::known(&row.code, alarm_label(&row.code)),
            about: row.subject.clone(),
            message: row.detail.clone(),
            raised_at: Time::from_micros(row.raised_at),
            met_at: Time::from_micros(row.met_at),
            settled_at: row.settled_at.map(Time::from_micros),
            note: row.note.clone(),
            row,
        }
    }
}

#[ComplexObject]
impl Alarm {
    /// The source. 渠道
    async fn source(&self, ctx: &Context<'_>) -> ApiResult<Option<Source>> {
        Ok(ctx.loaders()?.source(&self.row.source_id).await?.map(|row| Source::new(&row)))
    }

    /// The pull that met it last; null when no pull did. 采集批次
    async fn pull(&self, ctx: &Context<'_>) -> ApiResult<Option<Pull>> {
        match &self.row.pull_id {
            Some(id) => Ok(ctx.loaders()?.pull(id).await?.map(Pull::new)),
            None => Ok(None),
        }
    }

    /// Who settled it: a person, or the program that no longer met it. 解除人
    async fn settled_by(&self, ctx: &Context<'_>) -> ApiResult<Option<Person>> {
        match &self.row.settled_by {
            Some(actor) => person(ctx, actor).await.map(Some),
            None => Ok(None),
        }
    }
}

/// The closed list of alarms.
fn alarm_label(code: &str) -> Option<(&'static str, &'static str)> {
    const WORDS: [(&str, &str); 23] = [
        ("layout_changed", "页面改版"),
        ("count_differs", "数量不符"),
        ("page_missing", "缺页"),
        ("too_few", "数量过少"),
        ("detail_missing", "详情缺失"),
        ("key_reused", "编号被占用"),
        ("blocked", "被源平台拒绝"),
        ("limit", "列表过长"),
        ("unreachable", "源平台不通"),
        ("file_refused", "文件读不了"),
        ("statement_open", "账不平"),
        ("not_read", "久未采集"),
        ("stale", "久无新件"),
        ("pull_unbalanced", "采集批次账不平"),
        ("pull_altered", "采集批次被改动"),
        ("pull_gone", "采集批次丢失"),
        ("pull_short", "新收件丢失"),
        ("item_gone", "件丢失"),
        ("message_gone", "来件丢失"),
        ("version_gone", "来件版本丢失"),
        ("number_gone", "件号缺失"),
        ("held_gone", "待修复行丢失"),
        ("numbers_missing", "源平台缺号"),
    ];
    WORDS.into_iter().find(|(known, _)| *known == code)
}

/// A source to be read once, as soon as somebody is free. 采集任务
#[derive(Debug, SimpleObject)]
#[graphql(complex)]
pub struct Job {
    #[graphql(skip)]
    row: JobRow,
    /// Its id. 编号
    id: ID,
    /// A quick look or the whole list. 方式
    kind: Word,
    /// Whether it waits, runs, is done or failed. 状态
    stage: Word,
    /// Why it failed, as a code; empty otherwise. 失败原因
    problem: String,
    /// When it was asked for. 提出时间
    created_at: Time,
    /// When it ended. 结束时间
    finished_at: Option<Time>,
}

impl Job {
    /// Out of its row.
    pub fn new(row: JobRow) -> Self {
        let word = |code: &str, words: &[(&'static str, &'static str)]| {
            Word::known(code, words.iter().copied().find(|(known, _)| *known == code))
        };
        Self {
            id: node(JobId::KIND, &row.id),
            kind: word(&row.kind, &[("head", "快速查看"), ("sweep", "全量采集")]),
            stage: word(
                &row.stage,
                &[("waiting", "等待"), ("running", "进行中"), ("done", "完成"), ("failed", "失败")],
            ),
            problem: row.problem.clone(),
            created_at: Time::from_micros(row.created_at),
            finished_at: row.finished_at.map(Time::from_micros),
            row,
        }
    }
}

#[ComplexObject]
impl Job {
    /// The source. 渠道
    async fn source(&self, ctx: &Context<'_>) -> ApiResult<Option<Source>> {
        Ok(ctx.loaders()?.source(&self.row.source_id).await?.map(|row| Source::new(&row)))
    }

    /// Who asked for it: a person, or the plan. 提出人
    async fn asked_by(&self, ctx: &Context<'_>) -> ApiResult<Person> {
        person(ctx, &self.row.actor).await
    }

    /// The pull it came to. 采集批次
    async fn pull(&self, ctx: &Context<'_>) -> ApiResult<Option<Pull>> {
        match &self.row.pull_id {
            Some(id) => Ok(ctx.loaders()?.pull(id).await?.map(Pull::new)),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::alarm_label;
    use crate::intake::crawl::AlarmCode;

    /// The next after one, so that none can be forgotten.
    const fn next(code: AlarmCode) -> Option<AlarmCode> {
        Some(match code {
            AlarmCode::LayoutChanged => AlarmCode::CountDiffers,
            AlarmCode::CountDiffers => AlarmCode::PageMissing,
            AlarmCode::PageMissing => AlarmCode::TooFew,
            AlarmCode::TooFew => AlarmCode::DetailMissing,
            AlarmCode::DetailMissing => AlarmCode::KeyReused,
            AlarmCode::KeyReused => AlarmCode::Blocked,
            AlarmCode::Blocked => AlarmCode::Limit,
            AlarmCode::Limit => AlarmCode::FileRefused,
            AlarmCode::FileRefused => return None,
        })
    }

    #[test]
    fn every_alarm_of_a_crawl_has_a_chinese_word() {
        let mut code = Some(AlarmCode::LayoutChanged);
        while let Some(this) = code {
            let label = alarm_label(this.as_str()).map(|(_, label)| label);
            assert!(label.is_some_and(|label| !label.is_ascii()), "{this:?}: {label:?}");
            code = next(this);
        }
    }
}
