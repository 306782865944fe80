//! Files no import should be given: refused with file and place, the store as it was, and nothing panics.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::program::{Counts, Program, Ran, number, text, texts};
use crate::support::workbook;
use crate::support::world::BOARD_HEADER;

/// A store with one item in it, to be left alone.
fn program() -> Program {
    let program = Program::new();
    let file = program.file("good.csv", format!("{BOARD_HEADER}G1,甲,题目,2026-09-01 08:00:00,本来就有的内容,,\n"));
    assert_eq!(program.import("board", &file).accepted, 1);
    program
}

fn import(program: &Program, file: &Path) -> Ran {
    let ran = program.run(&["--json", "import", "--connector", "board", text(file)]);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    ran
}

/// The file is refused: exit code 1, its name and these words on standard error, a statement of zeros.
#[track_caller]
fn assert_refused(program: &Program, file: &Path, words: &[&str]) {
    let ran = import(program, file);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    let name = file.file_name().expect("a name").to_string_lossy();
    let told = |word: &str| ran.err.contains(word);
    assert!(told(&name) && words.iter().all(|word| told(word)), "{words:?} of {name}: {}", ran.err);
    assert_eq!(Counts::of(&ran.json()[0]), Counts::default());
}

async fn assert_untouched(program: &Program) {
    let mut db = program.database().await;
    for (table, rows) in [("item", 1), ("message_version", 1), ("hold", 0)] {
        let count = match table {
            "item" => number(&mut db, "SELECT COUNT(*) FROM item").await,
            "hold" => number(&mut db, "SELECT COUNT(*) FROM hold").await,
            _ => number(&mut db, "SELECT COUNT(*) FROM message_version").await,
        };
        assert_eq!(count, rows, "{table}");
    }
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'running'").await, 0);
    program.verify();
}

/// A sound workbook, to be damaged.
fn sound_workbook(program: &Program) -> PathBuf {
    let header: Vec<String> = BOARD_HEADER.trim_end().split(',').map(str::to_owned).collect();
    let row = ["K1", "甲", "题目", "2026-09-01 08:00:00", "内容"].map(str::to_owned).to_vec();
    let path = program.path("sound.xlsx");
    workbook::write(&path, &[header, row], "</sheetData></worksheet>");
    path
}

#[tokio::test]
async fn files_that_are_no_tables_are_refused_whole() {
    let program = program();
    let sound = std::fs::read(sound_workbook(&program)).expect("the workbook is read");
    let large = program.file("large.csv", BOARD_HEADER);
    let sparse = std::fs::File::options().write(true).open(&large).expect("the file opens");
    sparse.set_len(600 << 20).expect("a file with a hole");
    let cases: Vec<(PathBuf, &str)> = vec![
        (program.file("report.xlsx", b"%PDF-1.7\n%\xE2\xE3"), "wrong_type"),
        (program.file("empty.csv", b""), "empty"),
        (program.file("blank.csv", b"\n\n  \n"), "empty"),
        (program.file("locked.xlsx", workbook::ole("EncryptedPackage", b"secret")), "password_protected"),
        (program.file("cut.xlsx", &sound[..sound.len() / 2]), "damaged"),
        (program.file("page.xls", "<html><table><tr><td>留言编号</td></tr></table></html>"), "html_table"),
        (large, "too_large"),
    ];
    for (file, code) in &cases {
        assert_refused(&program, file, &[code, "请"]);
    }
    assert_untouched(&program).await;
}

#[tokio::test]
async fn files_in_another_encoding_or_without_the_header_are_refused_with_the_place() {
    let program = program();
    let row = "K1,甲,题目,2026-09-01 08:00:00,内容,,\n";
    let mut mixed = format!("{BOARD_HEADER}{row}").into_bytes();
    mixed.extend(b"K2,\xFF\xFE\xFF,x,2026-09-01,\xFF\xFF\n");
    let twice = BOARD_HEADER.replace("留言用户", "留言主题");
    let missing = BOARD_HEADER.replace("留言详情", "备注");
    let cases: Vec<(PathBuf, &[&str])> = vec![
        (program.file("mixed.csv", mixed), &["wrong_encoding", "UTF-8", "GB18030", "行"]),
        (program.file("headless.csv", "甲,乙,丙\n1,2,3\n"), &["header_missing"]),
        (program.file("twice.csv", format!("{twice}{row}")), &["column_twice", "第 1 行", "留言主题"]),
        (program.file("missing.csv", format!("{missing}{row}")), &["column_missing", "第 1 行", "留言详情"]),
        (program.file("open.csv", format!("{BOARD_HEADER}{row}K2,甲,\"题目,,\n")), &["quote_unclosed", "第 3 行"]),
    ];
    for (file, words) in &cases {
        assert_refused(&program, file, words);
    }
    let header: Vec<String> = twice.trim_end().split(',').map(str::to_owned).collect();
    let path = program.path("twice.xlsx");
    workbook::write(&path, &[header], "</sheetData></worksheet>");
    assert_refused(&program, &path, &["column_twice", "工作表“留言”", "第 1 行"]);
    assert_untouched(&program).await;
}

