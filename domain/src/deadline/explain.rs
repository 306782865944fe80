//! A count as other programs and people read it.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde::Serialize;

use super::{CountedDay, Limit, LimitUnit, Proof};
use crate::calendar::weekday_zh;

/// The count in the form printed as JSON. The keys are an interface; dates are YYYY-MM-DD.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The last day in time.
    pub due: String,
    /// The last day by the bare count.
    pub due_raw: String,
    /// A day that decided something lies in a year the calendar does not cover.
    pub provisional: bool,
    /// Every day from the day after the start to the due day.
    pub counted: Vec<ExplainedDay>,
}

/// One day of an [`Explanation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedDay {
    /// The day.
    pub date: String,
    /// Whether it used up the limit.
    pub counts: bool,
    /// Why, in Chinese.
    pub why: String,
}

impl From<&Proof> for Explanation {
    fn from(proof: &Proof) -> Self {
        let explain = |day: &CountedDay| ExplainedDay {
            date: day.date.to_string(),
            counts: day.counts,
            why: day.why.to_string(),
        };
        Self {
            due: proof.due_date.to_string(),
            due_raw: proof.due_raw.to_string(),
            provisional: proof.provisional,
            counted: proof.counted.iter().map(explain).collect(),
        }
    }
}

/// The count in Chinese, a line for each run of days with one reason, ending with a line break.
pub fn explain_zh(proof: &Proof) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_zh(&mut text, proof);
    text
}

/// Writes the header, the runs and the result.
fn write_zh(out: &mut String, proof: &Proof) -> std::fmt::Result {
    let in_hours = proof.limit.unit() == LimitUnit::Hours;
    let start = proof.start.to_civil().map(|local| local.strftime("%Y-%m-%d %H:%M:%S").to_string());
    let first = if in_hours { "自此刻起连续计算" } else { "当日不计，次日起算" };
    writeln!(out, "起算  {}（{first}）", start.unwrap_or_default())?;
    write!(out, "时限  {}", proof.limit.zh())?;
    if !proof.extensions.is_empty() {
        let extensions: Vec<String> = proof.extensions.iter().map(|limit| Limit::zh(*limit)).collect();
        write!(out, "，延期{}", extensions.join("、"))?;
    }
    out.push('\n');
    let mut number = 0;
    for run in proof.counted.chunk_by(|a, b| a.counts == b.counts && a.why == b.why) {
        write_run(out, run, &mut number)?;
    }
    if proof.due_raw != proof.due_date {
        writeln!(out, "届满  {}，非工作日，顺延", dated(proof.due_raw))?;
    }
    writeln!(out, "到期  {}（{}）", proof.due_text(), weekday_zh(proof.due_date.weekday()))?;
    if proof.provisional {
        writeln!(out, "暂估  有的年份尚未录入放假安排，暂按周一至周五计；录入后将重新计算")?;
    }
    writeln!(out, "日历  {}", proof.calendar_version)
}

/// One run: its first and last day, the numbers they were counted as, and the reason.
fn write_run(out: &mut String, run: &[CountedDay], number: &mut usize) -> std::fmt::Result {
    let [first, .., last] = run else {
        let Some(day) = run.first() else { return Ok(()) };
        *number += usize::from(day.counts);
        let count = if day.counts { format!("第{number}日") } else { "不计".to_owned() };
        return writeln!(out, "  {}  {count}  {}", dated(day.date), day.why);
    };
    let count = if first.counts {
        let before = *number;
        *number += run.len();
        format!("第{}至{number}日", before + 1)
    } else {
        format!("不计{}天", run.len())
    };
    writeln!(out, "  {} 至 {}  {count}  {}", dated(first.date), dated(last.date), first.why)
}

/// A date with its weekday.
fn dated(date: Date) -> String {
    format!("{date} {}", weekday_zh(date.weekday()))
}
