//! A store of one test's own with units, people and imported messages, worked on through the use cases.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use huiyin::clock::{Clock as _, ManualClock};
use huiyin::search::{Indexer, IndexerOptions};
use huiyin::service::Service;
use huiyin::service::import::Imported;
use huiyin::store::Store;
use huiyin::store::account::{self, AccountRow};
use huiyin::store::unit::{self, UnitRow};
use huiyin_domain::access::{Action, Actor, Limit, Object, Permit, Role, UnitKind, allowed};
use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::time::Instant;
use tempfile::TempDir;

use super::rows;

/// 2026-10-09 09:00 in China: a working day after the holidays.
pub const START: Instant = Instant::from_micros(1_791_507_600_000_000);

/// The first line of a board export.
pub const BOARD_HEADER: &str = "留言编号,留言用户,留言主题,留言时间,留言详情,答复意见,答复时间\n";

/// A store with its use cases and a clock that stands still until it is moved.
#[derive(Debug)]
pub struct World {
    /// The use cases.
    pub service: Service,
    /// The clock they read.
    pub clock: Arc<ManualClock>,
    dir: Arc<TempDir>,
    indexer: Arc<Indexer>,
}

impl World {
    /// Over an embedded database.
    pub async fn embedded() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory is made");
        let store = Store::open_file(&dir.path().join("huiyin.db")).await.expect("the store opens");
        Self::over(store, dir)
    }

    /// Over a PostgreSQL database.
    pub async fn server(url: &str) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory is made");
        Self::over(Store::open_server(url).await.expect("the store opens"), dir)
    }

    fn over(store: Store, dir: TempDir) -> Self {
        let indexer = Indexer::open(&dir.path().join("index"), IndexerOptions::default()).expect("the index opens");
        let clock = Arc::new(ManualClock::new(START));
        let service = Service::new(store, indexer.search()).with_clock(clock.clone());
        Self { service, clock, dir: Arc::new(dir), indexer: Arc::new(indexer) }
    }

    /// The same world seen through use cases that are set up otherwise.
    pub fn with_service(&self, service: Service) -> Self {
        Self { service, clock: self.clock.clone(), dir: self.dir.clone(), indexer: self.indexer.clone() }
    }

    /// The embedded database's file.
    pub fn database(&self) -> PathBuf {
        self.dir.path().join("huiyin.db")
    }

    /// Writes a file of this test.
    pub fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, content).expect("a test's file is written");
        path
    }

    /// Imports a file through a connector that comes with the program; a minute later the clock goes on.
    pub async fn import_file(&self, connector: &str, path: &Path) -> Imported {
        let connector = huiyin::intake::find(connector, None).expect("the connectors are sound").expect("it is known");
        let actor = Actor::System("test");
        // On the heap: what a whole import waits for is large.
        let imported = Box::pin(self.service.import_file(&actor, &connector, path, &mut |_| ())).await;
        self.clock.advance(60);
        imported.expect("the import runs")
    }

    /// Imports rows of a board export.
    pub async fn import(&self, rows: &str) -> Imported {
        let path = self.file("board.csv", &format!("{BOARD_HEADER}{rows}"));
        self.import_file("board", &path).await
    }

    /// A permit for writing what has no use case of its own here.
    pub fn permit() -> Permit {
        allowed(&Actor::System("test"), Action::ImportFile, &Object::None).expect("the system may")
    }

    /// Adds a unit and a person in it.
    pub async fn person(&self, code: &str, kind: UnitKind, role: Role) -> Actor {
        let now = self.clock.now();
        let unit = UnitId::new(now, random());
        let row = UnitRow {
            id: unit.to_string(),
            code: code.to_owned(),
            name: code.to_owned(),
            kind: kind.code().to_owned(),
            active: true,
            created_at: now.as_micros(),
        };
        let store = self.service.store();
        let mut tx = store.begin(&Self::permit()).await.expect("a transaction begins");
        unit::insert(&mut tx, row.clone()).await.expect("the unit is added");
        tx.commit(now).await.expect("the transaction ends");
        self.account(code, row, kind, role).await
    }

    /// Somebody else of the same unit.
    pub async fn colleague(&self, of: &Actor, login: &str, role: Role) -> Actor {
        let unit = of.unit().expect("a unit");
        let row = unit::by_id(&mut self.service.store().read().await.expect("a connection").conn(), unit).await;
        let row = row.expect("the store answers").expect("the unit is there");
        let kind = UnitKind::parse(&row.kind).expect("a kind");
        self.account(login, row, kind, role).await
    }

    async fn account(&self, login: &str, unit: UnitRow, unit_kind: UnitKind, role: Role) -> Actor {
        let now = self.clock.now();
        let id = AccountId::new(now, random());
        let row = AccountRow { id: id.to_string(), ..rows::account(login, &unit) };
        let mut tx = self.service.store().begin(&Self::permit()).await.expect("a transaction begins");
        account::insert(&mut tx, row).await.expect("the account is added");
        tx.commit(now).await.expect("the transaction ends");
        let unit = unit.unit_id().expect("an id");
        Actor::Account { id, unit, unit_kind, roles: BTreeSet::from([role]), limit: Limit::None }
    }
}

/// Ten random bytes, for an id.
pub fn random() -> [u8; 10] {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
