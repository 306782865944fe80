//! One batch of rows, one transaction.

use std::collections::{HashMap, HashSet};

use huiyin_domain::id::{HoldId, ItemId};
use huiyin_domain::item::{Command, Refusal};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::super::index::new_document;
use super::super::item::{load_state, project, record_events};
use super::super::{Service, ServiceError, stored_id};
use super::content::{Content, hold_parts, source_answer};
use super::newcomer::Newcomer;
use super::{LEASE, Pull};
use crate::intake::{Held, RowOutcome};
use crate::search::SearchDoc;
use crate::store::item as items;
use crate::store::message::{self, MessageRow};
use crate::store::source::{self, HoldRow, PullRow, SheetRow};
use crate::store::{Tx, desk};

/// Rows of one transaction, folded and digested already: that is done on the reader's thread, beside the writing.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) contents: Vec<Content>,
    pub(super) held: Vec<Held>,
}

impl Batch {
    /// Takes a row as it was read.
    pub(super) fn push(&mut self, row: RowOutcome) {
        match row {
            RowOutcome::Record(record) => self.contents.push(Content::new(*record)),
            RowOutcome::Held(row) => self.held.push(row),
        }
    }

    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.contents.len() + self.held.len()
    }
}

/// The same, and what becomes of each row that seems to be new.
#[derive(Debug)]
pub(super) struct Prepared {
    /// When it came in.
    pub(super) now: Instant,
    pub(super) rows: Vec<(Content, Option<Newcomer>)>,
    pub(super) held: Vec<Held>,
}

impl Prepared {
    /// How many rows there are.
    pub(super) const fn len(&self) -> usize {
        self.rows.len() + self.held.len()
    }
}

impl Service {
    /// Writes one batch and its counts. Nothing of it stays when any of it fails.
    pub(super) async fn write_batch(&self, pull: &mut Pull, batch: Prepared) -> Result<(), ServiceError> {
        let count = batch.len();
        let Prepared { now, rows, held } = batch;
        let mut tx = self.store.begin(&pull.permit).await?;
        // Taking no numbers takes the lock under which imports write one after the other, before any item is locked.
        items::reserve_numbers(&mut tx, 0).await?;
        let mut counts = pull.row.clone();
        counts.stated += i64::try_from(count).unwrap_or(i64::MAX);
        counts.lease_until = now.as_micros().saturating_add(LEASE);
        // A key that comes twice in one batch must meet its first appearance in the database.
        let runs = split_at_repeated_keys(rows);
        let changes_its_own = runs.len() > 1;
        let mut documents = Vec::new();
        for run in runs {
            documents.extend(self.write_run(&mut tx, pull, &mut counts, run, now).await?);
        }
        self.hold_rows(&mut tx, pull, &mut counts, held, now).await?;
        source::update_pull(&mut tx, &counts).await?;
        let seq = tx.commit(now).await?;
        pull.row = counts;
        if let Some(handover) = self.handover.as_ref().filter(|_| !changes_its_own) {
            handover.lay_down(seq, documents);
        }
        Ok(())
    }

    /// Contents with distinct keys. Returns what the index is to know of the new ones, if somebody keeps it here.
    pub(super) async fn write_run(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        run: Vec<(Content, Option<Newcomer>)>,
        now: Instant,
    ) -> Result<Vec<(String, SearchDoc)>, ServiceError> {
        let keys: Vec<String> = run.iter().map(|(content, _)| content.record.key.clone()).collect();
        let known = message::by_keys(&mut tx.conn(), &pull.connector.id, &keys).await?;
        let known: HashMap<&str, &MessageRow> = known.iter().map(|row| (row.source_key.as_str(), row)).collect();
        let mut new = Vec::new();
        for (content, newcomer) in run {
            match known.get(content.record.key.as_str()) {
                Some(row) if row.content_digest == content.comparable_digest => counts.unchanged += 1,
                Some(row) => {
                    self.add_version(tx, pull, row, &content, now).await?;
                    counts.changed += 1;
                }
                None => new.push(match newcomer {
                    Some(newcomer) => newcomer,
                    None => self.newcomer(&pull.origin(), &content, now)?,
                }),
            }
        }
        counts.accepted += i64::try_from(new.len()).unwrap_or(i64::MAX);
        self.add_items(tx, new).await
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
            Some(_) => new.iter().map(|newcomer| new_document(&newcomer.item, &newcomer.version)).collect(),
            None => Ok(Vec::new()),
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
        documents
    }

