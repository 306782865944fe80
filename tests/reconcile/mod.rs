//! Reconciliation, plans and jobs: what is missing is named, sources are read when they should be, and by one node.

mod aliases;
mod days;
mod jobs;
mod losses;
mod plans;
mod resting;
mod runner;
mod schedules;

use std::future::Future;
use std::pin::Pin;

use huiyin::intake::crawl::{Coverage, CrawlError, Host};
use huiyin::service::import::Purpose;
use huiyin::service::pull::{Pulled, Reading};
use huiyin::service::reconcile::Reconciliation;
use huiyin::store::Store;
use huiyin::store::db::Db;
use huiyin_domain::access::Actor;
use jiff::civil::{Date, date};
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use tokio_util::sync::CancellationToken;

use crate::support::postgres::TestDatabase;
use crate::support::world::World;

/// The day on which a world begins.
const TODAY: Date = date(2026, 10, 9);

/// Who asks.
const PROGRAM: Actor = Actor::System("test");

/// Runs a test on both databases. Boxed, as what a whole pull waits for is large.
fn on_both(test: impl AsyncFn(&World)) -> Pin<Box<impl Future<Output = ()>>> {
    Box::pin(async move {
        test(&World::embedded().await).await;
        let Some(database) = TestDatabase::create().await else { return };
        let world = World::server(database.url()).await;
        test(&world).await;
        world.service.store().close().await;
    })
}

/// Writes behind the program's back: no references are checked, nothing is in the ledger.
async fn behind(store: &Store, sql: &str) -> u64 {
    let checked = |sql: String| AssertSqlSafe(sql).into_sql_str();
    match store.db() {
        Db::Sqlite { write, .. } => {
            let mut connection = write.acquire().await.expect("the writer");
            sqlx::raw_sql("PRAGMA foreign_keys = OFF").execute(&mut *connection).await.expect("switched off");
            let done = sqlx::raw_sql(checked(sql.to_owned())).execute(&mut *connection).await;
            sqlx::raw_sql("PRAGMA foreign_keys = ON").execute(&mut *connection).await.expect("switched on");
            done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
        }
        Db::Postgres(pool) => {
            let mut connection = pool.acquire().await.expect("a connection");
            sqlx::raw_sql("SET session_replication_role = replica").execute(&mut *connection).await.expect("off");
            let done = sqlx::raw_sql(checked(sql.to_owned())).execute(&mut *connection).await;
            sqlx::raw_sql("SET session_replication_role = DEFAULT").execute(&mut *connection).await.expect("on");
            done.unwrap_or_else(|error| panic!("{sql}: {error}")).rows_affected()
        }
    }
}

/// Rows of a board export, numbered from one number to another.
fn rows(from: u32, to: u32) -> String {
    let row = |number| format!("L{number},甲,题目{number},2026-09-01 08:00:00,内容{number},,\n");
    (from..=to).map(row).collect::<Vec<_>>().concat()
}

/// What a source shows that says how many it has and shows no row.
struct Says(Coverage);

impl Reading for Says {
    fn read<H: Host>(self, _host: &mut H) -> impl Future<Output = (Coverage, Result<(), CrawlError>)> + Send {
        std::future::ready((self.0, Ok(())))
    }
}

impl World {
    /// Reconciles a day.
    async fn reconciled(&self, day: Date) -> Reconciliation {
        self.service.reconcile(&PROGRAM, day).await.expect("it reconciles")
    }

    /// What does not agree on the first day, as code and subject.
    async fn differences(&self) -> Vec<(&'static str, String)> {
        let found = self.reconciled(TODAY).await;
        found.differences().map(|(_, difference)| (difference.code(), difference.subject())).collect()
    }

    /// What came on the first day, and what is there of it.
    async fn totals(&self) -> (u64, u64) {
        let found = self.reconciled(TODAY).await;
        (found.came(), found.accounted())
    }

    /// Sweeps a source that covers this.
    async fn swept(&self, connector: &str, coverage: Coverage) -> Pulled {
        let connector = huiyin::intake::find(connector, None).expect("the connectors are sound").expect("it is known");
        let (stop, purpose) = (CancellationToken::new(), (Purpose::Sweep, "www.example.gov.cn"));
        let mut progress = |_| ();
        let pulled = self.service.pull_reading(&PROGRAM, &connector, purpose, Says(coverage), &stop, &mut progress);
        let pulled = pulled.await.expect("the pull runs");
        self.clock.advance(60);
        pulled
    }
}

/// As [`World::differences`] tells one.
fn difference<S: ToString + ?Sized>(code: &'static str, subject: &S) -> (&'static str, String) {
    (code, subject.to_string())
}
