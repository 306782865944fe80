//! One batch of rows, one transaction.

use std::collections::{HashMap, HashSet};

use huiyin_domain::id::ItemId;
use huiyin_domain::item::{Command, Refusal};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::super::attachment::Shown;
use super::super::handover::Lot;
use super::super::index::new_document;
use super::super::item::{load_state, project, record_events};
use super::super::payload::KeptPayload;
use super::super::{Service, ServiceError, stored_id};
use super::content::{Content, source_answer};
use super::known::{Differing, Whose};
use super::newcomer::Newcomer;
use super::{LEASE, Pull};
use crate::intake::{Connector, Held, RowOutcome};
use crate::search::SearchDoc;
use crate::store::item as items;
use crate::store::ledger;
use crate::store::message::{self, Facts, MessageRow, VersionRow};
use crate::store::source::{self, PullRow};
use crate::store::{Tx, desk, payload};

/// Rows of one transaction, folded and digested already: that is done on the reader's thread, beside the writing.
#[derive(Debug, Default)]
pub(in crate::service) struct Batch {
    /// What came with them, or before them.
    pub(super) payloads: Vec<KeptPayload>,
    pub(super) contents: Vec<Content>,
    /// Keys of messages whose rows stand in the source's list as they did when they were read.
    pub(super) unchanged: Vec<String>,
    pub(super) held: Vec<Standing>,
}

/// A row that could not be read, and the digest of the payload it stands on, where that is not the same for all.
#[derive(Debug)]
pub(in crate::service) struct Standing {
    pub(super) row: Held,
    pub(super) on: Option<String>,
}

impl Batch {
    /// Takes a row as it was read.
    pub(in crate::service) fn push(&mut self, connector: &Connector, row: RowOutcome) {
        self.push_on(connector, row, None);
    }

    /// The same of a row that stands on a payload of its own; by the digest of that.
    pub(in crate::service) fn push_on(&mut self, connector: &Connector, row: RowOutcome, on: Option<String>) {
        match row {
            RowOutcome::Record(record) => self.contents.push(Content::new(connector, *record)),
            RowOutcome::Held(row) => self.held.push(Standing { row, on }),
        }
    }

    /// Takes what rows stand on. It goes on record with them or before them.
    pub(in crate::service) fn push_payload(&mut self, kept: KeptPayload) {
        self.payloads.push(kept);
    }

    /// Whether there is nothing to write.
    pub(in crate::service) const fn is_empty(&self) -> bool {
        self.len() == 0 && self.payloads.is_empty()
    }

    /// Takes a row that was not read again, because it stands as it did.
    pub(in crate::service) fn push_unchanged(&mut self, key: String) {
        self.unchanged.push(key);
    }

    /// How many rows there are.
    pub(in crate::service) const fn len(&self) -> usize {
        self.contents.len() + self.unchanged.len() + self.held.len()
    }
}

/// The same, and what becomes of each row that seems to be new.
#[derive(Debug)]
pub(in crate::service) struct Prepared {
    /// When it came in.
    pub(super) now: Instant,
    pub(super) payloads: Vec<KeptPayload>,
    pub(super) rows: Vec<(Content, Option<Newcomer>)>,
    pub(super) unchanged: Vec<String>,
    pub(super) held: Vec<Standing>,
}

impl Prepared {
    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.rows.len() + self.unchanged.len() + self.held.len()
    }
}

/// What a run of rows comes to for the messages that are known already.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Messages whose facts are to be written.
    pub(super) facts: Vec<(String, Facts)>,
    /// Messages that had been withdrawn.
    pub(super) returned: Vec<MessageRow>,
}

impl Seen {
    /// Notes that the source shows a known message, with what is known of it now.
    pub(super) fn note(&mut self, row: &MessageRow, facts: Facts) {
        // Most rows are as they were: those cost no write.
        if row.facts() != facts {
            self.facts.push((row.id.clone(), facts));
        }
        self.note_shown(row);
    }

