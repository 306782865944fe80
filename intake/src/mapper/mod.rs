//! From a row of cells to a record, or to a held row with the reason.

mod value;

use std::collections::{BTreeMap, HashMap};

use huiyin_domain::text::date::DateOrDateTime;
use sm3::{Digest, Sm3};

use self::value::Value;
use super::cell::{Cell, SourceRow, column_letters};
use super::clean::{clean_text, title_from_body};
use super::connector::{Connector, Field, Key, Kind};
use super::fold::{fold_header, is_invisible};
use super::header::Header;
use super::record::{Answer, AttachmentLink, Held, HoldCode, HoldReason, Limits, RawCells, Record};

/// Names of the cells that say what no column does. Only rows that do not come from a file have them.
pub(crate) mod own {
    /// Where the public reads the message.
    pub(crate) const LINK: &str = "@网址";
    /// A picture or document: its address, and after a space its name. One cell for each.
    pub(crate) const ATTACHMENT: &str = "@附件";
    /// The key that was made when the row was first seen.
    pub(crate) const KEY: &str = "@主键";
}

/// Maps the rows of one sheet.
pub(crate) struct Mapper<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) limits: &'a Limits,
    pub(crate) sheet: &'a str,
    pub(crate) header: &'a Header,
}

/// What a row turned out to be.
#[derive(Debug)]
pub(crate) enum Mapped {
    /// Nothing in it.
    Blank,
    /// A total, a note below the table, or the header once more.
    Furniture,
    Record(Box<Record>),
    Held(Held),
}

/// How often each digest key was met in this file, so that the second of two equal rows is a message of its own.
#[derive(Debug, Default)]
pub(crate) struct Repeats(HashMap<[u8; 16], u32>);

/// Why a row is held, before the row is named.
#[derive(Debug)]
struct Fault {
    column: Option<String>,
    code: HoldCode,
    message: String,
}

/// The values of one row by meaning; the first that is not blank counts.
#[derive(Debug, Default)]
struct Values {
    texts: Vec<(Field, String)>,
    dates: Vec<(Field, DateOrDateTime)>,
    extra: BTreeMap<String, String>,
}

impl Values {
    fn text(&self, field: Field) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == field).map(|(_, text)| text.as_str())
    }

    fn take(&mut self, field: Field) -> Option<String> {
        let index = self.texts.iter().position(|(known, _)| *known == field)?;
        Some(self.texts.swap_remove(index).1)
    }

    fn date(&self, field: Field) -> Option<DateOrDateTime> {
        self.dates.iter().find(|(known, _)| *known == field).map(|(_, date)| *date)
    }

    fn has(&self, field: Field) -> bool {
        self.text(field).is_some() || self.date(field).is_some()
    }
}

