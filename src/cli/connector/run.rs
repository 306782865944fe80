//! `huiyin connector run ID|DIR`: what would be taken, and nothing is written.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::super::output::Output;
use super::super::{Failure, Global, data};
use crate::clock::{Clock as _, SystemClock};
use crate::intake::crawl::{CrawlLimits, Pages, Reach, SitePages};
use crate::intake::fetch::{Fetcher, Hosts, Validators};
use crate::intake::mail::{MailReading, Mailroom};
use crate::intake::{Connector, DryRun, Held, Kind, Look, Record, RowOutcome, dry_run_of};

/// How much of a text a line shows. Characters.
const SHOWN_CHARS: usize = 60;

#[derive(Debug, Args)]
pub(in crate::cli) struct Run {
    /// A connector's id, or its folder
    #[arg(value_name = "ID|DIR")]
    connector: String,
    /// Files to read, for a connector of kind `table`
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Go through the whole list, and not only its newest pages
    #[arg(long)]
    sweep: bool,
    /// Read at most so many pages of the list
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pages: Option<u64>,
    /// Show so many rows
    #[arg(long, value_name = "N", default_value_t = 10)]
    rows: usize,
    /// Play the connector's own fixtures instead of asking the source
    #[arg(long)]
    fixtures: bool,
}

pub(super) async fn run(global: &Global, command: &Run, output: Output) -> Result<(), Failure> {
    let (connector, dir) = find(global, &command.connector)?;
    match connector.kind {
        Kind::Table => files(&connector, command, output),
        kind if kind.is_crawled() => site(global, &connector, dir.as_deref(), command, output).await,
        Kind::Push => Err(told(&connector, "由来源推送，没有可以去读的地方；用 huiyin connector check 核对样本")),
        Kind::Form => Err(told(&connector, "就是本单位的写信页，没有可以去读的地方")),
        _ => mail(global, &connector, dir.as_deref(), command, output).await,
    }
}

fn told(connector: &Connector, why: &str) -> Failure {
    Failure::Told(format!("“{}”{why}。", connector.name))
}

/// The connector, and its folder where it has one.
fn find(global: &Global, name: &str) -> Result<(Connector, Option<PathBuf>), Failure> {
    let dir = Path::new(name);
    if dir.join("connector.toml").is_file() {
        return Ok((Connector::load(dir)?, Some(dir.to_owned())));
    }
    let own = data::connectors(global);
    if let Some(connector) = crate::intake::find(name, own.as_deref())? {
        let dir = own.map(|own| own.join(name)).filter(|dir| dir.is_dir());
        return Ok((connector, dir));
    }
    let known: Vec<String> = crate::intake::all(own.as_deref())?.into_iter().map(|connector| connector.id).collect();
    Err(Failure::Told(format!("没有叫“{name}”的采集配置，也没有这个目录。可用的有：{}", known.join("、"))))
}

async fn site(
    global: &Global,
    connector: &Connector,
    dir: Option<&Path>,
    command: &Run,
    output: Output,
) -> Result<(), Failure> {
    let reach = if command.sweep { Reach::Sweep } else { Reach::Head };
    let limits = CrawlLimits { max_pages: command.pages, ..CrawlLimits::default() };
    let Some(rules) = connector.fetch_rules() else { return Err(told(connector, "没有写明网址")) };
    let run = if command.fixtures {
        let Some(dir) = dir else {
            let hint = "先用 huiyin connector new 照它建一个，再试";
            return Err(told(connector, &format!("没有自己的目录，读不到样本；{hint}")));
        };
        let Some(name) = connector.fixtures().next() else { return Err(told(connector, "没有样本")) };
        let mut pages = SitePages::load(&dir.join("fixtures").join(name), &rules.base)?;
        dry(connector, reach, &mut pages, &limits, command.rows).await
    } else {
        let mut pages =
            Fetcher::new(rules, &data::net_settings(global)?, &Arc::new(Hosts::new()), Validators::default())?;
        let bar = output.progress(&format!("试读 {}", connector.name));
        let run = dry(connector, reach, &mut pages, &limits, command.rows).await;
        bar.finish_and_clear();
        run
    };
    output.either(&value(connector, &run), || text(connector, &run))?;
    // Whoever sets this up in a script must see that it is not in order.
    if run.broke_off.is_some() { Err(Failure::Silent) } else { Ok(()) }
}

