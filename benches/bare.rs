//! The bare engines: the same documents straight into tantivy, the same rows straight into SQLite.

use std::path::Path;
use std::time::Duration;

use huiyin::search::{BareIndex, SearchDoc};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous};
use sqlx::{Arguments as _, Connection as _, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};

use crate::report::{Spent, Watch};

/// Items of one transaction.
const PER_TRANSACTION: i64 = 1_000;

/// One value of a row.
#[derive(Debug, Clone)]
enum Cell {
    Null,
    Int(i64),
    Text(String),
}

/// Rows of one table.
struct Rows {
    table: &'static str,
    rows: Vec<Vec<Cell>>,
}

/// The most values of one statement.
const VALUES: usize = 1_024;

/// Writes every document with the engine's own writer, one after another, and commits once.
pub fn tantivy(dir: &Path, documents: Vec<SearchDoc>) -> anyhow::Result<Spent> {
    std::fs::create_dir_all(dir)?;
    let bare = BareIndex::create(dir)?;
    let mut writer = bare.writer()?;
    let watch = Watch::start();
    for document in documents {
        writer.add_document(bare.document(document))?;
    }
    writer.commit()?;
    Ok(watch.stop())
}

/// Writes all rows that an import has left in `filled` into an empty database of the same schema: prepared statements of
/// `at_once` rows (a power of two), a transaction a thousand items. Reading them does not count.
pub async fn sqlite(filled: &Path, fresh: &Path, at_once: usize) -> anyhow::Result<Spent> {
    let mut from = SqliteConnection::connect_with(&options(filled)).await?;
    // The program makes the tables: every migration, as it has them.
    huiyin::store::Store::open_file(fresh).await?.close().await;
    let mut to = SqliteConnection::connect_with(&options(fresh)).await?;
    let mut spent = Spent { wall: Duration::ZERO, processor: Duration::ZERO };
    let once = [("source", "SELECT * FROM source"), ("pull", "SELECT * FROM pull"), ("hold", "SELECT * FROM hold")];
    let mut first = Vec::new();
    for (table, select) in once {
        first.push(Rows { table, rows: read(&mut from, select, 0, 0).await? });
    }
    write(&mut to, first, at_once, &mut spent).await?;
    let items: i64 = sqlx::query_scalar("SELECT MAX(number) FROM item").fetch_one(&mut from).await?;
    let entries: i64 = sqlx::query_scalar("SELECT MAX(seq) FROM ledger").fetch_one(&mut from).await?;
    let transactions = (items + PER_TRANSACTION - 1) / PER_TRANSACTION;
    for turn in 0..transactions {
        let (after, until) = (turn * PER_TRANSACTION, (turn + 1) * PER_TRANSACTION);
        let (entries_after, entries_until) = (turn * entries / transactions, (turn + 1) * entries / transactions);
        let mut rows = Vec::new();
        for (table, select) in [
            (
                "message",
                "SELECT m.* FROM item JOIN message m ON m.id = item.message_id WHERE number > $1 AND number <= $2",
            ),
            (
                "message_version",
                "SELECT v.* FROM item JOIN message_version v ON v.message_id = item.message_id \
                 WHERE number > $1 AND number <= $2",
            ),
            ("item", "SELECT * FROM item WHERE number > $1 AND number <= $2 ORDER BY number"),
        ] {
            rows.push(Rows { table, rows: read(&mut from, select, after, until).await? });
        }
        let select = "SELECT * FROM ledger WHERE seq > $1 AND seq <= $2 ORDER BY seq";
        rows.push(Rows { table: "ledger", rows: read(&mut from, select, entries_after, entries_until).await? });
        write(&mut to, rows, at_once, &mut spent).await?;
    }
    to.close().await?;
    Ok(spent)
}

/// As the program opens its own.
pub fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .pragma("cache_size", "-65536")
        .pragma("mmap_size", "268435456")
        .pragma("wal_autocheckpoint", "8192")
        .statement_cache_capacity(256)
}

async fn read(
    connection: &mut SqliteConnection,
    select: &str,
    after: i64,
    until: i64,
) -> anyhow::Result<Vec<Vec<Cell>>> {
    let mut query = sqlx::query(sqlx::AssertSqlSafe(select.to_owned()));
    if select.contains("$1") {
        query = query.bind(after).bind(until);
    }
    let rows = query.fetch_all(connection).await?;
    rows.iter().map(|row| (0..row.len()).map(|column| cell(row, column)).collect()).collect()
}

fn cell(row: &SqliteRow, column: usize) -> anyhow::Result<Cell> {
    let value = row.try_get_raw(column)?;
    Ok(match value.type_info().name() {
        _ if value.is_null() => Cell::Null,
        "TEXT" => Cell::Text(row.try_get(column)?),
        _ => Cell::Int(row.try_get_unchecked(column)?),
    })
}

async fn write(
    connection: &mut SqliteConnection,
    tables: Vec<Rows>,
    at_once: usize,
    spent: &mut Spent,
) -> anyhow::Result<()> {
    let watch = Watch::start();
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for Rows { table, rows } in tables {
        let mut rest = rows.as_slice();
        while let Some(width) = rest.first().map(Vec::len) {
            // Powers of two, so that few statements are prepared.
            let size = at_once.min(VALUES / width).min(rest.len());
            let (now, later) = rest.split_at(1 << size.ilog2());
            rest = later;
            insert(&mut transaction, table, width, now).await?;
        }
    }
    transaction.commit().await?;
    let turn = watch.stop();
    spent.wall += turn.wall;
    spent.processor += turn.processor;
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    table: &str,
    width: usize,
    rows: &[Vec<Cell>],
) -> anyhow::Result<()> {
    let row = format!("({})", vec!["?"; width].join(", "));
    let text = format!("INSERT INTO {table} VALUES {}", vec![row.as_str(); rows.len()].join(", "));
    let mut arguments = SqliteArguments::default();
    for cell in rows.iter().flatten().cloned() {
        let added = match cell {
            Cell::Null => arguments.add(None::<String>),
            Cell::Int(number) => arguments.add(number),
            Cell::Text(text) => arguments.add(text),
        };
        added.map_err(anyhow::Error::from_boxed)?;
    }
    sqlx::query_with(sqlx::AssertSqlSafe(text), arguments).execute(connection).await?;
    Ok(())
}
