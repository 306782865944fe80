//! Reading issues: drafts for those who work on them, published ones for everybody.
//!
//! The public sees an entry only in the text that was approved: the version whose digest the approved state names, and
//! whose words still give that digest. An edit after the approval therefore cannot be seen, however it came about.

use std::collections::{BTreeSet, HashMap};

use huiyin_domain::access::{Action, Actor, Object, allowed, scope};
use huiyin_domain::id::{AccountId, EntryId, PublicationId};
use huiyin_domain::item::RequestType;
use huiyin_domain::ledger::{Digest, digest_text};
use huiyin_domain::publication::{Entry, EntryAct, EntryStage, Publication, PublicationStage, YearMonth};
use huiyin_domain::time::Instant;

use super::subject;
use super::write::{load, state_of};
use crate::service::{Service, ServiceError, stored_id};
use crate::store::item_list::{self, Filter};
use crate::store::publication::{self as store, EntryRow, EntryVersionRow, PublicationRow};
use crate::store::unit::{self, UnitRow};
use crate::store::{Reader, account, ledger};

/// Months in the list of published ones: twenty years.
const MOST_MONTHS: i64 = 240;
/// Ledger rows read at once.
const LEDGER_PAGE: u32 = 1_000;

/// An issue for those who work on it.
#[derive(Debug, Clone)]
pub struct Issue {
    /// Its row.
    pub row: PublicationRow,
    /// Its state.
    pub state: Publication,
    /// Its entries in their order.
    pub entries: Vec<IssueEntry>,
}

/// An entry for those who work on it.
#[derive(Debug, Clone)]
pub struct IssueEntry {
    /// Its row.
    pub row: EntryRow,
    /// Its state.
    pub state: Entry,
    /// The newest version of its text.
    pub text: EntryVersionRow,
    /// What the viewer may do with it now.
    pub acts: Vec<EntryAct>,
}

/// The domain's issue out of its row.
pub fn publication_state(row: &PublicationRow) -> Result<Publication, ServiceError> {
    state_of(row)
}

/// A month with a published issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedMonth {
    /// The month.
    pub month: YearMonth,
    /// Its heading.
    pub title: String,
    /// When it was first published.
    pub published_at: Instant,
}

/// A published issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedIssue {
    /// The month.
    pub month: YearMonth,
    /// Its heading.
    pub title: String,
    /// When it was first published.
    pub published_at: Instant,
    /// When something of it was last published.
    pub updated_at: Instant,
    /// Messages of the month, by the time they were written.
    pub received: i64,
    /// Of these, consultations.
    pub consults: i64,
    /// 拟稿: who wrote, edited or de-identified the entries.
    pub drafters: Vec<String>,
    /// 审核: who gave the secrecy reviews and the approvals.
    pub reviewers: Vec<String>,
    /// 发布: who published last.
    pub publisher: Option<String>,
    /// The entries that are public now.
    pub entries: Vec<PublishedEntry>,
}

/// One published question with its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedEntry {
    /// The entry.
    pub id: EntryId,
    /// The question; its first line is the heading.
    pub question: String,
    /// The answer.
    pub answer: String,
    /// The legal basis; may be empty.
    pub basis: String,
    /// 受理: when the question came.
    pub asked_at: Instant,
    /// 答复: when it was answered.
    pub replied_at: Instant,
    /// The unit that answered.
    pub unit: Option<String>,
}

impl Service {
    /// All issues, newest month first, for those who work on them.
    pub async fn publications(&self, viewer: &Actor, limit: i64) -> Result<Vec<PublicationRow>, ServiceError> {
        allowed(viewer, Action::ViewPublicationDraft, &Object::None)?;
        Ok(store::newest(&mut self.store.read().await?.conn(), limit).await?)
    }

    /// One issue with its entries, for those who work on it.
    pub async fn publication(&self, viewer: &Actor, id: PublicationId) -> Result<Option<Issue>, ServiceError> {
        allowed(viewer, Action::ViewPublicationDraft, &Object::Publication { id })?;
        // Of one moment, so that what may be done with an entry belongs to the text that is shown.
        let mut reader = self.store.snapshot().await?;
        let Some(loaded) = load(&mut reader, id).await? else { return Ok(None) };
        let ids: Vec<String> = loaded.entries.iter().map(|row| row.id.clone()).collect();
        // Oldest first, so that the newest version of an entry is what stays in the map.
        let mut texts: HashMap<String, EntryVersionRow> = store::versions_of(&mut reader.conn(), &ids)
            .await?
            .into_iter()
            .map(|version| (version.entry_id.clone(), version))
            .collect();
        let mut entries = Vec::new();
        for row in in_order(&loaded.state, loaded.entries) {
            let id: EntryId = stored_id("entry", &row.id)?;
            if let (Some(state), Some(text)) = (loaded.state.entries.get(&id), texts.remove(&row.id)) {
                let acts = loaded.state.acts_on(id, viewer);
                entries.push(IssueEntry { row, state: state.clone(), text, acts });
            }
        }
        Ok(Some(Issue { row: loaded.row, state: loaded.state, entries }))
    }