impl Mapper<'_> {
    /// Maps one row below the header.
    pub(crate) fn map(&self, row: &SourceRow, repeats: &mut Repeats) -> Mapped {
        if row.cells.iter().all(Cell::is_blank) {
            return Mapped::Blank;
        }
        if self.is_footer(row) || self.is_header_again(row) {
            return Mapped::Furniture;
        }
        let values = self.check_shape(row).and_then(|()| self.values(row));
        match values {
            Ok(values) => Mapped::Record(Box::new(self.record(row, values, repeats))),
            Err(fault) => Mapped::Held(Held {
                sheet: self.sheet.to_owned(),
                row: row.number,
                column: fault.column,
                reason: HoldReason { code: fault.code, message: fault.message },
                raw: raw(&self.header.names, row, self.limits),
                key: None,
                header: self.header.names.clone(),
            }),
        }
    }

    /// A footer opens with one of the connector's words, and every column that no message leaves blank is blank.
    fn is_footer(&self, row: &SourceRow) -> bool {
        let Some((first, cell)) = row.cells.iter().enumerate().find(|(_, cell)| !cell.is_blank()) else { return false };
        if cell.is_longer_than(200) {
            return false;
        }
        let opening = fold_header(&cell.shown());
        let is_blank = |place: usize| place == first || row.cells.get(place).is_none_or(Cell::is_blank);
        let columns = self.connector.columns.iter().zip(&self.header.places);
        self.connector.table.footers.iter().any(|footer| opens_with(&opening, footer))
            && columns.filter(|(column, _)| column.filled).filter_map(|(_, place)| *place).all(is_blank)
    }

    /// Exports made for printing repeat the header on every page.
    fn is_header_again(&self, row: &SourceRow) -> bool {
        let names = self.header.names.iter().enumerate().filter(|(index, name)| **name != column_letters(*index));
        let mut names = names.peekable();
        names.peek().is_some()
            && names.all(|(index, name)| {
                matches!(row.cells.get(index), Some(Cell::Text(text)) if text.trim() == name && !text.is_empty())
            })
    }

    /// Faults of the row as such, whatever the columns mean.
    fn check_shape(&self, row: &SourceRow) -> Result<(), Fault> {
        let name = |index: usize| self.header.names.get(index).cloned().unwrap_or_else(|| column_letters(index));
        let too_long = |(_, cell): &(usize, &Cell)| cell.is_longer_than(self.limits.max_cell_chars);
        if let Some((index, _)) = row.cells.iter().enumerate().find(too_long) {
            let message =
                format!("单元格超过 {} 个字，请检查是否引号没有配对或粘贴错了内容", self.limits.max_cell_chars);
            return Err(Fault { column: Some(name(index)), code: HoldCode::CellTooLong, message });
        }
        let Some(fields) = row.fields else { return Ok(()) };
        let wanted = self.header.names.len();
        if fields < wanted {
            let message = format!("这一行只有 {fields} 个字段，表头有 {wanted} 个，请检查是否少了分隔符或多了换行");
            return Err(Fault { column: None, code: HoldCode::TooFewFields, message });
        }
        let has_more = fields > row.cells.len() || row.cells.iter().skip(wanted).any(|cell| !cell.is_blank());
        if fields > wanted && has_more {
            let message =
                format!("这一行有 {fields} 个字段，表头只有 {wanted} 个，请检查内容里的分隔符是否没有用引号括起来");
            return Err(Fault { column: None, code: HoldCode::TooManyFields, message });
        }
        Ok(())
    }

    /// A file that tells when messages came must tell it of each: without a start no clock can run.
    fn check_clock(&self, values: &Values) -> Result<(), Fault> {
        let starts = |field: Field| matches!(field, Field::AskedAt | Field::DispatchedAt);
        let mut columns = self.connector.columns.iter().zip(&self.header.places);
        let told = columns.any(|(column, place)| starts(column.field) && place.is_some());
        if !told || values.dates.iter().any(|(field, _)| starts(*field)) {
            return Ok(());
        }
        let message = "没有来件时间，无法起算时限，请在原文件里补上后重新导入".to_owned();
        Err(Fault { column: None, code: HoldCode::RequiredMissing, message })
    }

    fn values(&self, row: &SourceRow) -> Result<Values, Fault> {
        let mut values = Values::default();
        for (column, place) in self.connector.columns.iter().zip(&self.header.places) {
            let Some(place) = *place else {
                // A file without the column was refused as a whole; here each row has its own columns.
                if column.required && self.connector.kind != Kind::Table {
                    let message = format!("没有“{}”，请核对网站是否改版，或在采集配置里改正取法", column.name);
                    return Err(Fault { column: None, code: HoldCode::RequiredMissing, message });
                }
                continue;
            };
            let header = || self.header.names.get(place).cloned();
            let cell = row.cells.get(place).unwrap_or(&Cell::Empty);
            if column.filled && cell.is_blank() {
                let message = format!("“{}”不能为空，请在原文件里补上后重新导入", column.name);
                return Err(Fault { column: header(), code: HoldCode::RequiredMissing, message });
            }
            if column.field != Field::Extra && values.has(column.field) {
                continue;
            }
            let value =
                value::read(column, cell).map_err(|(code, message)| Fault { column: header(), code, message })?;
            match value {
                Value::Blank if column.filled => {
                    let message = format!("“{}”里没有可读的文字", column.name);
                    return Err(Fault { column: header(), code: HoldCode::RequiredMissing, message });
                }
                Value::Blank => {}
                Value::Text(text) if column.field == Field::Extra => {
                    values.extra.insert(column.name.clone(), text);
                }
                Value::Date(date) if column.field == Field::Extra => {
                    values.extra.insert(column.name.clone(), date_text(date));
                }
                Value::Text(text) => values.texts.push((column.field, text)),
                Value::Date(date) => values.dates.push((column.field, date)),
            }
        }
        self.check_clock(&values)?;
        Ok(values)
    }

    fn record(&self, row: &SourceRow, mut values: Values, repeats: &mut Repeats) -> Record {
        let mut own = self.own(row);
        let key = own.key.take().unwrap_or_else(|| self.key(&values, repeats));
        let answer = self.answer(&mut values);
        let body = values.take(Field::Body).unwrap_or_default();
        let title = values.take(Field::Title).unwrap_or_else(|| title_from_body(&body, &self.connector.title_openings));
        let request_type_text = values.take(Field::RequestType);
        let request_type =
            request_type_text.as_deref().and_then(|word| self.connector.request_types.get(&fold_header(word)).cloned());
        Record {
            sheet: self.sheet.to_owned(),
            row: row.number,
            key,
            printed_number: values.take(Field::Number).or_else(|| values.take(Field::Key)),
            title,
            body,
            author: values.take(Field::Author),
            contact: values.take(Field::Contact),
            asked_at: values.date(Field::AskedAt),
            dispatched_at: values.date(Field::DispatchedAt),
            due_at: values.date(Field::DueAt),
            request_type,
            request_type_text,
            unit: values.take(Field::Unit),
            address: values.take(Field::Address),
            status: values.take(Field::Status),
            answer,
            extra: values.extra,
            url: own.link,
            list_digest: None,
            attachments: own.attachments,
            raw: raw(&self.header.names, row, self.limits),
        }
    }

    /// What the row says beside its columns.
    fn own(&self, row: &SourceRow) -> Own {
        let mut own = Own::default();
        if self.connector.kind == Kind::Table {
            return own;
        }
        for (name, cell) in self.header.names.iter().zip(&row.cells).filter(|(name, _)| name.starts_with('@')) {
            let text = cell.shown();
            match name.as_str() {
                own::LINK if !text.is_empty() => own.link = Some(text),
                own::KEY if !text.is_empty() => own.key = Some(text),
                own::ATTACHMENT => own.attachments.extend(attachment(&text)),
                _ => {}
            }
        }
        own
    }

    /// The source's own key of a row that may not be readable otherwise; `None` when it is not in it.
    pub(crate) fn key_of(&self, row: &SourceRow) -> Option<String> {
        let mut values = Values::default();
        let is_wanted = |field: Field| match &self.connector.key {
            Key::Printed => field == Field::Key,
            Key::Digest(fields) => fields.contains(&field),
        };
        for (column, place) in self.connector.columns.iter().zip(&self.header.places) {
            let cell = place.and_then(|place| row.cells.get(place));
            if !is_wanted(column.field) || values.has(column.field) {
                continue;
            }
            match cell.map(|cell| value::read(column, cell)) {
                Some(Ok(Value::Text(text))) => values.texts.push((column.field, text)),
                Some(Ok(Value::Date(date))) => values.dates.push((column.field, date)),
                _ => {}
            }
        }
        let has_any = !values.texts.is_empty() || !values.dates.is_empty();
        has_any.then(|| self.key(&values, &mut Repeats::default()))
    }

    fn key(&self, values: &Values, repeats: &mut Repeats) -> String {
        let fields = match &self.connector.key {
            Key::Printed => return values.text(Field::Key).unwrap_or_default().to_owned(),
            Key::Digest(fields) => fields,
        };
        let mut sm3 = Sm3::new();
        for field in fields {
            // Folded, because white space and width are not a difference; the parts are told apart by a byte no text has.
            let part = values.date(*field).map(date_text).or_else(|| values.text(*field).map(fold_header));
            sm3.update(part.unwrap_or_default().as_bytes());
            sm3.update([0xFF]);
        }
        let digest = sm3.finalize();
        let short: [u8; 16] = std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default());
        let count = repeats.0.entry(short).or_default();
        *count = count.saturating_add(1);
        match *count {
            1 => hex::encode(short),
            nth => format!("{}-{nth}", hex::encode(short)),
        }
    }

    fn answer(&self, values: &mut Values) -> Option<Answer> {
        let rule = self.connector.answer.as_ref()?;
        if !rule.when.iter().all(|field| values.has(*field)) {
            return None;
        }
        let text = values.take(Field::Reply).unwrap_or_default();
        let replied_at = values.date(Field::RepliedAt);
        let folded = fold_header(&text);
        let is_short = folded.chars().nth(rule.holding_max_chars).is_none();
        let has_any = |words: &[String]| words.iter().any(|word| folded.contains(word));
        let instant = |date: Option<DateOrDateTime>| date.and_then(DateOrDateTime::instant);
        let before_question = match (values.date(Field::AskedAt), replied_at) {
            // A mere day is not before a moment of the same day.
            (Some(asked), Some(replied)) if !asked.has_time() || !replied.has_time() => replied.date() < asked.date(),
            (asked, replied) => {
                instant(replied).is_some_and(|replied| instant(asked).is_some_and(|asked| replied < asked))
            }
        };
        Some(Answer {
            unit: values.take(Field::ReplyUnit),
            replied_at,
            holding: is_short && has_any(&rule.holding) && !has_any(&rule.unless),
            before_question,
            text,
        })
    }
}