#[tokio::test]
async fn rows_that_cannot_be_read_are_held_with_their_place_and_the_rest_goes_in() {
    let program = program();
    let huge = "长".repeat(10_000_000);
    let rows = [
        "H1,甲,好的一行,2026-09-01 08:00:00,内容一,,".to_owned(),
        "H2,甲,零日,1900-01-00,内容二,,".to_owned(),
        format!("H3,甲,一千万字,2026-09-01 08:00:00,{huge},,"),
        "H4,甲,没有正文,2026-09-01 08:00:00,,,".to_owned(),
        ",甲,没有编号,2026-09-01 08:00:00,内容五,,".to_owned(),
        "H6,甲,<b>标签</b>,2026-09-01 08:00:00,<script>alert(1)</script>路灯坏了,,".to_owned(),
    ];
    let file = program.file("rows.csv", format!("{BOARD_HEADER}{}\n", rows.join("\n")));
    let ran = import(&program, &file);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let counts = Counts::of(&ran.json()[0]);
    assert_eq!((counts.stated, counts.accepted, counts.held), (6, 2, 4), "{counts:?}");
    let mut db = program.database().await;
    let held =
        texts(&mut db, "SELECT row_number || ' ' || column_name || ' ' || reason FROM hold ORDER BY row_number").await;
    assert_eq!(held.len(), 4);
    for (held, start) in held.iter().zip(["3 留言时间 ", "4 留言详情 ", "5 留言详情 ", "6 留言编号 "]) {
        assert!(held.starts_with(start), "{held:?} at {start:?}");
    }
    let longest = number(&mut db, "SELECT MAX(LENGTH(raw)) FROM hold").await;
    assert!(longest < 1_100_000, "the huge cell is cut: {longest}");
    // What looks like a program is text: found as such, and printed as such.
    let found = program.run(&["--json", "search", "路灯坏了"]).json();
    assert_eq!(found.as_array().map(Vec::len), Some(1));
    program.verify();
}

#[tokio::test]
async fn formula_cells_give_their_value_or_are_held_never_their_formula() {
    let program = program();
    let header: Vec<String> = BOARD_HEADER.trim_end().split(',').map(str::to_owned).collect();
    let cell = |value: &str| format!("<c t=\"inlineStr\"><is><t>{value}</t></is></c>");
    let rest = format!(
        "<row r=\"2\">{}{}<c t=\"str\"><f>A1&amp;B1</f><v>算出来的题目</v></c>{}{}</row>\
         <row r=\"3\">{}{}{}{}<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c></row></sheetData></worksheet>",
        cell("F1"),
        cell("甲"),
        cell("2026-09-01 08:00:00"),
        cell("内容"),
        cell("F2"),
        cell("甲"),
        cell("出错的公式"),
        cell("2026-09-01 08:00:00"),
    );
    let path = program.path("formula.xlsx");
    workbook::write(&path, &[header], &rest);
    let ran = import(&program, &path);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let counts = Counts::of(&ran.json()[0]);
    assert_eq!((counts.stated, counts.accepted, counts.held), (2, 1, 1), "{counts:?}");
    let mut db = program.database().await;
    let titles = texts(&mut db, "SELECT title FROM item ORDER BY number").await;
    assert_eq!(titles, ["题目", "算出来的题目"]);
    let held = texts(&mut db, "SELECT sheet || ' ' || row_number || ' ' || column_name FROM hold").await;
    assert_eq!(held, ["留言 3 留言详情"]);
    program.verify();
}

#[test]
fn a_connector_with_a_fault_is_refused_with_its_line() {
    let program = program();
    let file = program.file("rows.csv", format!("{BOARD_HEADER}K1,甲,题目,2026-09-01 08:00:00,内容,,\n"));
    let sound = include_str!("../../connectors/board/connector.toml");
    let line = |needle: &str| 1 + sound.lines().position(|line| line.contains(needle)).expect("the line is there");
    let cases = [
        (
            sound.replacen("header_search_rows", "header_serach_rows", 1),
            line("header_search_rows"),
            "header_serach_rows",
        ),
        (sound.replacen("\"slash\"", "\"slashes\"", 1), line("\"slash\""), "slashes"),
    ];
    for (text_of_it, line, word) in cases {
        let dir = program.path("connectors").join("board");
        std::fs::create_dir_all(&dir).expect("a folder is made");
        std::fs::write(dir.join("connector.toml"), text_of_it).expect("a connector is written");
        let connectors = program.path("connectors");
        let ran = program.run(&["--connectors", text(&connectors), "import", "--connector", "board", text(&file)]);
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains("connector.toml") && ran.err.contains(word), "{}", ran.err);
        assert!(ran.err.contains(&format!("line {line}")), "line {line}: {}", ran.err);
    }
    let report: Value = program.verify();
    assert_eq!(report["items"], 1);
}
