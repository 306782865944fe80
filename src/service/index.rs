//! The search index follows the ledger.
//!
//! The index keeps, in its own commit, the ledger number up to which it is complete. Following means: read the entries
//! after that number, load the items they are about, put them into the index, commit with the new number. A crash
//! anywhere in between leaves the index at its last commit, and the same entries are read again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use huiyin_domain::item::Stage;
use huiyin_domain::time::Instant;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::handover::{Handover, Lot, Next};
use super::item::load_state;
use super::{Service, ServiceError, stored_id};
use crate::search::{Indexer, SearchDoc};
use crate::store::Store;
use crate::store::item::{self as items, ItemRow, ItemUnitRow, ReplyRow};
use crate::store::ledger::{self, SubjectRow};
use crate::store::message::{self, TextRow, VersionRow};

/// Ledger entries read at once.
const ENTRIES: u32 = 2_000;
/// Documents after which the index commits although more are waiting: bounds what a crash makes it do again.
const COMMIT_EVERY: usize = 50_000;
/// Documents at once from which on more are expected.
const MANY: usize = 500;
/// How long a commit waits for more of many: longer than a busy machine takes for a batch of an import.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it looks while it waits.
const GLANCE: Duration = Duration::from_millis(20);
/// How often the ledger's head is looked at for what other processes have written.
const POLL: Duration = Duration::from_secs(1);

/// Keeps one index up to date.
#[derive(Debug)]
pub struct Follower {
    store: Store,
    /// Absent only while a blocking thread works with it.
    indexer: Option<Indexer>,
    cursor: u64,
    handover: Arc<Handover>,
}

impl Follower {
    /// Follows from where the index stands.
    pub fn new(store: Store, indexer: Indexer) -> Result<Self, ServiceError> {
        let cursor = indexer.search().cursor()?;
        Ok(Self { store, indexer: Some(indexer), cursor, handover: Arc::default() })
    }

    /// Where imports lay down what they write.
    pub(super) fn handover(&self) -> Arc<Handover> {
        Arc::clone(&self.handover)
    }

    /// The ledger number up to which the index is complete.
    pub const fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Indexes everything the ledger holds by now and commits. Returns the number of documents written.
    pub async fn catch_up(&mut self) -> Result<usize, ServiceError> {
        self.follow_to_end(Duration::ZERO, &CancellationToken::new()).await
    }

    /// Indexes to the ledger's end. When much has come at once, more is probably coming: the commit, which costs the same
    /// for one document as for thousands, then waits up to `patience` for it, but no longer than until `stop`.
    async fn follow_to_end(&mut self, patience: Duration, stop: &CancellationToken) -> Result<usize, ServiceError> {
        let mut written = 0;
        let mut uncommitted = 0;
        let mut gives_way = false;
        let mut position = self.cursor;
        let mut waited = Duration::ZERO;
        loop {
            let (seq, documents, more) = match self.handover.next(position) {
                Next::Lot(Lot { seq, documents, .. }) => (seq, documents, true),
                Next::Read(until) => {
                    let limit =
                        until.and_then(|until| u32::try_from(until - position).ok()).unwrap_or(ENTRIES).min(ENTRIES);
                    let entries = ledger::subjects_after(&mut self.store.read().await?.conn(), position, limit).await?;
                    let Some(last) = entries.last() else {
                        if (uncommitted < MANY && !gives_way) || waited >= patience || stop.is_cancelled() {
                            break;
                        }
                        tokio::time::sleep(GLANCE).await;
                        waited += GLANCE;
                        continue;
                    };
                    let seq = u64::try_from(last.seq).unwrap_or(position);
                    (seq, self.documents(&entries).await?, entries.len() >= limit as usize)
                }
            };
            position = seq;
            // As much as could be read: an import is under way, and the wait for it begins again.
            if more {
                waited = Duration::ZERO;
            }
            written += documents.len();
            uncommitted += documents.len();
            self.blocking(move |indexer| indexer.apply(documents)).await?;
            // The first commit of many tells the threads to give way, the last one that they need not any longer.
            if uncommitted >= COMMIT_EVERY || (uncommitted >= MANY && !gives_way) {
                self.commit_giving_way(position).await?;
                uncommitted = 0;
                gives_way = true;
            }
        }
        if position > self.cursor || gives_way {
            self.commit(position).await?;
        }
        Ok(written)
    }

    /// Follows until told to stop. A failure is logged and tried again with the next wake-up: the index lags, the store
    /// goes on. Returns itself, for a last [`Self::catch_up`].
    pub async fn run(mut self, mut written: watch::Receiver<u64>, stop: CancellationToken) -> Self {
        loop {
            if let Err(error) = self.follow_to_end(PATIENCE, &stop).await {
                tracing::error!(error = %crate::telemetry::chain(&error), "search index could not follow the ledger");
                if self.indexer.is_none() {
                    return self;
                }
            }
            tokio::select! {
                () = stop.cancelled() => return self,
                _ = written.changed() => {}
                () = tokio::time::sleep(POLL) => {}
            }
        }
    }

