//! xlsx, xls and ods through calamine.
//!
//! xlsx sheets are streamed cell by cell (only the shared strings are in memory); xls and ods are whole in memory, because
//! calamine reads them so.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use calamine::{Data, DataRef, Ods, OdsError, Reader, SheetType, SheetVisible, Xls, XlsError, Xlsx, XlsxError};
use huiyin_domain::text::date::SerialEpoch;

use super::cell::{Cell, Rows, SourceRow};
use super::error::{FileCode, FileRefusal, Refuse};
use super::kind::{FileKind, password};

type Source = BufReader<File>;

/// An open workbook.
pub(crate) enum Workbook {
    Xlsx(Box<Xlsx<Source>>),
    Xls(Box<Xls<Source>>),
    Ods(Box<Ods<Source>>),
}

/// One sheet of a workbook.
#[derive(Debug, Clone)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) hidden: bool,
}

impl Workbook {
    pub(crate) fn open(path: &Path, kind: FileKind, refuse: Refuse<'_>) -> Result<Self, FileRefusal> {
        let source = BufReader::new(File::open(path).map_err(|error| refuse.io(&error))?);
        match kind {
            FileKind::Xlsx => match Xlsx::new(source) {
                Ok(workbook) => Ok(Self::Xlsx(Box::new(workbook))),
                Err(XlsxError::Password) => Err(password(refuse)),
                Err(error) => Err(damaged(refuse, &error)),
            },
            FileKind::Ods => match Ods::new(source) {
                Ok(workbook) => Ok(Self::Ods(Box::new(workbook))),
                Err(OdsError::Password) => Err(password(refuse)),
                Err(error) => Err(damaged(refuse, &error)),
            },
            FileKind::Xls | FileKind::Text => match catch_xls_panic(|| Xls::new(source)) {
                Some(Ok(workbook)) => Ok(Self::Xls(Box::new(workbook))),
                Some(Err(XlsError::Password)) => Err(password(refuse)),
                Some(Err(error)) => Err(damaged(refuse, &error)),
                None => Err(damaged(refuse, &"xls")),
            },
        }
    }

    /// The work sheets in the file's order; charts and macro sheets are none.
    pub(crate) fn sheets(&self) -> Vec<Sheet> {
        let metadata = match self {
            Self::Xlsx(workbook) => workbook.sheets_metadata(),
            Self::Xls(workbook) => workbook.sheets_metadata(),
            Self::Ods(workbook) => workbook.sheets_metadata(),
        };
        metadata
            .iter()
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| Sheet { name: sheet.name.clone(), hidden: sheet.visible != SheetVisible::Visible })
            .collect()
    }

    /// The rows of one sheet.
    pub(crate) fn rows<'a>(
        &'a mut self,
        sheet: &'a str,
        refuse: Refuse<'a>,
    ) -> Result<Box<dyn Rows + 'a>, FileRefusal> {
        let range = match self {
            Self::Xlsx(workbook) => {
                let cells =
                    workbook.worksheet_cells_reader(sheet).map_err(|error| damaged(refuse, &error).in_sheet(sheet))?;
                return Ok(Box::new(XlsxRows { cells, pending: None, ended: false, sheet, refuse }));
            }
            Self::Xls(workbook) => workbook.worksheet_range(sheet).map_err(|error| damaged(refuse, &error)),
            Self::Ods(workbook) => workbook.worksheet_range(sheet).map_err(|error| damaged(refuse, &error)),
        };
        Ok(Box::new(RangeRows { range: range.map_err(|refusal| refusal.in_sheet(sheet))?, next: 0 }))
    }
}

/// calamine indexes the records of an xls without looking at their lengths and panics on a damaged one (it reads the whole
/// file, every sheet of it, when it opens it). `None` when it did. Its other readers return errors: a test spoils files.
fn catch_xls_panic<T>(read: impl FnOnce() -> T) -> Option<T> {
    // Nothing that the panic could leave half-done is used afterwards: the source is dropped with the closure.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(read)).ok()
}

fn damaged(refuse: Refuse<'_>, error: &dyn std::fmt::Display) -> FileRefusal {
    let message = format!("工作簿读不下去，可能不完整或已损坏，请用表格软件打开后另存为 xlsx 再导入（{error}）");
    refuse.file(FileCode::Damaged, message)
}

