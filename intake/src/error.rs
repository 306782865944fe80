//! Why a whole file is refused.

use std::fmt;

use serde::Serialize;

/// What stops the reading of a file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError<E> {
    /// The file itself: refused with a code and a Chinese sentence for the office.
    #[error(transparent)]
    File(#[from] FileRefusal),
    /// Whoever was handed the rows could not take one.
    #[error("failed to take a row")]
    Row(#[source] E),
}

/// A file that is refused as a whole. Almost every reason is found before the first row is handed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct FileRefusal {
    /// Stable code.
    pub code: FileCode,
    /// Name of the file, without its folder.
    pub file: String,
    /// Sheet, where one is at fault.
    pub sheet: Option<String>,
    /// Row as a spreadsheet program shows it, from 1.
    pub row: Option<u64>,
    /// Header of the column.
    pub column: Option<String>,
    /// What is wrong and what to do, in Chinese.
    pub message: String,
}

impl fmt::Display for FileRefusal {
    /// 文件“…”，工作表“…”，第 3 行，“…”列：…
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "文件“{}”", self.file)?;
        if let Some(sheet) = self.sheet.as_deref().filter(|name| !name.is_empty()) {
            write!(f, "，工作表“{sheet}”")?;
        }
        if let Some(row) = self.row {
            write!(f, "，第 {row} 行")?;
        }
        if let Some(column) = &self.column {
            write!(f, "，“{column}”列")?;
        }
        write!(f, "：{}", self.message)
    }
}

/// The closed list of reasons for refusing a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FileCode {
    /// Cannot be opened or read from the disk.
    Unreadable,
    /// No bytes, or nothing but blanks.
    Empty,
    /// Larger than the limit.
    TooLarge,
    /// Not a table at all.
    WrongType,
    /// A web page under the name of a spreadsheet.
    HtmlTable,
    /// Locked by a password.
    PasswordProtected,
    /// Damaged or cut off.
    Damaged,
    /// Unpacks to more than the limit.
    ZipBomb,
    /// Neither UTF-8 nor GB18030.
    WrongEncoding,
    /// No row fits the connector's columns.
    HeaderMissing,
    /// A column that must be there is not.
    ColumnMissing,
    /// Two columns fit the same field.
    ColumnTwice,
    /// A sheet the connector names is not in the file.
    SheetMissing,
    /// A quote in a csv file is never closed.
    QuoteUnclosed,
}

impl FileCode {
    /// The code as written to JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Empty => "empty",
            Self::TooLarge => "too_large",
            Self::WrongType => "wrong_type",
            Self::HtmlTable => "html_table",
            Self::PasswordProtected => "password_protected",
            Self::Damaged => "damaged",
            Self::ZipBomb => "zip_bomb",
            Self::WrongEncoding => "wrong_encoding",
            Self::HeaderMissing => "header_missing",
            Self::ColumnMissing => "column_missing",
            Self::ColumnTwice => "column_twice",
            Self::SheetMissing => "sheet_missing",
            Self::QuoteUnclosed => "quote_unclosed",
        }
    }
}

/// Makes refusals for one file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Refuse<'a> {
    /// Name of the file, without its folder.
    pub(crate) file: &'a str,
}

impl Refuse<'_> {
    /// The file as a whole.
    pub(crate) fn file(self, code: FileCode, message: impl Into<String>) -> FileRefusal {
        FileRefusal { code, file: self.file.to_owned(), sheet: None, row: None, column: None, message: message.into() }
    }

    /// The disk said no.
    pub(crate) fn io(self, error: &std::io::Error) -> FileRefusal {
        self.file(FileCode::Unreadable, format!("读不了这个文件（{error}），请检查路径、权限和磁盘后再试"))
    }
}

impl FileRefusal {
    /// The same, naming the sheet.
    pub(crate) fn in_sheet(mut self, sheet: &str) -> Self {
        self.sheet = Some(sheet.to_owned());
        self
    }

    /// The same, naming the row.
    pub(crate) fn at_row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same, naming the column.
    pub(crate) fn in_column(mut self, column: &str) -> Self {
        self.column = Some(column.to_owned());
        self
    }
}
