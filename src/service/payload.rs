//! What sources sent, as they sent it 原始页面: kept beside the database for some days, so that a row that could not be read
//! can be looked at where it stood.
//!
//! It is evidence and never in the way: what cannot be kept is missing, and the rows go in all the same. A held row names what
//! it stood on by the digest of its bytes, so that the ledger, which vouches for the row, vouches for that as well.

mod file;
mod show;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::ledger::Digest;
use serde_json::json;

use self::file::pack;
pub(super) use self::file::{PACKED, packed_place};
pub use self::show::{RawPayload, RawText, Shown};
use super::{Service, ServiceError};
use crate::intake::crawl::Payload;
use crate::intake::{Limits, file_kind};
use crate::store::payload::{self, PayloadRow};
use crate::store::source::HoldRow;
use crate::telemetry;

/// How long what sources send is kept unless told otherwise, in days.
pub const KEEP_DAYS: u32 = 30;
/// The largest page, request or file that is kept unless told otherwise, in bytes: 16 MiB.
pub const MAX_PAYLOAD_BYTES: u64 = 16 << 20;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// How old a packed file is before it counts as left, in microseconds. The row that names it is written minutes after it.
pub(super) const LEFT: i64 = DAY;
/// Rows erased in one transaction.
const ERASED: i64 = 500;

/// What is kept of what sources send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keeping {
    /// For how many days; none is kept for zero.
    pub days: u32,
    /// Up to which size, in bytes.
    pub max_bytes: u64,
}

impl Default for Keeping {
    fn default() -> Self {
        Self { days: KEEP_DAYS, max_bytes: MAX_PAYLOAD_BYTES }
    }
}

/// Something that was sent.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) url: String,
    pub(super) media_type: String,
    pub(super) charset: String,
    pub(super) body: Vec<u8>,
}

impl From<Payload> for Sent {
    fn from(payload: Payload) -> Self {
        let Payload { url, media_type, charset, body, .. } = payload;
        Self { url, media_type: media_type.unwrap_or_default(), charset: charset.unwrap_or_default(), body }
    }
}

/// A payload that lies here, before any row names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeptPayload {
    /// SM3 of what was sent, hexadecimal.
    pub(super) content: String,
    url: String,
    media_type: String,
    charset: String,
    bytes: u64,
    taken_at: i64,
}

impl KeptPayload {
    /// Its row, in its place among those of a pull.
    pub(super) fn into_row(self, pull: &str, ordinal: i64) -> PayloadRow {
        let Self { content, url, media_type, charset, bytes, taken_at } = self;
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        PayloadRow { pull_id: pull.to_owned(), ordinal, url, media_type, charset, bytes, content, taken_at }
    }
}

impl Service {
    /// The same, keeping more or less of what sources send.
    #[must_use]
    pub fn with_keeping(self, keeping: Keeping) -> Self {
        Self { keeping, ..self }
    }

    /// Keeps what was sent: it is on disk before any row names it. `None` where nothing is kept, for what is empty or too
    /// large, and when it cannot be written, which the log says.
    pub(super) async fn keep_payload(&self, sent: Sent) -> Option<KeptPayload> {
        let folder = self.keeps(sent.body.len() as u64)?;
        let (now, part) = (self.now().as_micros(), self.part_name()?);
        let Sent { url, media_type, charset, body } = sent;
        let bytes = body.len() as u64;
        let packed = tokio::task::spawn_blocking(move || {
            let content = Digest::of(&body).to_string();
            pack(&folder, &part, &content, &mut body.as_slice(), now).map(|()| content)
        });
        let content = told(packed.await)?;
        Some(KeptPayload { content, url, media_type, charset, bytes, taken_at: now })
    }

    /// The same for a file that is imported; `content` is the SM3 of its bytes.
    pub(super) async fn keep_file(&self, path: &Path, content: &str) -> Option<KeptPayload> {
        let (path, content) = (path.to_owned(), content.to_owned());
        let bytes = std::fs::metadata(&path).ok()?.len();
        let folder = self.keeps(bytes)?;
        let (now, part) = (self.now().as_micros(), self.part_name()?);
        let packed = tokio::task::spawn_blocking(move || {
            // What is no table is refused when it is read; it is still what was sent.
            let media_type = file_kind(&path, &Limits::default()).map_or("", media_type);
            pack(&folder, &part, &content, &mut std::fs::File::open(&path)?, now)?;
            Ok((content, media_type.to_owned()))
        });
        let (content, media_type) = told(packed.await)?;
        Some(KeptPayload { content, url: String::new(), media_type, charset: String::new(), bytes, taken_at: now })
    }

