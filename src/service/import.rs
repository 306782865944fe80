//! The import use case: a file becomes messages, versions, items and held rows, and its counts add up.
//!
//! Rows are read on a thread of their own and written in batches. Each batch is one transaction (rows, counts of the
//! pull, ledger), so that a crash leaves whole batches behind and a second run adds exactly what is missing.

mod arrive;
mod batch;
mod content;
pub mod held;
mod known;
mod newcomer;
mod quarantine;
pub mod repair;
mod underway;

use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

pub(in crate::service) use batch::{Batch, Prepared};
use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::PullId;
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use newcomer::Origin;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::payload::KeptPayload;
use super::schedule::add_source;
use super::{Service, ServiceError};
use crate::intake::{Connector, FileCode, FileRefusal, FileSummary, Limits, ReadError, read_table};
use crate::store::item as items;
use crate::store::source::{self, PullRow};
use crate::store::{StoreError, Tx, payload};

pub(crate) use content::{hold_parts, version_parts};
pub(crate) use known::{KEY_REUSED, RETURNED, WITHDRAWN};
pub(crate) use underway::counts;
pub(super) use underway::{Pull, Reads};
pub use underway::{Purpose, Statement};

/// The ledger's kind for a link to the first of equal messages: it never moves, hides or settles an item.
pub(crate) const LINKED_AS_REPEAT: &str = "item.linked_as_repeat";

/// Rows in one transaction: large enough to make the commit's fsync cheap, small enough to lose little time on a crash.
pub(super) const BATCH_ROWS: usize = 1_000;
/// How long a pull counts as running after its last sign of life, in microseconds: five minutes. Longer than any batch
/// takes and than the clocks of several machines may differ.
pub(super) const LEASE: i64 = 300_000_000;
/// How often it gives a sign while no batch does.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_mins(1);
/// Batches the reader may be ahead of who builds, and that one ahead of the writer.
pub(super) const BATCHES_AHEAD: usize = 2;

/// What an import did.
#[derive(Debug)]
pub struct Imported {
    /// The counts, of what was read.
    pub statement: Statement,
    /// Why the rest of the file could not be read; what was read before stays.
    pub refusal: Option<FileRefusal>,
}

