//! Import by upload: a file is kept aside, looked at, and imported in the background once somebody confirms.
//!
//! The file lies in the data directory of the process that took it, under the upload's id, and goes away when it was
//! imported or discarded; what a killed process left of it goes a day later. Nothing of it is in the database before it is
//! imported.

mod leftover;
mod spool;

use std::convert::Infallible;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::UploadId;
use serde_json::json;

pub use self::spool::{Spooling, clean_file_name};
use super::import::{Imported, LEASE, SIGN_OF_LIFE};
use super::{Refusal, Service, ServiceError, stored_id};
use crate::intake::{self, Connector, FileRefusal, Limits, Look, Match};
use crate::store::upload::{self, UploadRow};
use crate::telemetry;

/// Rows a preview shows.
const PREVIEW_ROWS: usize = 20;
/// How long a file waits that nobody confirms, in microseconds: seven days.
const WAITING: i64 = 7 * 86_400_000_000;
/// The stages in which a file waits for somebody.
const WAITS: [&str; 3] = ["uploaded", "failed", "interrupted"];
/// The stages in which something runs.
const RUNS: [&str; 2] = ["queued", "importing"];
/// Uploads looked at in one sweep.
const SWEPT: i64 = 1_000;

/// How an uploaded file would be taken.
#[derive(Debug, Clone)]
pub struct Preview {
    /// The connectors that know its header, the best first.
    pub candidates: Vec<Match>,
    /// The connector it was read with, and its name; `None` when none was chosen and none fits.
    pub connector: Option<(String, String)>,
    /// What it would give.
    pub look: Look,
}

impl Service {
    /// One upload; `None` when there is none.
    pub async fn upload(&self, actor: &Actor, id: UploadId) -> Result<Option<UploadRow>, ServiceError> {
        allowed(actor, Action::ImportFile, &Object::None)?;
        Ok(upload::by_id(&mut self.store.read().await?.conn(), id).await?)
    }

    /// A page of uploads, newest first.
    pub async fn uploads(
        &self,
        actor: &Actor,
        after: Option<UploadId>,
        limit: i64,
    ) -> Result<Vec<UploadRow>, ServiceError> {
        allowed(actor, Action::ImportFile, &Object::None)?;
        Ok(upload::page(&mut self.store.read().await?.conn(), after, limit).await?)
    }

    /// How the file would be taken by a connector, or by the best that knows its header. Nothing is written.
    pub async fn preview_upload(
        &self,
        actor: &Actor,
        id: UploadId,
        connector: Option<&str>,
    ) -> Result<Preview, ServiceError> {
        allowed(actor, Action::ImportFile, &Object::None)?;
        let row = self.waiting(id, &WAITS).await?;
        let path = self.spooled(&row)?;
        let connectors = self.connectors()?;
        let chosen = connector.map(|id| self.connector(id)).transpose()?;
        let turn = Arc::clone(&self.home.looks).acquire_owned().await.map_err(|_| Refusal::not_visible())?;
        let now = self.now();
        let mut preview = tokio::task::spawn_blocking(move || {
            // It ends with the reading, not with the request: who hangs up does not make room for one more.
            let _turn = turn;
            let limits = Limits::default();
            let (candidates, refusal) = match intake::recognise(&connectors, &path, &limits) {
                Ok(candidates) => (candidates, None),
                Err(refusal) => (Vec::new(), Some(refusal)),
            };
            let best = candidates.first().filter(|best| best.missing.is_empty());
            let connector =
                chosen.or_else(|| connectors.into_iter().find(|known| best.is_some_and(|best| best.id == known.id)));
            let look = match (refusal, &connector) {
                (None, Some(connector)) => intake::look(connector, &path, &limits, PREVIEW_ROWS, now),
                (refusal, _) => Look { refusal, ..Look::default() },
            };
            Preview { candidates, connector: connector.map(|connector| (connector.id, connector.name)), look }
        })
        .await?;
        if let Some(refusal) = &mut preview.look.refusal {
            refusal.file.clone_from(&row.file_name);
        }
        Ok(preview)
    }

