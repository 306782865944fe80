//! The two databases: how they are opened, how a statement runs on either, and the few places where they differ.
//!
//! Every fork between the dialects is in this file; `tests/architecture/sql.rs` counts them.

use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::future::join;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgArguments, PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{
    Arguments, AssertSqlSafe, Database, Executor, IntoArguments, PgConnection, PgPool, Postgres, Row, SqlSafeStr,
    SqlStr, Sqlite, SqliteConnection, SqlitePool, Transaction,
};

use super::StoreError;
use super::statement::{Number, Places, Record, Statement, Value};

/// The migrations of each database: same numbers, same names.
const MIGRATIONS: &[(i64, &str, &str, &str)] = &[
    (
        1,
        "foundation",
        include_str!("../../migrations/sqlite/0001_foundation.sql"),
        include_str!("../../migrations/postgres/0001_foundation.sql"),
    ),
    (
        2,
        "accounts",
        include_str!("../../migrations/sqlite/0002_accounts.sql"),
        include_str!("../../migrations/postgres/0002_accounts.sql"),
    ),
    (
        3,
        "desk",
        include_str!("../../migrations/sqlite/0003_desk.sql"),
        include_str!("../../migrations/postgres/0003_desk.sql"),
    ),
    (
        4,
        "imports",
        include_str!("../../migrations/sqlite/0004_imports.sql"),
        include_str!("../../migrations/postgres/0004_imports.sql"),
    ),
    (
        5,
        "session_origin",
        include_str!("../../migrations/sqlite/0005_session_origin.sql"),
        include_str!("../../migrations/postgres/0005_session_origin.sql"),
    ),
    (
        6,
        "channels",
        include_str!("../../migrations/sqlite/0006_channels.sql"),
        include_str!("../../migrations/postgres/0006_channels.sql"),
    ),
    (
        7,
        "doors",
        include_str!("../../migrations/sqlite/0007_doors.sql"),
        include_str!("../../migrations/postgres/0007_doors.sql"),
    ),
    (
        8,
        "attachments",
        include_str!("../../migrations/sqlite/0008_attachments.sql"),
        include_str!("../../migrations/postgres/0008_attachments.sql"),
    ),
    (
        9,
        "payloads",
        include_str!("../../migrations/sqlite/0009_payloads.sql"),
        include_str!("../../migrations/postgres/0009_payloads.sql"),
    ),
    (
        10,
        "unit_due",
        include_str!("../../migrations/sqlite/0010_unit_due.sql"),
        include_str!("../../migrations/postgres/0010_unit_due.sql"),
    ),
];

/// How long a caller waits for a connection or for SQLite's write lock.
const PATIENCE: Duration = Duration::from_secs(30);
/// Readers of an embedded database. Two cores serve no more at once.
const SQLITE_READERS: u32 = 4;
/// Connections to a PostgreSQL server.
const POSTGRES_CONNECTIONS: u32 = 16;

/// Values of a statement from which on SQLite is not told the names of their places; see [`Conn::places`].
const MANY_VALUES: usize = 16;

/// Statements run by this process.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

/// How many statements this process has run: for tests that hold an operation to its budget.
pub fn statements_run() -> u64 {
    STATEMENTS.load(Ordering::Relaxed)
}

/// A database that is open.
#[derive(Debug, Clone)]
pub enum Db {
    /// Embedded: one writer, several readers, write-ahead log.
    Sqlite {
        /// The pool with the one writing connection.
        write: SqlitePool,
        /// The reading connections.
        read: SqlitePool,
    },
    /// A server.
    Postgres(PgPool),
}

/// A connection borrowed for reading.
#[derive(Debug)]
pub enum Reader {
    /// From the reading pool.
    Sqlite(PoolConnection<Sqlite>),
    /// From the one pool.
    Postgres(PoolConnection<Postgres>),
}

