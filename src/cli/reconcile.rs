//! `huiyin reconcile --day DAY`

use std::fmt::Write as _;

use clap::Args;
use huiyin_domain::access::Actor;
use huiyin_domain::statement::{DayStatement, Difference, Gap};
use huiyin_domain::time::Instant;
use jiff::civil::Date;
use serde_json::{Value, json};

use super::output::Output;
use super::{Failure, Global, data};
use crate::service::reconcile::{Reconciliation, SourceDay};

/// Gaps printed for people; `--json` has all that are listed.
const GAPS: usize = 50;

#[derive(Debug, Args)]
pub(super) struct Reconcile {
    /// A day in China: YYYY-MM-DD, today or yesterday 日期
    #[arg(long, default_value = "yesterday", value_name = "DAY")]
    day: Day,
}

/// A day as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Day {
    Today,
    Yesterday,
    Of(Date),
}

impl std::str::FromStr for Day {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "today" => Ok(Self::Today),
            "yesterday" => Ok(Self::Yesterday),
            _ => text.parse().map(Self::Of).map_err(|_| "expected YYYY-MM-DD, today or yesterday".to_owned()),
        }
    }
}

impl Day {
    fn date(self, now: Instant) -> Option<Date> {
        match self {
            Self::Of(date) => Some(date),
            Self::Today => now.date(),
            Self::Yesterday => now.date()?.yesterday().ok(),
        }
    }
}

pub(super) async fn run(global: &Global, command: &Reconcile, output: Output) -> Result<(), Failure> {
    let opened = data::open(global).await?;
    let now = opened.service.now();
    let day = command.day.date(now).ok_or_else(|| Failure::Told("这台机器的时钟不对，请校准后再试。".to_owned()))?;
    let found = opened.service.reconcile(&Actor::System("cli"), day).await?;
    output.either(&value(&found), || text(&found))?;
    if found.is_closed() { Ok(()) } else { Err(Failure::Silent) }
}

fn value(found: &Reconciliation) -> Value {
    json!({
        "day": found.day.to_string(), "over": found.over, "ok": found.is_closed(),
        "came": found.came(), "accounted": found.accounted(),
        "sources": found.sources.iter().map(source_value).collect::<Vec<_>>(),
        "unplaced": found.unplaced.iter().map(difference_value).collect::<Vec<_>>(),
    })
}

fn source_value(day: &SourceDay) -> Value {
    let SourceDay { source, statement } = day;
    let counts = statement.counts;
    json!({
        "source": source.id, "name": source.name, "ok": statement.is_closed(),
        "came": statement.came, "accounted": statement.accounted,
        "pulls": statement.pulls, "failed": statement.failed,
        "stated": counts.stated, "accepted": counts.accepted, "unchanged": counts.unchanged, "changed": counts.changed,
        "held": counts.held, "rejected": counts.rejected, "newly_held": statement.held,
        "sweep": statement.sweep.map(|sweep| json!({
            "claimed": sweep.claimed, "met": sweep.met, "complete": sweep.complete,
        })),
        "gaps": statement.gaps.listed.iter().map(gap_value).collect::<Vec<_>>(),
        "gaps_not_listed": statement.gaps.unlisted,
        "differences": statement.differences.iter().map(difference_value).collect::<Vec<_>>(),
    })
}

fn gap_value(gap: &Gap) -> Value {
    json!({ "from": gap.printed(gap.from), "to": gap.printed(gap.to), "count": gap.count() })
}

fn difference_value(difference: &Difference) -> Value {
    json!({ "code": difference.code(), "about": difference.subject(), "message": difference.message() })
}

fn text(found: &Reconciliation) -> String {
    let mark = if found.is_closed() { "✓" } else { "✗" };
    let open = if found.over { "" } else { "（当日未结束）" };
    let (came, accounted) = (found.came(), found.accounted());
    let mut text = format!("{} 来件 {came} · 对账 {accounted}/{came} {mark}{open}\n", found.day);
    if found.sources.is_empty() {
        text.push_str("当日没有采集。\n");
    }
    for SourceDay { source, statement } in &found.sources {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "\n{}（{}）", source.name, source.id);
        lines(&mut text, statement);
    }
    for difference in &found.unplaced {
        let _ = writeln!(text, "\n✗ {}（{}）", difference.message(), difference.code());
    }
    text
}

fn lines(text: &mut String, statement: &DayStatement) {
    let counts = statement.counts;
    let mark = if statement.is_closed() { "✓" } else { "✗" };
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "  来件 {came} · 对账 {}/{came} {mark}　采集 {} 次，失败 {} 次",
        statement.accounted,
        statement.pulls,
        statement.failed,
        came = statement.came,
    );
    let _ = writeln!(
        text,
        "  应有 {} = 新收 {} + 未变 {} + 变更 {} + 待修复 {} + 拒收 {}",
        counts.stated, counts.accepted, counts.unchanged, counts.changed, counts.held, counts.rejected,
    );
    if let Some(sweep) = statement.sweep {
        let claimed = sweep.claimed.map_or_else(|| "未说明".to_owned(), |claimed| format!("{claimed} 条"));
        let end = if sweep.complete { "到头" } else { "没有到头" };
        let _ = writeln!(text, "  最近一次全量：源平台称 {claimed}，实见 {} 条，{end}", sweep.met);
    }
    let mut gaps = 0;
    for difference in &statement.differences {
        gaps += usize::from(matches!(difference, Difference::NumbersMissing { .. }));
        if gaps <= GAPS || !matches!(difference, Difference::NumbersMissing { .. }) {
            let _ = writeln!(text, "  ✗ {}（{}）", difference.message(), difference.code());
        }
    }
    if gaps > GAPS {
        let _ = writeln!(text, "  ✗ 另有 {} 处缺号，用 --json 查看", gaps - GAPS);
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn a_day_is_named_or_written() {
        let now = Instant::from_civil(date(2026, 10, 9).at(0, 30, 0, 0)).unwrap();
        let day = |text: &str| text.parse::<Day>().unwrap().date(now).unwrap();
        assert_eq!(day("today"), date(2026, 10, 9));
        assert_eq!(day("yesterday"), date(2026, 10, 8));
        assert_eq!(day("2026-02-28"), date(2026, 2, 28));
        for bad in ["2026-02-29", "tomorrow", ""] {
            assert!(bad.parse::<Day>().is_err(), "{bad}");
        }
    }
}
