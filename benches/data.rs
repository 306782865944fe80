//! The invented messages everything is measured on, and a data directory filled from them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use huiyin::intake::Connector;
use huiyin::sample::{Options, Shape, generate, write_file};
use huiyin::search::{Indexer, IndexerOptions, SearchDoc};
use huiyin::service::Service;
use huiyin::service::import::Statement;
use huiyin::service::index::Follower;
use huiyin::store::Store;
use huiyin::store::item::{self, ItemRow};
use huiyin::store::message::{self, VersionRow};
use huiyin_domain::access::Actor;
use huiyin_domain::time::Instant;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The same messages in every run.
const SEED: u64 = 20_261_121;

/// Files of one run; removed with it.
#[derive(Debug)]
pub struct Data {
    /// How many messages.
    pub items: usize,
    /// The connector of the files.
    pub connector: Connector,
    dir: TempDir,
}

impl Data {
    /// Writes the messages to a csv file. With `HUIYIN_BENCH_DIR` the files go there instead of the system's temporary
    /// folder, which may be too small or lie in memory.
    pub fn generate(items: usize) -> anyhow::Result<Self> {
        let dir = match std::env::var_os("HUIYIN_BENCH_DIR") {
            Some(parent) => TempDir::new_in(parent)?,
            None => TempDir::new()?,
        };
        let connector = huiyin::intake::find("board", None)?.context("no connector board")?;
        let data = Self { items, connector, dir };
        data.write("csv")?;
        Ok(data)
    }

    /// Writes the messages to another kind of file.
    pub fn write(&self, extension: &str) -> anyhow::Result<PathBuf> {
        let path = self.file(extension);
        write_file(Shape::Board, generate(SEED, self.items, &Options::default()), &path, &mut |_| ())?;
        Ok(path)
    }

    /// The messages as a file.
    pub fn file(&self, extension: &str) -> PathBuf {
        self.dir.path().join(format!("messages.{extension}"))
    }

    /// A folder of this run.
    pub fn folder(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The data directory that the first import of the csv file has filled.
    pub fn filled(&self) -> PathBuf {
        self.folder("data")
    }
}

/// Store and index of one data directory, put together as the command line does it.
#[derive(Debug)]
pub struct Opened {
    /// The use cases.
    pub service: Service,
    /// Keeps the index up to date.
    pub follower: Follower,
}

impl Opened {
    /// Opens, or makes, a data directory.
    pub async fn new(dir: &Path) -> anyhow::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let store = Store::open_file(&dir.join("huiyin.db")).await?;
        let path = dir.join("index");
        let indexer = tokio::task::spawn_blocking(move || Indexer::open(&path, IndexerOptions::default())).await??;
        let search = indexer.search();
        let follower = Follower::new(store.clone(), indexer)?;
        Ok(Self { service: Service::new(store, search).with_follower(&follower), follower })
    }

    /// Imports a file while the index follows; returns when both are done.
    pub async fn import(self, data: &Data, file: &Path) -> anyhow::Result<Statement> {
        let stop = CancellationToken::new();
        let following = tokio::spawn(self.follower.run(self.service.store().follow(), stop.clone()));
        let imported = self.service.import_file(&Actor::System("cli"), &data.connector, file, &mut |_| ()).await;
        stop.cancel();
        following.await?.catch_up().await?;
        self.service.store().close().await;
        let imported = imported?;
        anyhow::ensure!(imported.refusal.is_none(), "refused: {:?}", imported.refusal);
        anyhow::ensure!(imported.statement.adds_up(), "rows are missing: {:?}", imported.statement);
        Ok(imported.statement)
    }
}

/// A page of items after a number, each with the version it shows.
pub async fn page(store: &Store, after: i64, limit: i64) -> anyhow::Result<Vec<(ItemRow, VersionRow)>> {
    let mut reader = store.read().await?;
    let rows = item::page_by_number(&mut reader.conn(), after, limit).await?;
    let messages: Vec<String> = rows.iter().map(|row| row.message_id.clone()).collect();
    let mut versions: std::collections::HashMap<String, VersionRow> = message::newest_of(&mut reader.conn(), &messages)
        .await?
        .into_iter()
        .map(|version| (version.message_id.clone(), version))
        .collect();
    Ok(rows.into_iter().filter_map(|row| versions.remove(&row.message_id).map(|version| (row, version))).collect())
}

/// What the index holds of every item of a store, in the order of their numbers.
pub async fn documents(store: &Store) -> anyhow::Result<Vec<SearchDoc>> {
    let mut documents = Vec::new();
    let mut last = 0;
    loop {
        let rows = page(store, last, 1_000).await?;
        let Some((newest, _)) = rows.last() else { return Ok(documents) };
        last = newest.number;
        documents.extend(rows.into_iter().map(|(row, version)| SearchDoc {
            number: u64::try_from(row.number).unwrap_or(0),
            title: version.title,
            body: version.body,
            reply: version.reply,
            source: row.source_id,
            lead: None,
            assisting: Vec::new(),
            barred: Vec::new(),
            stage: row.stage,
            task: row.task,
            request_type: row.request_type,
            asked_at: Instant::from_micros(row.asked_at),
            due_at: row.due_at.map(Instant::from_micros),
            replied_at: row.replied_at.map(Instant::from_micros),
            open: row.open,
        }));
    }
}

/// All bytes below a folder.
pub fn size(path: &Path) -> anyhow::Result<u64> {
    let about = std::fs::metadata(path)?;
    if !about.is_dir() {
        return Ok(about.len());
    }
    std::fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}

/// Removes a folder, in which the index may still merge segments although the import is done.
pub fn remove(folder: &Path) -> anyhow::Result<()> {
    for _ in 0..50 {
        if std::fs::remove_dir_all(folder).is_ok() {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    Ok(std::fs::remove_dir_all(folder)?)
}

/// Waits a little, so that what the part before left to the system (write-back, merges) does not count against the next.
pub async fn settle() {
    tokio::time::sleep(Duration::from_secs(1)).await;
}
