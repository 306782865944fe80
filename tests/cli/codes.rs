//! Exit codes 0, 1 and 2, and messages that say what to do.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::Stdio;

use crate::support::program::{Program, ran, text};
use crate::support::world::BOARD_HEADER;

#[test]
fn what_cannot_be_done_ends_with_one_and_says_what_to_do() {
    let program = Program::new();
    let file = program.file("a.csv", format!("{BOARD_HEADER}C1,甲,题目,2026-09-01,内容,,\n"));
    let cases: &[(&[&str], &[&str])] = &[
        (&["import", "--connector", "nowhere", text(&file)], &["nowhere", "board", "hotline-city", "mailbox"]),
        (&["item", "show", "999999"], &["999999", "huiyin search"]),
        (&["item", "show", "01980000-0000-7000-8000-000000000001"], &["01980000", "huiyin search"]),
        (&["--database", "postgres://nobody@127.0.0.1:1/none", "ledger", "verify"], &["PostgreSQL", "请检查"]),
    ];
    for (arguments, words) in cases {
        let ran = program.run(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
        assert!(words.iter().all(|word| ran.err.contains(word)), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.contains("panicked"), "{}", ran.err);
    }
    let open = ran(program.command(&["item", "show", "not-an-id"]).output().expect("the program starts"));
    assert_eq!(open.code, Some(1));
}

#[test]
fn what_is_not_understood_ends_with_two() {
    let program = Program::new();
    let cases: &[&[&str]] = &[
        &["--nonsense"],
        &["import"],
        &["import", "--connector", "board"],
        &["search", "--limit", "0", "词"],
        &["search", "--limit", "many", "词"],
        &["deadline", "explain", "--from", "2024-13-01", "--limit", "5WD"],
        &["deadline", "explain", "--from", "2024-09-30", "--limit", "5XX"],
        &["ledger", "verify", "--root", "7:zz"],
        &["unknown"],
        &[],
    ];
    for arguments in cases {
        let ran = program.run(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}: {}", ran.err);
        assert!(ran.out.is_empty() && !ran.err.is_empty(), "{arguments:?}");
    }
    assert!(!program.data().try_exists().expect("the disk answers"), "nothing was done");
    for arguments in [&["--help"][..], &["--version"], &["search", "--help"]] {
        let ran = program.run(arguments);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{arguments:?}");
    }
    assert!(program.run(&["search", "--help"]).out.contains("huiyin search -- rebuild"));
}

#[test]
fn both_readmes_tell_every_setting_of_the_server() {
    let help = Program::new().run(&["serve", "--help"]).out;
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let words = || help.split(|c: char| !is_name(c)).filter(|word| !matches!(*word, "--help" | "--json" | "--version"));
    let options = words().filter(|word| word.starts_with("--") && word.len() > 2);
    let settings: BTreeSet<&str> = options.chain(words().filter(|word| word.starts_with("HUIYIN_"))).collect();
    assert!(settings.contains("--oidc-issuer") && settings.contains("HUIYIN_DATA"), "{settings:?}");
    for readme in [include_str!("../../README.md"), include_str!("../../README.zh-CN.md")] {
        let missing: Vec<_> = settings.iter().filter(|name| !readme.contains(&format!("`{name}`"))).collect();
        assert!(missing.is_empty(), "not in a readme: {missing:?}");
    }
}

#[test]
fn a_data_directory_that_cannot_be_used_is_named() {
    let program = Program::new();
    let file = program.file("file", "not a folder");
    let ran = program.run(&["--data", text(&file), "search", "词"]);
    assert_eq!(ran.code, Some(2), "given twice is not understood");
    for at in ["", "/below"] {
        let data = format!("{}{at}", text(&file));
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_huiyin"));
        let ran = self::ran(command.args(["--data", &data, "search", "词"]).output().expect("the program starts"));
        assert_eq!(ran.code, Some(1), "{}", ran.err);
        assert!(ran.err.contains(&data) && ran.err.contains("请检查"), "{}", ran.err);
    }
    // A database that is none.
    std::fs::create_dir_all(program.data()).expect("a folder is made");
    std::fs::write(program.data().join("huiyin.db"), "this is no database, and it is long enough to be read as one")
        .expect("a file is written");
    let ran = program.run(&["ledger", "verify"]);
    assert_eq!(ran.code, Some(1), "{}", ran.err);
    assert!(ran.err.contains("huiyin.db") && ran.err.contains("请检查"), "{}", ran.err);
}

#[test]
fn the_word_rebuild_can_be_searched_for() {
    let program = Program::new();
    let rows = "W1,甲,please rebuild the road,2026-09-01 08:00:00,the road is broken,,\n";
    let file = program.file("a.csv", format!("{BOARD_HEADER}{rows}"));
    program.import("board", &file);
    for arguments in [&["--json", "search", "--", "rebuild"][..], &["--json", "search", "\"rebuild\""]] {
        assert_eq!(program.run(arguments).json().as_array().map(Vec::len), Some(1), "{arguments:?}");
    }
    assert_eq!(program.run(&["--json", "search", "rebuild"]).json()["items"], 1);
    assert_eq!(program.run(&["--json", "search", "help"]).json().as_array().map(Vec::len), Some(0));
    assert_eq!(program.run(&["search", "-rebuild"]).code, Some(0), "an exclusion is no option");
}

#[test]
fn a_reader_that_goes_away_ends_the_command_quietly() {
    let program = Program::new();
    let arguments = ["--json", "deadline", "explain", "--from", "2018-01-02", "--limit", "2000WD"];
    let mut child = program.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
    let mut first = [0; 1];
    child.stdout.take().expect("its output").read_exact(&mut first).expect("it prints");
    // The pipe is closed here, with more than it holds still to come.
    let ended = ran(child.wait_with_output().expect("it ends"));
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), ""));
}
