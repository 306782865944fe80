//! Writes messages into files, row by row.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use encoding_rs::GB18030;
use jiff::civil::DateTime;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

use super::message::SampleMessage;
use super::shape::{Cell, Shape};

/// A sheet holds 1,048,576 rows; beyond a million messages another is begun.
const MESSAGES_PER_SHEET: u64 = 1_000_000;

/// The progress is told after so many rows.
const PROGRESS_EVERY: u64 = 1_000;

/// Why a sample file cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    /// The file's name does not say what to write.
    #[error("sample file `{}` ends neither in .csv nor in .xlsx", path.display())]
    UnknownExtension {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be made or written.
    #[error("write sample file `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A row cannot be written as csv.
    #[error("write csv sample file `{}`", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Why.
        source: csv::Error,
    },
    /// The workbook cannot be written.
    #[error("write xlsx sample file `{}`", path.display())]
    Xlsx {
        /// The file.
        path: PathBuf,
        /// Why.
        source: XlsxError,
    },
}

/// Writes `messages` in the columns of `shape` to `path`, whose ending says how: `.csv` (row by row, in constant memory;
/// UTF-8, except that [`Shape::HotlineCity`] is in GB18030 and [`Shape::Mailbox`] begins with a byte order mark) or
/// `.xlsx` (the workbook is built in memory, about 3 KB a message). Tells `progress` the rows written so far, and returns
/// how many there are.
pub fn write_file(
    shape: Shape,
    messages: impl IntoIterator<Item = SampleMessage>,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, SampleError> {
    let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
    match extension.as_ref().and_then(|extension| extension.to_str()) {
        Some("csv") => {
            let io = |source| SampleError::Io { path: path.to_owned(), source };
            let file = BufWriter::new(File::create(path).map_err(io)?);
            write_csv(shape, messages, file, progress)
                .map_err(|source| SampleError::Csv { path: path.to_owned(), source })
        }
        Some("xlsx") => write_xlsx(shape, messages, path, MESSAGES_PER_SHEET, progress)
            .map_err(|source| SampleError::Xlsx { path: path.to_owned(), source }),
        _ => Err(SampleError::UnknownExtension { path: path.to_owned() }),
    }
}

fn write_csv(
    shape: Shape,
    messages: impl IntoIterator<Item = SampleMessage>,
    mut out: impl Write,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, csv::Error> {
    if shape == Shape::Mailbox {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let mut writer = csv::Writer::from_writer(out);
    // Each field is encoded by itself: no byte of a GB18030 character is a comma, a quotation mark or a line feed.
    let put = |writer: &mut csv::Writer<_>, text: &str| match shape {
        Shape::HotlineCity => writer.write_field(GB18030.encode(text).0),
        _ => writer.write_field(text),
    };
    for column in shape.columns() {
        put(&mut writer, column)?;
    }
    writer.write_record(None::<&[u8]>)?;
    let mut written = 0;
    for message in messages {
        for cell in shape.cells(&message) {
            match cell {
                Cell::Blank => put(&mut writer, "")?,
                Cell::Text(text) => put(&mut writer, &text)?,
                Cell::Time(at) => put(&mut writer, &at.strftime("%Y-%m-%d %H:%M:%S").to_string())?,
                Cell::Count(count) => put(&mut writer, &count.to_string())?,
            }
        }
        writer.write_record(None::<&[u8]>)?;
        written += 1;
        if written % PROGRESS_EVERY == 0 {
            progress(written);
        }
    }
    writer.flush()?;
    progress(written);
    Ok(written)
}

/// How the cells of a workbook look.
struct Formats {
    banner: Format,
    header: Format,
    time: Format,
}

pub(super) fn write_xlsx(
    shape: Shape,
    messages: impl IntoIterator<Item = SampleMessage>,
    path: &Path,
    messages_per_sheet: u64,
    progress: &mut dyn FnMut(u64),
) -> Result<u64, XlsxError> {
    let formats = Formats {
        banner: Format::new().set_bold().set_align(FormatAlign::Center),
        header: Format::new().set_bold(),
        time: Format::new().set_num_format("yyyy/m/d h:mm:ss"),
    };
    let mut workbook = Workbook::new();
    // A fixed date of creation: the same messages give the same bytes.
    let created = ExcelDateTime::from_ymd(2026, 11, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let mut messages = messages.into_iter().peekable();
    let (mut written, mut sheets) = (0, 0_u32);
    while sheets == 0 || messages.peek().is_some() {
        sheets += 1;
        let sheet = workbook.add_worksheet();
        sheet.set_name(if sheets == 1 { "数据".to_owned() } else { format!("数据{sheets}") })?;
        let mut row = write_head(shape, sheet, &formats)?;
        let first = row;
        while u64::from(row - first) < messages_per_sheet {
            let Some(message) = messages.next() else { break };
            write_row(sheet, row, shape.cells(&message), &formats)?;
            row += 1;
            written += 1;
            if written % PROGRESS_EVERY == 0 {
                progress(written);
            }
        }
        if shape.banner().is_some() {
            sheet.write_string(row, 0, "合计")?;
            sheet.write_string(row, 1, format!("共{}件", row - first))?;
        }
    }
    workbook.save(path)?;
    progress(written);
    Ok(written)
}

/// Writes what stands above the messages; returns the first row below it.
fn write_head(shape: Shape, sheet: &mut Worksheet, formats: &Formats) -> Result<u32, XlsxError> {
    let mut row = 0;
    if let Some(banner) = shape.banner() {
        let last = u16::try_from(shape.columns().len().saturating_sub(1)).unwrap_or(0);
        sheet.merge_range(0, 0, 0, last, banner, &formats.banner)?;
        row = 1;
    }
    for (column, name) in (0..).zip(shape.columns()) {
        sheet.write_string_with_format(row, column, *name, &formats.header)?;
    }
    Ok(row + 1)
}

fn write_row(sheet: &mut Worksheet, row: u32, cells: Vec<Cell>, formats: &Formats) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        match cell {
            Cell::Text(text) if !text.is_empty() => sheet.write_string(row, column, text)?,
            Cell::Blank | Cell::Text(_) => sheet,
            Cell::Time(at) => sheet.write_datetime_with_format(row, column, excel_time(at)?, &formats.time)?,
            Cell::Count(count) => sheet.write_number(row, column, count)?,
        };
    }
    Ok(())
}

fn excel_time(at: DateTime) -> Result<ExcelDateTime, XlsxError> {
    let small = |number: i8| u8::try_from(number).unwrap_or(0);
    let year = u16::try_from(at.year()).unwrap_or(0);
    let day = ExcelDateTime::from_ymd(year, small(at.month()), small(at.day()))?;
    day.and_hms(u16::from(small(at.hour())), small(at.minute()), f64::from(at.second()))
}