/// The newest letters of a mailbox, or those that lie in the connector's folder.
async fn mail(
    global: &Global,
    connector: &Connector,
    dir: Option<&Path>,
    command: &Run,
    output: Output,
) -> Result<(), Failure> {
    let Some(mailbox) = connector.mailbox() else { return Err(told(connector, "没有写明邮箱")) };
    if command.fixtures {
        let hint = "读样本请用 huiyin connector check";
        return Err(told(connector, dir.map_or("没有自己的目录，读不到样本", |_| hint)));
    }
    let mut room = Mailroom::new(mailbox, &data::net_settings(global)?, &Arc::new(Hosts::new()));
    let reach = if command.sweep { Reach::Sweep } else { Reach::Head };
    let limits = crate::intake::Limits::default();
    let most = (!command.sweep).then_some(command.rows);
    let reading = MailReading { connector, reach, room: &mut room, limits, most };
    let bar = output.progress(&format!("试读 {}", connector.name));
    let run = Box::pin(dry_run_of(connector, reading, command.rows, SystemClock.now())).await;
    bar.finish_and_clear();
    room.close().await;
    output.either(&value(connector, &run), || text(connector, &run))?;
    if run.broke_off.is_some() { Err(Failure::Silent) } else { Ok(()) }
}

async fn dry<P: Pages>(
    connector: &Connector,
    reach: Reach,
    pages: &mut P,
    limits: &CrawlLimits,
    rows: usize,
) -> DryRun {
    crate::intake::dry_run(connector, reach, pages, limits, rows, SystemClock.now()).await
}

fn value(connector: &Connector, run: &DryRun) -> Value {
    let rows: Vec<Value> = run.rows.iter().map(|(row, signs)| json!({ "row": row, "signs": signs })).collect();
    json!({
        "connector": connector.id,
        "kind": connector.kind.as_str(),
        "pages": run.pages,
        "coverage": run.coverage,
        "records": run.records,
        "held": run.held,
        "columns": run.columns,
        "absent": run.absent,
        "signs": run.signs,
        "rows": rows,
        "problem": run.broke_off.as_ref().map(ToString::to_string),
    })
}

/// Writing to a String cannot fail, here and below.
fn text(connector: &Connector, run: &DryRun) -> String {
    let mut text = String::new();
    let coverage = &run.coverage;
    let _ = writeln!(text, "{}（{}）试运行，什么都没有写入", connector.name, connector.kind.as_str());
    let claimed = coverage.claimed.map_or_else(|| "没有说".to_owned(), |claimed| format!("{claimed} 条"));
    let ended = if coverage.complete { "读到了头" } else { "没有读到头" };
    let _ = writeln!(
        text,
        "列表 {} 页（{ended}）：来源自称 {claimed}，见到 {} 条，重复 {} 行；可以收 {} 行，待修复 {} 行",
        coverage.pages, coverage.met, coverage.repeated, run.records, run.held
    );
    let _ = writeln!(text, "\n读到的单元格：");
    for column in &run.columns {
        let field = column.field.unwrap_or("不用，随原文保存");
        let _ = writeln!(text, "  {} → {field}（{} 行有）", column.name, column.rows);
    }
    if !run.absent.is_empty() {
        let _ = writeln!(text, "配置里有、来源没有的：{}", run.absent.join("、"));
    }
    rows(&mut text, &run.rows, run.records + run.held);
    for (sign, count) in &run.signs {
        let _ = writeln!(text, "看着不对：{}，{count} 行", crate::intake::sign_label(sign));
    }
    for alarm in &coverage.alarms {
        let _ = writeln!(text, "警示：{}（{}）", alarm.message, alarm.code.as_str());
    }
    if let Some(error) = &run.broke_off {
        let _ = writeln!(text, "中断：{error}");
    }
    text
}

