//! What this process has of its own: the data directory it works in, and what runs in it in the background.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use huiyin_domain::time::Instant;
use tokio::sync::{Mutex, Notify, Semaphore};

use super::check::Checking;
use super::{Refusal, Service, ServiceError};
use crate::clock::{Entropy as _, SystemEntropy};
use crate::intake::{self, Connector};
use crate::telemetry;

/// The largest file that can be uploaded unless told otherwise, in bytes: 500 MiB.
pub const MAX_UPLOAD_BYTES: u64 = 500 << 20;

/// Where the process keeps what is not in the database.
#[derive(Debug, Clone)]
pub struct HomeSettings {
    /// The data directory's own name, the same each time it is used: what is marked as running in it can be told from
    /// what other machines run.
    pub owner: String,
    /// The folder for uploaded files; made when the first one comes.
    pub spool: PathBuf,
    /// The folder for attachments; made when the first one comes. Nodes that share a database share it.
    pub blobs: PathBuf,
    /// The largest file that can be uploaded, in bytes.
    pub max_upload_bytes: u64,
    /// Folder whose connectors replace those that come with the program.
    pub connectors: Option<PathBuf>,
}

/// The same, with what runs.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) owner: String,
    pub(super) spool: Option<PathBuf>,
    pub(super) blobs: Option<PathBuf>,
    pub(super) max_upload_bytes: u64,
    connectors: Option<PathBuf>,
    /// Imports of uploads take turns.
    pub(super) turn: Semaphore,
    /// Previews read whole files: not many at once.
    pub(super) looks: Arc<Semaphore>,
    pub(super) checking: Mutex<Option<Checking>>,
    /// Wakes whoever does jobs.
    pub(super) jobs: Notify,
    /// When the last check of the ledger broke off, if it did.
    pub(super) check_broke_off: Mutex<Option<Instant>>,
    /// What could not be used of the connectors when they were read last, as it was logged.
    broken: std::sync::Mutex<Vec<String>>,
}

impl Home {
    /// A process without a data directory of its own: it takes no uploads.
    pub(super) fn nowhere() -> Self {
        let mut bytes = [0; 16];
        // Without random bytes nothing else works either; every use of them that matters says so.
        let _ = SystemEntropy.fill(&mut bytes);
        Self::new(hex::encode(bytes), None, None, MAX_UPLOAD_BYTES, None)
    }

    fn new(
        owner: String,
        spool: Option<PathBuf>,
        blobs: Option<PathBuf>,
        max_upload_bytes: u64,
        connectors: Option<PathBuf>,
    ) -> Self {
        Self {
            owner,
            spool,
            blobs,
            max_upload_bytes,
            connectors,
            turn: Semaphore::new(1),
            looks: Arc::new(Semaphore::new(2)),
            checking: Mutex::new(None),
            jobs: Notify::new(),
            check_broke_off: Mutex::new(None),
            broken: std::sync::Mutex::default(),
        }
    }
}

impl Home {
    /// Logs which connectors cannot be used, once and not each time that they are read.
    fn note_broken(&self, broken: Vec<String>) {
        let mut known = self.broken.lock().unwrap_or_else(PoisonError::into_inner);
        for problem in broken.iter().filter(|problem| !known.contains(problem)) {
            tracing::warn!(problem, "a connector cannot be used");
        }
        *known = broken;
    }

    /// A path that is told in relation to the data directory.
    pub(super) fn in_data(&self, path: &Path) -> PathBuf {
        // Uploads lie directly in it.
        self.spool.as_deref().and_then(Path::parent).map_or_else(|| path.to_owned(), |data| data.join(path))
    }
}

impl From<HomeSettings> for Home {
    fn from(settings: HomeSettings) -> Self {
        let HomeSettings { owner, spool, blobs, max_upload_bytes, connectors } = settings;
        Self::new(owner, Some(spool), Some(blobs), max_upload_bytes, connectors)
    }
}

impl Service {
    /// The connector with this id, as this installation has it.
    pub fn connector(&self, id: &str) -> Result<Connector, ServiceError> {
        let found = intake::find(id, self.home.connectors.as_deref())?;
        Ok(found.ok_or_else(|| {
            Refusal::new("connector_unknown", "没有这个采集配置，请重新选择；如应有，请联系系统管理员。")
        })?)
    }

    /// Whether a connector is this installation's own: it lies in its folder, whether or not one of that name comes with the
    /// program.
    pub(super) fn is_own_connector(&self, id: &str) -> bool {
        self.home.connectors.as_deref().is_some_and(|folder| folder.join(id).is_dir())
    }

    /// The kinds of all connectors, by id, as their files say.
    pub fn connector_kinds(&self) -> Result<HashMap<String, &'static str>, ServiceError> {
        Ok(self.connectors()?.into_iter().map(|connector| (connector.id, connector.kind.as_str())).collect())
    }

    /// This installation's own name.
    pub fn owner(&self) -> &str {
        &self.home.owner
    }

    /// All connectors of this installation that can be used, by id. One that cannot closes its own door only, and the log says
    /// why.
    pub(super) fn connectors(&self) -> Result<Vec<Connector>, ServiceError> {
        let intake::Usable { connectors, broken } = intake::usable(self.home.connectors.as_deref())?;
        let tell = |(connector, error)| format!("{connector}: {}", telemetry::chain(&error));
        self.home.note_broken(broken.into_iter().map(tell).collect());
        Ok(connectors)
    }
}
