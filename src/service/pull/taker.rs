//! The one for whom a crawl reads: asks the store what is known, and hands rows on in batches.

use tokio::sync::mpsc;

use super::{BATCH_ROWS, Batch};
use crate::intake::Connector;
use crate::intake::crawl::{Found, Host, HostGone, Known};
use crate::service::{Service, ServiceError};
use crate::store::message;

/// A polite crawl may take hours for a batch. What it has read for so long is written: microseconds.
const FLUSH_AFTER: i64 = 30_000_000;

/// Takes rows for one pull.
#[derive(Debug)]
pub(super) struct Taker {
    service: Service,
    connector: Connector,
    sender: mpsc::Sender<Batch>,
    batch: Batch,
    /// When the last batch was handed on, microseconds UTC.
    handed_at: i64,
    pages: u64,
    failure: Option<ServiceError>,
}

impl Taker {
    pub(super) fn new(service: Service, connector: Connector, sender: mpsc::Sender<Batch>) -> Self {
        let handed_at = service.now().as_micros();
        Self { service, connector, sender, batch: Batch::default(), handed_at, pages: 0, failure: None }
    }

    /// Hands on what is left; what went wrong while the store was asked, and how many pages there were.
    pub(super) async fn finish(mut self) -> (Option<ServiceError>, u64) {
        // A writer that is gone tells of it by itself.
        let _ = self.hand_on().await;
        (self.failure, self.pages)
    }

    async fn hand_on(&mut self) -> Result<(), HostGone> {
        self.handed_at = self.service.now().as_micros();
        if self.batch.len() == 0 {
            return Ok(());
        }
        self.sender.send(std::mem::take(&mut self.batch)).await.map_err(|_| HostGone)
    }

    /// Keeps why the store could not be asked, for the one who ends the pull.
    fn kept<T>(&mut self, answer: Result<T, ServiceError>) -> Result<T, HostGone> {
        answer.map_err(|error| {
            self.failure.get_or_insert(error);
            HostGone
        })
    }
}

impl Host for Taker {
    async fn known(&mut self, keys: &[String]) -> Result<Vec<Option<Known>>, HostGone> {
        // Rows on their way to the store are not asked for: a crawl asks for a key once.
        let rows = self.service.messages_by_keys(&self.connector.id, keys).await;
        let rows = self.kept(rows)?;
        let mut known: std::collections::HashMap<String, Option<String>> =
            rows.into_iter().map(|row| (row.source_key, row.list_digest)).collect();
        Ok(keys.iter().map(|key| known.remove(key).map(|list_digest| Known { list_digest })).collect())
    }

    async fn shown_after(&mut self, after: &str, limit: usize) -> Result<Vec<String>, HostGone> {
        let keys = self.service.keys_shown_after(&self.connector.id, after, limit).await;
        self.kept(keys)
    }

    async fn take(&mut self, found: Found) -> Result<(), HostGone> {
        match found {
            Found::Page(_) => {
                self.pages += 1;
                // A clock that was set back counts as time gone by: writing early costs little.
                let waited = self.service.now().as_micros().abs_diff(self.handed_at);
                if waited >= FLUSH_AFTER.unsigned_abs() {
                    self.hand_on().await?;
                }
            }
            Found::Row(row) => self.batch.push(&self.connector, row),
            Found::Unchanged { key } => self.batch.push_unchanged(key),
        }
        if self.batch.len() >= BATCH_ROWS {
            self.hand_on().await?;
        }
        Ok(())
    }
}

impl Service {
    async fn messages_by_keys(&self, source: &str, keys: &[String]) -> Result<Vec<message::MessageRow>, ServiceError> {
        Ok(message::by_keys(&mut self.store.read().await?.conn(), source, keys).await?)
    }

    async fn keys_shown_after(&self, source: &str, after: &str, limit: usize) -> Result<Vec<String>, ServiceError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(message::shown_after(&mut self.store.read().await?.conn(), source, after, limit).await?)
    }
}
