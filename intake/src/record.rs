//! What comes out of a file: records, held rows, and the count statement.

use std::collections::BTreeMap;
use std::sync::Arc;

use huiyin_domain::text::date::DateOrDateTime;
use serde::Serialize;

/// A row's cells exactly as the file shows them: (header, cell text), in the file's order, empty cells left out.
pub type RawCells = Vec<(String, String)>;

/// One data row: either understood or held for repair. Every data row of a file becomes exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// The row was read; its fields are clean text and typed values.
    Record(Box<Record>),
    /// The row could not be read; it is kept with its raw cells until somebody repairs it.
    Held(Held),
}

/// What a citizen wrote, as one row of one source shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Record {
    /// Name of the sheet; empty for csv and tsv.
    pub sheet: String,
    /// Row number as a spreadsheet program shows it, from 1. In a csv file a quoted newline does not start a row.
    pub row: u64,
    /// The source's own key, unique within the source: its printed number where that is a key, else a stable digest.
    pub key: String,
    /// The number the source prints, for people; not necessarily unique.
    pub printed_number: Option<String>,
    /// Heading: the source's own, or the first clause of the body where the source has none.
    pub title: String,
    /// What was written, as plain text.
    pub body: String,
    /// Who wrote it, as the source shows it.
    pub author: Option<String>,
    /// Telephone number or other way to reach the author.
    pub contact: Option<String>,
    /// When it was written. `None` when the source has no such column or the cell is blank.
    pub asked_at: Option<DateOrDateTime>,
    /// When the platform handed it to the bureau: the start of the clock where the source says it.
    pub dispatched_at: Option<DateOrDateTime>,
    /// Until when the platform wants the answer.
    pub due_at: Option<DateOrDateTime>,
    /// Code of the request type (`consult`, `help` …) where the connector's map knows the source's word.
    pub request_type: Option<String>,
    /// The source's own word for the request type.
    pub request_type_text: Option<String>,
    /// The unit named by the source as responsible.
    pub unit: Option<String>,
    /// Where it happened.
    pub address: Option<String>,
    /// The source's own word for the state of the message.
    pub status: Option<String>,
    /// The official answer already shown by the source.
    pub answer: Option<Answer>,
    /// Other columns the connector names, by that name.
    pub extra: BTreeMap<String, String>,
    /// Where the source shows the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Digest of its row in the source's list, when its detail was read as well; `None` for a file, and when the detail has
    /// to be read again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub list_digest: Option<String>,
    /// Pictures and documents that belong to the message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentLink>,
    /// The row as it was.
    pub raw: RawCells,
}

/// A picture or document that a message names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AttachmentLink {
    /// What the source calls it; the last part of its address where it has no name.
    pub name: String,
    /// Where it is.
    pub url: String,
}

/// An answer the source already shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The answer as plain text.
    pub text: String,
    /// Who answered, as the source shows it.
    pub unit: Option<String>,
    /// When it was answered.
    pub replied_at: Option<DateOrDateTime>,
    /// The text only says that the message was received, read or passed on (已收悉, 已转…): the answer is still owed.
    pub holding: bool,
    /// The source dates the answer before the question, so the two times cannot be used to measure anything.
    pub before_question: bool,
}

/// A row that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Name of the sheet; empty for csv and tsv.
    pub sheet: String,
    /// Row number as a spreadsheet program shows it, from 1.
    pub row: u64,
    /// Header of the column at fault, where one column is.
    pub column: Option<String>,
    /// Why.
    pub reason: HoldReason,
    /// The row as it was. A cell beyond [`Limits::max_cell_chars`] is cut there.
    pub raw: RawCells,
    /// The source's own key, where it is known although the row cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The names of the sheet's columns; empty where it has no header.
    #[serde(skip)]
    pub header: Arc<[String]>,
}

/// Why a row is held: a stable code for machines, a Chinese sentence for the office. Never quotes more than 32 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldReason {
    /// Stable code.
    pub code: HoldCode,
    /// What is wrong and what to do, in Chinese.
    pub message: String,
}

/// The closed list of reasons for holding a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldCode {
    /// A cell that must be filled is blank.
    RequiredMissing,
    /// A cell is longer than [`Limits::max_cell_chars`] or than the column allows.
    CellTooLong,
    /// A date cell is in none of the accepted shapes.
    DateUnreadable,
    /// A date such as 02/03/2019 whose order of day and month the connector does not declare.
    DateAmbiguous,
    /// A date that does not exist, such as 1900-01-00 or 30 February.
    DateImpossible,
    /// A date earlier than the connector says is possible.
    DateTooEarly,
    /// A formula cell whose stored result is an error (`#REF!`, `#N/A` …).
    FormulaError,
    /// A whole number was expected.
    IntegerUnreadable,
    /// The value is not in the column's list.
    NotInList,
    /// A number that a spreadsheet program rounded to 1.23E+13: its digits are lost.
    NumberDamaged,
    /// Something other than digits in a column of digits.
    NotDigits,
    /// A flag column holds what looks like a person's name: the columns of this row have slipped.
    LooksLikeName,
    /// A csv row has fewer fields than the header.
    TooFewFields,
    /// A csv row has more fields than the header.
    TooManyFields,
    /// The sheet has rows but no header that fits the connector.
    HeaderMissing,
    /// The page with the details could not be read, and the list does not say enough.
    DetailMissing,
    /// A letter larger than the connector allows: it was not read.
    MailTooLarge,
    /// A letter, or some of its text, that cannot be made out.
    MailUnreadable,
    /// An automatic reply, a notice that something was not delivered, or mail to many: most likely no citizen's letter.
    MailAutomatic,
}