    /// The issue of a month with its entries, for those who work on it.
    pub async fn publication_of(&self, viewer: &Actor, month: YearMonth) -> Result<Option<Issue>, ServiceError> {
        allowed(viewer, Action::ViewPublicationDraft, &Object::None)?;
        let row = store::by_month(&mut self.store.read().await?.conn(), &month.to_string()).await?;
        match row {
            Some(row) => self.publication(viewer, stored_id("publication", &row.id)?).await,
            None => Ok(None),
        }
    }

    /// The issue of a month as the public page would show it were it published now in the newest texts, for those who work
    /// on it.
    pub async fn preview(&self, viewer: &Actor, month: YearMonth) -> Result<Option<PublishedIssue>, ServiceError> {
        let Some(issue) = self.publication_of(viewer, month).await? else { return Ok(None) };
        let shown: Vec<IssueEntry> =
            issue.entries.into_iter().filter(|entry| entry.state.stage != EntryStage::Retracted).collect();
        let mut reader = self.store.read().await?;
        let units = units_of(&mut reader, shown.iter().map(|entry| &entry.row)).await?;
        let drafters = shown.iter().flat_map(|entry| entry.state.editors.iter().copied());
        let reviewers =
            shown.iter().flat_map(|entry| entry.state.checked_by.into_iter().chain(entry.state.approved_by));
        let now = self.now();
        let mut published = PublishedIssue {
            month,
            title: issue.row.title,
            published_at: issue.state.published_at.unwrap_or(now),
            updated_at: now,
            received: count(&mut reader, month, None).await?,
            consults: count(&mut reader, month, Some(RequestType::Consult)).await?,
            drafters: names(&mut reader, drafters.collect()).await?,
            reviewers: names(&mut reader, reviewers.collect()).await?,
            publisher: names(&mut reader, viewer.account().into_iter().collect()).await?.pop(),
            entries: Vec::new(),
        };
        for IssueEntry { row, text, .. } in shown {
            published.entries.push(published_entry(&row, &text, &units)?);
        }
        Ok(Some(published))
    }

    /// The months with a published issue, newest first.
    pub async fn published_months(&self, viewer: &Actor) -> Result<Vec<PublishedMonth>, ServiceError> {
        allowed(viewer, Action::ViewPublished, &Object::None)?;
        let published = PublicationStage::Published.code();
        let rows = store::in_stage(&mut self.store.read().await?.conn(), published, MOST_MONTHS).await?;
        rows.into_iter()
            .map(|row| {
                let state = state_of(&row)?;
                let published_at = state.published_at.ok_or_else(|| inconsistent(&state, "published at no time"))?;
                Ok(PublishedMonth { month: state.month, title: row.title, published_at })
            })
            .collect()
    }

    /// The published issue of a month; none when there is none, or it was taken back.
    pub async fn published(&self, viewer: &Actor, month: YearMonth) -> Result<Option<PublishedIssue>, ServiceError> {
        allowed(viewer, Action::ViewPublished, &Object::None)?;
        let mut reader = self.store.read().await?;
        let Some(row) = store::by_month(&mut reader.conn(), &month.to_string()).await? else { return Ok(None) };
        let state = state_of(&row)?;
        let (PublicationStage::Published, Some(published_at)) = (state.stage, state.published_at) else {
            return Ok(None);
        };
        let entries = public_entries(&mut reader, &state).await?;
        let (publisher, updated_at) = last_published(&mut reader, &state).await?;
        let people: Vec<&Entry> = state.public_entries().map(|(_, entry)| entry).collect();
        let drafters = people.iter().flat_map(|entry| entry.editors.iter().copied());
        let reviewers = people.iter().flat_map(|entry| entry.checked_by.into_iter().chain(entry.approved_by));
        Ok(Some(PublishedIssue {
            month,
            title: row.title,
            published_at,
            updated_at: updated_at.unwrap_or(published_at),
            received: count(&mut reader, month, None).await?,
            consults: count(&mut reader, month, Some(RequestType::Consult)).await?,
            drafters: names(&mut reader, drafters.collect()).await?,
            reviewers: names(&mut reader, reviewers.collect()).await?,
            publisher: names(&mut reader, publisher.into_iter().collect()).await?.pop(),
            entries,
        }))
    }
}

