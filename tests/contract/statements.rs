//! Every statement the program can send is known, and both databases accept it.

use std::collections::BTreeSet;
use std::path::Path;

use huiyin::store::Store;
use huiyin::store::catalogue::statements;
use huiyin::store::db::Db;
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _};

use crate::support::source::{Source, files_below};
use crate::support::stores::{contract, plan};

/// Files whose SQL stands in no statement of its own: what puts statements together, and the list of them.
const LEFT_OUT: &[&str] = &["statement.rs", "db.rs", "catalogue.rs"];

/// What a statement starts with, or the part of it that follows the columns.
const STARTS: &[&str] = &["SELECT ", "FROM ", "UPDATE ", "INSERT ", "DELETE "];

/// Where the SQL of a source text stands: `module::NAME` of the constant or function around it, `insert table` of a batch.
fn sql_in(module: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut around = String::new();
    for line in text.lines().map(str::trim_start) {
        let words: Vec<&str> = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        if let Some(at) = words.iter().position(|word| *word == "fn" || *word == "const")
            && ["pub", "fn", "const", "async"].iter().any(|start| line.starts_with(start))
        {
            let name = words[at + 1..].iter().find(|word| !word.is_empty() && **word != "fn");
            around = name.map_or_else(String::new, |name| format!("{module}::{name}"));
        }
        // A function of this name puts a statement together, whatever its parts are.
        if around.ends_with("_statement") {
            found.insert(around.clone());
        }
        let line_alone = Source::parse(line);
        if line_alone.strings.iter().any(|literal| STARTS.iter().any(|start| literal.starts_with(start))) {
            found.insert(around.clone());
        }
        if line_alone.code.contains("Insert::new(") {
            found.insert(format!("insert {}", line_alone.strings.first().map_or("", String::as_str)));
        }
    }
    found
}

#[test]
fn the_catalogue_lists_every_statement() {
    let store = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store");
    let mut written = BTreeSet::new();
    for path in files_below(&store).unwrap() {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap();
        if !LEFT_OUT.contains(&name) {
            let module = name.trim_end_matches(".rs");
            written.append(&mut sql_in(module, &std::fs::read_to_string(&path).unwrap()));
        }
    }
    // The parts of a list's statement; the statements that hold them are in the catalogue.
    for part in ["item_list::OF_ITEM", "item_list::OF_PART_BY_ASKED", "item_list::OF_PART_BY_DUE"] {
        assert!(written.remove(part), "{part} is found");
    }
    let listed: BTreeSet<String> = statements().into_iter().map(|(name, _)| name.to_owned()).collect();
    assert_eq!(written, listed, "src/store/*.rs and src/store/catalogue.rs name different statements");
}

#[test]
fn sql_is_found_where_it_stands() {
    let text = r#"
        pub(super) const ONE: &str = "FROM a";
        const TWO: &str =
            "UPDATE a SET b = $1";
        pub async fn three(conn: &mut Conn<'_>) {
            let sql = "the row FROM somewhere is prose";
            let mut insert = Insert::new("a", COLUMNS);
            conn.all(Statement::new("SELECT 1", values![])).await
        }
    "#;
    let expected = ["insert a", "m::ONE", "m::TWO", "m::three"].map(str::to_owned);
    assert_eq!(sql_in("m", text), BTreeSet::from(expected));
}

async fn prepare(store: &Store, sql: &str) -> Result<(), sqlx::Error> {
    let sql = AssertSqlSafe(sql).into_sql_str();
    match store.db() {
        Db::Sqlite { write, .. } => write.acquire().await?.prepare(sql).await.map(drop),
        Db::Postgres(pool) => pool.acquire().await?.prepare(sql).await.map(drop),
    }
}

contract! {
    async fn every_statement_is_prepared(home: &Home) {
        for (name, statement) in statements() {
            let prepared = prepare(&home.store, statement.sql()).await;
            assert!(prepared.is_ok(), "{name}: {}: {prepared:?}", statement.sql());
            // Planning binds the values too, so that their types are proved; a batch's are by the round trips.
            if !name.starts_with("insert ") {
                assert!(!plan(&home.store, &statement).await.is_empty(), "{name}");
            }
        }
        assert!(prepare(&home.store, "SELECT nothing FROM item").await.is_err(), "a wrong statement is noticed");
    }
}