impl HoldCode {
    /// The code as written to the store and to JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RequiredMissing => "required_missing",
            Self::CellTooLong => "cell_too_long",
            Self::DateUnreadable => "date_unreadable",
            Self::DateAmbiguous => "date_ambiguous",
            Self::DateImpossible => "date_impossible",
            Self::DateTooEarly => "date_too_early",
            Self::FormulaError => "formula_error",
            Self::IntegerUnreadable => "integer_unreadable",
            Self::NotInList => "not_in_list",
            Self::NumberDamaged => "number_damaged",
            Self::NotDigits => "not_digits",
            Self::LooksLikeName => "looks_like_name",
            Self::TooFewFields => "too_few_fields",
            Self::TooManyFields => "too_many_fields",
            Self::HeaderMissing => "header_missing",
            Self::DetailMissing => "detail_missing",
            Self::MailTooLarge => "mail_too_large",
            Self::MailUnreadable => "mail_unreadable",
            Self::MailAutomatic => "mail_automatic",
        }
    }
}

/// What a reason for holding a row means, in Chinese and without quoting the row; for a code as it is stored.
pub fn hold_label(code: &str) -> &'static str {
    match code {
        "required_missing" => "必填内容为空",
        "cell_too_long" => "内容过长",
        "date_unreadable" => "日期读不懂",
        "date_ambiguous" => "日期分不清月和日",
        "date_impossible" => "日期不存在",
        "date_too_early" => "日期过早",
        "formula_error" => "公式结果是错误值",
        "integer_unreadable" => "不是整数",
        "not_in_list" => "不在可选值之内",
        "number_damaged" => "长数字被表格软件改成了科学计数",
        "not_digits" => "应全是数字",
        "looks_like_name" => "像人名，整行可能错列",
        "too_few_fields" => "字段比表头少",
        "too_many_fields" => "字段比表头多",
        "header_missing" => "工作表没有表头",
        "detail_missing" => "详情页读不到",
        "mail_too_large" => "邮件过大",
        "mail_unreadable" => "邮件读不出来",
        "mail_automatic" => "自动回复、退信或群发邮件",
        _ => "读不了",
    }
}

/// The count statement of one file: `stated = records + held`, always.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct FileSummary {
    /// Data rows the file has.
    pub stated: u64,
    /// Rows handed over as records.
    pub records: u64,
    /// Rows handed over as held.
    pub held: u64,
    /// The same per sheet, in the file's order.
    pub sheets: Vec<SheetSummary>,
    /// Sheets that were not read, with why.
    pub skipped: Vec<SkippedSheet>,
}

/// The count statement of one sheet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct SheetSummary {
    /// Name of the sheet; empty for csv and tsv.
    pub name: String,
    /// Row number of the header, from 1; 0 when the sheet has none and its rows are all held.
    pub header_row: u64,
    /// Data rows.
    pub stated: u64,
    /// Rows handed over as records.
    pub records: u64,
    /// Rows handed over as held.
    pub held: u64,
    /// Rows that the connector knows as footers (合计 …): neither stated nor held.
    pub footers: u64,
    /// What each column of the file is taken for; empty when the sheet has no header.
    #[serde(skip)]
    pub columns: Vec<SheetColumn>,
    /// What the connector knows and the sheet has no column for.
    #[serde(skip)]
    pub absent: Vec<String>,
}

/// A column of a sheet, and what it is taken for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SheetColumn {
    /// Its header; its letters where it has none.
    pub header: String,
    /// The code of the field it is read into; `None` when the connector does not know it: it is kept with the raw cells.
    pub field: Option<&'static str>,
    /// What the connector calls it.
    pub name: Option<String>,
}

/// A sheet that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SkippedSheet {
    /// Name of the sheet.
    pub name: String,
    /// Why, in Chinese.
    pub why: String,
}

/// How much of a file is read at most. The defaults are far above what a source exports and far below what hurts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A larger file is refused unread. Bytes; default 512 MiB.
    pub max_file_bytes: u64,
    /// A workbook that unpacks to more is refused unread. Bytes; default 1 GiB.
    pub max_unpacked_bytes: u64,
    /// A longer cell holds its row. Characters; default 1,000,000 (a spreadsheet program itself stops at 32,767).
    pub max_cell_chars: usize,
    /// A csv row that goes on for longer is a quote that was never closed. Bytes; default 64 MiB.
    pub max_row_bytes: u64,
    /// Fields of a csv row beyond this are counted but not kept, and the row is held. Default 16,384, as in a workbook.
    pub max_columns: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 512 << 20,
            max_unpacked_bytes: 1 << 30,
            max_cell_chars: 1_000_000,
            max_row_bytes: 64 << 20,
            max_columns: 16_384,
        }
    }
}