    /// Where something of this size is kept, if it is.
    fn keeps(&self, bytes: u64) -> Option<PathBuf> {
        let is_kept = self.keeping.days > 0 && (1..=self.keeping.max_bytes).contains(&bytes);
        self.home.blobs.clone().filter(|_| is_kept)
    }

    /// What a file is called while it is written.
    fn part_name(&self) -> Option<String> {
        let name: [u8; 16] = self.random().ok()?;
        Some(hex::encode(name))
    }

    /// The first payloads of a pull, in the order in which they came: what is known of them.
    pub async fn payloads_of_pull(
        &self,
        actor: &Actor,
        pull: &str,
        limit: i64,
    ) -> Result<Vec<PayloadRow>, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        Ok(payload::of_pull(&mut self.store.read().await?.conn(), pull, limit).await?)
    }

    /// What is known of the payload on which a held row stood; `None` when none was kept, or none is any more.
    pub async fn payload_of_hold(&self, actor: &Actor, row: &HoldRow) -> Result<Option<PayloadRow>, ServiceError> {
        allowed(actor, Action::ViewHeld, &Object::None)?;
        let Some(content) = &row.payload else { return Ok(None) };
        Ok(payload::of_hold(&mut self.store.read().await?.conn(), &row.pull_id, content).await?)
    }

    /// Erases what is older than it is to be kept, but for what a held row stands on that nobody has settled. The rows go
    /// first, then the files that no other row names. Returns how many rows.
    pub async fn forget_old_payloads(&self) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("start"), Action::ImportFile, &Object::None)?;
        let now = self.now();
        let before = now.as_micros().saturating_sub(i64::from(self.keeping.days).saturating_mul(DAY));
        let mut count = 0;
        loop {
            // Most of the time there is nothing to do, and no reason to keep others from writing.
            if payload::expired(&mut self.store.read().await?.conn(), before, 1).await?.is_empty() {
                return Ok(count);
            }
            let mut tx = self.store.begin(&permit).await?;
            let rows = payload::expired(&mut tx.conn(), before, ERASED).await?;
            if rows.is_empty() {
                // Another node was faster.
                return Ok(count);
            }
            for row in &rows {
                payload::remove(&mut tx, row).await?;
            }
            let body = json!({ "count": rows.len(), "days": self.keeping.days });
            tx.record("payloads".to_owned(), "payloads.erased", &body)?;
            tx.commit(now).await?;
            count += rows.len();
            let contents: BTreeSet<String> = rows.into_iter().map(|row| row.content).collect();
            self.remove_packed(contents.into_iter().collect()).await?;
        }
    }

    /// Removes the files of payloads that no row names any more. A younger one may be that of a row that is on its way.
    async fn remove_packed(&self, contents: Vec<String>) -> Result<(), ServiceError> {
        let Some(folder) = self.home.blobs.clone() else { return Ok(()) };
        let named = payload::named(&mut self.store.read().await?.conn(), &contents).await?;
        let before = self.now().as_micros().saturating_sub(LEFT);
        let unnamed = contents.into_iter().filter(|content| !named.contains(content));
        let unnamed: Vec<PathBuf> = unnamed.filter_map(|content| packed_place(&folder, &content)).collect();
        tokio::task::spawn_blocking(move || {
            unnamed.iter().filter(|path| super::blob::is_old(path, before)).for_each(|path| {
                super::blob::remove(path);
            });
        })
        .await?;
        Ok(())
    }
}

/// What came of packing; why not goes into the log.
fn told<T>(packed: Result<std::io::Result<T>, tokio::task::JoinError>) -> Option<T> {
    match packed {
        Ok(Ok(packed)) => Some(packed),
        Ok(Err(error)) => {
            tracing::warn!(error = %error.kind(), "what a source sent was not kept");
            None
        }
        Err(error) => {
            tracing::error!(error = %telemetry::chain(&error), "what a source sent was not kept");
            None
        }
    }
}

/// What a file is, as the web calls it.
fn media_type(kind: &str) -> &'static str {
    match kind {
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xls" => "application/vnd.ms-excel",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        _ => "text/csv",
    }
}
