//! Rows that are held, with the row, the column and the reason, while the rest goes in.

use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use super::{Output, read_bytes};
use crate::HoldCode;

fn csv(text: &str) -> Output {
    read_bytes("a.csv", text.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal}"))
}

fn held(output: &Output) -> Vec<(u64, Option<&str>, HoldCode)> {
    output.held.iter().map(|held| (held.row, held.column.as_deref(), held.reason.code)).collect()
}

#[test]
fn each_bad_cell_holds_its_row_and_no_other() {
    let output = csv("编号,标题,内容,时间\n\
        1,a,好,2019-2-8\n\
        ,b,没有编号,2019-2-8\n\
        3,c,　,2019-2-8\n\
        4,d,日期不对,昨天\n\
        5,e,不存在的日期,1900-01-00\n\
        6,f,两种读法,02/03/2019\n\
        7,g,多一个,2019-2-8,x\n\
        8,h,少一个\n\
        9,i,多几个空的,2019-2-8,,\n\
        1.5E+12,j,编号坏了,\n");
    assert_eq!(
        held(&output),
        [
            (3, Some("编号"), HoldCode::RequiredMissing),
            (4, Some("内容"), HoldCode::RequiredMissing),
            (5, Some("时间"), HoldCode::DateUnreadable),
            (6, Some("时间"), HoldCode::DateImpossible),
            (7, Some("时间"), HoldCode::DateAmbiguous),
            (8, None, HoldCode::TooManyFields),
            (9, None, HoldCode::TooFewFields),
            (11, Some("编号"), HoldCode::NumberDamaged),
        ]
    );
    assert_eq!(output.records.iter().map(|record| record.row).collect::<Vec<_>>(), [2, 10]);
    assert_eq!(
        output.held[0].raw,
        [("标题".into(), "b".into()), ("内容".into(), "没有编号".into()), ("时间".into(), "2019-2-8".into())]
    );
}

#[test]
fn a_cell_of_ten_million_characters_is_held_and_cut() {
    let long = "长".repeat(10_000_000);
    let output = csv(&format!("编号,标题,内容\n1,a,{long}\n2,b,好\n"));
    assert_eq!(held(&output), [(2, Some("内容"), HoldCode::CellTooLong)]);
    assert_eq!(output.held[0].raw[2].1.chars().count(), 1_000_000);
    assert_eq!(output.records.len(), 1);
}

#[test]
fn markup_and_script_become_text() {
    let output =
        csv("编号,标题,内容\n1,<b>粗</b>,\"<p>第一段</p><script>alert(1)</script><p>第&nbsp;二&lt;段&gt;</p>\"\n");
    assert_eq!((output.records[0].title.as_str(), output.records[0].body.as_str()), ("粗", "第一段\n\n第 二<段>"));
    assert!(output.records[0].raw[2].1.contains("<script>"));
}

#[test]
fn footers_repeated_headers_and_blank_rows_are_not_counted() {
    let output = csv(
        "标题行,,\n编号,标题,内容\n1,a,好\n,,\n编号,标题,内容\n2,b,\"引号里\n换行\"\n合计,,2\n3,合计,内容里有合计\n\n合计：3条,,\n共 3 条,,\n,,\n",
    );
    // 合计 beside a filled body is no footer: it is held or read, never dropped.
    assert_eq!(output.records.iter().map(|record| record.row).collect::<Vec<_>>(), [3, 6, 7, 8]);
    assert_eq!(output.records[1].body, "引号里\n换行");
    assert_eq!((output.summary.stated, output.summary.sheets[0].footers), (4, 3));
    assert_eq!(output.summary.sheets[0].header_row, 2);
}

#[test]
fn cells_of_a_real_workbook_are_read_by_their_type() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (column, name) in (0u16..).zip(["编号", "标题", "内容", "时间"]) {
        sheet.write(0, column, name).unwrap();
    }
    let date = Format::new().set_num_format("yyyy-mm-dd hh:mm");
    let moment = ExcelDateTime::from_ymd(2019, 2, 8).unwrap().and_hms(9, 5, 33).unwrap();
    // Real date, text date, a date that lost its format, day zero.
    sheet.write(1, 0, 12_345_678_901_234.0).unwrap();
    sheet.write_formula(1, 2, Formula::new("=\"不\"&\"亮\"").set_result("不亮")).unwrap();
    sheet.write_with_format(1, 3, &moment, &date).unwrap();
    sheet.write(2, 0, 1.0).unwrap();
    sheet.write(2, 2, "文本日期").unwrap();
    sheet.write(2, 3, "2019年2月8日").unwrap();
    sheet.write(3, 0, "3").unwrap();
    sheet.write(3, 2, "丢了格式").unwrap();
    sheet.write(3, 3, 43_504.5).unwrap();
    sheet.write(4, 0, "4").unwrap();
    sheet.write(4, 2, "第零天").unwrap();
    sheet.write_with_format(4, 3, 0.25, &date).unwrap();
    sheet.write(5, 0, "5").unwrap();
    sheet.write_formula(5, 2, Formula::new("=A1+#REF!").set_result("#REF!")).unwrap();
    let output = read_bytes("a.xlsx", &workbook.save_to_buffer().unwrap()).unwrap();
    let read: Vec<(&str, &str, String)> = output
        .records
        .iter()
        .map(|record| (record.key.as_str(), record.body.as_str(), serde_json::to_string(&record.asked_at).unwrap()))
        .collect();
    assert_eq!(
        read,
        [
            ("12345678901234", "不亮", "\"2019-02-08T09:05:33+08:00\"".to_owned()),
            ("1", "文本日期", "\"2019-02-08\"".to_owned()),
            ("3", "丢了格式", "\"2019-02-08T12:00:00+08:00\"".to_owned()),
        ]
    );
    assert_eq!(
        held(&output),
        [(5, Some("时间"), HoldCode::DateImpossible), (6, Some("内容"), HoldCode::FormulaError),]
    );
    assert!(output.held[0].reason.message.contains("1900-01-00"), "{:?}", output.held[0].reason);
    assert_eq!(output.records[0].title, "不亮");
}
