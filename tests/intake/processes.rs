//! Imports as processes: two at once, and files that cannot be read to their end.

use std::path::PathBuf;

use crate::support::postgres::TestDatabase;
use crate::support::program::{Counts, Program, number, ran, text};
use crate::support::workbook;
use crate::support::world::BOARD_HEADER;

/// Starts the same import twice at once; both must come to a good end, and each row is accepted by one of them.
fn import_twice_at_once(program: &Program, rows: u64) {
    let file = program.path("sample.csv");
    let made = program.run(&["sample", "--items", &rows.to_string(), "--seed", "3", "--out", text(&file)]);
    assert_eq!(made.code, Some(0), "{}", made.err);
    let arguments = ["--json", "import", "--connector", "board", text(&file)];
    let both = [program.start(&arguments), program.start(&arguments)];
    let both = both.map(|child| ran(child.wait_with_output().expect("the import ends")));
    let counts = both.each_ref().map(|ran| {
        assert_eq!(ran.code, Some(0), "{}", ran.err);
        Counts::of(&ran.json()[0])
    });
    assert!(counts.iter().all(|counts| counts.adds_up() && counts.stated == rows), "{counts:?}");
    let accepted: u64 = counts.iter().map(|counts| counts.accepted).sum();
    assert_eq!(accepted + counts[0].held, rows, "{counts:?}");
    assert_eq!(counts.iter().map(|counts| counts.changed).sum::<u64>(), 0, "{counts:?}");
    let report = program.verify();
    assert_eq!(report["items"], accepted);
    let found = program.run(&["--json", "search", "--limit", "1", "咨询"]);
    assert_eq!(found.json().as_array().map(Vec::len), Some(1), "{}", found.err);
}

#[tokio::test]
async fn two_imports_at_once_accept_each_row_once() {
    let program = Program::new();
    import_twice_at_once(&program, 1_200);
    let mut db = program.database().await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'finished'").await, 2);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM ledger WHERE kind = 'pull.interrupted'").await, 0);
}

#[tokio::test]
async fn two_imports_at_once_accept_each_row_once_on_a_server() {
    let Some(database) = TestDatabase::create().await else { return };
    import_twice_at_once(&Program::over(database.url()), 1_200);
}

/// A workbook whose sheet breaks off after some rows, inside sound containers.
fn broken_workbook(program: &Program, rows: usize) -> PathBuf {
    let header = BOARD_HEADER.trim_end().split(',').map(str::to_owned).collect();
    let row =
        |row| vec![format!("X{row}"), "网友".into(), "题目".into(), "2026-09-01 08:00:00".into(), format!("内容{row}")];
    let mut lines: Vec<Vec<String>> = vec![header];
    lines.extend((0..rows).map(row));
    let path = program.path("broken.xlsx");
    workbook::write(&path, &lines, "<row r=\"99999\"><c t=\"inlineStr\"><is><t>半</is></row></broken>");
    path
}

#[tokio::test]
async fn a_file_that_breaks_off_half_way_keeps_and_counts_what_came_before() {
    let program = Program::new();
    let file = broken_workbook(&program, 1_200);
    let imported = program.run(&["--json", "import", "--connector", "board", text(&file)]);
    assert_eq!(imported.code, Some(1), "{}", imported.err);
    assert!(imported.err.contains("broken.xlsx") && imported.err.contains("damaged"), "{}", imported.err);
    let counts = Counts::of(&imported.json()[0]);
    // A row is known to be complete when the next begins, and that is where the fault is.
    assert!(counts.adds_up() && counts.accepted == 1_199, "{counts:?}");
    let mut db = program.database().await;
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM item").await, 1_199);
    assert_eq!(number(&mut db, "SELECT COUNT(*) FROM pull WHERE stage = 'failed' AND accepted = 1199").await, 1);
    program.verify();
}

#[tokio::test]
async fn a_file_refused_in_a_list_does_not_keep_the_others_out() {
    let program = Program::new();
    let rows = "L1,甲,题目,2026-09-01 08:00:00,第一份文件的内容,,\n";
    let good = program.file("good.csv", format!("{BOARD_HEADER}{rows}"));
    let open_quote = program.file("open.csv", format!("{BOARD_HEADER}{rows}L2,乙,题目,2026-09-01,\"没有收尾,,\n"));
    let last = program.file("last.csv", format!("{BOARD_HEADER}{}", rows.replace("L1", "L3")));
    let files = [text(&good), text(&open_quote), text(&last)];
    let imported = program.run(&["--json", "import", "--connector", "board", files[0], files[1], files[2]]);
    assert_eq!(imported.code, Some(1));
    assert!(imported.err.contains("open.csv") && imported.err.contains("第 3 行"), "{}", imported.err);
    let counts: Vec<Counts> = imported.json().as_array().expect("an array").iter().map(Counts::of).collect();
    let accepted: Vec<u64> = counts.iter().map(|counts| counts.accepted).collect();
    assert_eq!(accepted, [1, 0, 1]);
    assert_eq!(number(&mut program.database().await, "SELECT COUNT(*) FROM item").await, 2);
    program.verify();
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let program = Program::new();
    let missing = program.path("missing.csv");
    let imported = program.run(&["--json", "import", "--connector", "board", text(&missing)]);
    assert_eq!(imported.code, Some(1));
    assert!(imported.err.contains("missing.csv") && imported.err.contains("请检查"), "{}", imported.err);
    let folder = program.run(&["import", "--connector", "board", text(&program.data())]);
    assert_eq!(folder.code, Some(1));
    assert!(folder.err.contains("读不了这个文件") || folder.err.contains("不是一个文件"), "{}", folder.err);
    program.verify();
}