    /// Builds the index anew beside the serving one and swaps it in. Returns the number of documents.
    ///
    /// `progress` is told the number of documents so far.
    pub async fn rebuild(&mut self, progress: &mut (dyn FnMut(u64) + Send)) -> Result<u64, ServiceError> {
        // Entries written from here on are read again after the swap.
        let start = ledger::head(&mut self.store.read().await?.conn()).await?.seq;
        let mut rebuild = self.blocking(|indexer| indexer.begin_rebuild()).await?;
        let mut last = 0;
        let mut count = 0;
        loop {
            let rows = items::page_by_number(&mut self.store.read().await?.conn(), last, 500).await?;
            let Some(newest) = rows.last() else { break };
            last = newest.number;
            count += rows.len() as u64;
            let documents = documents_of(&self.store, rows).await?;
            rebuild = tokio::task::spawn_blocking(move || rebuild.apply(documents).map(|()| rebuild)).await??;
            progress(count);
        }
        self.blocking(move |indexer| rebuild.finish(indexer, start)).await?;
        self.cursor = start;
        self.catch_up().await?;
        Ok(count)
    }

    /// What the index is to know of the items that entries are about: as they are at the last of these or later.
    async fn documents(&self, entries: &[SubjectRow]) -> Result<Vec<SearchDoc>, ServiceError> {
        let items = entries.iter().filter_map(|entry| entry.subject.strip_prefix("item:"));
        let items: Vec<String> = items.collect::<BTreeSet<_>>().into_iter().map(str::to_owned).collect();
        let mut documents = Vec::with_capacity(items.len());
        for ids in items.chunks(500) {
            documents.extend(load_documents(&self.store, ids).await?);
        }
        // In rising order new ones are known to be new.
        documents.sort_unstable_by_key(|document| document.number);
        Ok(documents)
    }

    async fn commit(&mut self, position: u64) -> Result<(), ServiceError> {
        self.blocking(move |indexer| indexer.commit(position)).await?;
        self.cursor = position;
        Ok(())
    }

    async fn commit_giving_way(&mut self, position: u64) -> Result<(), ServiceError> {
        self.blocking(move |indexer| indexer.commit_giving_way(position)).await?;
        self.cursor = position;
        Ok(())
    }

    /// Lends the indexer to a blocking thread: adding waits for its queue, committing for the disk.
    async fn blocking<T, F>(&mut self, work: F) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Indexer) -> Result<T, crate::search::SearchError> + Send + 'static,
    {
        let Some(mut indexer) = self.indexer.take() else {
            return Err(ServiceError::Inconsistent {
                subject: "search index".to_owned(),
                problem: "its writer was lost in an earlier failure".to_owned(),
            });
        };
        let (indexer, result) = tokio::task::spawn_blocking(move || {
            let result = work(&mut indexer);
            (indexer, result)
        })
        .await?;
        self.indexer = Some(indexer);
        Ok(result?)
    }
}

