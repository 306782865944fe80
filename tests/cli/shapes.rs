//! What `--json` prints is an interface: these snapshots change only on purpose.

use insta::assert_json_snapshot;
use serde_json::Value;

use crate::support::program::{Program, text};
use crate::support::world::BOARD_HEADER;

const ROWS: &str = "\
J1,张三,咨询登记,2026-09-01 08:00:00,请问房屋登记要带什么材料,,\n\
J2,李四,坏日期,2026-02-31 25:61,这一行读不了,,\n";

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn import_and_search_print_the_documented_arrays() {
    let program = Program::new();
    let file = program.file("rows.csv", format!("{BOARD_HEADER}{ROWS}"));
    let imported = program.run(&["--json", "import", "--connector", "board", text(&file)]).json();
    assert_eq!(keys(&imported[0]), ["accepted", "changed", "file", "held", "rejected", "stated", "unchanged"]);
    assert_eq!(imported[0]["file"], text(&file));
    assert_json_snapshot!("import", imported, { "[].file" => "[file]" });

    let found = program.run(&["--json", "search", "--limit", "5", "登记"]).json();
    assert_eq!(keys(&found[0]), ["id", "score", "snippet", "source", "stage", "title"]);
    let id = found[0]["id"].as_str().expect("an id");
    assert!(found[0]["score"].as_f64().expect("a number") > 0.0);
    assert_json_snapshot!("search", found, { "[].id" => "[id]", "[].score" => "[score]" });
    assert_eq!(program.run(&["--json", "search", "没有这个词"]).json(), Value::Array(Vec::new()));

    // The id and the number lead to the same item.
    let by_id = program.run(&["--json", "item", "show", id]);
    assert_eq!(by_id.code, Some(0), "{}", by_id.err);
    assert_eq!(by_id.json(), program.run(&["--json", "item", "show", "1"]).json());
}

#[test]
fn deadline_explain_prints_the_documented_object() {
    let arguments = ["--json", "deadline", "explain", "--from", "2024-09-30", "--limit", "5WD"];
    let explained = Program::new().run(&arguments).json();
    assert_eq!(keys(&explained), ["counted", "due", "due_raw", "provisional"]);
    assert!(explained["counted"].as_array().expect("days").iter().all(|day| keys(day) == ["counts", "date", "why"]));
    assert_json_snapshot!("deadline_explain", explained);
}

#[test]
fn json_is_one_value_and_nothing_else_on_standard_output() {
    let program = Program::new();
    let file = program.file("rows.csv", format!("{BOARD_HEADER}{ROWS}"));
    let sample = program.path("sample.csv");
    let commands: &[&[&str]] = &[
        &["import", "--connector", "board", text(&file), text(&file)],
        &["search", "登记"],
        &["search", "rebuild"],
        &["item", "show", "1"],
        &["ledger", "verify"],
        &["connector", "list"],
        &["sample", "--items", "10", "--out", text(&sample)],
    ];
    for arguments in commands {
        let ran = program.run(&[&["--json"], *arguments].concat());
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.err);
        // Reading fails on anything after the value.
        ran.json();
        assert!(ran.out.ends_with('\n'), "{arguments:?}");
    }
}
