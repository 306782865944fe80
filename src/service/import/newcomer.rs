//! Rows that are new, built while the rows before them are written.

use std::collections::HashSet;

use huiyin_domain::access::Actor;
use huiyin_domain::id::{ItemId, MessageId};
use huiyin_domain::item::{Code, Command, Item, Receipt, RequestType};
use huiyin_domain::ledger::Draft;
use huiyin_domain::time::Instant;

use super::super::item::{project, subject};
use super::super::{Salt, Service, ServiceError};
use super::batch::{Batch, Prepared};
use super::content::{Content, source_answer};
use crate::store::StoreError;
use crate::store::item::ItemRow;
use crate::store::message::{self, MessageRow, VersionRow};

/// A new message with its first version, its item and their entries in the ledger. Only the item's number, and which
/// earlier one it repeats, are told when it is written.
#[derive(Debug)]
pub(in crate::service) struct Newcomer {
    pub(super) message: MessageRow,
    pub(super) version: VersionRow,
    pub(super) item: ItemRow,
    pub(super) entries: Vec<Draft>,
}

/// What a newcomer has from its pull.
#[derive(Debug, Clone)]
pub(in crate::service) struct Origin {
    /// The connector's id.
    pub(super) source: String,
    /// The pull's id.
    pub(super) pull: String,
    /// Who imports.
    pub(super) actor: Actor,
}

/// The random part of one newcomer: it cannot be used twice.
#[derive(Debug)]
pub(super) struct Seed {
    message: [u8; 10],
    item: [u8; 10],
    salt: Salt,
}

impl Service {
    /// A seed for one newcomer.
    pub(super) fn seed(&self) -> Result<Seed, ServiceError> {
        Ok(Seed { message: self.random()?, item: self.random()?, salt: self.random()? })
    }

    /// Seeds for so many newcomers: the system is asked once for all of them.
    pub(super) fn seeds(&self, count: usize) -> Result<Vec<Seed>, ServiceError> {
        let mut bytes = vec![0; count.saturating_mul(size_of::<Seed>())];
        self.entropy.fill(&mut bytes)?;
        let seed = |bytes: &[u8]| {
            let (message, rest) = bytes.split_first_chunk()?;
            let (item, rest) = rest.split_first_chunk()?;
            Some(Seed { message: *message, item: *item, salt: *rest.first_chunk()? })
        };
        Ok(bytes.chunks_exact(size_of::<Seed>()).filter_map(seed).collect())
    }

    /// Builds what seems to be new in a batch. What is already there is told for certain when the batch is written, by
    /// when the rows before it are there as well.
    pub(super) async fn build_new(&self, origin: &Origin, batch: Batch) -> Result<Prepared, ServiceError> {
        let now = self.now();
        let Batch { payloads, contents, unchanged, held } = batch;
        let keys: Vec<String> = contents.iter().map(|content| content.record.key.clone()).collect();
        let known = message::by_keys(&mut self.store.read().await?.conn(), &origin.source, &keys).await?;
        let known: HashSet<String> = known.into_iter().map(|row| row.source_key).collect();
        let build = |(content, seed): (Content, Seed)| {
            let is_known = known.contains(&content.record.key);
            let newcomer = if is_known { None } else { Some(self.newcomer(origin, &content, now, seed)?) };
            Ok((content, newcomer))
        };
        let seeds = self.seeds(contents.len())?;
        let rows = contents.into_iter().zip(seeds).map(build).collect::<Result<_, ServiceError>>()?;
        Ok(Prepared { now, payloads, rows, unchanged, held })
    }

    /// Builds one.
    #[expect(clippy::needless_pass_by_value, reason = "a seed that is taken is not used twice")]
    pub(super) fn newcomer(
        &self,
        origin: &Origin,
        content: &Content,
        now: Instant,
        seed: Seed,
    ) -> Result<Newcomer, ServiceError> {
        let message = MessageId::new(now, seed.message);
        let item = ItemId::new(now, seed.item);
        let (version, digest) = content.sealed(&message.to_string(), 1, &origin.pull, now, seed.salt);
        let receipt = Command::Receive(Receipt {
            item,
            message,
            source: source_code(&origin.source)?,
            request_type: request_type(content),
            digest,
            submitted_at: content.asked_at,
            source_dispatched_at: content.dispatched_at,
            answer: source_answer(content, None, digest, now),
        });
        let events = huiyin_domain::item::decide(None, &receipt, &origin.actor, now, &self.rules.item)?;
        let state = Item::replay(&events).map_err(|error| ServiceError::Inconsistent {
            subject: format!("item:{item}"),
            problem: error.to_string(),
        })?;
        let actor = origin.actor.code();
        let entries = events
            .iter()
            .map(|event| Draft::new(actor.as_str(), subject(item), event.kind(), &event.body()))
            .collect::<Result<_, _>>()
            .map_err(StoreError::Ledger)?;
        let mut row = ItemRow {
            id: item.to_string(),
            number: 0,
            message_id: message.to_string(),
            source_id: origin.source.clone(),
            title: content.record.title.clone(),
            fingerprint: content.fingerprint.clone(),
            repeat_of: None,
            request_type: String::new(),
            stage: String::new(),
            open: true,
            task: None,
            lead_unit_id: None,
            asked_at: state.times.asked_at().as_micros(),
            received_at: now.as_micros(),
            due_at: None,
            due_provisional: false,
            replied_at: None,
            revision: 0,
            state: String::new(),
        };
        project(&mut row, &state, &self.rules)?;
        let message = message_row(message, origin, content, now);
        Ok(Newcomer { message, version, item: row, entries })
    }
}

