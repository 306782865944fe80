//! Many rows in little memory.

use std::io::{BufWriter, Write};

use super::small;
use crate::intake::{Limits, read_table};

/// Peak resident memory of this process, in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[test]
fn a_long_csv_is_read_in_constant_memory() {
    const ROWS: u64 = 200_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.csv");
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    writeln!(file, "编号,标题,内容,时间").unwrap();
    for row in 0..ROWS {
        writeln!(
            file,
            "{row},路灯第{row}次不亮,\"东湖路的路灯三天不亮，\n晚上出行不安全，请派人修理。\",2026-7-1 9:05"
        )
        .unwrap();
    }
    file.into_inner().unwrap();
    let before = peak_memory();
    let mut last = 0;
    let summary = read_table::<()>(&small(), &path, &Limits::default(), &mut |row| {
        if let crate::intake::RowOutcome::Record(record) = row {
            last = record.row;
        }
        Ok(())
    })
    .unwrap();
    assert_eq!((summary.stated, summary.records, last), (ROWS, ROWS, ROWS + 1));
    if let (Some(before), Some(after)) = (before, peak_memory()) {
        assert!(after - before < 16 << 20, "{} bytes more", after - before);
    }
}