    /// Notes that the source shows a known message.
    pub(super) fn note_shown(&mut self, row: &MessageRow) {
        if row.withdrawn_at.is_some() {
            self.returned.push(row.clone());
        }
    }
}

impl Service {
    /// Writes one batch and its counts. Nothing of it stays when any of it fails.
    pub(super) async fn write_batch(&self, pull: &mut Pull, batch: Prepared) -> Result<(), ServiceError> {
        let mut tx = self.store.begin(&pull.permit).await?;
        // Taking no numbers takes the lock under which imports write one after the other, before any item is locked.
        items::reserve_numbers(&mut tx, 0).await?;
        let batch = self.as_of_now(&mut tx, batch).await?;
        let now = batch.now;
        let mut counts = pull.row.clone();
        let (documents, changes_its_own) = self.write_rows(&mut tx, pull, &mut counts, batch).await?;
        counts.lease_until = now.as_micros().saturating_add(LEASE);
        source::update_pull(&mut tx, &counts).await?;
        let (subjects, documents): (HashSet<String>, Vec<SearchDoc>) = documents.into_iter().unzip();
        let handover = self.handover.as_ref().filter(|_| !changes_its_own && tx.concerns_only(&subjects));
        let lay_down = |after, seq| {
            if let Some(handover) = handover {
                handover.lay_down(Lot { after, seq, documents });
            }
        };
        tx.commit_telling(now, lay_down).await?;
        pull.row = counts;
        Ok(())
    }

    /// The batch as of now, where somebody has written since it was built: the ledger's times would go backwards. What is
    /// new in it is then built once more.
    async fn as_of_now(&self, tx: &mut Tx, batch: Prepared) -> Result<Prepared, ServiceError> {
        let newest = ledger::newest(&mut tx.conn()).await?.map_or(i64::MIN, |entry| entry.at);
        let now = self.now();
        // A clock that was set back is behind the ledger whatever is done here.
        if newest <= batch.now.as_micros() || newest > now.as_micros() {
            return Ok(batch);
        }
        let rows = batch.rows.into_iter().map(|(content, _)| (content, None)).collect();
        Ok(Prepared { now, rows, ..batch })
    }

    /// Writes the rows of one batch and counts them. Returns what the index is to know of the new ones, if somebody keeps
    /// it here, and whether one of the rows has changed what another one brought.
    pub(super) async fn write_rows(
        &self,
        tx: &mut Tx,
        pull: &mut Pull,
        counts: &mut PullRow,
        batch: Prepared,
    ) -> Result<(Vec<(String, SearchDoc)>, bool), ServiceError> {
        let count = batch.len();
        let Prepared { now, payloads, rows, unchanged, held } = batch;
        let payloads = pull.payload_rows(payloads);
        if !payloads.is_empty() {
            payload::insert(tx, payloads).await?;
        }
        counts.stated += i64::try_from(count).unwrap_or(i64::MAX);
        let keys: Vec<String> =
            rows.iter().map(|(content, _)| &content.record.key).chain(&unchanged).cloned().collect();
        // A key that comes twice in one batch must meet its first appearance in the database.
        let runs = split_at_repeated_keys(rows);
        let changes_its_own = runs.len() > 1;
        let mut documents = Vec::new();
        for run in runs {
            documents.extend(self.write_run(tx, pull, counts, run, now).await?);
        }
        self.write_unchanged(tx, pull, counts, unchanged).await?;
        self.supersede_holds(tx, pull, &keys, now).await?;
        self.hold_rows(tx, pull, counts, held, now).await?;
        Ok((documents, changes_its_own))
    }

