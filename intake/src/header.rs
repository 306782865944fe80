//! Finding the header below any title rows, and which of its columns is which.

use std::sync::Arc;

use super::cell::{Cell, Rows, SourceRow, column_letters};
use super::connector::Connector;
use super::error::{FileCode, FileRefusal, Refuse};
use super::fold::fold_header;

/// A header that fits the connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header {
    /// Row number, from 1.
    pub(crate) row: u64,
    /// The name of every column as shown; the column's letters where it has none.
    pub(crate) names: Arc<[String]>,
    /// For each of the connector's columns, where it is in this file.
    pub(crate) places: Vec<Option<usize>>,
}

/// What a look at the first rows found.
#[derive(Debug, PartialEq)]
pub(crate) enum Found {
    /// The header.
    Header(Header),
    /// No header that fits. The sheet has something to read, or not.
    Nothing { has_rows: bool, nearest: Option<Nearest> },
}

/// The row that looks most like the header, and what it lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nearest {
    row: u64,
    matched: usize,
    missing: Vec<String>,
}

/// Looks for the header in the first rows.
pub(crate) fn find(connector: &Connector, rows: &mut dyn Rows, refuse: Refuse<'_>) -> Result<Found, FileRefusal> {
    let mut has_rows = false;
    let mut nearest: Option<Nearest> = None;
    let last = u64::try_from(connector.table.header_search_rows).unwrap_or(u64::MAX);
    while let Some(row) = rows.next_row()? {
        has_rows |= !row.cells.iter().all(Cell::is_blank);
        if row.number > last && has_rows {
            break;
        }
        let folded: Vec<String> = row.cells.iter().map(fold_cell).collect();
        let missing = missing(connector, &folded);
        let matched = matched(connector, &folded);
        if missing.is_empty() {
            return places(connector, &row, &folded, refuse).map(Found::Header);
        }
        if matched > nearest.as_ref().map_or(1, |nearest| nearest.matched) {
            nearest = Some(Nearest { row: row.number, matched, missing });
        }
    }
    Ok(Found::Nothing { has_rows, nearest })
}

/// The refusal for a file in which no header fits.
pub(crate) fn not_found(connector: &Connector, nearest: Option<Nearest>, refuse: Refuse<'_>) -> FileRefusal {
    if let Some(nearest) = nearest {
        let message = format!(
            "表头缺少“{}”列，请检查导出时是否选全了列，或在“{}”采集配置里补充这一列的别名",
            nearest.missing.join("”“"),
            connector.name
        );
        return refuse.file(FileCode::ColumnMissing, message).at_row(nearest.row);
    }
    let wanted: Vec<&str> =
        connector.columns.iter().filter(|column| column.required).map(|column| column.name.as_str()).collect();
    let message = format!(
        "前 {} 行里找不到“{}”的表头，需要的列有：{}，请确认文件来自这个渠道",
        connector.table.header_search_rows,
        connector.name,
        wanted.join("、")
    );
    refuse.file(FileCode::HeaderMissing, message)
}

/// How many of the connector's columns a row names: to choose between ways of cutting a text file into fields.
pub(crate) fn score(connector: &Connector, fields: &[String]) -> usize {
    let folded: Vec<String> = fields.iter().map(|field| fold_header(field)).collect();
    matched(connector, &folded)
}

/// How many of the connector's columns a row of folded names has.
pub(crate) fn matched(connector: &Connector, folded: &[String]) -> usize {
    connector.columns.iter().filter(|column| has_any(folded, &column.aliases)).count()
}

/// A header is short; a long text is not worth folding.
pub(crate) fn fold_cell(cell: &Cell) -> String {
    if cell.is_longer_than(100) { String::new() } else { fold_header(&cell.shown()) }
}

fn has_any(folded: &[String], aliases: &[String]) -> bool {
    folded.iter().any(|name| aliases.contains(name))
}

pub(crate) fn missing(connector: &Connector, folded: &[String]) -> Vec<String> {
    let lacks = |column: &&super::connector::Column| column.required && !has_any(folded, &column.aliases);
    connector.columns.iter().filter(lacks).map(|column| column.name.clone()).collect()
}

fn places(
    connector: &Connector,
    row: &SourceRow,
    folded: &[String],
    refuse: Refuse<'_>,
) -> Result<Header, FileRefusal> {
    let shown = |index: usize| row.cells.get(index).map(Cell::shown).unwrap_or_default().trim().to_owned();
    let mut places = Vec::with_capacity(connector.columns.len());
    for column in &connector.columns {
        let mut matches = folded.iter().enumerate().filter(|(_, name)| column.aliases.contains(name));
        let first = matches.next().map(|(index, _)| index);
        if let (Some(first), Some((second, _))) = (first, matches.next()) {
            let message = format!(
                "{} 列“{}”和 {} 列“{}”都是“{}”，分不清该用哪一列，请删掉或改名其中一列",
                column_letters(first),
                shown(first),
                column_letters(second),
                shown(second),
                column.name
            );
            return Err(refuse.file(FileCode::ColumnTwice, message).at_row(row.number).in_column(&shown(second)));
        }
        places.push(first);
    }
    let names = (0..row.cells.len()).map(|index| match shown(index) {
        name if name.is_empty() => column_letters(index),
        name => name.trim_start_matches('\u{FEFF}').to_owned(),
    });
    Ok(Header { row: row.number, names: names.collect(), places })
}