fn message_row(id: MessageId, origin: &Origin, content: &Content, now: Instant) -> MessageRow {
    let facts = content.facts.clone();
    MessageRow {
        id: id.to_string(),
        source_id: origin.source.clone(),
        source_key: content.record.key.clone(),
        version: 1,
        content_digest: content.comparable_digest.clone(),
        first_seen_at: now.as_micros(),
        list_digest: facts.list_digest,
        url: facts.url,
        printed_number: facts.printed_number,
        series: facts.series,
        running: facts.running,
        named_unit: facts.named_unit,
        withdrawn_at: None,
    }
}

fn source_code(id: &str) -> Result<Code, ServiceError> {
    id.parse().map_err(|error: huiyin_domain::item::InvalidCode| ServiceError::Inconsistent {
        subject: "source".to_owned(),
        problem: error.to_string(),
    })
}

fn request_type(content: &Content) -> RequestType {
    let record = &content.record;
    let raw = record.request_type.as_deref().or(record.request_type_text.as_deref());
    raw.map_or(RequestType::Other, RequestType::from_source)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use huiyin_domain::access::{Action, Object, allowed};
    use serde_json::json;

    use super::*;
    use crate::clock::{Clock as _, ManualClock};
    use crate::intake::{Limits, find, push_rows};
    use crate::search::{Indexer, IndexerOptions};
    use crate::service::import::{Purpose, Reads};
    use crate::store::{Store, ledger};

    #[tokio::test]
    async fn what_was_built_before_somebody_else_wrote_is_dated_after_it() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open_file(&dir.path().join("huiyin.db")).await.unwrap();
        let indexer = Indexer::open(&dir.path().join("index"), IndexerOptions::default()).unwrap();
        let clock = Arc::new(ManualClock::new(Instant::from_micros(1_791_507_600_000_000)));
        let service = Service::new(store, indexer.search()).with_clock(clock.clone());
        let actor = Actor::System("test");
        let permit = allowed(&actor, Action::ImportFile, &Object::None).unwrap();
        let connector = find("hotline-push", None).unwrap().unwrap();
        let reads = Reads { purpose: Purpose::Push, name: String::new(), digest: String::new(), whole: None };
        let mut pull = service.begin_pull(permit.clone(), &connector, reads).await.unwrap();
        let order = |number: u32| {
            let body = json!({
                "orderNo": format!("SZ{number}"), "title": "采光", "content": "青禾路北侧要建高楼，核算过采光吗？",
                "orderType": "咨询", "callTime": "2026-10-08 08:20:00", "dispatchTime": "2026-10-08 09:00:00",
            });
            let mut batch = Batch::default();
            for row in push_rows(&connector, body.to_string().as_bytes(), &Limits::default()).unwrap() {
                batch.push(&connector, row);
            }
            assert_eq!(batch.len(), 1);
            batch
        };
        for (number, waits) in [(1, 60), (2, 0)] {
            let prepared = service.build_new(&pull.origin(), order(number)).await.unwrap();
            assert!(prepared.rows.iter().all(|(_, newcomer)| newcomer.is_some()));
            clock.advance(waits);
            let mut tx = service.store.begin(&permit).await.unwrap();
            tx.record("source:elsewhere".to_owned(), "source.added", &json!({})).unwrap();
            tx.commit(service.now()).await.unwrap();
            clock.advance(1);
            service.write_batch(&mut pull, prepared).await.unwrap();
        }
        let rows = ledger::after(&mut service.store.read().await.unwrap().conn(), 0, 100).await.unwrap();
        let times: Vec<i64> = rows.iter().map(|row| row.at).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(
            times.last().copied(),
            Some(clock.now().plus_seconds(-1).as_micros()),
            "not later than it has to be"
        );
        assert_eq!(service.verify(&actor, &[]).await.unwrap().findings, []);
    }
}
