//! Files made by hand, good and bad, through the whole reader.

mod bad_files;
mod bad_rows;
mod connectors;
mod fuzz;
mod large;
mod make;
mod schema;
mod sheets;
mod sites;

use std::path::Path;

use super::{Connector, FileRefusal, FileSummary, Held, Limits, ReadError, Record, RowOutcome, read_table};

/// A small connector, for tests that are not about a shipped one.
pub(super) const SMALL: &str = r#"
id = "small"
name = "小表"
channel = "测试"
kind = "table"
version = 1
description = "测试用。"
fixtures = ["a.csv"]

[table]
footers = ["合计", "共#条"]
ignore_sheets = ["说明"]

[[column]]
field = "key"
aliases = ["编号"]
required = true
filled = true

[[column]]
field = "title"
aliases = ["标题", "主题"]

[[column]]
field = "body"
aliases = ["内容"]
required = true
filled = true

[[column]]
field = "asked_at"
aliases = ["时间"]

[key]
kind = "printed"
"#;

pub(super) fn small() -> Connector {
    Connector::parse("connector.toml", SMALL).unwrap_or_else(|error| panic!("{error}"))
}

#[derive(Debug)]
pub(super) struct Output {
    pub(super) summary: FileSummary,
    pub(super) records: Vec<Record>,
    pub(super) held: Vec<Held>,
}

pub(super) fn read_with(connector: &Connector, path: &Path, limits: &Limits) -> Result<Output, FileRefusal> {
    let (mut records, mut held) = (Vec::new(), Vec::new());
    let read = read_table::<()>(connector, path, limits, &mut |row| {
        match row {
            RowOutcome::Record(record) => records.push(*record),
            RowOutcome::Held(row) => held.push(row),
        }
        Ok(())
    });
    match read {
        Ok(summary) => {
            assert_eq!(summary.stated, summary.records + summary.held);
            assert_eq!((summary.records, summary.held), (records.len() as u64, held.len() as u64));
            Ok(Output { summary, records, held })
        }
        Err(ReadError::File(refusal)) => Err(refusal),
        Err(ReadError::Row(())) => panic!("no row is refused here"),
    }
}

pub(super) fn read(path: &Path) -> Result<Output, FileRefusal> {
    read_with(&small(), path, &Limits::default())
}

/// Writes `bytes` to a file of that name and reads it.
pub(super) fn read_bytes(name: &str, bytes: &[u8]) -> Result<Output, FileRefusal> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    read(&path)
}
