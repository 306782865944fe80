//! Cutting decoded text into records and fields (RFC 4180, any delimiter, any line end).
//!
//! Not the csv crate: that skips blank lines without counting them (so a row's number would not be the one the office sees
//! in its spreadsheet program), takes a quote that is never closed for a long cell, and has no bound on a record.

use std::io::{self, BufRead};

use super::decode::Malformed;
use crate::record::Limits;

/// Why a file cannot be cut.
#[derive(Debug, thiserror::Error)]
pub(super) enum SplitError {
    #[error("failed to read")]
    Io(#[source] io::Error),
    #[error("malformed byte sequence at offset {offset}")]
    Malformed { offset: u64, line: u64 },
    #[error("the quote opened in row {row} is never closed")]
    QuoteUnclosed { row: u64 },
    #[error("row {row} is longer than {limit} bytes")]
    RowTooLong { row: u64, limit: u64 },
}

impl From<io::Error> for SplitError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Malformed>()) {
            Some(malformed) => Self::Malformed { offset: malformed.offset, line: malformed.line },
            None => Self::Io(error),
        }
    }
}

/// One row. A blank line is a row with one empty field.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct TextRecord {
    /// From 1, blank lines counted, lines inside quotes not.
    pub(super) number: u64,
    /// The fields, at most as many as the limits allow.
    pub(super) fields: Vec<String>,
    /// How many fields the row has.
    pub(super) count: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Bare,
    Quoted,
    /// A quote inside a quoted field: its end, or the first of a pair.
    QuoteSeen,
}

/// Cuts `source`, which is valid UTF-8.
pub(super) struct Splitter<R> {
    source: R,
    delimiter: u8,
    max_columns: usize,
    max_row_bytes: u64,
    row: u64,
    after_carriage_return: bool,
}

/// A record in the making.
struct Partial {
    state: State,
    field: Vec<u8>,
    record: TextRecord,
    max_columns: usize,
}

impl Partial {
    fn end_field(&mut self) {
        self.record.count += 1;
        if self.record.fields.len() < self.max_columns {
            // The source is valid, so that nothing is ever put in another's place.
            self.record.fields.push(match std::str::from_utf8(&self.field) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(&self.field).into_owned(),
            });
        }
        self.field.clear();
        self.state = State::FieldStart;
    }

    /// Takes what the field goes on with, up to the first byte that may mean something here; how many bytes that is.
    fn take_plain(&mut self, bytes: &[u8], delimiter: u8) -> usize {
        let end = match self.state {
            State::Quoted => memchr::memchr(b'"', bytes),
            State::Bare => memchr::memchr3(b'\n', b'\r', delimiter, bytes),
            State::FieldStart | State::QuoteSeen => Some(0),
        };
        let plain = end.map_or(bytes, |end| bytes.split_at(end).0);
        self.field.extend_from_slice(plain);
        plain.len()
    }

    /// Takes bytes up to the end of the record; where in them that is, if it is there.
    fn take_all(&mut self, bytes: &[u8], delimiter: u8) -> Option<usize> {
        let mut at = 0;
        loop {
            at += self.take_plain(bytes.get(at..)?, delimiter);
            if self.take(*bytes.get(at)?, delimiter) {
                return Some(at);
            }
            at += 1;
        }
    }

    /// Takes one byte; whether it ended the record.
    fn take(&mut self, byte: u8, delimiter: u8) -> bool {
        match (self.state, byte) {
            (State::FieldStart, b'"') => self.state = State::Quoted,
            (State::Quoted, b'"') => self.state = State::QuoteSeen,
            (State::QuoteSeen, b'"') => {
                self.field.push(byte);
                self.state = State::Quoted;
            }
            (State::Quoted, _) => self.field.push(byte),
            (_, b'\n' | b'\r') => {
                self.end_field();
                return true;
            }
            (_, other) if other == delimiter => self.end_field(),
            (_, other) => {
                self.field.push(other);
                self.state = State::Bare;
            }
        }
        false
    }
}

impl<R: BufRead> Splitter<R> {
    pub(super) fn new(source: R, delimiter: u8, limits: &Limits) -> Self {
        let Limits { max_columns, max_row_bytes, .. } = *limits;
        Self { source, delimiter, max_columns, max_row_bytes, row: 1, after_carriage_return: false }
    }

    /// From here on rows are counted and checked, and their fields not kept.
    pub(super) fn skip_fields(&mut self) {
        self.max_columns = 0;
    }

