//! `huiyin reconcile`: the day's account, for people and for programs; exit code 1 when something does not agree.

use serde_json::Value;

use crate::support::program::{Program, text};
use crate::support::world::BOARD_HEADER;

#[test]
fn a_day_is_told_and_a_loss_ends_with_one() {
    let program = Program::new();
    let rows = [1, 2, 3].map(|number| format!("R{number},甲,题目,2026-09-01 08:00:00,内容{number},,\n")).concat();
    let file = program.file("a.csv", format!("{BOARD_HEADER}{rows}"));
    assert_eq!(program.run(&["import", "--connector", "board", text(&file)]).code, Some(0));

    let ran = program.run(&["reconcile", "--day", "today"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("来件 3 · 对账 3/3 ✓") && ran.out.contains("应有 3 = 新收 3 + 未变 0"), "{}", ran.out);
    let ran = program.run(&["reconcile", "--day", "today", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).expect("one JSON value");
    assert_eq!((&value["ok"], &value["came"], &value["accounted"]), (&true.into(), &3.into(), &3.into()));
    let ran = program.run(&["reconcile", "--day", "2020-02-29"]);
    assert_eq!((ran.code, ran.out.contains("当日没有采集")), (Some(0), true), "{}", ran.out);

    let database = program.data().join("huiyin.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        use sqlx::ConnectOptions as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&database).foreign_keys(false);
        let mut hand = options.connect().await.expect("the database opens");
        let done = sqlx::query("DELETE FROM item WHERE number = 2").execute(&mut hand).await.expect("a row is deleted");
        assert_eq!(done.rows_affected(), 1);
    });
    let ran = program.run(&["reconcile", "--day", "today"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("对账 2/3 ✗") && ran.out.contains("第 2 件"), "{}", ran.out);
    let ran = program.run(&["reconcile", "--day", "today", "--json"]);
    let value: Value = serde_json::from_str(&ran.out).expect("one JSON value");
    let difference = &value["sources"][0]["differences"][0];
    assert_eq!((ran.code, &difference["code"], &difference["about"]), (Some(1), &"item_gone".into(), &"2".into()));

    let ran = program.run(&["reconcile", "--day", "2020-02-30"]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
}
