//! Several sheets in one workbook.

use rust_xlsxwriter::Workbook;

use super::{SMALL, read, read_with, small};
use crate::{Connector, FileCode, HoldCode, Limits, SheetRow, rows_around};

fn workbook() -> (tempfile::TempDir, std::path::PathBuf) {
    let mut workbook = Workbook::new();
    let write = |sheet: &mut rust_xlsxwriter::Worksheet, rows: &[&[&str]]| {
        for (row, cells) in (0u32..).zip(rows) {
            for (column, text) in (0u16..).zip(*cells) {
                sheet.write(row, column, *text).unwrap();
            }
        }
    };
    let sheet = workbook.add_worksheet().set_name("说明").unwrap();
    write(sheet, &[&["怎样填表"]]);
    let sheet = workbook.add_worksheet().set_name("一月").unwrap();
    sheet.merge_range(0, 0, 0, 2, "某局来件台账", &rust_xlsxwriter::Format::new()).unwrap();
    write(sheet, &[&[], &["一月"], &[" 编 号", "标_题", "内容 "], &["1", "a", "好"]]);
    let sheet = workbook.add_worksheet().set_name("二月").unwrap();
    write(sheet, &[&["内容", "编号"], &["也好", "2"]]);
    let sheet = workbook.add_worksheet().set_name("便条").unwrap();
    write(sheet, &[&["请王科看"], &[], &["", "第三行"]]);
    workbook.add_worksheet().set_name("空").unwrap();
    let sheet = workbook.add_worksheet().set_name("字典").unwrap();
    write(sheet, &[&["咨询"]]);
    sheet.set_hidden(true);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.xlsx");
    workbook.save(&path).unwrap();
    (dir, path)
}

#[test]
fn every_sheet_is_read_held_or_named_as_skipped() {
    let (_dir, path) = workbook();
    let output = read(&path).unwrap();
    let records: Vec<(&str, u64, &str)> =
        output.records.iter().map(|record| (record.sheet.as_str(), record.row, record.key.as_str())).collect();
    assert_eq!(records, [("一月", 4, "1"), ("二月", 2, "2")]);
    let held: Vec<(&str, u64, HoldCode)> =
        output.held.iter().map(|held| (held.sheet.as_str(), held.row, held.reason.code)).collect();
    assert_eq!(held, [("便条", 1, HoldCode::HeaderMissing), ("便条", 3, HoldCode::HeaderMissing)]);
    assert_eq!(output.held[1].raw, [("B".to_owned(), "第三行".to_owned())]);
    let skipped: Vec<&str> = output.summary.skipped.iter().map(|sheet| sheet.name.as_str()).collect();
    assert_eq!(skipped, ["说明", "空", "字典"]);
}

#[test]
fn only_the_named_sheets_are_read_and_a_missing_one_is_refused() {
    let (_dir, path) = workbook();
    let with = |sheets: &str| {
        let text = SMALL.replace("[table]", &format!("[table]\nsheets = {sheets}"));
        read_with(&Connector::parse("c", &text).unwrap(), &path, &Limits::default())
    };
    assert_eq!(with("[\"二月\"]").unwrap().records.len(), 1);
    assert_eq!(with("[\"三月\"]").unwrap_err().code, FileCode::SheetMissing);
    assert_eq!(with("\"first\"").unwrap_err().code, FileCode::Empty);
}

#[test]
fn whoever_takes_the_rows_can_stop() {
    let (_dir, path) = workbook();
    let mut taken = 0;
    let stopped = crate::read_table(&small(), &path, &Limits::default(), &mut |_| {
        taken += 1;
        Err("full")
    });
    assert!(matches!(stopped, Err(crate::ReadError::Row("full"))));
    assert_eq!(taken, 1);
}

#[test]
fn the_rows_around_one_are_shown_with_the_header_of_their_sheet() {
    let (dir, path) = workbook();
    let around = |path: &std::path::Path, sheet: &str, row: u64| -> Vec<(u64, String)> {
        let rows = rows_around(&small(), path, (sheet, row), &Limits::default()).unwrap();
        rows.into_iter().map(|SheetRow { number, cells }| (number, cells.join("|"))).collect()
    };
    assert_eq!(around(&path, "便条", 3), [(1, "请王科看".to_owned()), (3, "|第三行".to_owned())]);
    let january = around(&path, "一月", 4);
    assert_eq!(january.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(january[3].1, "1|a|好");
    assert_eq!(around(&path, "三月", 4), [], "no such sheet");

    let rows = (2..=100).map(|row| format!("{row},题目{row},内容{row}\n")).collect::<Vec<_>>().concat();
    let path = dir.path().join("a.csv");
    std::fs::write(&path, format!("编号,标题,内容\n{rows}")).unwrap();
    let shown = around(&path, "", 50);
    assert_eq!((shown.len(), &shown[0].1, shown[1].0, shown[21].0), (22, &"编号|标题|内容".to_owned(), 40, 60));
    assert_eq!(shown[11], (50, "50|题目50|内容50".to_owned()));
    std::fs::write(&path, format!("编号,标题,内容\n1,{},短\n", "长".repeat(400))).unwrap();
    let shown = around(&path, "", 2);
    assert_eq!(shown[1].1.chars().count(), "1||短".chars().count() + 300 + 1, "cut, and said to be");
}
