//! The data directory: database, search index, and who holds them.

use std::path::{Path, PathBuf};

use super::output::Output;
use super::{Failure, Global};
use crate::search::{Indexer, IndexerOptions, Search, SearchError};
use crate::service::Service;
use crate::service::index::Follower;
use crate::store::{Store, StoreError};

/// A data directory's paths.
#[derive(Debug, Clone)]
pub struct DataDir {
    root: PathBuf,
}

impl DataDir {
    /// The directory; made when it is missing.
    pub fn create(root: &Path) -> std::io::Result<Self> {
        std::fs::create_dir_all(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// The embedded database.
    pub fn database(&self) -> PathBuf {
        self.root.join("huiyin.db")
    }

    /// The search index.
    pub fn index(&self) -> PathBuf {
        self.root.join("index")
    }
}

/// What a command works with.
pub(super) struct Opened {
    pub(super) service: Service,
    /// The index's writer; `None` when another process (the server) holds it and keeps the index up to date.
    pub(super) follower: Option<Follower>,
}

/// Opens store and index. What a crash left undone in the index is done by the follower's first `catch_up`.
pub(super) async fn open(global: &Global) -> Result<Opened, Failure> {
    let dir = DataDir::create(&global.data)
        .map_err(|error| Failure::Told(format!("建不了数据目录 {}：{error}", global.data.display())))?;
    let store = open_store(global, &dir).await?;
    let path = dir.index();
    let opened = tokio::task::spawn_blocking(move || match Indexer::open(&path, IndexerOptions::default()) {
        Ok(indexer) => Ok((indexer.search(), Some(indexer))),
        Err(SearchError::Locked { .. }) => Search::open(&path).map(|search| (search, None)),
        Err(error) => Err(error),
    });
    let (search, indexer) = opened.await??;
    let follower = indexer.map(|indexer| Follower::new(store.clone(), indexer)).transpose()?;
    Ok(Opened { service: Service::new(store, search), follower })
}

/// The same, with the index caught up: for commands that read it.
pub(super) async fn open_current(global: &Global) -> Result<Opened, Failure> {
    let mut opened = open(global).await?;
    if let Some(follower) = &mut opened.follower {
        follower.catch_up().await?;
    }
    Ok(opened)
}

async fn open_store(global: &Global, dir: &DataDir) -> Result<Store, StoreError> {
    match &global.database {
        Some(url) => Store::open_server(url).await,
        None => Store::open_file(&dir.database()).await,
    }
}

/// `huiyin migrate`.
pub(super) async fn migrate(global: &Global, output: Output) -> Result<(), Failure> {
    let dir = DataDir::create(&global.data)?;
    let store = open_store(global, &dir).await?;
    store.close().await;
    output.text("数据库结构已是最新。")
}
