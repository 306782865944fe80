//! `huiyin deadline explain --from 2024-09-30 --limit 5WD`

use clap::{Args, Subcommand};
use huiyin_domain::calendar::WorkCalendar;
use huiyin_domain::deadline::{EndOfDay, Explanation, Extension, Limit, Request, Roll, compute, explain_zh};
use huiyin_domain::time::Instant;
use jiff::civil::{Date, Time};

use super::Failure;
use super::output::Output;

#[derive(Debug, Subcommand)]
pub(super) enum Deadline {
    /// Count a deadline day by day
    Explain(Explain),
}

#[derive(Debug, Args)]
pub(super) struct Explain {
    /// The day of the start event; it is not counted
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Date,
    /// The limit: 5WD working days, 60CD calendar days, 3MO months, 48H hours
    #[arg(long)]
    limit: Limit,
    /// The time of the start event; matters for hours
    #[arg(long, value_name = "HH:MM", default_value = "00:00")]
    at: Time,
    /// Extensions granted in time; may be given several times
    #[arg(long, value_name = "LIMIT")]
    extend: Vec<Limit>,
    /// When a day's business ends
    #[arg(long, value_name = "HH:MM", default_value = "24:00")]
    end_of_day: EndOfDay,
    /// Keep a due date that is a rest day, instead of moving it to the next working day
    #[arg(long)]
    no_roll: bool,
}

pub(super) fn run(command: &Deadline, output: Output) -> Result<(), Failure> {
    let Deadline::Explain(command) = command;
    let Some(start) = Instant::from_civil(command.from.to_datetime(command.at)) else {
        return Err(Failure::Told(format!("{} 超出了可计算的年份", command.from)));
    };
    let extensions: Vec<Extension> =
        command.extend.iter().map(|limit| Extension { granted_at: start, limit: *limit }).collect();
    let request = Request {
        start,
        limit: command.limit,
        end_of_day: command.end_of_day,
        roll: if command.no_roll { Roll::None } else { Roll::NextWorkday },
        extensions: &extensions,
        pauses: &[],
    };
    let proof = compute(&request, WorkCalendar::builtin())
        .map_err(|error| Failure::Told(format!("{}（{}）", error.message_zh(), error.code())))?;
    output.either(&Explanation::from(&proof), || explain_zh(&proof))
}
