//! Many rows in little memory.

use std::io::{BufWriter, Write};

use super::small;
use crate::{Limits, read_table};

/// Forgets the peak so far: making the file took more than reading it. `None` where the system cannot.
fn forget_peak() -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    peak_memory()
}

/// Peak resident memory of this process, in bytes, where the system tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1_024)
}

#[test]
fn a_long_csv_is_read_in_constant_memory() {
    const ROWS: u64 = 60_000;
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
    let before = forget_peak();
    let mut last = 0;
    let summary = read_table::<()>(&small(), &path, &Limits::default(), &mut |row| {
        if let crate::RowOutcome::Record(record) = row {
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

#[test]
fn a_long_workbook_is_read_in_little_memory() {
    const ROWS: u32 = 5_000;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.xlsx");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in (0u16..).zip(["编号", "标题", "内容", "时间"]) {
        sheet.write(0, column, name).unwrap();
    }
    for row in 1..=ROWS {
        sheet.write(row, 0, row).unwrap();
        sheet.write(row, 1, format!("路灯第{row}次不亮")).unwrap();
        sheet.write(row, 2, format!("第{row}件：{}", "东湖路的路灯三天不亮，请派人修理。".repeat(15))).unwrap();
        sheet.write(row, 3, "2026-7-1 9:05").unwrap();
    }
    workbook.save(&path).unwrap();
    drop(workbook);
    let before = forget_peak();
    let summary = read_table::<()>(&small(), &path, &Limits::default(), &mut |_| Ok(())).unwrap();
    assert_eq!((summary.stated, summary.records), (ROWS.into(), ROWS.into()));
    if let (Some(_), Some(after)) = (before, peak_memory()) {
        // What the writer left behind is used again, so the whole process is what can be measured.
        assert!(after < 128 << 20, "{after} bytes");
    }
}
