//! Reading one file of kind `table`.

use std::path::Path;
use std::sync::Arc;

use super::cell::Rows;
use super::connector::{Column, Connector, Sheets};
use super::error::{FileCode, FileRefusal, ReadError, Refuse};
use super::header::{self, Found, Header};
use super::kind::{self, FileKind};
use super::mapper::{Mapped, Mapper, Repeats, raw};
use super::record::{
    FileSummary, Held, HoldCode, HoldReason, Limits, RowOutcome, SheetColumn, SheetSummary, SkippedSheet,
};
use super::text::TextFile;
use super::workbook::{Sheet, Workbook};

/// Reads `path` as `connector` says and hands over every data row, in the file's order, as a record or as held.
///
/// Memory: constant for csv and tsv; the shared strings for xlsx; the whole file for xls and ods. Whatever can be known
/// before the first row (type, size, password, damage, encoding, header) refuses the file before the first row.
pub fn read_table<E>(
    connector: &Connector,
    path: &Path,
    limits: &Limits,
    on_row: &mut dyn FnMut(RowOutcome) -> Result<(), E>,
) -> Result<FileSummary, ReadError<E>> {
    let mut sink = Sink { on_row, summary: FileSummary::default(), repeats: Repeats::default() };
    read_into(connector, path, limits, &mut sink)?;
    Ok(sink.summary)
}

/// The same, with what was counted so far also when whoever takes the rows wants no more.
pub(super) fn read_some<E>(
    connector: &Connector,
    path: &Path,
    limits: &Limits,
    on_row: &mut dyn FnMut(RowOutcome) -> Result<(), E>,
) -> (FileSummary, Result<(), ReadError<E>>) {
    let mut sink = Sink { on_row, summary: FileSummary::default(), repeats: Repeats::default() };
    let result = read_into(connector, path, limits, &mut sink);
    (sink.summary, result)
}

fn read_into<E>(
    connector: &Connector,
    path: &Path,
    limits: &Limits,
    sink: &mut Sink<'_, E>,
) -> Result<(), ReadError<E>> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let refuse = Refuse { file: &name };
    match kind::detect(path, limits, refuse)? {
        FileKind::Text => {
            let text = TextFile::survey(connector, path, limits, refuse)?;
            let header = match header::find(connector, &mut text.rows()?, refuse)? {
                Found::Header(header) => header,
                Found::Nothing { nearest, .. } => return Err(header::not_found(connector, nearest, refuse).into()),
            };
            let mapper = Mapper { connector, limits, sheet: "", header: &header };
            sink.sheet(&mapper, &mut text.rows()?)?;
        }
        kind => {
            let mut workbook = Workbook::open(path, kind, refuse)?;
            let plan = plan(connector, &mut workbook, refuse)?;
            sink.summary.skipped = plan.skipped;
            for (sheet, header) in &plan.sheets {
                let mut rows = workbook.rows(&sheet.name, refuse)?;
                match header {
                    Some(header) => {
                        let mapper = Mapper { connector, limits, sheet: &sheet.name, header };
                        sink.sheet(&mapper, rows.as_mut())?;
                    }
                    None => sink.hold_all(connector, &sheet.name, limits, rows.as_mut())?,
                }
            }
        }
    }
    Ok(())
}

/// Which sheets are read, each with its header; `None` where rows are there and no header is.
struct Plan {
    sheets: Vec<(Sheet, Option<Header>)>,
    skipped: Vec<SkippedSheet>,
}

/// Looks at the top of every wanted sheet before any row is handed over.
fn plan(connector: &Connector, workbook: &mut Workbook, refuse: Refuse<'_>) -> Result<Plan, FileRefusal> {
    let mut plan = Plan { sheets: Vec::new(), skipped: Vec::new() };
    let mut closest = None;
    for sheet in wanted(connector, workbook, refuse)? {
        let mut skip = |why: &str| plan.skipped.push(SkippedSheet { name: sheet.name.clone(), why: why.to_owned() });
        if connector.table.ignore_sheets.contains(&sheet.name) {
            skip("采集配置里声明不读");
            continue;
        }
        let in_sheet = |refusal: FileRefusal| refusal.in_sheet(&sheet.name);
        let mut rows = workbook.rows(&sheet.name, refuse)?;
        match header::find(connector, rows.as_mut(), refuse).map_err(in_sheet)? {
            Found::Header(header) => {
                drop(rows);
                plan.sheets.push((sheet, Some(header)));
            }
            Found::Nothing { has_rows: false, .. } => skip("空表"),
            // Spreadsheet programs and export systems keep their lists of choices in hidden sheets.
            Found::Nothing { .. } if sheet.hidden => skip("隐藏的工作表，没有这个渠道的表头"),
            Found::Nothing { nearest, .. } => {
                drop(rows);
                closest = closest.or(nearest.map(|nearest| (sheet.name.clone(), nearest)));
                plan.sheets.push((sheet, None));
            }
        }
    }
    if plan.sheets.is_empty() {
        return Err(refuse.file(FileCode::Empty, "工作簿里没有任何内容，请重新导出"));
    }
    if plan.sheets.iter().all(|(_, header)| header.is_none()) {
        let (sheet, nearest) = closest.unzip();
        let refusal = header::not_found(connector, nearest, refuse);
        return Err(match sheet {
            Some(sheet) => refusal.in_sheet(&sheet),
            None => refusal,
        });
    }
    Ok(plan)
}

