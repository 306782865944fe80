//! `huiyin connector …`: a connector of one's own, from the copy to the first look at the site.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::program::{Program, text};

/// A site that shows the list of the shipped `consult-igi`, page by page; ends with the process.
fn site() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = listener.local_addr().expect("it has an address").to_string();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    address
}

fn answer(mut stream: TcpStream) {
    let mut lines = BufReader::new(stream.try_clone().expect("a second handle")).lines().map_while(Result::ok);
    let asked = lines.next().unwrap_or_default();
    // The rest of the head is read, so that nothing is left in the socket when it is closed.
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("connectors/consult-igi/fixtures");
    let page = asked.split_once("pageIndex=").and_then(|(_, rest)| rest.chars().next());
    let body = page.and_then(|page| std::fs::read(fixtures.join(format!("list-{page}.json"))).ok());
    let status = if body.is_some() { "200 OK" } else { "404 Not Found" };
    let body = body.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/html; charset=UTF-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    // A client that went away has what it wanted.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}

/// A copy of `from` among the program's own connectors.
fn begin(program: &Program, id: &str, from: &str) -> PathBuf {
    let ran = program.run(&["--json", "connector", "new", id, "--from", from]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let dir = PathBuf::from(ran.json()["dir"].as_str().expect("a folder"));
    assert_eq!(dir, program.data().join("connectors").join(id));
    dir
}

fn change(dir: &Path, changes: &[(&str, &str)]) {
    let file = dir.join("connector.toml");
    let mut description = std::fs::read_to_string(&file).expect("it is there");
    for (from, to) in changes {
        assert!(description.contains(from), "{from}");
        description = description.replacen(from, to, 1);
    }
    std::fs::write(&file, description).expect("it is written");
}

#[test]
fn a_site_is_looked_at_and_nothing_is_written() {
    let program = Program::new();
    let dir = begin(&program, "consult-city", "consult-igi");
    let host = site();
    change(
        &dir,
        &[
            ("base = \"https://www.example.gov.cn/\"", &format!("base = \"http://{host}/\"\nprivate = [\"{host}\"]")),
            ("pace = \"2s\"", "pace = \"1ms\""),
        ],
    );
    let ran = program.run(&["--json", "connector", "run", "consult-city", "--sweep", "--rows", "3"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let run = ran.json();
    assert_eq!((run["records"].clone(), run["held"].clone()), (json!(12), json!(1)));
    assert_eq!(run["coverage"]["met"], 13);
    assert_eq!(run["coverage"]["complete"], true);
    assert_eq!(run["rows"].as_array().expect("rows").len(), 3);
    assert_eq!(run["signs"]["date_unreadable"], 1);
    let column = |name: &str| {
        let columns = run["columns"].as_array().expect("columns");
        columns.iter().find(|column| column["name"] == name).unwrap_or_else(|| panic!("{name}: {columns:?}")).clone()
    };
    assert_eq!(column("CONTENT"), json!({ "name": "CONTENT", "field": "body", "rows": 13 }));
    assert_eq!(column("PUBLISHURL")["field"], Value::Null);

    // For people: the same rows, and what is wrong with one.
    let ran = program.run(&["connector", "run", text(&dir), "--sweep"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for words in ["见到 13 条", "可以收 12 行，待修复 1 行", "SUBMITTIME", "待修复", "什么都没有写入"]
    {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    let ran = program.run(&["--json", "connector", "run", "consult-city", "--pages", "1"]);
    assert_eq!(ran.json()["coverage"]["pages"], 1, "{}", ran.err);
    // Neither a database nor an index was made.
    let made: Vec<_> = std::fs::read_dir(program.data()).expect("the folder").flatten().collect();
    assert_eq!(made.len(), 1, "{made:?}");

    // Not by a name that the connector does not allow, whatever it leads to.
    change(&dir, &[(&format!("private = [\"{host}\"]"), "")]);
    let ran = program.run(&["connector", "run", "consult-city"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("中断"), "{}", ran.out);
}

#[test]
fn a_copy_is_checked_run_on_its_fixtures_and_listed() {
    let program = Program::new();
    let dir = begin(&program, "mailbox-city", "mailbox-vsb");
    let ran = program.run(&["connector", "check", text(&dir)]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("mailbox-city：") && ran.out.contains("与预期一致"), "{}", ran.out);

    let run = program.run(&["--json", "connector", "run", "mailbox-city", "--fixtures", "--sweep"]).json();
    assert_eq!((run["coverage"]["claimed"].clone(), run["coverage"]["met"].clone()), (json!(12), json!(12)));

    let listed = program.run(&["--json", "connector", "list"]).json();
    let one = |id: &str| listed.as_array().expect("a list").iter().find(|known| known["id"] == id).cloned();
    assert_eq!(one("mailbox-city").expect("it is listed")["own"], true);
    let shipped = one("mailbox-vsb").expect("it is listed");
    assert_eq!((&shipped["own"], &shipped["kind"]), (&json!(false), &json!("html")));

    // What comes out now is what is expected, once somebody says so.
    change(&dir, &[("holding = [\"已收悉\"", "holding = [\"请耐心等待\"")]);
    let ran = program.run(&["connector", "check", text(&dir)]);
    assert_eq!(ran.code, Some(0), "the same row is a holding reply by another word: {}", ran.err);
    change(&dir, &[("aliases = [\"来信人\", ", "aliases = [")]);
    assert_eq!(program.run(&["connector", "check", text(&dir)]).code, Some(1));
    assert_eq!(program.run(&["connector", "check", "--bless", text(&dir)]).code, Some(0));
    assert_eq!(program.run(&["connector", "check", text(&dir)]).code, Some(0));
}

#[test]
fn files_are_looked_at_and_imported_by_a_connector_of_ones_own() {
    let program = Program::new();
    let dir = begin(&program, "survey-city", "survey-export");
    change(&dir, &[("aliases = [\"意见和建议\"", "aliases = [\"您想说的话\"")]);
    let file = program
        .file("a.csv", "答卷编号,提交时间,总体满意度,您想说的话\n1,2026-09-01,满意,窗口多开几个\n2,昨天,满意,\n");
    let ran = program.run(&["connector", "run", "survey-city", text(&file)]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for words in ["可以收 1 行，待修复 1 行", "您想说的话 → body", "“昨天”"] {
        assert!(ran.out.contains(words), "{words}: {}", ran.out);
    }
    assert_eq!(program.run(&["connector", "run", "survey-city"]).code, Some(1), "a file is needed");
    let counts = program.import("survey-city", &file);
    assert_eq!((counts.accepted, counts.held), (1, 1));
}

#[test]
fn what_cannot_be_done_says_what_to_do() {
    let program = Program::new();
    let dir = begin(&program, "own", "board");
    let cases: &[(&[&str], &[&str])] = &[
        (&["connector", "new", "Own", "--from", "board"], &["小写"]),
        (&["connector", "new", "other", "--from", "nowhere"], &["nowhere", "mailbox-vsb"]),
        (&["connector", "new", "own", "--from", "board"], &[text(&dir), "没有改动"]),
        (&["connector", "run", "nowhere"], &["nowhere", "own", "mailbox-vsb"]),
        (&["connector", "run", "mailbox-vsb", "--fixtures"], &["connector new"]),
        (&["connector", "run", "hotline-push"], &["推送"]),
        (&["import", "--connector", "mailbox-vsb", "x.csv"], &["不是读文件的"]),
    ];
    for (arguments, words) in cases {
        let ran = program.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.out);
        assert!(words.iter().all(|word| ran.err.contains(word)), "{arguments:?}: {}", ran.err);
    }
    // A folder under another name would give its messages to another source.
    std::fs::rename(&dir, dir.with_file_name("renamed")).expect("it is renamed");
    let ran = program.run(&["connector", "list"]);
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.err.contains("named after"), "{}", ran.err);
}

#[test]
fn the_schema_is_printed() {
    let printed = Program::new().run(&["connector", "schema"]);
    assert_eq!(printed.json()["properties"]["id"]["type"], "string", "{}", printed.err);
}