impl Service {
    /// Imports one file through a connector. `progress` is told the number of rows written so far.
    ///
    /// A file that is not what the connector describes is refused; what was read before the fault is kept and counted. A
    /// row that cannot be read is held and the rest goes in.
    pub async fn import_file(
        &self,
        actor: &Actor,
        connector: &Connector,
        path: &Path,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, ServiceError> {
        let permit = allowed(actor, Action::ImportFile, &Object::None)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // The first rows are read while the file is digested and kept.
        let reading = Reading::begin(connector, path);
        let pull = self.begin_file(permit, connector, path, name).await?;
        self.finish_reading(pull, reading, path, progress).await
    }

    /// Reads the file of a pull that has begun, to its end.
    pub(super) async fn finish_pull(
        &self,
        pull: Pull,
        path: &Path,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, ServiceError> {
        let reading = Reading::begin(&pull.connector, path);
        self.finish_reading(pull, reading, path, progress).await
    }

    /// The same of a file that is being read.
    async fn finish_reading(
        &self,
        mut pull: Pull,
        reading: Reading,
        path: &Path,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Imported, ServiceError> {
        let outcome = self.write_read(&mut pull, reading, progress).await;
        let stage = if outcome.is_ok() { "finished" } else { "failed" };
        stage.clone_into(&mut pull.row.stage);
        let tx = self.store.begin(&pull.permit).await?;
        self.end_pull(tx, &mut pull).await?;
        let refusal = match outcome {
            Ok(()) => None,
            Err(ServiceError::File(refusal)) => Some(refusal),
            Err(error) => return Err(error),
        };
        Ok(Imported { statement: pull.statement(path.display().to_string()), refusal })
    }

    /// Marks pulls and uploads that a crash cut off, so that the office sees them. Called at start and every minute.
    ///
    /// `alone`: no other process imports from this data directory, so that what is marked as running in it was cut off.
    /// What runs elsewhere counts as cut off once its lease has run out.
    pub async fn note_interrupted_pulls(&self, alone: bool) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("start"), Action::ImportFile, &Object::None)?;
        let owner = if alone { self.home.owner.as_str() } else { "" };
        let now = self.now();
        let running = source::pulls_in_stage(&mut self.store.read().await?.conn(), "running").await?;
        let mut count = 0;
        if running.iter().any(|row| row.lease_until <= now.as_micros() || row.owner == owner) {
            let mut tx = self.store.begin(&permit).await?;
            for row in &running {
                // It may have ended since it was read, or have shown a sign of life.
                if source::interrupt(&mut tx, &row.id, now.as_micros(), owner).await? {
                    tx.record(format!("pull:{}", row.id), "pull.interrupted", &json!({ "stated": row.stated }))?;
                    count += 1;
                }
            }
            tx.commit(now).await?;
        }
        self.note_interrupted_uploads(&permit, owner).await?;
        Ok(count)
    }

    /// Begins a pull of a file that people know as `file_name`.
    pub(super) async fn begin_file(
        &self,
        permit: Permit,
        connector: &Connector,
        path: &Path,
        file_name: String,
    ) -> Result<Pull, ServiceError> {
        let digest = {
            let path = path.to_owned();
            let name = file_name.clone();
            tokio::task::spawn_blocking(move || digest_file(&path, &name)).await??
        };
        let whole = self.keep_file(path, &digest.to_string()).await;
        let reads = Reads { purpose: Purpose::File, name: file_name, digest: digest.to_string(), whole };
        self.begin_pull(permit, connector, reads).await
    }

    /// Begins a pull: from here on it is on record, whatever becomes of it.
    pub(super) async fn begin_pull(
        &self,
        permit: Permit,
        connector: &Connector,
        reads: Reads,
    ) -> Result<Pull, ServiceError> {
        let now = self.now();
        let (mut pull, whole) = self.new_pull(permit, connector, reads, now)?;
        let mut tx = self.store.begin(&pull.permit).await?;
        // As in every batch: imports write one after the other, or two first ones would both add the source.
        items::reserve_numbers(&mut tx, 0).await?;
        open_pull(&mut tx, &mut pull, whole, now).await?;
        tx.commit(now).await?;
        Ok(pull)
    }

    /// A pull that has read nothing, and is on no record yet.
    fn new_pull(
        &self,
        permit: Permit,
        connector: &Connector,
        reads: Reads,
        now: Instant,
    ) -> Result<(Pull, Option<KeptPayload>), ServiceError> {
        let id = PullId::new(now, self.random()?);
        let row = PullRow {
            id: id.to_string(),
            source_id: connector.id.clone(),
            stage: "running".to_owned(),
            file_name: reads.name,
            file_digest: reads.digest,
            started_at: now.as_micros(),
            finished_at: None,
            stated: 0,
            accepted: 0,
            unchanged: 0,
            changed: 0,
            held: 0,
            rejected: 0,
            actor: permit.actor().code(),
            owner: self.home.owner.clone(),
            lease_until: now.as_micros().saturating_add(LEASE),
            purpose: reads.purpose.as_str().to_owned(),
            claimed: None,
            met: 0,
            pages: 0,
            withdrawn: 0,
            returned: 0,
            complete: false,
            problem_code: String::new(),
            problem: String::new(),
        };
        Ok((Pull::of(id, connector.clone(), permit, row), reads.whole))
    }

    /// Ends a pull in the stage that its row says, together with whatever else is to be written at its end.
    pub(super) async fn end_pull(&self, mut tx: Tx, pull: &mut Pull) -> Result<(), ServiceError> {
        let now = self.now();
        pull.row.finished_at = Some(now.as_micros());
        source::update_pull(&mut tx, &pull.row).await?;
        tx.record(pull.subject(), &format!("pull.{}", pull.row.stage), &counts(&pull.row))?;
        tx.commit(now).await?;
        Ok(())
    }

    /// Shows that the pull is still under way.
    async fn renew(&self, pull: &Pull) -> Result<(), ServiceError> {
        let now = self.now();
        let mut tx = self.store.begin(&pull.permit).await?;
        if !source::renew(&mut tx, &pull.row.id, now.as_micros().saturating_add(LEASE)).await? {
            return Err(StoreError::ChangedMeanwhile { table: "pull", id: pull.row.id.clone() }.into());
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// Writes what is read, as in [`Self::write_batches`], to the end of the file.
    async fn write_read(
        &self,
        pull: &mut Pull,
        reading: Reading,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), ServiceError> {
        self.write_batches(pull, reading.batches, progress).await?;
        reading.reader.await??;
        Ok(())
    }

    /// Builds what is new in each batch on a task of its own and writes here, until there are no more batches. `progress`
    /// is told the number of rows written so far.
    pub(super) async fn write_batches(
        &self,
        pull: &mut Pull,
        batches: mpsc::Receiver<Batch>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<(), ServiceError> {
        let (mut receiver, builder) = self.build_beside(pull.origin(), batches);
        let mut written = 0;
        let mut beat = tokio::time::interval(SIGN_OF_LIFE);
        loop {
            tokio::select! {
                batch = receiver.recv() => {
                    let Some(batch) = batch.transpose()? else { break };
                    written += batch.len() as u64;
                    self.write_batch(pull, batch).await?;
                    progress(written);
                }
                // A large workbook takes its time before the first row comes out of it, and a polite crawl for each row.
                _ = beat.tick() => self.renew(pull).await?,
            }
        }
        builder.await?;
        Ok(())
    }

    /// Builds what is new in each batch, while those before it are written.
    fn build_beside(
        &self,
        origin: Origin,
        mut batches: mpsc::Receiver<Batch>,
    ) -> (mpsc::Receiver<Result<Prepared, ServiceError>>, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let service = self.clone();
        let builder = tokio::spawn(async move {
            while let Some(batch) = batches.recv().await {
                let prepared = service.build_new(&origin, batch).await;
                let failed = prepared.is_err();
                // Without a writer there is nothing left to do, nor after a failure: the reader ends as well.
                if sender.send(prepared).await.is_err() || failed {
                    return;
                }
            }
        });
        (receiver, builder)
    }
}

/// Puts a pull on record, with what all of its rows stand in, and with its source when this is the first that comes from it.
async fn open_pull(tx: &mut Tx, pull: &mut Pull, whole: Option<KeptPayload>, now: Instant) -> Result<(), ServiceError> {
    add_source(tx, &pull.connector, now).await?;
    source::insert_pull(tx, pull.row.clone()).await?;
    pull.whole = whole.as_ref().map(|whole| whole.content.clone());
    let rows = pull.payload_rows(whole.into_iter().collect());
    payload::insert(tx, rows).await?;
    let mut body = json!({ "source": pull.connector.id, "file": pull.row.file_digest });
    if pull.row.purpose != Purpose::File.as_str()
        && let Some(body) = body.as_object_mut()
    {
        body.insert("purpose".to_owned(), json!(pull.row.purpose));
    }
    tx.record(pull.subject(), "pull.started", &body)?;
    Ok(())
}

/// A file that is being read, on a thread of its own; dropped, the reading ends.
#[derive(Debug)]
struct Reading {
    batches: mpsc::Receiver<Batch>,
    reader: JoinHandle<Result<FileSummary, FileRefusal>>,
}

impl Reading {
    fn begin(connector: &Connector, path: &Path) -> Self {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let (connector, path) = (connector.clone(), path.to_owned());
        Self { batches, reader: tokio::task::spawn_blocking(move || read_batches(&connector, &path, &sender)) }
    }
}

/// The writer went away; the reader has nothing left to do.
#[derive(Debug)]
struct WriterGone;

/// Sends rows in batches; ends early, without an error of its own, when the writer has failed.
fn read_batches(connector: &Connector, path: &Path, sender: &mpsc::Sender<Batch>) -> Result<FileSummary, FileRefusal> {
    let mut batch = Batch::default();
    let result = read_table(connector, path, &Limits::default(), &mut |row| {
        batch.push(connector, row);
        if batch.len() < BATCH_ROWS {
            return Ok(());
        }
        sender.blocking_send(std::mem::take(&mut batch)).map_err(|_| WriterGone)
    });
    // What was read before a fault in the file is kept: those rows are real.
    if !batch.is_empty() && sender.blocking_send(batch).is_err() {
        return Ok(FileSummary::default());
    }
    match result {
        Ok(summary) => Ok(summary),
        Err(ReadError::File(refusal)) => Err(refusal),
        Err(ReadError::Row(WriterGone)) => Ok(FileSummary::default()),
    }
}

/// SM3 of a file's bytes.
fn digest_file(path: &Path, name: &str) -> Result<Digest, FileRefusal> {
    use sm3::Digest as _;

    let refuse = |error: std::io::Error| FileRefusal {
        code: FileCode::Unreadable,
        file: name.to_owned(),
        sheet: None,
        row: None,
        column: None,
        message: format!("读不了这个文件（{error}），请检查路径和权限后再试"),
    };
    let mut file = std::fs::File::open(path).map_err(refuse)?;
    let mut hasher = sm3::Sm3::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(refuse)? {
            0 => return Ok(Digest::from_bytes(hasher.finalize().into())),
            read => hasher.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}
