//! A PostgreSQL database for one test.
//!
//! `scripts/with-postgres` starts a throwaway cluster and names it in `TEST_DATABASE_URL`. Every test makes a database
//! of its own there, so tests run side by side and see nothing of each other. Without the variable the PostgreSQL half
//! of the suite is left out, which `CI=true` makes a failure.

use std::env;

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

/// The administrator's address of the test cluster; none when there is no cluster, said in one line on standard error.
///
/// # Panics
///
/// With `CI=true` and no cluster: there, what cannot run has failed.
pub fn postgres_url() -> Option<String> {
    let url = env::var("TEST_DATABASE_URL").ok().filter(|url| !url.is_empty());
    if url.is_none() {
        assert!(env::var("CI").as_deref() != Ok("true"), "TEST_DATABASE_URL is not set: run scripts/test");
        eprintln!("NOT RUN: the PostgreSQL half of this test (scripts/with-postgres gives it a cluster)");
    }
    url
}

/// An empty database of one test's own, dropped with this value.
#[derive(Debug)]
pub struct TestDatabase {
    admin: PgConnectOptions,
    name: String,
    url: String,
}

impl TestDatabase {
    /// Makes the database; none when there is no cluster (see [`postgres_url`]).
    pub async fn create() -> Option<Self> {
        Self::create_with("").await
    }

    /// Makes a database whose text sorts as in this ICU locale, where a column does not say otherwise.
    pub async fn create_sorted_as(locale: &str) -> Option<Self> {
        Self::create_with(&format!("LOCALE_PROVIDER icu ICU_LOCALE '{locale}'")).await
    }

    async fn create_with(options: &str) -> Option<Self> {
        let admin_url = postgres_url()?;
        let admin: PgConnectOptions = admin_url.parse().expect("TEST_DATABASE_URL is an address of PostgreSQL");
        let name = format!("huiyin_{}", hex::encode(random_bytes()));
        execute(&admin, &format!("CREATE DATABASE {name} TEMPLATE template0 {options}"))
            .await
            .expect("a database is created");
        let url = with_database(&admin_url, &name);
        Some(Self { admin, name, url })
    }

    /// The address of this database, as the program takes it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    /// Drops the database on a thread of its own: a test that panics is unwinding inside its runtime, where nothing can
    /// be awaited. FORCE ends the connections that a pool still holds.
    fn drop(&mut self) {
        let (admin, sql) = (self.admin.clone(), format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&admin, &sql))
        })
        .join();
        // A panic here would hide the test's own; the cluster is thrown away at the end of the run anyway.
        if !matches!(dropped, Ok(Ok(()))) {
            eprintln!("test database {} was left behind: {dropped:?}", self.name);
        }
    }
}

async fn execute(admin: &PgConnectOptions, sql: &str) -> Result<(), sqlx::Error> {
    let mut connection: PgConnection = admin.connect().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}

/// The same address with another database: the path between the host and the query is exchanged.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url.split_once('?').map_or((url, None), |(address, query)| (address, Some(query)));
    let after_scheme = address.find("://").map_or(0, |at| at + 3);
    let end_of_host = address[after_scheme..].find('/').map_or(address.len(), |at| after_scheme + at);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{}/{name}{query}", &address[..end_of_host])
}

fn random_bytes() -> [u8; 8] {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

#[test]
fn the_database_in_an_address_is_exchanged() {
    let cases = [
        ("postgres://u@localhost/postgres?host=/tmp/x", "postgres://u@localhost/d?host=/tmp/x"),
        ("postgres://u:p@127.0.0.1:5432/postgres", "postgres://u:p@127.0.0.1:5432/d"),
        ("postgres://localhost", "postgres://localhost/d"),
    ];
    for (admin, own) in cases {
        assert_eq!(with_database(admin, "d"), own);
    }
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own_that_goes_with_it() {
    let Some(first) = TestDatabase::create().await else { return };
    let second = TestDatabase::create().await.expect("the cluster is still there");
    let mut connection = PgConnection::connect(first.url()).await.expect("the first accepts connections");
    sqlx::raw_sql("CREATE TABLE here (id TEXT)").execute(&mut connection).await.expect("a table is created");

    let mut other = PgConnection::connect(second.url()).await.expect("the second accepts connections");
    let unseen = sqlx::raw_sql("SELECT * FROM here").execute(&mut other).await;
    assert!(unseen.is_err(), "the table of one database shows in another");

    let gone = first.url().to_owned();
    drop(first);
    assert!(PgConnection::connect(&gone).await.is_err(), "the database outlives its test");
}