/// An open writing transaction; dropped without commit, it is rolled back.
#[derive(Debug)]
pub enum Writer {
    /// `BEGIN IMMEDIATE` on the one writing connection.
    Sqlite(Transaction<'static, Sqlite>),
    /// `BEGIN`, read committed.
    Postgres(Transaction<'static, Postgres>),
}

/// A connection that sees the database as it was at its first reading, whatever is written meanwhile.
#[derive(Debug)]
pub struct Snapshot(Writer);

impl Snapshot {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        self.0.conn()
    }
}

/// A row of either database.
#[derive(Debug)]
pub enum Cells<'r> {
    /// From SQLite.
    Sqlite(&'r sqlx::sqlite::SqliteRow),
    /// From PostgreSQL.
    Postgres(&'r sqlx::postgres::PgRow),
}

/// What a statement runs on.
#[derive(Debug)]
pub enum Conn<'c> {
    /// A connection to SQLite.
    Sqlite(&'c mut SqliteConnection),
    /// A connection to PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Db {
    /// Opens (and makes, where it is missing) an embedded database file.
    pub async fn open_sqlite(path: &Path) -> Result<Self, StoreError> {
        // FULL: a deadline or an audit row that was acknowledged survives a power cut.
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(PATIENCE)
            .pragma("cache_size", "-65536")
            .pragma("mmap_size", "268435456")
            // 32 MiB of log before it is folded in: an import touches the same index pages again and again.
            .pragma("wal_autocheckpoint", "8192")
            .statement_cache_capacity(256);
        // A connection inside the process cannot go away: asking it before each use whether it is there costs as much as a
        // small statement.
        let write = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .max_connections(1)
            .acquire_timeout(PATIENCE)
            .connect_with(options.clone())
            .await
            .map_err(StoreError::Open)?;
        let read = SqlitePoolOptions::new()
            .test_before_acquire(false)
            .max_connections(SQLITE_READERS)
            .acquire_timeout(PATIENCE)
            .connect_with(options.read_only(true).create_if_missing(false))
            .await
            .map_err(StoreError::Open)?;
        Ok(Self::Sqlite { write, read })
    }

    /// Connects to a PostgreSQL server (`postgres://user@host/database`).
    pub async fn open_postgres(url: &str) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(StoreError::Open)?.statement_cache_capacity(256);
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .acquire_timeout(PATIENCE)
            .max_lifetime(Duration::from_mins(30))
            .connect_with(options)
            .await
            .map_err(StoreError::Open)?;
        Ok(Self::Postgres(pool))
    }

    /// Whether it is a file of this machine's own.
    pub const fn is_embedded(&self) -> bool {
        match self {
            Self::Sqlite { .. } => true,
            Self::Postgres(_) => false,
        }
    }

    /// Brings the schema up to date. Safe to call at every start.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let migrations = MIGRATIONS.iter().map(|&(number, name, sqlite, postgres)| {
            let text = match self {
                Self::Sqlite { .. } => sqlite,
                Self::Postgres(_) => postgres,
            };
            Migration::new(number, name.into(), MigrationType::Simple, text.into_sql_str(), false)
        });
        let migrator = Migrator::with_migrations(migrations.collect());
        match self {
            Self::Sqlite { write, .. } => migrator.run(write).await,
            Self::Postgres(pool) => migrator.run(pool).await,
        }
        .map_err(StoreError::Migrate)
    }

    /// Borrows a connection for reading.
    ///
    /// Waiting for one is boxed: its future holds all of connecting to a server, and would be part of every future that
    /// reads, up to each field of an answer.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        match self {
            Self::Sqlite { read, .. } => match read.try_acquire() {
                Some(connection) => Ok(Reader::Sqlite(connection)),
                None => Box::pin(read.acquire()).await.map(Reader::Sqlite),
            },
            Self::Postgres(pool) => Box::pin(pool.acquire()).await.map(Reader::Postgres),
        }
        .map_err(StoreError::Database)
    }

    /// Opens a reading transaction.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        match self {
            Self::Sqlite { read, .. } => Box::pin(read.begin()).await.map(Writer::Sqlite),
            Self::Postgres(pool) => {
                let begin = pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY");
                Box::pin(begin).await.map(Writer::Postgres)
            }
        }
        .map(Snapshot)
        .map_err(StoreError::Database)
    }

    /// Opens a writing transaction.
    pub(super) async fn write(&self) -> Result<Writer, StoreError> {
        match self {
            // Without IMMEDIATE a reader that turns writer is refused in spite of the busy timeout.
            Self::Sqlite { write, .. } => Box::pin(write.begin_with("BEGIN IMMEDIATE")).await.map(Writer::Sqlite),
            Self::Postgres(pool) => Box::pin(pool.begin()).await.map(Writer::Postgres),
        }
        .map_err(StoreError::Database)
    }

    /// The statement that asks this database for the plan of another one, with the same values.
    pub fn explain(&self, statement: &Statement) -> Statement {
        let words = match self {
            Self::Sqlite { .. } => "EXPLAIN QUERY PLAN",
            Self::Postgres(_) => "EXPLAIN",
        };
        Statement::assembled(format!("{words} {}", statement.sql()), statement.values.clone())
    }

    /// Closes all connections; the write-ahead log is folded in.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { write, read } => {
                read.close().await;
                write.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

