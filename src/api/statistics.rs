//! Response times and on-time rates.

use async_graphql::{Context, Enum, Object, SimpleObject};
use huiyin_domain::statistics::{self, Grouping, Period, Span};
use huiyin_domain::time::Instant;

use super::connection::QUESTION;
use super::context::ContextExt as _;
use super::error::{ApiError, ApiResult};
use super::scalars::{Date, node};
use super::words::Word;
use crate::service::statistics::Statistics as Counted;

/// What figures are grouped by. 分组
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "Grouping")]
pub enum StatisticsGrouping {
    /// 责任单位: the lead unit.
    Unit,
    /// 渠道: the source.
    Source,
    /// 诉求类型: what the citizen wants.
    RequestType,
    /// 月份: the month in which the message was written or, for timeliness, the answer was due.
    Month,
}

/// The figures of a period in one grouping. Every count is the sum of its groups. 统计
#[derive(Debug, SimpleObject)]
pub struct Statistics {
    /// The first day. 起
    from: Date,
    /// The last day. 止
    to: Date,
    /// The grouping. 分组
    by: Word,
    /// All together. 合计
    total: Figures,
    /// The groups, in the order of their keys. 各组
    #[graphql(complexity = "1 + 20 * child_complexity")]
    groups: Vec<StatisticsGroup>,
}

/// One group. 一组
#[derive(Debug, SimpleObject)]
pub struct StatisticsGroup {
    /// What to filter lists by: the id of the unit or source, the code of the request type, the month; null for items that
    /// no unit leads. 键
    key: Option<String>,
    /// What people call it. 名称
    label: String,
    /// Its figures. 数字
    figures: Figures,
}

/// The figures of one group, or of all. received = answered + open + excluded. 数字
#[derive(Debug, SimpleObject)]
pub struct Figures {
    /// Messages written in the period. 来件
    received: u64,
    /// Of these, answered. 已答复
    answered: u64,
    /// Of these, still owed an answer. 在办
    open: u64,
    /// Of these, merged, not accepted, transferred out or withdrawn. 不计考核
    excluded: u64,
    /// Open ones whose due date has passed. 超期在办
    overdue: u64,
    /// The time from message to answer. 答复用时
    response_time: ResponseTime,
    /// Answered no later than due, of those due in the period and by now. 按时办结率
    on_time: Ratio,
}

/// Times from the citizen's message to the answer; nearest-rank percentiles, null without answers. 答复用时
#[derive(Debug, SimpleObject)]
pub struct ResponseTime {
    /// Answers timed: an answer dated before its question is not. 样本数
    count: u64,
    /// Half took no longer, in hours. 中位数（小时）
    median_hours: Option<f64>,
    /// Half took no longer, in days of 24 hours. 中位数（天）
    median_days: Option<f64>,
    /// Nine of ten took no longer, in hours. 九成（小时）
    p90_hours: Option<f64>,
    /// Nine of ten took no longer, in days of 24 hours. 九成（天）
    p90_days: Option<f64>,
}

/// A ratio with what it was computed from. 比率
#[derive(Debug, SimpleObject)]
pub struct Ratio {
    /// 分子.
    numerator: u64,
    /// 分母.
    denominator: u64,
    /// The quotient, 0 to 1; null when the denominator is zero. 比值
    value: Option<f64>,
}

impl From<statistics::Figures> for Figures {
    fn from(figures: statistics::Figures) -> Self {
        Self {
            received: figures.received,
            answered: figures.answered,
            open: figures.open,
            excluded: figures.excluded,
            overdue: figures.overdue,
            response_time: ResponseTime {
                count: figures.timed,
                median_hours: figures.median.map(Span::hours),
                median_days: figures.median.map(Span::days),
                p90_hours: figures.p90.map(Span::hours),
                p90_days: figures.p90.map(Span::days),
            },
            on_time: Ratio { numerator: figures.on_time, denominator: figures.due, value: figures.on_time_rate() },
        }
    }
}

/// Reading statistics.
#[derive(Debug, Default)]
pub struct StatisticsQuery;

#[Object]
impl StatisticsQuery {
    /// Response times and on-time rates from the first to the last day, both included, of what the viewer answers for: a
    /// unit sees its own figures, the office all. 答复时效统计
    #[graphql(complexity = "QUESTION + child_complexity")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        from: Date,
        to: Date,
        by: StatisticsGrouping,
    ) -> ApiResult<Statistics> {
        let grouping = Grouping::from(by);
        let counted = ctx.service()?.statistics(ctx.actor()?, period(from, to)?, grouping).await?;
        let groups = groups(&counted);
        let by = Word::new(grouping.code(), grouping.label());
        Ok(Statistics { from, to, by, total: counted.report.total.into(), groups })
    }
}

fn period(from: Date, to: Date) -> ApiResult<Period> {
    let midnight = |date: jiff::civil::Date| Instant::from_civil(date.at(0, 0, 0, 0));
    let day_after = to.0.tomorrow().ok().and_then(midnight);
    match (midnight(from.0), day_after) {
        (Some(from), Some(to)) => Ok(Period { from, to }),
        _ => Err(ApiError::bad_input("bad_period", "起止日期不对，请核对后重试。")),
    }
}

fn groups(counted: &Counted) -> Vec<StatisticsGroup> {
    let grouping = counted.report.grouping;
    let shown = counted.report.groups.iter().map(|group| {
        let label = match &group.key {
            Some(key) => counted.names.get(key).unwrap_or(key).clone(),
            None => "未派单".to_owned(),
        };
        let key = group.key.as_ref().map(|key| match grouping {
            Grouping::Unit => node("unit", key).0,
            Grouping::Source | Grouping::RequestType | Grouping::Month => key.clone(),
        });
        StatisticsGroup { key, label, figures: group.figures.into() }
    });
    shown.collect()
}
