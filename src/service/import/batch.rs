//! One batch of rows, one transaction.

use std::collections::{HashMap, HashSet};

use huiyin_domain::id::{HoldId, ItemId, MessageId};
use huiyin_domain::item::{Code, Command, Item, Receipt, Refusal, RequestType, SourceAnswer};
use huiyin_domain::ledger::Digest;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::super::item::{load_state, project, record_events};
use super::super::{Service, ServiceError, stored_id};
use super::content::{Content, hold_parts};
use super::{LEASE, Pull};
use crate::intake::{Held, RowOutcome};
use crate::store::item::{self as items, ItemRow};
use crate::store::message::{self, MessageRow, VersionRow};
use crate::store::source::{self, HoldRow, PullRow, SheetRow};
use crate::store::{StoreError, Tx, desk};

/// Rows of one transaction, folded and digested already: that is done on the reader's thread, beside the writing.
#[derive(Debug, Default)]
pub(super) struct Batch {
    contents: Vec<Content>,
    held: Vec<Held>,
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

/// New rows that wait for the end of the batch, to be written with few statements.
#[derive(Debug, Default)]
struct Fresh {
    messages: Vec<MessageRow>,
    versions: Vec<VersionRow>,
    items: Vec<ItemRow>,
}

impl Service {
    /// Writes one batch and its counts. Nothing of it stays when any of it fails.
    pub(super) async fn write_batch(&self, pull: &mut Pull, batch: Batch) -> Result<(), ServiceError> {
        let now = self.now();
        let rows = batch.len();
        let Batch { contents, held } = batch;
        let mut tx = self.store.begin(&pull.permit).await?;
        // Taking no numbers takes the lock under which imports write one after the other, before any item is locked.
        items::reserve_numbers(&mut tx, 0).await?;
        let mut counts = pull.row.clone();
        counts.stated += i64::try_from(rows).unwrap_or(i64::MAX);
        counts.lease_until = now.as_micros().saturating_add(LEASE);
        // A key that comes twice in one batch must meet its first appearance in the database.
        for run in split_at_repeated_keys(contents) {
            self.write_run(&mut tx, pull, &mut counts, run, now).await?;
        }
        self.hold_rows(&mut tx, pull, &mut counts, held, now).await?;
        source::update_pull(&mut tx, &counts).await?;
        tx.commit(now).await?;
        pull.row = counts;
        Ok(())
    }

    /// Contents with distinct keys.
    pub(super) async fn write_run(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        counts: &mut PullRow,
        run: Vec<Content>,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let keys: Vec<String> = run.iter().map(|content| content.record.key.clone()).collect();
        let known = message::by_keys(&mut tx.conn(), &pull.connector.id, &keys).await?;
        let known: HashMap<&str, &MessageRow> = known.iter().map(|row| (row.source_key.as_str(), row)).collect();
        let mut new = Vec::new();
        for content in run {
            match known.get(content.record.key.as_str()) {
                Some(row) if row.content_digest == content.comparable_digest => counts.unchanged += 1,
                Some(row) => {
                    self.add_version(tx, pull, row, &content, now).await?;
                    counts.changed += 1;
                }
                None => new.push(content),
            }
        }
        counts.accepted += i64::try_from(new.len()).unwrap_or(i64::MAX);
        self.add_items(tx, pull, new, now).await
    }

    /// New messages, each with its first version and its item.
    async fn add_items(&self, tx: &mut Tx, pull: &Pull, new: Vec<Content>, now: Instant) -> Result<(), ServiceError> {
        if new.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(new.len()).unwrap_or(i64::MAX);
        let first_number = items::reserve_numbers(tx, count).await?;
        let mut originals = self.originals(tx, &new).await?;
        let mut fresh = Fresh::default();
        for (content, number) in new.iter().zip(first_number..) {
            let row = self.add_item(tx, pull, content, number, &originals, &mut fresh, now)?;
            originals.entry(content.fingerprint.clone()).or_insert(row);
        }
        message::insert(tx, fresh.messages).await?;
        message::insert_versions(tx, fresh.versions).await?;
        items::insert(tx, fresh.items).await?;
        Ok(())
    }