impl Cells<'_> {
    /// Reads the column at `index` (from zero).
    pub(super) fn get<T>(&self, index: usize) -> Result<T, StoreError>
    where
        T: for<'r> sqlx::Decode<'r, Sqlite> + sqlx::Type<Sqlite>,
        T: for<'r> sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        match self {
            Self::Sqlite(row) => row.try_get(index),
            Self::Postgres(row) => row.try_get(index),
        }
        .map_err(StoreError::Database)
    }
}

impl Reader {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(connection) => Conn::Sqlite(connection),
            Self::Postgres(connection) => Conn::Postgres(connection),
        }
    }
}

impl Writer {
    /// The connection.
    pub fn conn(&mut self) -> Conn<'_> {
        match self {
            Self::Sqlite(transaction) => Conn::Sqlite(transaction),
            Self::Postgres(transaction) => Conn::Postgres(transaction),
        }
    }

    /// Makes everything durable.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await,
            Self::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(StoreError::Database)
    }
}

impl Conn<'_> {
    /// How long statements mark their places. SQLite looks every name up in a list of all of them, so that binding took
    /// the square of their number and, at 2,000, half of the writer's work; without names there is nothing to look up.
    pub(super) const fn places(&self) -> Places {
        match self {
            Self::Sqlite(_) => Places::Plain,
            Self::Postgres(_) => Places::Numbered,
        }
    }

    /// Runs a statement; tells how many rows it touched.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, StoreError> {
        self.execute_all(std::iter::once(statement)).await
    }

    /// Runs statements one after the other; tells how many rows they touched. While the database works on one, the next is
    /// put together and bound.
    pub(super) async fn execute_all(
        &mut self,
        statements: impl Iterator<Item = Statement> + Send,
    ) -> Result<u64, StoreError> {
        match self {
            Self::Sqlite(connection) => {
                run_all::<SqliteArguments>(connection, statements, |done| done.rows_affected()).await
            }
            Self::Postgres(connection) => {
                run_all::<PgArguments>(connection, statements, |done| done.rows_affected()).await
            }
        }
    }

    /// All rows.
    pub async fn all<T: Record>(&mut self, statement: Statement) -> Result<Vec<T>, StoreError> {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
        let Statement { sql, values } = statement;
        match self {
            Self::Sqlite(connection) => {
                let sql = if values.len() > MANY_VALUES { unnamed(sql) } else { sql };
                let query = sqlx::query_with(sql, bind::<SqliteArguments>(values)?);
                let rows = query.fetch_all(&mut **connection).await.map_err(StoreError::Database)?;
                rows.iter().map(|row| T::read(&Cells::Sqlite(row))).collect()
            }
            Self::Postgres(connection) => {
                let query = sqlx::query_with(sql, bind::<PgArguments>(values)?);
                let rows = query.fetch_all(&mut **connection).await.map_err(StoreError::Database)?;
                rows.iter().map(|row| T::read(&Cells::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if there is one.
    pub async fn optional<T: Record>(&mut self, statement: Statement) -> Result<Option<T>, StoreError> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    /// One number, zero where no row came back.
    pub async fn number(&mut self, statement: Statement) -> Result<i64, StoreError> {
        Ok(self.optional::<Number>(statement).await?.map_or(0, |row| row.value))
    }
}

async fn run_all<A>(
    connection: &mut <A::Database as Database>::Connection,
    mut statements: impl Iterator<Item = Statement> + Send,
    rows_affected: fn(<A::Database as Database>::QueryResult) -> u64,
) -> Result<u64, StoreError>
where
    A: Arguments + IntoArguments<A::Database>,
    String: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    i64: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    bool: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    Option<String>: for<'t> sqlx::Encode<'t, A::Database>,
    Option<i64>: for<'t> sqlx::Encode<'t, A::Database>,
    for<'c> &'c mut <A::Database as Database>::Connection: Executor<'c, Database = A::Database>,
{
    let mut bind_next = || -> Result<Option<(SqlStr, A)>, StoreError> {
        statements.next().map(|Statement { sql, values }| Ok((sql, bind(values)?))).transpose()
    };
    let mut touched = 0;
    let mut next = bind_next()?;
    while let Some((sql, values)) = next {
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
        // The first of the two is asked first: the database has its work before the next statement is made.
        let (done, following) =
            join(sqlx::query_with(sql, values).execute(&mut *connection), async { bind_next() }).await;
        touched += rows_affected(done.map_err(StoreError::Database)?);
        next = following?;
    }
    Ok(touched)
}

/// Binds all values, in order.
fn bind<A>(values: Vec<Value>) -> Result<A, StoreError>
where
    A: Arguments,
    String: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    i64: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    bool: for<'t> sqlx::Encode<'t, A::Database> + sqlx::Type<A::Database>,
    Option<String>: for<'t> sqlx::Encode<'t, A::Database>,
    Option<i64>: for<'t> sqlx::Encode<'t, A::Database>,
{
    let mut arguments = A::default();
    for value in values {
        // PostgreSQL has no text with U+0000 and SQLite cuts it in places; what is refused by one is refused by both.
        if value.as_text().is_some_and(holds_nul) {
            return Err(StoreError::Database(sqlx::Error::Encode("the text holds U+0000".into())));
        }
        match value {
            Value::Text(text) => arguments.add(text),
            Value::MaybeText(text) => arguments.add(text),
            Value::Int(number) => arguments.add(number),
            Value::MaybeInt(number) => arguments.add(number),
            Value::Flag(flag) => arguments.add(flag),
        }
        .map_err(|source| StoreError::Database(sqlx::Error::Encode(source)))?;
    }
    Ok(arguments)
}

/// The same statement with its places unnamed, if they are named in their order, each once; otherwise as it is.
fn unnamed(sql: SqlStr) -> SqlStr {
    let mut text = String::with_capacity(sql.as_str().len());
    let mut pieces = sql.as_str().split('$');
    text.push_str(pieces.next().unwrap_or_default());
    for (place, piece) in (1..).zip(pieces) {
        let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = piece.split_at(digits);
        if number.parse() != Ok(place) {
            return sql;
        }
        text.push('?');
        text.push_str(rest);
    }
    AssertSqlSafe(text).into_sql_str()
}

/// Whether a text holds U+0000. Every byte is looked at, which takes many at once: a search that stops at the first looks
/// at them one by one, and there is none.
fn holds_nul(text: &str) -> bool {
    text.bytes().min() == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_places_in_their_order_lose_their_names() {
        let text = |sql: &'static str| unnamed(sql.into_sql_str()).as_str().to_owned();
        assert_eq!(text("a = $1 AND b IN ($2, $3) LIMIT $4"), "a = ? AND b IN (?, ?) LIMIT ?");
        for other in ["a = $1 AND b = $1", "a = $2 AND b = $1", "a = '$'", "a = 1"] {
            assert_eq!(text(other), other);
        }
    }
}
