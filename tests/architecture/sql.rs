//! Only `store` holds SQL, and what the two databases say differently stands in one file of it.

use std::path::Path;

use super::{assert_none, read, root, rust_files};
use crate::support::source::Source;

/// The one file that may ask which database it is talking to.
const DIALECT: &str = "src/store/db.rs";

/// How the code asks that: an arm for a variant of `Db`, `Reader`, `Writer`, `Conn` or `Cells`, or a driver's own type.
const FORKS: &[&str] = &["::Sqlite", "::Postgres", "sqlx::sqlite", "sqlx::postgres"];

/// How many places in that file have an arm for SQLite. A new one is a decision: raise the number and say why it cannot
/// be said alike in one SQL text.
const FORKS_IN_DIALECT: usize = 16;

/// Whether a string literal reads as an SQL statement, or as the beginning of one.
fn is_sql(literal: &str) -> bool {
    let words: Vec<String> = literal
        .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_uppercase)
        .collect();
    let has = |word: &str| words.iter().any(|other| other == word);
    match words.iter().map(String::as_str).take(2).collect::<Vec<_>>()[..] {
        ["INSERT", "INTO" | "OR"]
        | ["DELETE", "FROM"]
        | ["CREATE" | "ALTER" | "DROP", "TABLE" | "INDEX" | "UNIQUE" | "VIEW" | "TRIGGER"] => true,
        ["SELECT", _] => has("FROM"),
        ["UPDATE", _] => has("SET"),
        ["WITH", _] => has("SELECT"),
        _ => false,
    }
}

/// What a file outside `store` does that only `store` may.
fn sql_outside_store(text: &str) -> Vec<String> {
    let source = Source::parse(text);
    let mut findings: Vec<String> =
        source.strings.iter().filter(|literal| is_sql(literal)).map(|literal| format!("SQL: {literal:.60}")).collect();
    if source.code.contains("sqlx::") {
        findings.push("names sqlx".to_owned());
    }
    findings
}

fn in_store(path: &Path) -> bool {
    path.starts_with("src/store") || path == Path::new("src/store.rs")
}

#[test]
fn only_store_holds_sql() {
    let files = ["src", "domain/src", "intake/src"].into_iter().flat_map(rust_files);
    let findings: Vec<String> = files
        .filter(|(path, _)| !in_store(path))
        .flat_map(|(path, text)| {
            sql_outside_store(&text).into_iter().map(move |finding| format!("{}: {finding}", path.display()))
        })
        .collect();
    assert_none("only store holds SQL", &findings);
}

#[test]
fn statements_are_told_from_sentences() {
    for sql in [
        "SELECT id FROM item",
        "select count(*)\n from item",
        "INSERT INTO item VALUES (1)",
        "UPDATE item SET a = 1",
        "DELETE FROM item",
        "WITH a AS (SELECT 1) TABLE a",
        "CREATE UNIQUE INDEX i ON t (a)",
    ] {
        assert!(is_sql(sql), "{sql}");
    }
    for prose in ["select a unit", "update the index", "with the reason", "create an account", "", "删除"] {
        assert!(!is_sql(prose), "{prose}");
    }
    assert_eq!(sql_outside_store("let q = sqlx::query(\"SELECT a FROM b\");").len(), 2);
}

#[test]
fn dialect_forks_live_in_one_file() {
    let files = rust_files("src").into_iter().filter(|(path, _)| path != Path::new(DIALECT));
    let findings: Vec<String> = files
        .flat_map(|(path, text)| {
            let code = Source::parse(&text).code;
            let forks = FORKS.iter().filter(|fork| code.contains(*fork)).copied().collect::<Vec<_>>();
            forks.into_iter().map(move |fork| format!("{}: {fork}", path.display()))
        })
        .collect();
    assert_none(&format!("what the databases say differently stands in {DIALECT}"), &findings);

    let dialect = Source::parse(&read(&root().join(DIALECT))).code;
    let arms = |variant: &str| dialect.matches(variant).count();
    assert_eq!(arms("Self::Sqlite"), FORKS_IN_DIALECT, "the forks in {DIALECT}");
    assert_eq!(arms("Self::Postgres"), FORKS_IN_DIALECT, "every fork has both sides");
}
