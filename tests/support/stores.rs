//! A store on each database, and the macro that runs one test on both.

use huiyin::store::Store;
use huiyin::store::db::Db;
use huiyin::store::statement::{Cell as _, Cells, Record, Statement};
use huiyin::store::{StoreError, Tx};
use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use tempfile::TempDir;

use super::postgres::TestDatabase;

/// An empty store and what it lives in.
#[derive(Debug)]
pub struct Home {
    /// The store.
    pub store: Store,
    /// Where it is: a file's path or a server's address, to open it once more.
    pub place: Place,
}

/// What a store lives in; gone with this value.
#[derive(Debug)]
pub enum Place {
    /// A folder with the file `huiyin.db`.
    Folder(TempDir),
    /// A database of the test cluster.
    Server(Box<TestDatabase>),
}

impl Home {
    /// An embedded store in a folder of its own.
    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let store = Store::open_file(&folder.path().join("huiyin.db")).await.expect("an embedded store opens");
        Self { store, place: Place::Folder(folder) }
    }

    /// A store in a database of its own; none when there is no cluster.
    pub async fn on_postgres() -> Option<Self> {
        let database = TestDatabase::create().await?;
        let store = Store::open_server(database.url()).await.expect("a store on the server opens");
        Some(Self { store, place: Place::Server(Box::new(database)) })
    }

    /// The same database opened once more, as another process would.
    pub async fn open_again(&self) -> Store {
        match &self.place {
            Place::Folder(folder) => Store::open_file(&folder.path().join("huiyin.db")).await,
            Place::Server(database) => Store::open_server(database.url()).await,
        }
        .expect("the store opens a second time")
    }
}

/// Makes a test for each database out of one body. The PostgreSQL half needs a cluster (see [`super::postgres`]).
macro_rules! contract {
    ($(#[$doc:meta])* async fn $name:ident($home:ident: &Home) $body:block) => {
        $(#[$doc])*
        mod $name {
            use super::*;

            async fn check($home: &$crate::support::stores::Home) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let home = $crate::support::stores::Home::on_sqlite().await;
                check(&home).await;
                home.store.close().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let Some(home) = $crate::support::stores::Home::on_postgres().await else { return };
                check(&home).await;
                home.store.close().await;
            }
        }
    };
}
pub(crate) use contract;

/// Leave to write, as the program's own import has it.
pub fn permit() -> Permit {
    allowed(&Actor::System("test"), Action::ImportFile, &Object::None).expect("the program may import")
}

/// A writing transaction.
pub async fn begin(store: &Store) -> Tx {
    store.begin(&permit()).await.expect("a transaction begins")
}

/// Runs fixed text that is no statement of the store: `ANALYZE`, `VACUUM`.
pub async fn run_raw(store: &Store, sql: &'static str) {
    match store.db() {
        Db::Sqlite { write, .. } => sqlx::raw_sql(sql).execute(write).await.map(drop),
        Db::Postgres(pool) => sqlx::raw_sql(sql).execute(pool).await.map(drop),
    }
    .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A row of `N` texts.
#[derive(Debug)]
pub struct Texts<const N: usize>(pub [String; N]);

impl<const N: usize> Record for Texts<N> {
    const COLUMNS: &'static str = "";

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let mut texts = std::array::from_fn(|_| String::new());
        for (index, text) in texts.iter_mut().enumerate() {
            *text = String::read(cells, index)?;
        }
        Ok(Self(texts))
    }
}

struct PlanLine(String);

impl Record for PlanLine {
    const COLUMNS: &'static str = "";

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        // SQLite: id, parent, unused, detail. PostgreSQL: the line.
        let index = if matches!(cells, Cells::Sqlite(_)) { 3 } else { 0 };
        String::read(cells, index).map(Self)
    }
}

/// How the database would run the statement, a step a line.
pub async fn plan(store: &Store, statement: &Statement) -> String {
    let explain = store.db().explain(statement);
    let mut reader = store.read().await.expect("a reader");
    let lines: Vec<PlanLine> =
        reader.conn().all(explain).await.unwrap_or_else(|error| panic!("{}: {error:?}", statement.sql()));
    lines.into_iter().map(|line| line.0).collect::<Vec<_>>().join("\n")
}

/// Writes behind the program's back: no references are checked, nothing is in the ledger. Tells how many rows it met.
pub async fn behind(store: &Store, sql: &str) -> u64 {
    let checked = || AssertSqlSafe(sql.to_owned()).into_sql_str();
    match store.db() {
        Db::Sqlite { write, .. } => {
            let mut connection = write.acquire().await.expect("the writer");
            sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut *connection).await.expect("switched off");
            let done = sqlx::raw_sql(checked()).execute(&mut *connection).await.map(|done| done.rows_affected());
            sqlx::raw_sql("PRAGMA foreign_keys = ON").execute(&mut *connection).await.expect("switched on");
            done
        }
        Db::Postgres(pool) => {
            let mut connection = pool.acquire().await.expect("a connection");
            sqlx::raw_sql("SET session_replication_role = replica").execute(&mut *connection).await.expect("off");
            let done = sqlx::raw_sql(checked()).execute(&mut *connection).await.map(|done| done.rows_affected());
            sqlx::raw_sql("SET session_replication_role = DEFAULT").execute(&mut *connection).await.expect("on");
            done
        }
    }
    .unwrap_or_else(|error| panic!("{sql}: {error}"))
}