    /// The next row, blank or not; `None` at the end.
    pub(super) fn next_record(&mut self) -> Result<Option<TextRecord>, SplitError> {
        let record = TextRecord { number: self.row, ..TextRecord::default() };
        let mut partial =
            Partial { state: State::FieldStart, field: Vec::new(), record, max_columns: self.max_columns };
        let mut bytes: u64 = 0;
        loop {
            let mut chunk = self.source.fill_buf()?;
            if chunk.is_empty() {
                return self.last_record(partial, bytes);
            }
            if self.after_carriage_return {
                self.after_carriage_return = false;
                if let Some(after) = chunk.strip_prefix(b"\n") {
                    chunk = after;
                    if chunk.is_empty() {
                        self.source.consume(1);
                        continue;
                    }
                    self.source.consume(1);
                    chunk = self.source.fill_buf()?;
                }
            }
            let end = partial.take_all(chunk, self.delimiter);
            let used = end.map_or(chunk.len(), |end| end + 1);
            self.after_carriage_return = end.is_some_and(|end| chunk.get(end) == Some(&b'\r'));
            self.source.consume(used);
            bytes = bytes.saturating_add(u64::try_from(used).unwrap_or(u64::MAX));
            if end.is_some() {
                self.row += 1;
                return Ok(Some(partial.record));
            }
            if bytes > self.max_row_bytes {
                return Err(SplitError::RowTooLong { row: self.row, limit: self.max_row_bytes });
            }
        }
    }

    fn last_record(&mut self, mut partial: Partial, bytes: u64) -> Result<Option<TextRecord>, SplitError> {
        if partial.state == State::Quoted {
            return Err(SplitError::QuoteUnclosed { row: self.row });
        }
        if bytes == 0 {
            return Ok(None);
        }
        partial.end_field();
        self.row += 1;
        Ok(Some(partial.record))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use proptest::prelude::*;

    use super::*;

    fn split(text: &str, buffer: usize) -> Result<Vec<TextRecord>, SplitError> {
        let source = BufReader::with_capacity(buffer, text.as_bytes());
        let mut splitter = Splitter::new(source, b',', &Limits::default());
        let mut records = Vec::new();
        while let Some(record) = splitter.next_record()? {
            records.push(record);
        }
        Ok(records)
    }

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        split(text, 3).unwrap().into_iter().map(|record| (record.number, record.fields)).collect()
    }

    #[test]
    fn rows_are_numbered_as_a_spreadsheet_program_numbers_them() {
        let text = "a,b\r\n\r\n1,\"x\r\ny\"\r\n2,\"say \"\"hi\"\"\"\n,\n3,5\" pipe";
        let expected: Vec<(u64, Vec<&str>)> = vec![
            (1, vec!["a", "b"]),
            (2, vec![""]),
            (3, vec!["1", "x\r\ny"]),
            (4, vec!["2", "say \"hi\""]),
            (5, vec!["", ""]),
            (6, vec!["3", "5\" pipe"]),
        ];
        let expected: Vec<(u64, Vec<String>)> =
            expected.into_iter().map(|(row, fields)| (row, fields.into_iter().map(str::to_owned).collect())).collect();
        assert_eq!(rows(text), expected);
        assert_eq!(rows("a\rb\rc").len(), 3);
        assert_eq!(rows(""), []);
    }

    #[test]
    fn an_open_quote_names_its_row() {
        let error = split("a,b\n1,\"x\ny\n", 8).unwrap_err();
        assert!(matches!(error, SplitError::QuoteUnclosed { row: 2 }), "{error}");
        let limits = Limits { max_row_bytes: 100, ..Limits::default() };
        let text = format!("a\n\"{}\"", "长".repeat(1_000));
        let mut splitter = Splitter::new(BufReader::with_capacity(64, text.as_bytes()), b',', &limits);
        splitter.next_record().unwrap();
        assert!(matches!(splitter.next_record(), Err(SplitError::RowTooLong { row: 2, .. })));
    }

    proptest! {
        #[test]
        fn what_a_csv_writer_writes_is_read_back(
            table in prop::collection::vec(prop::collection::vec("[a-z中文,\"\r\n ;]{0,6}", 3), 1..6),
            buffer in 1usize..40,
        ) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            for row in &table {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let read: Vec<Vec<String>> = split(&text, buffer).unwrap().into_iter().map(|record| record.fields).collect();
            prop_assert_eq!(read, table);
        }
    }
}