    /// Contents with distinct keys. Returns what the index is to know of the new ones, if somebody keeps it here.
    pub(super) async fn write_run(
        &self,
        tx: &mut Tx,
        pull: &mut Pull,
        counts: &mut PullRow,
        run: Vec<(Content, Option<Newcomer>)>,
        now: Instant,
    ) -> Result<Vec<(String, SearchDoc)>, ServiceError> {
        let keys: Vec<String> = run.iter().map(|(content, _)| content.record.key.clone()).collect();
        let known = message::by_keys(&mut tx.conn(), &pull.connector.id, &keys).await?;
        let mut known: HashMap<String, MessageRow> =
            known.into_iter().map(|row| (row.source_key.clone(), row)).collect();
        let (mut new, mut differing, mut seen) = (Vec::new(), Vec::new(), Seen::default());
        let mut shown = Shown::new();
        for (content, newcomer) in run {
            match known.remove(content.record.key.as_str()) {
                Some(row) if row.content_digest == content.comparable_digest => {
                    counts.unchanged += 1;
                    seen.note(&row, content.facts);
                    shown.push((row.id, content.record.attachments));
                }
                Some(row) => differing.push(Differing { row, content }),
                None => {
                    let newcomer = match newcomer {
                        Some(newcomer) => newcomer,
                        None => self.newcomer(&pull.origin(), &content, now, self.seed()?)?,
                    };
                    shown.push((newcomer.message.id.clone(), content.record.attachments));
                    new.push(newcomer);
                }
            }
        }
        for (differing, newest) in with_newest(tx, differing).await? {
            match self.whose(tx, pull, counts, differing, newest, now).await? {
                Whose::Excerpt { row } => {
                    counts.unchanged += 1;
                    // Its detail is read again by the next pull.
                    let facts = Facts { list_digest: None, ..row.facts() };
                    seen.note(&row, facts);
                }
                Whose::Same { row, content } => {
                    counts.unchanged += 1;
                    seen.note(&row, content.facts);
                    shown.push((row.id, content.record.attachments));
                }
                Whose::Changed { row, newest, content } => {
                    self.add_version(tx, pull, (&row, &newest), &content, now).await?;
                    counts.changed += 1;
                    seen.note(&row, content.facts);
                    shown.push((row.id, content.record.attachments));
                }
                Whose::New { content } => {
                    let newcomer = self.newcomer(&pull.origin(), &content, now, self.seed()?)?;
                    shown.push((newcomer.message.id.clone(), content.record.attachments));
                    new.push(newcomer);
                }
            }
        }
        pull.note_met(&keys);
        self.write_seen(tx, pull, counts, seen).await?;
        counts.accepted += i64::try_from(new.len()).unwrap_or(i64::MAX);
        let documents = self.add_items(tx, new).await?;
        self.list_attachments(tx, &pull.connector.id, shown, now).await?;
        Ok(documents)
    }

    /// New messages, each with its first version and its item.
    async fn add_items(&self, tx: &mut Tx, mut new: Vec<Newcomer>) -> Result<Vec<(String, SearchDoc)>, ServiceError> {
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let first_number = items::reserve_numbers(tx, i64::try_from(new.len()).unwrap_or(i64::MAX)).await?;
        let fingerprints: Vec<String> = new.iter().map(|newcomer| newcomer.item.fingerprint.clone()).collect();
        let originals = items::first_by_fingerprints(&mut tx.conn(), &fingerprints).await?;
        let mut originals: HashMap<String, String> =
            originals.into_iter().map(|row| (row.fingerprint, row.id)).collect();
        for (Newcomer { item, entries, .. }, number) in new.iter_mut().zip(first_number..) {
            item.number = number;
            item.repeat_of = originals.get(&item.fingerprint).cloned();
            tx.note(std::mem::take(entries))?;
            match &item.repeat_of {
                Some(original) => {
                    tx.record(format!("item:{}", item.id), super::LINKED_AS_REPEAT, &json!({ "of": original }))?;
                }
                None => drop(originals.insert(item.fingerprint.clone(), item.id.clone())),
            }
        }
        let documents = match &self.handover {
            Some(_) => new
                .iter()
                .map(|newcomer| new_document(&newcomer.item, &newcomer.version))
                .collect::<Result<_, ServiceError>>()?,
            None => Vec::new(),
        };
        let (mut messages, mut versions, mut items) = (Vec::new(), Vec::new(), Vec::new());
        for Newcomer { message, version, item, .. } in new {
            messages.push(message);
            versions.push(version);
            items.push(item);
        }
        message::insert(tx, messages).await?;
        message::insert_versions(tx, versions).await?;
        items::insert(tx, items).await?;
        Ok(documents)
    }

