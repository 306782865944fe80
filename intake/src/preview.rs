//! Looking at a file before it is imported: which connectors know its header, and how its rows would be taken.

use std::path::Path;

use huiyin_domain::text::date::DateOrDateTime;
use huiyin_domain::time::Instant;

use super::cell::Rows;
use super::connector::{Connector, Kind};
use super::error::{FileRefusal, ReadError, Refuse};
use super::fold::fold_header;
use super::header;
use super::kind::{self, FileKind};
use super::read::read_some;
use super::record::{FileSummary, Held, Limits, Record, RowOutcome, hold_label};
use super::text;
use super::workbook::Workbook;

/// How far the rows are counted: further would keep the person waiting who only wants to look.
const COUNTED_ROWS: u64 = 200_000;

/// How well a connector's columns are found in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The connector.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Columns of the connector that the best row names.
    pub matched: usize,
    /// Columns the connector knows.
    pub known: usize,
    /// Columns that must be there and are not; empty when the file fits.
    pub missing: Vec<String>,
}

/// How a file would be taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Look {
    /// What was counted, sheet by sheet.
    pub summary: FileSummary,
    /// Whether the rows were counted to the end of the file.
    pub complete: bool,
    /// Why the file, or the rest of it, cannot be read.
    pub refusal: Option<FileRefusal>,
    /// The first rows, in the file's order, with what looks wrong about each.
    pub rows: Vec<(RowOutcome, Vec<&'static str>)>,
}

/// What the file is by its bytes: `xlsx`, `xls`, `ods` or `text`; refused when it is no table that can be read.
pub fn file_kind(path: &Path, limits: &Limits) -> Result<&'static str, FileRefusal> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(match kind::detect(path, limits, Refuse { file: &name })? {
        FileKind::Xlsx => "xlsx",
        FileKind::Xls => "xls",
        FileKind::Ods => "ods",
        FileKind::Text => "text",
    })
}

/// Which connectors know the file's header, the best first; those that share less than two columns with it are left out,
/// and those whose source sends no files.
pub fn recognise(connectors: &[Connector], path: &Path, limits: &Limits) -> Result<Vec<Match>, FileRefusal> {
    let reads_files = |connector: &&Connector| connector.kind == Kind::Table;
    let top =
        connectors.iter().filter(reads_files).map(|connector| connector.table.header_search_rows).max().unwrap_or(0);
    let folded = top_rows(path, limits, top)?;
    let mut matches: Vec<Match> = connectors
        .iter()
        .filter(reads_files)
        .filter_map(|connector| {
            let fit =
                |row: &&Vec<String>| (header::missing(connector, row).is_empty(), header::matched(connector, row));
            let best = folded.iter().max_by_key(fit)?;
            let matched = header::matched(connector, best);
            (matched > 1).then(|| Match {
                id: connector.id.clone(),
                name: connector.name.clone(),
                matched,
                known: connector.columns.len(),
                missing: header::missing(connector, best),
            })
        })
        .collect();
    // Of two that fit, the one with more columns found, then the one with fewer left over.
    matches.sort_by_key(|found| {
        (!found.missing.is_empty(), std::cmp::Reverse(found.matched), found.known, found.id.clone())
    });
    Ok(matches)
}

/// The first rows of every sheet, folded; of a text file in every way it could be cut.
fn top_rows(path: &Path, limits: &Limits, top: usize) -> Result<Vec<Vec<String>>, FileRefusal> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let refuse = Refuse { file: &name };
    let kind = kind::detect(path, limits, refuse)?;
    if kind == FileKind::Text {
        let rows = text::top_rows(path, limits, top, refuse)?;
        return Ok(rows.iter().map(|row| row.iter().map(|name| fold_header(name)).collect()).collect());
    }
    let mut workbook = Workbook::open(path, kind, refuse)?;
    let mut found = Vec::new();
    for sheet in workbook.sheets() {
        let mut rows = workbook.rows(&sheet.name, refuse)?;
        found.extend(first_rows(rows.as_mut(), top)?);
    }
    Ok(found)
}

fn first_rows(rows: &mut dyn Rows, top: usize) -> Result<Vec<Vec<String>>, FileRefusal> {
    let mut found = Vec::new();
    while found.len() < top
        && let Some(row) = rows.next_row()?
    {
        found.push(row.cells.iter().map(header::fold_cell).collect());
    }
    Ok(found)
}

/// Nobody wants more rows.
struct Enough;

/// How the file would be taken: the first `shown` rows, and how many there are. Nothing is written.
pub fn look(connector: &Connector, path: &Path, limits: &Limits, shown: usize, now: Instant) -> Look {
    let mut rows = Vec::new();
    let mut count = 0;
    let (summary, result) = read_some(connector, path, limits, &mut |row| {
        if count >= COUNTED_ROWS {
            return Err(Enough);
        }
        count += 1;
        if rows.len() < shown {
            let signs = match &row {
                RowOutcome::Record(record) => signs(connector, record, now),
                RowOutcome::Held(Held { reason, .. }) => vec![reason.code.as_str()],
            };
            rows.push((row, signs));
        }
        Ok(())
    });
    let (complete, refusal) = match result {
        Ok(()) => (true, None),
        Err(ReadError::Row(Enough)) => (false, None),
        Err(ReadError::File(refusal)) => (true, Some(refusal)),
    };
    Look { summary, complete, refusal, rows }
}

/// How many rows the file has, for a measure of progress; what cannot be read is not counted.
pub fn count_rows(connector: &Connector, path: &Path, limits: &Limits) -> u64 {
    read_some::<std::convert::Infallible>(connector, path, limits, &mut |_| Ok(())).0.stated
}

/// What looks wrong about a row that can be read: stable words, none of which holds it.
pub fn signs(connector: &Connector, record: &Record, now: Instant) -> Vec<&'static str> {
    let instant = |date: Option<DateOrDateTime>| date.and_then(DateOrDateTime::instant);
    let asked = instant(record.asked_at);
    let dispatched = instant(record.dispatched_at);
    let unknown_type = record.request_type.is_none() && record.request_type_text.is_some();
    let answer = record.answer.as_ref();
    [
        ("asked_in_future", asked.is_some_and(|at| at > now)),
        ("dispatched_before_asked", asked.zip(dispatched).is_some_and(|(asked, dispatched)| dispatched < asked)),
        ("asked_missing", connector.has_asked_at() && asked.is_none()),
        ("request_type_unknown", unknown_type && !connector.request_types.is_empty()),
        ("answer_before_question", answer.is_some_and(|answer| answer.before_question)),
        ("answer_only_holding", answer.is_some_and(|answer| answer.holding)),
        ("answer_in_future", answer.is_some_and(|answer| instant(answer.replied_at).is_some_and(|at| at > now))),
    ]
    .into_iter()
    .filter_map(|(sign, is_so)| is_so.then_some(sign))
    .collect()
}

/// What a sign that something looks wrong means, in Chinese; of a held row, what its reason means.
pub fn sign_label(sign: &str) -> &'static str {
    match sign {
        "asked_in_future" => "来件时间在将来，请核对",
        "dispatched_before_asked" => "派发时间早于来件时间，请核对",
        "asked_missing" => "没有来件时间",
        "request_type_unknown" => "诉求类型不认识，将归入其他",
        "answer_before_question" => "答复时间早于来件时间，不计入办理用时",
        "answer_only_holding" => "只是收悉、转办的回复，不算已答复",
        "answer_in_future" => "答复时间在将来，请核对",
        held => hold_label(held),
    }
}