fn inconsistent(state: &Publication, problem: &str) -> ServiceError {
    ServiceError::Inconsistent { subject: subject(state.id), problem: problem.to_owned() }
}

/// The public entries in their order, each in the text that was approved.
async fn public_entries(reader: &mut Reader, state: &Publication) -> Result<Vec<PublishedEntry>, ServiceError> {
    let rows = in_order(state, store::entries(&mut reader.conn(), state.id).await?);
    let ids: Vec<String> = state.public_entries().map(|(id, _)| id.to_string()).collect();
    let versions = store::versions_of(&mut reader.conn(), &ids).await?;
    let units = units_of(reader, rows.iter()).await?;
    let mut entries = Vec::new();
    for row in rows {
        let id: EntryId = stored_id("entry", &row.id)?;
        let Some(entry) = state.entries.get(&id).filter(|entry| entry.stage.is_public()) else { continue };
        let approved = versions.iter().find(|version| version.entry_id == row.id && is_sealed(version, entry.digest));
        let Some(text) = approved else {
            tracing::error!(entry = %id, "left out of the public page: no version gives the approved digest");
            continue;
        };
        entries.push(published_entry(&row, text, &units)?);
    }
    Ok(entries)
}

/// The rows in the order the issue shows them.
fn in_order(state: &Publication, mut rows: Vec<EntryRow>) -> Vec<EntryRow> {
    let order: Vec<String> = state.order.iter().map(ToString::to_string).collect();
    // The sort is stable: what the order does not name stays in the order of adding.
    rows.sort_by_key(|row| order.iter().position(|id| *id == row.id).unwrap_or(usize::MAX));
    rows
}

async fn units_of(reader: &mut Reader, rows: impl Iterator<Item = &EntryRow>) -> Result<Vec<UnitRow>, ServiceError> {
    let ids: BTreeSet<String> = rows.filter_map(|row| row.unit_id.clone()).collect();
    Ok(unit::by_ids(&mut reader.conn(), &ids.into_iter().collect::<Vec<_>>()).await?)
}

fn published_entry(row: &EntryRow, text: &EntryVersionRow, units: &[UnitRow]) -> Result<PublishedEntry, ServiceError> {
    let unit = units.iter().find(|unit| Some(&unit.id) == row.unit_id.as_ref());
    Ok(PublishedEntry {
        id: stored_id("entry", &row.id)?,
        question: text.question.clone(),
        answer: text.answer.clone(),
        basis: text.basis.clone(),
        asked_at: Instant::from_micros(row.asked_at),
        replied_at: Instant::from_micros(row.replied_at),
        unit: unit.map(|unit| unit.name.clone()),
    })
}

/// Whether these very words are what the digest was given for.
fn is_sealed(version: &EntryVersionRow, digest: Digest) -> bool {
    let mut salt = [0; 16];
    hex::decode_to_slice(&version.salt, &mut salt).is_ok()
        && digest_text(&salt, &[&version.question, &version.answer, &version.basis]) == digest
}

/// Who published last and when, as the ledger tells it.
async fn last_published(
    reader: &mut Reader,
    state: &Publication,
) -> Result<(Option<AccountId>, Option<Instant>), ServiceError> {
    let (subject, mut after, mut last) = (subject(state.id), 0, (None, None));
    loop {
        let rows = ledger::of_subject(&mut reader.conn(), &subject, after, LEDGER_PAGE).await?;
        let Some(newest) = rows.last() else { return Ok(last) };
        after = u64::try_from(newest.seq).unwrap_or(u64::MAX);
        if let Some(row) = rows.iter().rfind(|row| row.kind == "publication.published") {
            let account = row.actor.strip_prefix("account:").and_then(|id| id.parse().ok());
            last = (account, Some(Instant::from_micros(row.at)));
        }
    }
}

/// Messages of a month. A number of all items may be told to everybody, the items may not.
async fn count(reader: &mut Reader, month: YearMonth, request_type: Option<RequestType>) -> Result<i64, ServiceError> {
    let filter = Filter {
        asked_from: Some(month.first_instant().as_micros()),
        asked_to: Some(month.end().as_micros()),
        request_types: request_type.iter().map(|request_type| request_type.code().to_owned()).collect(),
        ..Filter::default()
    };
    Ok(item_list::count(&mut reader.conn(), scope(&Actor::System("publication")), &filter).await?)
}

/// The names of these people, each once.
async fn names(reader: &mut Reader, accounts: BTreeSet<AccountId>) -> Result<Vec<String>, ServiceError> {
    let ids: Vec<String> = accounts.iter().map(AccountId::to_string).collect();
    let names: BTreeSet<String> =
        account::by_ids(&mut reader.conn(), &ids).await?.into_iter().map(|account| account.name).collect();
    Ok(names.into_iter().collect())
}
