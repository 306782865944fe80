//! Files that nothing waits for: what a killed process left while it took one in, and what could not be removed.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use huiyin_domain::id::UploadId;

use super::{RUNS, WAITS};
use crate::service::{Service, ServiceError};
use crate::store::upload;

/// How old a file is before it counts as left, in microseconds: a day. No upload takes so long.
const LEFT: i64 = 86_400_000_000;
/// What a file that is still coming in is called.
const PART: &str = "part";

impl Service {
    /// Removes the files of uploads that are over, that never came to a row, or that broke off half-way. Returns how many.
    pub(super) async fn remove_leftovers(&self) -> Result<usize, ServiceError> {
        let Some(folder) = self.home.spool.clone() else { return Ok(0) };
        let before = self.now().as_micros().saturating_sub(LEFT);
        let mut left = Vec::new();
        for (path, id) in tokio::task::spawn_blocking(move || old_files(&folder, before)).await? {
            let is_part = path.extension().is_some_and(|extension| extension == PART);
            if is_part || !self.is_wanted(id).await? {
                left.push(path);
            }
        }
        let removed = tokio::task::spawn_blocking(move || left.iter().filter(|path| remove(path)).count());
        Ok(removed.await?)
    }

    /// Whether somebody or something still waits for the file of an upload.
    async fn is_wanted(&self, id: UploadId) -> Result<bool, ServiceError> {
        let row = upload::by_id(&mut self.store.read().await?.conn(), id).await?;
        Ok(row.is_some_and(|row| WAITS.iter().chain(&RUNS).any(|stage| *stage == row.stage)))
    }
}

/// The files of uploads that were last written before this time (microseconds UTC). What has another name is not ours, and
/// what cannot be looked at now is looked at the next time.
fn old_files(folder: &Path, before: i64) -> Vec<(PathBuf, UploadId)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let old = entries.filter_map(|entry| {
        let written = entry.metadata().ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let is_old = i64::try_from(written.as_micros()).is_ok_and(|written| written < before);
        let path = entry.path();
        let id = path.file_stem()?.to_str()?.parse().ok()?;
        is_old.then_some((path, id))
    });
    old.collect()
}

fn remove(path: &Path) -> bool {
    match std::fs::remove_file(path) {
        Ok(()) => true,
        Err(error) => {
            tracing::warn!(error = %error.kind(), "what is left of an upload could not be removed");
            false
        }
    }
}