    /// Imports the file in the background, one at a time. Also for one that failed or was interrupted: what went in then
    /// counts as unchanged now.
    pub async fn confirm_upload(
        &self,
        actor: &Actor,
        id: UploadId,
        connector: &str,
    ) -> Result<UploadRow, ServiceError> {
        let permit = allowed(actor, Action::ImportFile, &Object::None)?;
        let before = self.waiting(id, &WAITS).await?;
        let path = self.spooled(&before)?;
        let connector = self.connector(connector)?;
        let now = self.now();
        let row = UploadRow {
            stage: "queued".to_owned(),
            connector: connector.id.clone(),
            row_total: None,
            problem_code: String::new(),
            problem: String::new(),
            finished_at: None,
            lease_until: now.as_micros().saturating_add(LEASE),
            ..before.clone()
        };
        let mut tx = self.store.begin(&permit).await?;
        upload::update(&mut tx, &row, &before.stage).await?;
        tx.record(subject(&row), "upload.confirmed", &json!({ "connector": connector.id }))?;
        tx.commit(now).await?;
        let (service, queued) = (self.clone(), row.clone());
        tokio::spawn(async move { service.run_upload(permit, queued, connector, path).await });
        Ok(row)
    }

    /// Throws the file away. What an earlier run of it brought in stays.
    pub async fn discard_upload(&self, actor: &Actor, id: UploadId) -> Result<UploadRow, ServiceError> {
        let permit = allowed(actor, Action::ImportFile, &Object::None)?;
        let row = self.waiting(id, &WAITS).await?;
        self.discard(&permit, row).await
    }