    /// The first item of each fingerprint already known.
    async fn originals(&self, tx: &mut Tx, new: &[Content]) -> Result<HashMap<String, String>, StoreError> {
        let fingerprints: Vec<String> = new.iter().map(|content| content.fingerprint.clone()).collect();
        let rows = items::first_by_fingerprints(&mut tx.conn(), &fingerprints).await?;
        Ok(rows.into_iter().map(|row| (row.fingerprint, row.id)).collect())
    }

    /// Builds one new item; returns its id.
    #[expect(clippy::too_many_arguments, reason = "the parts of one transaction, each used once")]
    fn add_item(
        &self,
        tx: &mut Tx,
        pull: &Pull,
        content: &Content,
        number: i64,
        originals: &HashMap<String, String>,
        fresh: &mut Fresh,
        now: Instant,
    ) -> Result<String, ServiceError> {
        let message = MessageId::new(now, self.random()?);
        let item = ItemId::new(now, self.random()?);
        let (version, digest) = self.seal_version(content, &message.to_string(), 1, &pull.row.id, now)?;
        let receipt = Command::Receive(Receipt {
            item,
            message,
            source: source_code(&pull.connector.id)?,
            request_type: request_type(content),
            digest,
            submitted_at: content.asked_at,
            source_dispatched_at: content.dispatched_at,
            answer: source_answer(content, digest, now),
        });
        let events = huiyin_domain::item::decide(None, &receipt, pull.permit.actor(), now, &self.rules.item)?;
        let state = Item::replay(&events).map_err(|error| ServiceError::Inconsistent {
            subject: format!("item:{item}"),
            problem: error.to_string(),
        })?;
        record_events(tx, item, &events)?;
        let mut row = ItemRow {
            id: item.to_string(),
            number,
            message_id: message.to_string(),
            source_id: pull.connector.id.clone(),
            title: content.record.title.clone(),
            fingerprint: content.fingerprint.clone(),
            repeat_of: originals.get(&content.fingerprint).cloned(),
            request_type: String::new(),
            stage: String::new(),
            open: true,
            task: None,
            lead_unit_id: None,
            asked_at: content.asked_at.unwrap_or(now).as_micros(),
            received_at: now.as_micros(),
            due_at: None,
            due_provisional: false,
            replied_at: None,
            revision: 0,
            state: String::new(),
        };
        project(&mut row, &state, &self.rules)?;
        if let Some(original) = &row.repeat_of {
            tx.record(format!("item:{item}"), super::LINKED_AS_REPEAT, &json!({ "of": original }))?;
        }
        fresh.messages.push(MessageRow {
            id: message.to_string(),
            source_id: pull.connector.id.clone(),
            source_key: content.record.key.clone(),
            version: 1,
            content_digest: content.comparable_digest.clone(),
            first_seen_at: now.as_micros(),
        });
        fresh.versions.push(version);
        fresh.items.push(row);
        Ok(item.to_string())
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
    async fn hold_rows(
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
fn split_at_repeated_keys(contents: Vec<Content>) -> Vec<Vec<Content>> {
    let mut runs = vec![Vec::new()];
    let mut seen = HashSet::new();
    for content in contents {
        if !seen.insert(content.record.key.clone()) {
            seen.clear();
            seen.insert(content.record.key.clone());
            runs.push(Vec::new());
        }
        if let Some(run) = runs.last_mut() {
            run.push(content);
        }
    }
    runs
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

/// The answer the source shows; one without a time counts from when it was first seen here.
fn source_answer(content: &Content, digest: Digest, now: Instant) -> Option<SourceAnswer> {
    let replied_at = content.replied_at.unwrap_or(now);
    content.is_answered().then_some(SourceAnswer { replied_at, digest, unit: None })
}
