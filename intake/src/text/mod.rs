//! csv and tsv: which encoding, which delimiter, then row by row in constant memory.
//!
//! The whole file is surveyed once before the first row is handed over, so that a wrong encoding or a quote that is never
//! closed refuses the file instead of half of it.

mod decode;
mod split;

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use encoding_rs::{Encoding, GB18030, UTF_8};

use self::decode::Decoded;
use self::split::{SplitError, Splitter};
use super::cell::{Cell, Rows, SourceRow};
use super::connector::Connector;
use super::error::{FileCode, FileRefusal, Refuse};
use super::header;
use super::record::Limits;

const HEAD_BYTES: u64 = 256 << 10;
const DELIMITERS: [u8; 3] = [b',', b'\t', b';'];

/// A text file that was surveyed: it can be read to its end.
pub(crate) struct TextFile<'a> {
    path: &'a Path,
    encoding: &'static Encoding,
    delimiter: u8,
    limits: &'a Limits,
    refuse: Refuse<'a>,
}

impl<'a> TextFile<'a> {
    /// Finds encoding and delimiter, and reads the file once to its end.
    pub(crate) fn survey(
        connector: &Connector,
        path: &'a Path,
        limits: &'a Limits,
        refuse: Refuse<'a>,
    ) -> Result<Self, FileRefusal> {
        let mut head = Vec::new();
        let file = File::open(path).map_err(|error| refuse.io(&error))?;
        file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| refuse.io(&error))?;
        let candidates = match Encoding::for_bom(&head) {
            Some((declared, _)) => vec![declared],
            None => vec![UTF_8, GB18030],
        };
        let mut faults = Vec::new();
        for encoding in candidates {
            let delimiter = delimiter(connector, &head, encoding, limits);
            let text = TextFile { path, encoding, delimiter, limits, refuse };
            match text.read_through() {
                Ok(true) => return Ok(text),
                Ok(false) => return Err(refuse.file(FileCode::Empty, "文件里没有任何文字，请重新导出")),
                Err(SplitError::Malformed { offset, line }) => {
                    faults.push(format!(
                        "按 {} 读到第 {line} 行（第 {offset} 字节）出错",
                        encoding.name().to_uppercase()
                    ));
                }
                Err(error) => return Err(split_refusal(&error, refuse)),
            }
        }
        let message = format!("文字编码不对：{}，请另存为“CSV UTF-8（逗号分隔）”或 xlsx 再导入", faults.join("；"));
        Err(refuse.file(FileCode::WrongEncoding, message))
    }

    /// Whether there is anything to read.
    fn read_through(&self) -> Result<bool, SplitError> {
        let mut splitter = self.splitter()?;
        let mut has_text = false;
        while let Some(record) = splitter.next_record()? {
            if record.fields.iter().any(|field| !field.trim().is_empty()) {
                has_text = true;
                splitter.skip_fields();
            }
        }
        Ok(has_text)
    }

    fn splitter(&self) -> Result<Splitter<BufReader<Decoded<File>>>, SplitError> {
        let decoded = Decoded::new(File::open(self.path)?, self.encoding);
        Ok(Splitter::new(BufReader::with_capacity(64 << 10, decoded), self.delimiter, self.limits))
    }

    /// The rows from the start.
    pub(crate) fn rows(&self) -> Result<TextRows<'a>, FileRefusal> {
        let splitter = self.splitter().map_err(|error| split_refusal(&error, self.refuse))?;
        Ok(TextRows { splitter, refuse: self.refuse })
    }
}

/// The first rows of a text file in every encoding and with every delimiter it could have: to see whose header it shows.
pub(crate) fn top_rows(
    path: &Path,
    limits: &Limits,
    top: usize,
    refuse: Refuse<'_>,
) -> Result<Vec<Vec<String>>, FileRefusal> {
    let mut head = Vec::new();
    let file = File::open(path).map_err(|error| refuse.io(&error))?;
    file.take(HEAD_BYTES).read_to_end(&mut head).map_err(|error| refuse.io(&error))?;
    let encodings = match Encoding::for_bom(&head) {
        Some((declared, _)) => vec![declared],
        None => vec![UTF_8, GB18030],
    };
    let mut rows = Vec::new();
    for encoding in encodings {
        let (head, ..) = encoding.decode(&head);
        for delimiter in DELIMITERS {
            let mut splitter = Splitter::new(head.as_bytes(), delimiter, limits);
            for _ in 0..top {
                let Ok(Some(record)) = splitter.next_record() else { break };
                rows.push(record.fields);
            }
        }
    }
    Ok(rows)
}

/// The delimiter with which the first rows name the most of the connector's columns.
fn delimiter(connector: &Connector, head: &[u8], encoding: &'static Encoding, limits: &Limits) -> u8 {
    let (head, ..) = encoding.decode(head);
    let score = |delimiter: u8| {
        let mut splitter = Splitter::new(head.as_bytes(), delimiter, limits);
        let mut best = 0;
        for _ in 0..connector.table.header_search_rows {
            let Ok(Some(record)) = splitter.next_record() else { break };
            best = best.max(header::score(connector, &record.fields));
        }
        best
    };
    let scores = DELIMITERS.map(score);
    let best = scores.iter().max();
    DELIMITERS.into_iter().zip(&scores).find(|(_, score)| Some(*score) == best).map_or(b',', |(delimiter, _)| delimiter)
}

fn split_refusal(error: &SplitError, refuse: Refuse<'_>) -> FileRefusal {
    match error {
        SplitError::Io(error) => refuse.io(error),
        SplitError::Malformed { line, .. } => {
            refuse.file(FileCode::Damaged, "文件在读取时被改动了，请等导出完成后再导入").at_row(*line)
        }
        SplitError::QuoteUnclosed { row } => {
            let message = "从这一行开始的引号（\"）没有配对，后面的行会连成一格，请改正后再导入";
            refuse.file(FileCode::QuoteUnclosed, message).at_row(*row)
        }
        SplitError::RowTooLong { row, limit } => {
            let message = format!("这一行超过 {} MB，多半是引号没有配对，请改正后再导入", limit.div_ceil(1 << 20));
            refuse.file(FileCode::QuoteUnclosed, message).at_row(*row)
        }
    }
}

/// Rows of a surveyed file.
pub(crate) struct TextRows<'a> {
    splitter: Splitter<BufReader<Decoded<File>>>,
    refuse: Refuse<'a>,
}

impl Rows for TextRows<'_> {
    fn next_row(&mut self) -> Result<Option<SourceRow>, FileRefusal> {
        let record = self.splitter.next_record().map_err(|error| split_refusal(&error, self.refuse))?;
        Ok(record.map(|record| SourceRow {
            number: record.number,
            fields: Some(record.count),
            cells: record
                .fields
                .into_iter()
                .map(|field| if field.is_empty() { Cell::Empty } else { Cell::Text(field) })
                .collect(),
        }))
    }
}