/// What a row says of itself beside its columns.
#[derive(Debug, Default)]
struct Own {
    link: Option<String>,
    key: Option<String>,
    attachments: Vec<AttachmentLink>,
}

/// An attachment's cell: the address, a space, the name. Without a name it is the last part of the address.
fn attachment(text: &str) -> Option<AttachmentLink> {
    let (url, name) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if url.is_empty() {
        return None;
    }
    let last = || url.split(['?', '#']).next().and_then(|path| path.rsplit('/').next()).unwrap_or(url);
    let name = if name.trim().is_empty() { last() } else { name.trim() };
    Some(AttachmentLink { name: name.to_owned(), url: url.to_owned() })
}

fn date_text(date: DateOrDateTime) -> String {
    match date {
        DateOrDateTime::Date(date) => date.to_string(),
        DateOrDateTime::DateTime(at) => at.to_string(),
    }
}

/// Whether `text` opens with `pattern`, in which `#` stands for one or more digits.
fn opens_with(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    for (index, part) in pattern.split('#').enumerate() {
        if index > 0 {
            let without = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            if without.len() == rest.len() {
                return false;
            }
            rest = without;
        }
        match rest.strip_prefix(part) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

/// The cells that are not blank, as shown, under their headers.
pub(crate) fn raw(names: &[String], row: &SourceRow, limits: &Limits) -> RawCells {
    let shown = |cell: &Cell| match cell {
        long if long.is_longer_than(limits.max_cell_chars) => {
            long.shown().chars().take(limits.max_cell_chars).collect()
        }
        cell => cell.shown(),
    };
    let cells = row.cells.iter().enumerate().filter(|(_, cell)| !cell.is_blank());
    cells
        .map(|(index, cell)| (names.get(index).cloned().unwrap_or_else(|| column_letters(index)), shown(cell)))
        .collect()
}

/// Whether anything is left to see in a cleaned text.
fn is_visible(text: &str) -> bool {
    text.chars().any(|c| !c.is_whitespace() && !is_invisible(c))
}