/// Cells of an xlsx sheet gathered into rows.
struct XlsxRows<'a> {
    cells: calamine::XlsxCellReader<'a, Source>,
    /// The first cell of the next row, already read.
    pending: Option<(u32, u32, Cell)>,
    /// calamine must not be asked again after the last cell: it would read on to the end of the part and fail.
    ended: bool,
    sheet: &'a str,
    refuse: Refuse<'a>,
}

impl XlsxRows<'_> {
    fn next_cell(&mut self) -> Result<Option<(u32, u32, Cell)>, FileRefusal> {
        if let Some(pending) = self.pending.take() {
            return Ok(Some(pending));
        }
        while !self.ended {
            let cell = self.cells.next_cell().map_err(|error| damaged(self.refuse, &error).in_sheet(self.sheet))?;
            let Some(cell) = cell else {
                self.ended = true;
                break;
            };
            let (row, column) = cell.get_position();
            match from_ref(cell.get_value()) {
                Cell::Empty => {}
                value => return Ok(Some((row, column, value))),
            }
        }
        Ok(None)
    }
}

impl Rows for XlsxRows<'_> {
    fn next_row(&mut self) -> Result<Option<SourceRow>, FileRefusal> {
        let Some((row, column, value)) = self.next_cell()? else { return Ok(None) };
        let mut cells = Vec::new();
        put(&mut cells, column, value);
        while let Some((next_row, column, value)) = self.next_cell()? {
            if next_row != row {
                self.pending = Some((next_row, column, value));
                break;
            }
            put(&mut cells, column, value);
        }
        Ok(Some(SourceRow { number: u64::from(row) + 1, cells, fields: None }))
    }
}

/// Puts a cell in its column; the columns before it that the file leaves out are empty.
fn put(cells: &mut Vec<Cell>, column: u32, value: Cell) {
    let Ok(column) = usize::try_from(column) else { return };
    if cells.len() <= column {
        cells.resize(column + 1, Cell::Empty);
    }
    if let Some(cell) = cells.get_mut(column) {
        *cell = value;
    }
}

/// Rows of a sheet that is in memory.
struct RangeRows {
    range: calamine::Range<Data>,
    next: usize,
}

impl Rows for RangeRows {
    fn next_row(&mut self) -> Result<Option<SourceRow>, FileRefusal> {
        let (first_row, first_column) = self.range.start().unwrap_or_default();
        let (height, width) = self.range.get_size();
        if self.next >= height {
            return Ok(None);
        }
        let mut cells = Vec::new();
        for (column, offset) in (first_column..).zip(0..width) {
            match self.range.get((self.next, offset)).map_or(Cell::Empty, from_data) {
                Cell::Empty => {}
                value => put(&mut cells, column, value),
            }
        }
        let number = u64::from(first_row) + u64::try_from(self.next).unwrap_or(u64::MAX).saturating_add(1);
        self.next += 1;
        Ok(Some(SourceRow { number, cells, fields: None }))
    }
}

fn from_ref(value: &DataRef<'_>) -> Cell {
    match value {
        DataRef::SharedString(text) => text_cell(text),
        other => from_data(&Data::from(other.clone())),
    }
}

fn from_data(value: &Data) -> Cell {
    match value {
        Data::Empty => Cell::Empty,
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text_cell(text),
        #[expect(clippy::cast_precision_loss, reason = "a spreadsheet's own numbers are floats")]
        Data::Int(number) => Cell::Number(*number as f64),
        Data::Float(number) => Cell::Number(*number),
        Data::Bool(value) => Cell::Bool(*value),
        Data::DateTime(date) if date.is_duration() => Cell::Number(date.as_f64()),
        Data::DateTime(date) => Cell::Date(date.as_f64(), epoch(*date)),
        Data::Error(error) => Cell::Error(error.to_string()),
    }
}

/// calamine does not tell which epoch a date counts from, but what it makes of day zero shows it.
fn epoch(date: calamine::ExcelDateTime) -> SerialEpoch {
    let (year, ..) = date.to_ymd_hms_milli();
    let in_1900 = calamine::ExcelDateTime::new(date.as_f64(), calamine::ExcelDateTimeType::DateTime, false);
    if in_1900.to_ymd_hms_milli().0 == year { SerialEpoch::Excel1900 } else { SerialEpoch::Excel1904 }
}

fn text_cell(text: &str) -> Cell {
    if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) }
}
