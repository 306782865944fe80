//! The data directory: database, search index, and who holds them.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::output::Output;
use super::{Failure, Global};
use crate::clock::{Entropy as _, SystemEntropy};
use crate::intake::fetch::{HeaderValue, NetSettings, Secrets};
use crate::search::{Indexer, IndexerOptions, Search, SearchError};
use crate::service::index::Follower;
use crate::service::payload::Keeping;
use crate::service::{HomeSettings, MAX_UPLOAD_BYTES, Service};
use crate::store::Store;

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

    /// Uploaded files.
    pub fn uploads(&self) -> PathBuf {
        self.root.join("uploads")
    }

    /// Attachments of messages, each under the digest of its bytes.
    pub fn blobs(&self) -> PathBuf {
        self.root.join("blobs")
    }

    /// The directory's own name: drawn when it is asked for first, and kept in it.
    pub(super) fn name(&self) -> std::io::Result<String> {
        let path = self.root.join("INSTANCE");
        let mut file = File::options().create(true).truncate(false).read(true).write(true).open(&path)?;
        // Of several processes one writes it. One that was stopped before it did leaves the file empty, and lets go of it.
        file.lock()?;
        let mut name = String::new();
        file.read_to_string(&mut name)?;
        if name.trim().is_empty() {
            let mut bytes = [0; 16];
            SystemEntropy.fill(&mut bytes).map_err(std::io::Error::other)?;
            name = hex::encode(bytes);
            file.rewind()?;
            file.write_all(name.as_bytes())?;
            file.sync_all()?;
        }
        Ok(name.trim().to_owned())
    }

    /// Joins the imports that are under way here. The system lets go of a file's lock however a process ends, so nobody
    /// else holding it means that every pull still marked as running was cut off.
    pub(super) fn join_imports(&self) -> std::io::Result<Joined> {
        let lock = File::options().create(true).truncate(false).write(true).open(self.root.join("IMPORTS"))?;
        match lock.try_lock() {
            Ok(()) => Ok(Joined { lock, alone: true }),
            Err(TryLockError::WouldBlock) => {
                lock.lock_shared()?;
                Ok(Joined { lock, alone: false })
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

/// One import among those under way; it leaves them when dropped.
#[derive(Debug)]
pub(super) struct Joined {
    lock: File,
    alone: bool,
}

impl Joined {
    /// Marks the pulls that a crash cut off, and lets others join: those of this directory if no other import is under way
    /// here, and those of other machines that have given no sign of life for long. Returns how many.
    pub(super) async fn note_interrupted(&mut self, service: &Service) -> Result<usize, Failure> {
        let interrupted = service.note_interrupted_pulls(self.alone).await?;
        if self.alone {
            service.end_left_jobs().await?;
            self.lock.unlock()?;
            self.lock.lock_shared()?;
            self.alone = false;
        }
        Ok(interrupted)
    }
}

/// What a command works with.
pub(super) struct Opened {
    pub(super) dir: DataDir,
    pub(super) service: Service,
    /// The index's writer; `None` when another process (the server) holds it and keeps the index up to date.
    pub(super) follower: Option<Follower>,
}

/// Opens store and index. What a crash left undone in the index is done by the follower's first `catch_up`.
pub(super) async fn open(global: &Global) -> Result<Opened, Failure> {
    let dir = data_dir(global)?;
    let store = open_store(global, &dir).await?;
    let path = dir.index();
    let opened = tokio::task::spawn_blocking(move || match Indexer::open(&path, IndexerOptions::default()) {
        Ok(indexer) => Ok((indexer.search(), Some(indexer))),
        Err(SearchError::Locked { .. }) => Search::open(&path).map(|search| (search, None)),
        Err(error) => Err(error),
    });
    let (search, indexer) = opened.await??;
    let follower = indexer.map(|indexer| Follower::new(store.clone(), indexer)).transpose()?;
    let network = net_settings(global)?;
    let service = Service::new(store, search).with_home(home(global, &dir, MAX_UPLOAD_BYTES)?);
    let service = service.with_secrets(network.secrets.clone()).with_network(network);
    let keeping =
        Keeping { days: global.keep_payloads_days, max_bytes: global.keep_payloads_mb.saturating_mul(1 << 20) };
    let service = service.with_keeping(keeping);
    let service = match &follower {
        Some(follower) => service.with_follower(follower),
        None => service,
    };
    Ok(Opened { dir, service, follower })
}

/// What the data directory is to the use cases.
pub(super) fn home(global: &Global, dir: &DataDir, max_upload_bytes: u64) -> Result<HomeSettings, Failure> {
    Ok(HomeSettings {
        owner: dir.name()?,
        spool: dir.uploads(),
        blobs: dir.blobs(),
        max_upload_bytes,
        // Also where there is none yet: it is looked into again and again.
        connectors: Some(connectors_place(global)),
    })
}

/// Where the installation's own connectors belong: the folder that was named, else `connectors` in the data directory.
pub(super) fn connectors_place(global: &Global) -> PathBuf {
    global.connectors.clone().unwrap_or_else(|| global.data.join("connectors"))
}

/// The folder of the installation's own connectors; `None` when none was named and the data directory has none.
pub(super) fn connectors(global: &Global) -> Option<PathBuf> {
    let place = connectors_place(global);
    (global.connectors.is_some() || place.is_dir()).then_some(place)
}

/// The same, with the index caught up: for commands that read it.
pub(super) async fn open_current(global: &Global) -> Result<Opened, Failure> {
    let mut opened = open(global).await?;
    if let Some(follower) = &mut opened.follower {
        follower.catch_up().await?;
    }
    Ok(opened)
}

/// How sources are spoken to.
pub(super) fn net_settings(global: &Global) -> Result<NetSettings, Failure> {
    let secrets = Secrets::load(global.secrets.as_deref()).map_err(|error| Failure::Told(error.message))?;
    Ok(NetSettings {
        secrets,
        contact: global.contact.clone(),
        proxy: global.proxy.clone().map(HeaderValue::Plain),
        certificate: global.certificate.clone(),
        ..NetSettings::default()
    })
}

/// The data directory that was asked for.
pub(super) fn data_dir(global: &Global) -> Result<DataDir, Failure> {
    DataDir::create(&global.data).map_err(|error| {
        let place = global.data.display();
        Failure::Told(format!("建不了数据目录 {place}（{error}）。请检查路径和权限，或用 --data 换一个目录。"))
    })
}

async fn open_store(global: &Global, dir: &DataDir) -> Result<Store, Failure> {
    let (opened, place) = match &global.database {
        // The address may hold a password.
        Some(url) => (Store::open_server(url).await, "PostgreSQL".to_owned()),
        None => (Store::open_file(&dir.database()).await, dir.database().display().to_string()),
    };
    opened.map_err(|error| {
        let cause = crate::telemetry::chain(&error);
        Failure::Told(format!("打不开数据库 {place}（{cause}）。请检查它是否存在、权限和磁盘空间。"))
    })
}

/// `huiyin migrate`.
pub(super) async fn migrate(global: &Global, output: Output) -> Result<(), Failure> {
    let dir = data_dir(global)?;
    let store = open_store(global, &dir).await?;
    store.close().await;
    output.text("数据库结构已是最新。")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_name_also_after_a_kill_before_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let dir = DataDir::create(folder.path()).unwrap();
        std::fs::write(folder.path().join("INSTANCE"), "").unwrap();
        let name = dir.name().unwrap();
        assert_eq!(name.len(), 32);
        assert_eq!(dir.name().unwrap(), name);
        assert_eq!(std::fs::read_to_string(folder.path().join("INSTANCE")).unwrap(), name);
    }
}