impl Service {
    /// Waits until the index has reached a ledger number, at most for a second: so that a list shown after an action
    /// includes it. Tells whether it has.
    pub async fn wait_for_index(&self, seq: u64) -> Result<bool, ServiceError> {
        for _ in 0..100 {
            if self.search.cursor()? >= seq {
                return Ok(true);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(false)
    }
}

async fn load_documents(store: &Store, ids: &[String]) -> Result<Vec<SearchDoc>, ServiceError> {
    let rows = items::by_ids(&mut store.read().await?.conn(), ids).await?;
    documents_of(store, rows).await
}

/// What the index knows of these items. Drafts are not part of it: only released answers and those shown at the source.
async fn documents_of(store: &Store, rows: Vec<ItemRow>) -> Result<Vec<SearchDoc>, ServiceError> {
    let mut reader = store.read().await?;
    let messages: Vec<String> = rows.iter().map(|row| row.message_id.clone()).collect();
    let versions = message::newest_texts_of(&mut reader.conn(), &messages).await?;
    let mut versions: HashMap<String, TextRow> =
        versions.into_iter().map(|version| (version.message_id.clone(), version)).collect();
    let assigned: Vec<String> =
        rows.iter().filter(|row| row.lead_unit_id.is_some()).map(|row| row.id.clone()).collect();
    let (units, replies) = if assigned.is_empty() {
        (Vec::new(), Vec::new())
    } else {
        (items::units_of(&mut reader.conn(), &assigned).await?, items::replies_of(&mut reader.conn(), &assigned).await?)
    };
    rows.iter()
        .map(|row| {
            let version = versions.remove(&row.message_id).ok_or_else(|| ServiceError::Inconsistent {
                subject: format!("item:{}", row.id),
                problem: "its message has no version".to_owned(),
            })?;
            document(row, version, &units, &replies)
        })
        .collect()
}

/// What the index knows of an item that has just come in, by the subject of its entries in the ledger.
pub(super) fn new_document(row: &ItemRow, version: &VersionRow) -> Result<(String, SearchDoc), ServiceError> {
    let text = TextRow {
        message_id: String::new(),
        title: version.title.clone(),
        body: version.body.clone(),
        reply: version.reply.clone(),
    };
    Ok((format!("item:{}", row.id), document(row, text, &[], &[])?))
}

fn document(
    row: &ItemRow,
    version: TextRow,
    units: &[ItemUnitRow],
    replies: &[ReplyRow],
) -> Result<SearchDoc, ServiceError> {
    let mut reply = version.reply;
    if let Some(released) = released_reply(row, replies)? {
        reply.push('\n');
        reply.push_str(&released.text);
    }
    let lead = row.lead_unit_id.as_deref().map(|unit| stored_id("unit", unit)).transpose()?;
    let assisting = units
        .iter()
        .filter(|unit| unit.item_id == row.id && unit.part == "assist")
        .map(|unit| stored_id("unit", &unit.unit_id))
        .collect::<Result<_, _>>()?;
    let in_review = matches!(Stage::parse(&row.stage), Some(Stage::Review1 | Stage::Review2 | Stage::Review3));
    let barred = if in_review { load_state(row)?.barred().into_iter().collect() } else { Vec::new() };
    Ok(SearchDoc {
        number: u64::try_from(row.number).unwrap_or(0),
        title: version.title,
        body: version.body,
        reply,
        source: row.source_id.clone(),
        lead,
        assisting,
        barred,
        stage: row.stage.clone(),
        task: row.task.clone(),
        request_type: row.request_type.clone(),
        asked_at: Instant::from_micros(row.asked_at),
        due_at: row.due_at.map(Instant::from_micros),
        replied_at: row.replied_at.map(Instant::from_micros),
        open: row.open,
    })
}

/// The version of the reply that was released, if one was.
pub(super) fn released_reply<'a>(row: &ItemRow, replies: &'a [ReplyRow]) -> Result<Option<&'a ReplyRow>, ServiceError> {
    let answered = Stage::parse(&row.stage).is_some_and(Stage::is_answered);
    if !answered || row.lead_unit_id.is_none() {
        return Ok(None);
    }
    let state = load_state(row)?;
    // A draft under way when the source showed an answer was never released.
    let Some(reply) = state.reply.filter(|_| !state.answered_at_source) else { return Ok(None) };
    let (id, version) = (reply.id.to_string(), i64::from(reply.version));
    Ok(replies.iter().find(|row| row.reply_id == id && row.version == version))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use huiyin_domain::access::Actor;

    use super::*;
    use crate::intake::find;
    use crate::search::{IndexerOptions, Query, QueryText};

    const HEADER: &str = "留言编号,留言用户,留言主题,留言时间,留言详情,反对数,点赞数\n";

    async fn import(service: &Service, path: &Path, rows: &[&str]) {
        std::fs::write(path, format!("{HEADER}{}\n", rows.join("\n"))).unwrap();
        let connector = find("board", None).unwrap().unwrap();
        let imported = service.import_file(&Actor::System("cli"), &connector, path, &mut |_| ()).await.unwrap();
        assert_eq!((imported.refusal, imported.statement.held), (None, 0));
    }

    fn found(service: &Service, word: &str) -> Vec<u64> {
        let query = Query::new(QueryText::parse(word).unwrap(), service.now());
        service.search.search(&query).unwrap().hits.iter().map(|hit| hit.number).collect()
    }

    #[tokio::test]
    async fn what_is_new_is_handed_over_and_what_has_changed_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_file(&dir.path().join("huiyin.db")).await.unwrap();
        let indexer = Indexer::open(&dir.path().join("index"), IndexerOptions::default()).unwrap();
        let search = indexer.search();
        let mut follower = Follower::new(store.clone(), indexer).unwrap();
        let service = Service::new(store, search).with_follower(&follower);
        let path = dir.path().join("messages.csv");
        let (lamp, cover) =
            ("1,甲,路灯不亮,2026-10-08 08:20:00,东湖路的路灯不亮,0,0", "2,乙,井盖,2026-10-08 09:00:00,井盖松动,0,0");

        import(&service, &path, &[lamp, cover]).await;
        let handover = follower.handover();
        let Next::Read(Some(after)) = handover.next(0) else { panic!("the pull and its source come first") };
        let Next::Lot(lot) = handover.next(after) else { panic!("two new items were laid down") };
        assert_eq!(lot.documents.iter().map(|document| document.number).collect::<Vec<_>>(), [1, 2]);
        handover.lay_down(lot);
        follower.catch_up().await.unwrap();
        assert_eq!(found(&service, "松动"), [2]);

        let stolen = "2,乙,井盖,2026-10-08 09:00:00,井盖被盗,0,0";
        import(&service, &path, &[lamp, stolen, "3,丙,围挡,2026-10-09 10:00:00,围挡倒塌,0,0"]).await;
        assert_eq!(
            handover.next(follower.cursor()),
            Next::Read(None),
            "an item that was there has changed beside the new one"
        );
        follower.catch_up().await.unwrap();
        assert_eq!(
            (found(&service, "松动"), found(&service, "被盗"), found(&service, "围挡")),
            (vec![], vec![2], vec![3])
        );
    }
}