    /// A known message whose text, answer or times the source has changed.
    async fn add_version(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        known: &MessageRow,
        content: &Content,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let version = known.version + 1;
        let (row, digest) = self.seal_version(content, &known.id, version, &pull.row.id, now)?;
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
        let mut commands = vec![Command::RecordVersion { digest }];
        if state.stage.is_open()
            && let Some(answer) = source_answer(content, digest, now)
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

    /// Holds rows that could not be read; a row already held is not held twice, and counts as what became of it.
    pub(super) async fn hold_rows(
        &self,
        tx: &mut Tx,
        pull: &mut Pull,
        counts: &mut PullRow,
        rows: Vec<Held>,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let mut holds = Vec::new();
        for row in rows {
            if !row.header.is_empty() && pull.sheets.insert(row.sheet.clone()) {
                let header = serde_json::to_string(&row.header[..]).unwrap_or_default();
                let sheet = SheetRow { pull_id: pull.row.id.clone(), sheet: row.sheet.clone(), header };
                source::insert_sheet(tx, sheet).await?;
            }
            holds.push(self.hold_row(pull, row, now)?);
        }
        let digests: Vec<String> = holds.iter().map(|hold| hold.raw_digest.clone()).collect();
        let known = source::known_holds(&mut tx.conn(), &pull.connector.id, &digests).await?;
        let known: HashMap<&str, &HoldRow> = known.iter().map(|hold| (hold.raw_digest.as_str(), hold)).collect();
        for hold in &holds {
            match known.get(hold.raw_digest.as_str()).and_then(|known| known.resolution.as_deref()) {
                Some("rejected") => counts.rejected += 1,
                Some(_) => counts.unchanged += 1,
                None => counts.held += 1,
            }
        }
        let mut seen: HashSet<String> = known.keys().map(|digest| (*digest).to_owned()).collect();
        holds.retain(|hold| seen.insert(hold.raw_digest.clone()));
        for hold in &holds {
            let body = json!({
                "hold": hold.id, "row": hold.row_number, "reason": hold.reason, "digest": hold.digest,
            });
            tx.record(pull.subject(), "row.held", &body)?;
        }
        source::insert_holds(tx, holds).await?;
        Ok(())
    }

    fn hold_row(&self, pull: &mut Pull, row: Held, now: Instant) -> Result<HoldRow, ServiceError> {
        let raw = serde_json::to_string(&row.raw).unwrap_or_default();
        // Two equally broken rows of a file are two rows; the same row in an overlapping file is one.
        let times = pull.held.entry(Digest::of(raw.as_bytes())).or_default();
        *times += 1;
        let identity = format!("{times}\n{raw}");
        let mut hold = HoldRow {
            id: HoldId::new(now, self.random()?).to_string(),
            pull_id: pull.row.id.clone(),
            source_id: pull.connector.id.clone(),
            sheet: row.sheet,
            row_number: i64::try_from(row.row).unwrap_or(i64::MAX),
            column_name: row.column.unwrap_or_default(),
            reason: row.reason.code.as_str().to_owned(),
            message: row.reason.message,
            raw,
            raw_digest: Digest::of(identity.as_bytes()).to_string(),
            held_at: now.as_micros(),
            resolved_at: None,
            salt: String::new(),
            digest: String::new(),
            resolution: None,
            resolved_by: None,
            item_id: None,
            note: None,
            note_salt: None,
            note_digest: None,
        };
        let (salt, digest) = self.seal_text(&hold_parts(&hold).each_ref().map(AsRef::as_ref))?;
        hold.salt = salt;
        hold.digest = digest.to_string();
        Ok(hold)
    }
}

/// Cuts the list before every key that has come since the last cut.
pub(super) fn split_at_repeated_keys(rows: Vec<(Content, Option<Newcomer>)>) -> Vec<Vec<(Content, Option<Newcomer>)>> {
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