    /// Throws away what has waited for seven days, and files that nothing waits for: personal data is not kept without
    /// need. Returns how many.
    pub async fn forget_old_uploads(&self) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("start"), Action::ImportFile, &Object::None)?;
        let oldest = self.now().as_micros().saturating_sub(WAITING);
        let mut count = 0;
        for stage in WAITS {
            let rows = upload::in_stage(&mut self.store.read().await?.conn(), stage, SWEPT).await?;
            for row in rows.into_iter().filter(|row| row.uploaded_at <= oldest && row.owner == self.home.owner) {
                match self.discard(&permit, row).await {
                    Ok(_) => count += 1,
                    // Somebody has confirmed it at this moment.
                    Err(ServiceError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(count + self.remove_leftovers().await?)
    }

    async fn discard(&self, permit: &Permit, before: UploadRow) -> Result<UploadRow, ServiceError> {
        let now = self.now();
        let row = UploadRow { stage: "discarded".to_owned(), finished_at: Some(now.as_micros()), ..before.clone() };
        let mut tx = self.store.begin(permit).await?;
        upload::update(&mut tx, &row, &before.stage).await?;
        tx.record(subject(&row), "upload.discarded", &json!({}))?;
        tx.commit(now).await?;
        self.remove(&row).await;
        Ok(row)
    }

    /// Marks uploads whose import was cut off, as [`Service::note_interrupted_pulls`] does with pulls.
    pub(super) async fn note_interrupted_uploads(&self, permit: &Permit, owner: &str) -> Result<(), ServiceError> {
        let now = self.now();
        for stage in RUNS {
            let rows = upload::in_stage(&mut self.store.read().await?.conn(), stage, SWEPT).await?;
            for before in rows.into_iter().filter(|row| row.lease_until <= now.as_micros() || row.owner == owner) {
                let row =
                    UploadRow { stage: "interrupted".to_owned(), finished_at: Some(now.as_micros()), ..before.clone() };
                let mut tx = self.store.begin(permit).await?;
                match upload::update(&mut tx, &row, &before.stage).await.map_err(ServiceError::from) {
                    Ok(()) => {}
                    // It came to its end at this moment.
                    Err(ServiceError::Refused(_)) => continue,
                    Err(error) => return Err(error),
                }
                tx.record(subject(&row), "upload.interrupted", &json!({}))?;
                tx.commit(now).await?;
            }
        }
        Ok(())
    }

    /// An upload in one of these stages.
    async fn waiting(&self, id: UploadId, stages: &[&str]) -> Result<UploadRow, ServiceError> {
        let row = upload::by_id(&mut self.store.read().await?.conn(), id).await?.ok_or_else(Refusal::not_visible)?;
        if stages.contains(&row.stage.as_str()) {
            return Ok(row);
        }
        Err(Refusal::new("upload_stage", "这个文件已经确认导入、导入完毕或已放弃。请刷新页面查看最新状态。").into())
    }

    /// Where the file of an upload lies.
    fn spooled(&self, row: &UploadRow) -> Result<PathBuf, ServiceError> {
        let path = self.home.spool.as_deref().map(|folder| folder.join(&row.id)).filter(|path| path.is_file());
        Ok(path.ok_or_else(|| {
            Refusal::new(
                "upload_gone",
                "上传的文件不在这台服务器上了。请重新上传；多台服务器时请在接收该文件的那一台上操作。",
            )
        })?)
    }

    async fn remove(&self, row: &UploadRow) {
        let Some(path) = self.home.spool.as_deref().map(|folder| folder.join(&row.id)) else { return };
        let removed = tokio::task::spawn_blocking(move || std::fs::remove_file(path)).await;
        if let Ok(Err(error)) = removed
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(upload = row.id, error = %error.kind(), "an uploaded file could not be removed");
        }
    }

    /// Runs a confirmed upload to its end, whatever that is.
    async fn run_upload(&self, permit: Permit, mut row: UploadRow, connector: Connector, path: PathBuf) {
        let id = row.id.clone();
        let outcome = {
            // On the heap: what holds the state of a whole import is large.
            let work = Box::pin(self.import_upload(&permit, &mut row, &connector, &path));
            self.with_signs_of_life(&permit, &id, SIGN_OF_LIFE, work).await
        };
        let before = row.stage.clone();
        let kind = match outcome {
            Ok(Imported { refusal: None, .. }) => "imported",
            Ok(Imported { refusal: Some(refusal), .. }) | Err(ServiceError::File(refusal)) => {
                let refusal = FileRefusal { file: row.file_name.clone(), ..refusal };
                refusal.code.as_str().clone_into(&mut row.problem_code);
                row.problem = refusal.to_string();
                "failed"
            }
            Err(error) => {
                tracing::error!(upload = id, error = %telemetry::chain(&error), "the import of an upload failed");
                "internal".clone_into(&mut row.problem_code);
                "导入时系统出错，已导入的行都已保存。请稍后重新开始；仍不行时，请联系系统管理员。"
                    .clone_into(&mut row.problem);
                "failed"
            }
        };
        kind.clone_into(&mut row.stage);
        if let Err(error) = self.end_upload(&permit, &row, &before).await {
            tracing::error!(upload = id, error = %telemetry::chain(&error), "the end of an import was not written down");
        }
    }

    async fn end_upload(&self, permit: &Permit, row: &UploadRow, before: &str) -> Result<(), ServiceError> {
        let now = self.now();
        let row = UploadRow { finished_at: Some(now.as_micros()), ..row.clone() };
        let mut tx = self.store.begin(permit).await?;
        upload::update(&mut tx, &row, before).await?;
        let body = json!({ "pull": row.pull_id, "problem": row.problem_code });
        tx.record(subject(&row), &format!("upload.{}", row.stage), &body)?;
        tx.commit(now).await?;
        if row.stage == "imported" {
            self.remove(&row).await;
        }
        Ok(())
    }

    /// Does the work of an import and says at intervals that it is under way. Both go on at once: the work may hold the
    /// writer for which the sign of life waits.
    async fn with_signs_of_life<T>(
        &self,
        permit: &Permit,
        id: &str,
        every: Duration,
        work: impl Future<Output = T>,
    ) -> T {
        tokio::select! {
            done = work => done,
            never = self.give_signs_of_life(permit, id, every) => match never {},
        }
    }

    async fn give_signs_of_life(&self, permit: &Permit, id: &str, every: Duration) -> Infallible {
        let mut beat = tokio::time::interval(every);
        beat.tick().await;
        loop {
            beat.tick().await;
            self.renew_upload(permit, id).await;
        }
    }

    async fn renew_upload(&self, permit: &Permit, id: &str) {
        let now = self.now();
        let renewed = async {
            let mut tx = self.store.begin(permit).await?;
            upload::renew(&mut tx, id, now.as_micros().saturating_add(LEASE)).await?;
            tx.commit(now).await
        };
        if let Err(error) = renewed.await {
            tracing::warn!(upload = id, error = %telemetry::chain(&error), "an import gave no sign of life");
        }
    }

    /// Waits for its turn, counts the rows for the measure of progress, and imports.
    async fn import_upload(
        &self,
        permit: &Permit,
        row: &mut UploadRow,
        connector: &Connector,
        path: &Path,
    ) -> Result<Imported, ServiceError> {
        let _turn = self.home.turn.acquire().await.map_err(|_| Refusal::not_visible())?;
        let total = {
            let (connector, path) = (connector.clone(), path.to_owned());
            tokio::task::spawn_blocking(move || intake::count_rows(&connector, &path, &Limits::default())).await?
        };
        let pull = self.begin_file(permit.clone(), connector, path, row.file_name.clone()).await?;
        let now = self.now();
        let importing = UploadRow {
            stage: "importing".to_owned(),
            pull_id: Some(pull.id().to_string()),
            row_total: i64::try_from(total).ok(),
            lease_until: now.as_micros().saturating_add(LEASE),
            ..row.clone()
        };
        let mut tx = self.store.begin(permit).await?;
        upload::update(&mut tx, &importing, &row.stage).await?;
        tx.commit(now).await?;
        *row = importing;
        self.finish_pull(pull, path, &mut |_| ()).await
    }

    /// Writes a new upload down.
    async fn add_upload(&self, permit: &Permit, row: UploadRow) -> Result<UploadRow, ServiceError> {
        let now = self.now();
        let mut tx = self.store.begin(permit).await?;
        let body = json!({ "file": row.file_digest, "bytes": row.file_bytes, "kind": row.file_kind });
        tx.record(subject(&row), "upload.received", &body)?;
        upload::insert(&mut tx, row.clone()).await?;
        tx.commit(now).await?;
        Ok(row)
    }
}

/// The ledger's subject of an upload.
fn subject(row: &UploadRow) -> String {
    format!("upload:{}", row.id)
}

/// The id of an upload.
pub fn upload_id(row: &UploadRow) -> Result<UploadId, ServiceError> {
    stored_id("upload", &row.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::{Indexer, IndexerOptions};
    use crate::store::Store;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_sign_of_life_waits_for_the_import_and_not_the_import_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_file(&dir.path().join("huiyin.db")).await.unwrap();
        let indexer = Indexer::open(&dir.path().join("index"), IndexerOptions::default()).unwrap();
        let service = Service::new(store, indexer.search());
        let permit = allowed(&Actor::System("test"), Action::ImportFile, &Object::None).unwrap();
        let work = async {
            for _ in 0..3 {
                // The embedded database has one writer; it is held over several beats.
                let tx = service.store.begin(&permit).await.unwrap();
                tokio::time::sleep(Duration::from_millis(50)).await;
                tx.commit(service.now()).await.unwrap();
            }
        };
        let done = service.with_signs_of_life(&permit, "none", Duration::from_millis(10), work);
        tokio::time::timeout(Duration::from_secs(15), done).await.expect("the import goes on");
    }
}
