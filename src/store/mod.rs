//! The only module that speaks SQL.
//!
//! One text runs on SQLite and PostgreSQL ([`statement`]); the forks between them are in [`db`]. Reading takes a
//! [`Conn`]; writing takes a [`Tx`], which is opened only for a [`Permit`] and writes its rows and its ledger entries in
//! one transaction. Not found is `Ok(None)`.

pub mod access_token;
pub mod account;
pub mod alarm;
pub mod alias;
pub mod attachment;
pub mod catalogue;
pub mod db;
pub mod desk;
pub mod door;
pub mod hold;
pub mod item;
pub mod item_list;
pub mod job;
pub mod ledger;
pub mod message;
pub mod payload;
pub mod publication;
pub mod reconcile;
pub mod schedule;
pub mod second_factor;
pub mod sign_in_lock;
pub mod source;
pub mod source_day;
pub mod statement;
pub mod tx;
pub mod unit;
pub mod upload;
pub mod worklist;

use std::path::Path;
use std::sync::Arc;

use huiyin_domain::access::Permit;
use tokio::sync::watch;

pub use db::{Conn, Db, Reader, Snapshot};
pub use tx::Tx;

/// What can go wrong between the program and its database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database could not be opened or reached.
    #[error("open the database")]
    Open(#[source] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("migrate the database")]
    Migrate(#[source] sqlx::migrate::MigrateError),
    /// A statement failed.
    #[error("run a statement")]
    Database(#[source] sqlx::Error),
    /// A transaction was to be committed in which a write had failed.
    #[error("commit a transaction in which a write failed")]
    Failed,
    /// A row holds something the program cannot have written.
    #[error("read column {column} of {table} {id}: {problem}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row's key.
        id: String,
        /// What is wrong with it, without its content.
        problem: String,
    },
    /// Somebody else changed the row since it was read.
    #[error("{table} {id} was changed by somebody else")]
    ChangedMeanwhile {
        /// The table.
        table: &'static str,
        /// The row's key.
        id: String,
    },
    /// A ledger entry that cannot be written in its canonical form.
    #[error("seal a ledger entry")]
    Ledger(#[source] huiyin_domain::ledger::LedgerError),
}

impl StoreError {
    /// Whether a row was refused because one with the same unique value is there already. Two people at once are told
    /// apart by this alone: neither sees the other's row before it is written.
    pub fn is_taken(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.is_unique_violation())
    }
}

/// Turns a column's text into a domain value.
pub(crate) fn parse_column<T: std::str::FromStr>(
    table: &'static str,
    column: &'static str,
    id: &str,
    text: &str,
) -> Result<T, StoreError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| StoreError::Inconsistent {
        table,
        column,
        id: id.to_owned(),
        problem: error.to_string(),
    })
}

/// The store of one installation. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    db: Db,
    /// The newest ledger sequence number this process has written: wakes those who follow the ledger.
    written: Arc<watch::Sender<u64>>,
}

impl Store {
    /// Opens an embedded database file and brings its schema up to date.
    pub async fn open_file(path: &Path) -> Result<Self, StoreError> {
        Self::start(Db::open_sqlite(path).await?).await
    }

    /// Connects to a PostgreSQL server and brings the schema up to date.
    pub async fn open_server(url: &str) -> Result<Self, StoreError> {
        Self::start(Db::open_postgres(url).await?).await
    }

    async fn start(db: Db) -> Result<Self, StoreError> {
        db.migrate().await?;
        let store = Self { db, written: Arc::new(watch::Sender::new(0)) };
        let head = ledger::head(&mut store.read().await?.conn()).await?;
        store.written.send_replace(head.seq);
        Ok(store)
    }

    /// Borrows a connection for reading.
    pub async fn read(&self) -> Result<Reader, StoreError> {
        self.db.read().await
    }

    /// Opens a reading transaction: many reads that must agree with one another.
    pub async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        self.db.snapshot().await
    }

    /// Opens a writing transaction for what the permit allows; its actor signs the ledger entries.
    pub async fn begin(&self, permit: &Permit) -> Result<Tx, StoreError> {
        Ok(Tx::new(self.db.write().await?, permit.actor().code(), self.written.clone()))
    }

    /// The newest ledger number this process has written.
    pub fn written(&self) -> u64 {
        *self.written.borrow()
    }

    /// Whether the database is embedded, so that nobody but this program's own commands writes to it.
    pub const fn is_embedded(&self) -> bool {
        self.db.is_embedded()
    }

    /// Follows the ledger: the value is the newest sequence number written by this process.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    /// The database below, for tests that read plans and schemas.
    pub const fn db(&self) -> &Db {
        &self.db
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.db.close().await;
    }
}
