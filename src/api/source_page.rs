//! What the page of a source asks for: how it is set up, and its month day by day.

use async_graphql::SimpleObject;

use super::scalars::Date;
use crate::service::source::{Settings, SourceDay};

/// How a source's connector has it read. 采集设置
#[derive(Debug, SimpleObject)]
pub struct SourceSettings {
    /// The host it is read from; null where nothing is fetched. 主机
    host: Option<String>,
    /// What the connector says of it. 说明
    description: String,
    /// The connector's version. 版本
    version: i64,
    /// Pages that a quick look reads at least; null where none is planned. 快速查看页数
    head_pages: Option<i64>,
    /// A whole list with fewer messages raises an alarm; zero: none. 至少应有条数
    min_items: i64,
    /// Whether the connector is this installation's own, and not one that comes with the program. 本单位配置
    own: bool,
    /// Whether its list can be crawled at any time. 可随时采集
    crawled: bool,
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

impl From<Settings> for SourceSettings {
    fn from(settings: Settings) -> Self {
        Self {
            host: settings.host,
            description: settings.description,
            version: settings.version.into(),
            head_pages: settings.head_pages.map(number),
            min_items: number(settings.min_items),
            own: settings.own,
            crawled: settings.crawled,
        }
    }
}

/// The pulls of a source that began on one day, added up: `stated = accepted + unchanged + changed + held + rejected`.
/// 逐日合计
#[derive(Debug, SimpleObject)]
pub struct SourceDayTotals {
    /// The day in China. 日期
    day: Date,
    /// Pulls that began on it. 采集次数
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
    /// How many messages the source said it has, in the day's last sweep; null where it did not say. 源平台总数
    claimed: Option<i64>,
    /// How many it showed in that sweep. 实见
    met: Option<i64>,
    /// Whether that sweep reached the end of the list. 到头
    sweep_complete: Option<bool>,
}

impl From<SourceDay> for SourceDayTotals {
    fn from(SourceDay { day, totals, claimed, met, complete }: SourceDay) -> Self {
        Self {
            day: Date(day),
            pulls: totals.pulls,
            failed: totals.failed,
            stated: totals.stated,
            accepted: totals.accepted,
            unchanged: totals.unchanged,
            changed: totals.changed,
            held: totals.held,
            rejected: totals.rejected,
            balanced: totals.unbalanced == 0,
            claimed,
            met,
            sweep_complete: complete,
        }
    }
}