fn rows(text: &mut String, rows: &[(RowOutcome, Vec<&'static str>)], all: u64) {
    let _ = writeln!(text, "\n前 {} 行（共 {all} 行）：", rows.len());
    for (row, signs) in rows {
        match row {
            RowOutcome::Record(record) => self::record(text, record, signs),
            RowOutcome::Held(held) => self::held(text, held),
        }
    }
    text.push('\n');
}

fn record(text: &mut String, record: &Record, signs: &[&'static str]) {
    let number = record.printed_number.as_deref().unwrap_or(&record.key);
    let _ = writeln!(text, "  {}. {number} {}", record.row, short(&record.title));
    let asked = record.asked_at.or(record.dispatched_at);
    let asked = asked
        .and_then(huiyin_domain::text::date::DateOrDateTime::instant)
        .map_or_else(|| "没有时间".to_owned(), |at| at.to_string());
    let unit = record.unit.as_deref().unwrap_or("没有写单位");
    let attachments = match record.attachments.len() {
        0 => String::new(),
        count => format!("，附件 {count} 个"),
    };
    let _ = writeln!(
        text,
        "     {asked} · {unit} · 正文 {} 字{attachments}：{}",
        record.body.chars().count(),
        short(&record.body)
    );
    if let Some(answer) = &record.answer {
        let kind = if answer.holding { "过渡性回复" } else { "答复" };
        let _ = writeln!(text, "     {kind} {} 字：{}", answer.text.chars().count(), short(&answer.text));
    }
    for sign in signs {
        let _ = writeln!(text, "     看着不对：{}", crate::intake::sign_label(sign));
    }
}

fn held(text: &mut String, held: &Held) {
    let column = held.column.as_deref().map_or_else(String::new, |column| format!("“{column}”："));
    let key = held.key.as_deref().unwrap_or_default();
    let _ = writeln!(text, "  {}. {key} 待修复 {column}{}", held.row, held.reason.message);
}

fn short(text: &str) -> String {
    let mut short: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((at, _)) = short.char_indices().nth(SHOWN_CHARS) {
        short.truncate(at);
        short.push('…');
    }
    short
}

fn files(connector: &Connector, command: &Run, output: Output) -> Result<(), Failure> {
    if command.files.is_empty() {
        return Err(told(connector, "读的是文件，请在后面写上要试读的文件"));
    }
    let looks: Vec<(&PathBuf, Look)> = command
        .files
        .iter()
        .map(|path| {
            let limits = crate::intake::Limits::default();
            (path, crate::intake::look(connector, path, &limits, command.rows, SystemClock.now()))
        })
        .collect();
    let values: Vec<Value> = looks
        .iter()
        .map(|(path, look)| {
            let rows: Vec<Value> = look.rows.iter().map(|(row, signs)| json!({ "row": row, "signs": signs })).collect();
            json!({ "file": path, "summary": look.summary, "problem": look.refusal, "rows": rows })
        })
        .collect();
    output.either(&values, || {
        let mut text = String::new();
        for (path, look) in &looks {
            let summary = &look.summary;
            let _ = writeln!(
                text,
                "{}：{} 行，可以收 {} 行，待修复 {} 行",
                path.display(),
                summary.stated,
                summary.records,
                summary.held
            );
            for column in summary.sheets.iter().flat_map(|sheet| &sheet.columns) {
                let _ = writeln!(text, "  {} → {}", column.header, column.field.unwrap_or("不用，随原文保存"));
            }
            rows(&mut text, &look.rows, summary.stated);
            if let Some(refusal) = &look.refusal {
                let _ = writeln!(text, "中断：{refusal}");
            }
        }
        text
    })?;
    if looks.iter().any(|(_, look)| look.refusal.is_some()) { Err(Failure::Silent) } else { Ok(()) }
}