    /// A known message whose text, answer or times the source has changed.
    async fn add_version(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        (known, newest): (&MessageRow, &VersionRow),
        content: &Content,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let version = known.version + 1;
        let (row, digest) = content.sealed(&known.id, version, &pull.row.id, now, self.random()?);
        message::insert_versions(tx, vec![row]).await?;
        message::advance(tx, &known.id, version, &content.comparable_digest).await?;
        let mut item =
            items::by_message(&mut tx.conn(), &known.id).await?.ok_or_else(|| ServiceError::Inconsistent {
                subject: format!("message:{}", known.id),
                problem: "it has no item".to_owned(),
            })?;
        let id: ItemId = stored_id("item", &item.id)?;
        let mut state = load_state(&item)?;
        let revision = item.revision;
        let barred = state.barred();
        let before = (!pull.connector.trusts_reply_dates()).then_some(newest);
        let mut commands = vec![Command::RecordVersion { digest }];
        if state.stage.is_open()
            && let Some(answer) = source_answer(content, before, digest, now)
        {
            commands.push(Command::RecordSourceAnswer(answer));
        }
        for command in commands {
            let decided =
                huiyin_domain::item::decide(Some(&state), &command, pull.permit.actor(), now, &self.rules.item);
            let events = match decided {
                // The item was reopened, and the source still shows the answer from before: the text is new, the answer is
                // not. It stays open, and the rest of the file goes in.
                Err(Refusal::AnswerKnown) => continue,
                decided => decided?,
            };
            state = super::super::item::apply_all(state, &events)?;
            record_events(tx, id, &events)?;
        }
        item.title.clone_from(&content.record.title);
        project(&mut item, &state, &self.rules)?;
        items::update(tx, &item, revision).await?;
        if barred != state.barred() {
            items::replace_barred(tx, id, state.barred()).await?;
        }
        if !state.stage.is_open() {
            desk::remove_notes(tx, id).await?;
        }
        Ok(())
    }
}

/// The same with the newest version of each.
async fn with_newest(tx: &mut Tx, differing: Vec<Differing>) -> Result<Vec<(Differing, VersionRow)>, ServiceError> {
    if differing.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<String> = differing.iter().map(|one| one.row.id.clone()).collect();
    let versions = message::newest_of(&mut tx.conn(), &ids).await?;
    let mut versions: HashMap<String, VersionRow> =
        versions.into_iter().map(|version| (version.message_id.clone(), version)).collect();
    let paired = differing.into_iter().map(|one| match versions.remove(&one.row.id) {
        Some(version) => Ok((one, version)),
        None => Err(ServiceError::Inconsistent {
            subject: format!("message:{}", one.row.id),
            problem: "its newest version is missing".to_owned(),
        }),
    });
    paired.collect()
}

/// Cuts the list before every key that has come since the last cut.
fn split_at_repeated_keys(rows: Vec<(Content, Option<Newcomer>)>) -> Vec<Vec<(Content, Option<Newcomer>)>> {
    let mut runs = vec![Vec::new()];
    let mut seen = HashSet::new();
    for row in rows {
        let key = &row.0.record.key;
        if !seen.insert(key.clone()) {
            seen.clear();
            seen.insert(key.clone());
            runs.push(Vec::new());
        }
        if let Some(run) = runs.last_mut() {
            run.push(row);
        }
    }
    runs
}
