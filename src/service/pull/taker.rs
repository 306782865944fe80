//! The one for whom a crawl reads: asks the store what is known, and hands rows on in batches.

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{BATCH_ROWS, Batch};
use crate::intake::Connector;
use crate::intake::RowOutcome;
use crate::intake::crawl::{Found, Host, HostGone, Known, Shows};
use crate::service::payload::{KeptPayload, Sent};
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
    /// The page that is being kept. The next waits for it, so that memory holds two at most.
    keeping: Option<Page>,
    /// The list on which rows stand now, and the page of the row that comes next, by their digests.
    list: Option<String>,
    message: Option<String>,
    failure: Option<ServiceError>,
}

/// A page on its way to the disk.
#[derive(Debug)]
struct Page {
    shows: Shows,
    /// Whether the row that it shows, if it shows one alone, has not come yet.
    awaits_row: bool,
    kept: JoinHandle<Option<KeptPayload>>,
}

impl Taker {
    pub(super) fn new(service: Service, connector: Connector, sender: mpsc::Sender<Batch>) -> Self {
        let handed_at = service.now().as_micros();
        Self {
            service,
            connector,
            sender,
            batch: Batch::default(),
            handed_at,
            pages: 0,
            keeping: None,
            list: None,
            message: None,
            failure: None,
        }
    }

    /// Hands on what is left; what went wrong while the store was asked, and how many pages there were.
    pub(super) async fn finish(mut self) -> (Option<ServiceError>, u64) {
        // A writer that is gone tells of it by itself.
        let _ = self.hand_on().await;
        (self.failure, self.pages)
    }

    async fn hand_on(&mut self) -> Result<(), HostGone> {
        self.handed_at = self.service.now().as_micros();
        // What rows stand on is on disk before any row says so.
        self.settle().await;
        if self.batch.is_empty() {
            return Ok(());
        }
        self.sender.send(std::mem::take(&mut self.batch)).await.map_err(|_| HostGone)
    }

    /// Begins to keep a page.
    async fn keep(&mut self, sent: Sent, shows: Shows) {
        self.settle().await;
        self.message = None;
        if shows == Shows::List {
            self.list = None;
        }
        let service = self.service.clone();
        let kept = tokio::spawn(async move { service.keep_payload(sent).await });
        self.keeping = Some(Page { shows, awaits_row: true, kept });
    }

    /// Waits for the page that is being kept.
    async fn settle(&mut self) {
        let Some(Page { shows, awaits_row, kept }) = self.keeping.take() else { return };
        // A page that was not kept is missing, and the rows go in all the same.
        let Ok(Some(kept)) = kept.await else { return };
        match shows {
            Shows::List => self.list = Some(kept.content.clone()),
            Shows::Message if awaits_row => self.message = Some(kept.content.clone()),
            Shows::Message => {}
        }
        self.batch.push_payload(kept);
    }

    /// Takes a row that was read.
    async fn take_row(&mut self, row: RowOutcome) {
        let on = match &row {
            RowOutcome::Record(_) => None,
            RowOutcome::Held(_) => {
                self.settle().await;
                self.message.clone().or_else(|| self.list.clone())
            }
        };
        self.batch.push_on(&self.connector, row, on);
    }

    /// The row has come whose page was the last one.
    fn end_row(&mut self) {
        self.message = None;
        if let Some(page) = &mut self.keeping {
            page.awaits_row = false;
        }
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
            Found::Page(payload) => {
                self.pages += 1;
                // A clock that was set back counts as time gone by: writing early costs little.
                let waited = self.service.now().as_micros().abs_diff(self.handed_at);
                if waited >= FLUSH_AFTER.unsigned_abs() {
                    self.hand_on().await?;
                }
                let shows = payload.shows;
                self.keep(payload.into(), shows).await;
            }
            Found::Row(row) => {
                self.take_row(row).await;
                self.end_row();
            }
            Found::Unchanged { key } => {
                self.batch.push_unchanged(key);
                self.end_row();
            }
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