fn wanted(connector: &Connector, workbook: &Workbook, refuse: Refuse<'_>) -> Result<Vec<Sheet>, FileRefusal> {
    let sheets = workbook.sheets();
    match &connector.table.sheets {
        Sheets::All => Ok(sheets),
        Sheets::First => Ok(sheets.into_iter().filter(|sheet| !sheet.hidden).take(1).collect()),
        Sheets::Named(names) => {
            if let Some(missing) = names.iter().find(|name| !sheets.iter().any(|sheet| sheet.name == **name)) {
                let there: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
                let message = format!("没有工作表“{missing}”，文件里有：{}", there.join("、"));
                return Err(refuse.file(FileCode::SheetMissing, message));
            }
            Ok(sheets.into_iter().filter(|sheet| names.contains(&sheet.name)).collect())
        }
    }
}

/// What people call a column: the name it usually has in a file.
fn named(column: &Column) -> String {
    column.aliases.first().unwrap_or(&column.name).clone()
}

/// What each column of the file is taken for, and what the connector knows and the file has not.
fn columns(connector: &Connector, header: &Header) -> (Vec<SheetColumn>, Vec<String>) {
    let known = || connector.columns.iter().zip(&header.places);
    let columns = header.names.iter().enumerate().map(|(index, name)| {
        let column = known().find(|(_, place)| **place == Some(index)).map(|(column, _)| column);
        SheetColumn { header: name.clone(), field: column.map(|column| column.field.code()), name: column.map(named) }
    });
    let absent = known().filter(|(_, place)| place.is_none()).map(|(column, _)| named(column));
    (columns.collect(), absent.collect())
}

/// Hands rows over and keeps count.
struct Sink<'a, E> {
    on_row: &'a mut dyn FnMut(RowOutcome) -> Result<(), E>,
    summary: FileSummary,
    repeats: Repeats,
}

impl<E> Sink<'_, E> {
    /// All rows below the header of one sheet.
    fn sheet(&mut self, mapper: &Mapper<'_>, rows: &mut dyn Rows) -> Result<(), ReadError<E>> {
        let (columns, absent) = columns(mapper.connector, mapper.header);
        let (name, header_row) = (mapper.sheet.to_owned(), mapper.header.row);
        let mut count = SheetSummary { name, header_row, columns, absent, ..SheetSummary::default() };
        let result = self.rows(mapper, rows, &mut count);
        self.close(count);
        result
    }

    fn rows(&mut self, mapper: &Mapper<'_>, rows: &mut dyn Rows, count: &mut SheetSummary) -> Result<(), ReadError<E>> {
        while let Some(row) = rows.next_row()? {
            if row.number <= mapper.header.row {
                continue;
            }
            match mapper.map(&row, &mut self.repeats) {
                Mapped::Blank => {}
                Mapped::Furniture => count.footers += 1,
                Mapped::Record(record) => {
                    count.records += 1;
                    (self.on_row)(RowOutcome::Record(record)).map_err(ReadError::Row)?;
                }
                Mapped::Held(held) => {
                    count.held += 1;
                    (self.on_row)(RowOutcome::Held(held)).map_err(ReadError::Row)?;
                }
            }
        }
        Ok(())
    }

    /// All rows of a sheet without a header, beside sheets that have one: somebody has to look at them.
    fn hold_all(
        &mut self,
        connector: &Connector,
        sheet: &str,
        limits: &Limits,
        rows: &mut dyn Rows,
    ) -> Result<(), ReadError<E>> {
        let mut count = SheetSummary { name: sheet.to_owned(), ..SheetSummary::default() };
        let message = format!(
            "这个工作表里找不到“{}”的表头；若它从来不放来件，请在采集配置的 ignore_sheets 里写上它的名字",
            connector.name
        );
        while let Some(row) = rows.next_row()? {
            let raw = raw(&[], &row, limits);
            if raw.is_empty() {
                continue;
            }
            count.held += 1;
            let reason = HoldReason { code: HoldCode::HeaderMissing, message: message.clone() };
            let held = Held {
                sheet: sheet.to_owned(),
                row: row.number,
                column: None,
                reason,
                raw,
                key: None,
                header: Arc::default(),
            };
            (self.on_row)(RowOutcome::Held(held)).map_err(ReadError::Row)?;
        }
        self.close(count);
        Ok(())
    }

    fn close(&mut self, mut sheet: SheetSummary) {
        sheet.stated = sheet.records + sheet.held;
        self.summary.stated += sheet.stated;
        self.summary.records += sheet.records;
        self.summary.held += sheet.held;
        self.summary.sheets.push(sheet);
    }
}
