//! Making the monthly issue 热点咨询: from an answered item to a public page, past three different people.
//!
//! The texts stand in a table beside the issue, in versions; the domain and the ledger know their digests. A check is
//! given for one digest, so that no edit can slip in behind it. Reading is in [`read`].

mod compose;
pub mod read;
mod write;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::id::{EntryId, ItemId, PublicationId};
use huiyin_domain::ledger::Digest;
use huiyin_domain::privacy;
use huiyin_domain::publication::{self, Command, YearMonth};

use self::write::{Aside, Loaded, REMOVED, json, load, record, replay, revision};
use super::act::check_length;
use super::error::or_taken;
use super::item::load_state;
use super::{Refusal, Service, ServiceError, stored_id};
use crate::store::item::{self as items, ItemRow};
use crate::store::publication::{self as store, EntryVersionRow, PublicationRow};
use crate::store::{Snapshot, StoreError, door, message, parse_column, unit};

/// The public text of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryText {
    /// The de-identified question; its first line is the heading.
    pub question: String,
    /// The de-identified answer.
    pub answer: String,
    /// The legal basis; may be empty.
    pub basis: String,
}

/// What people do with an issue. Who may do it and when: `access` and `publication` in the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicationAct {
    /// 添加条目 from an answered item.
    AddEntry {
        /// The item.
        item: ItemId,
        /// The text to begin with.
        text: EntryText,
    },
    /// 修改条目: a new version of the text; every check is to be given again.
    EditEntry {
        /// The entry.
        entry: EntryId,
        /// The whole text.
        text: EntryText,
    },
    /// 调整顺序 of an issue that is not published.
    MoveEntry {
        /// The entry.
        entry: EntryId,
        /// Its place afterwards, from one.
        place: u32,
    },
    /// 移除条目 that never was public.
    RemoveEntry {
        /// The entry.
        entry: EntryId,
    },
    /// 确认去标识化. Refused while the text shows obvious personal data.
    Deidentify {
        /// The entry.
        entry: EntryId,
        /// The version that was read.
        version: u32,
    },
    /// 通过保密审查.
    CheckSecrecy {
        /// The entry.
        entry: EntryId,
        /// The version that was read.
        version: u32,
    },
    /// 退回保密审查.
    RefuseSecrecy {
        /// The entry.
        entry: EntryId,
        /// What has to change.
        reason: String,
    },
    /// 批准条目.
    ApproveEntry {
        /// The entry.
        entry: EntryId,
        /// The version that was read.
        version: u32,
    },
    /// 退回批准.
    RefuseApproval {
        /// The entry.
        entry: EntryId,
        /// What has to change.
        reason: String,
    },
    /// 发布.
    Publish,
    /// 撤回条目 that is public.
    RetractEntry {
        /// The entry.
        entry: EntryId,
        /// Why.
        reason: String,
    },
    /// 撤回 the whole issue.
    Retract {
        /// Why.
        reason: String,
    },
}

impl PublicationAct {
    const fn action(&self) -> Action {
        match self {
            Self::AddEntry { .. }
            | Self::EditEntry { .. }
            | Self::MoveEntry { .. }
            | Self::RemoveEntry { .. }
            | Self::Deidentify { .. } => Action::EditEntry,
            Self::CheckSecrecy { .. } | Self::RefuseSecrecy { .. } => Action::CheckEntry,
            Self::ApproveEntry { .. } | Self::RefuseApproval { .. } => Action::ApproveEntry,
            Self::Publish | Self::RetractEntry { .. } | Self::Retract { .. } => Action::Publish,
        }
    }
}

/// An act that was done.
#[derive(Debug, Clone)]
pub struct PublicationDone {
    /// The issue as it is now.
    pub publication: PublicationRow,
    /// The entry it was about, when it was about one.
    pub entry: Option<EntryId>,
    /// The ledger number that includes it.
    pub seq: u64,
}

/// A command with the entry it is about and what is written beside it.
type Prepared = (Command, Option<EntryId>, Option<Aside>);

/// The ledger's subject of an issue.
pub fn subject(id: PublicationId) -> String {
    format!("publication:{id}")
}

impl Service {
    /// Makes the issue of a month. There is one a month (`month_taken`).
    pub async fn create_publication(&self, actor: &Actor, month: YearMonth) -> Result<PublicationDone, ServiceError> {
        let permit = allowed(actor, Action::CreatePublication, &Object::None)?;
        let now = self.now();
        let existing = store::by_month(&mut self.store.read().await?.conn(), &month.to_string()).await?;
        let existing = existing.map(|row| stored_id("publication", &row.id)).transpose()?;
        let id = PublicationId::new(now, self.random()?);
        let events = publication::decide(None, &Command::Create { publication: id, month, existing }, actor, now)?;
        let state = replay(id, None, &events)?;
        let row = PublicationRow {
            id: id.to_string(),
            month: month.to_string(),
            stage: state.stage.code().to_owned(),
            title: format!("{}年{}月热点咨询回复", month.year(), month.month()),
            revision: revision(&state),
            state: json(id, &state)?,
            created_at: now.as_micros(),
            published_at: None,
        };
        let mut tx = self.store.begin(&permit).await?;
        store::insert(&mut tx, row.clone()).await.map_err(or_taken(publication::Refusal::MonthTaken))?;
        record(&mut tx, id, &events)?;
        let seq = tx.commit(now).await?;
        Ok(PublicationDone { publication: row, entry: None, seq })
    }

    /// Does something with an issue. `expected` is the revision the person saw, as in [`Service::act`].
    pub async fn act_on_publication(
        &self,
        actor: &Actor,
        id: PublicationId,
        act: PublicationAct,
        expected: Option<i64>,
    ) -> Result<PublicationDone, ServiceError> {
        let permit = allowed(actor, act.action(), &Object::Publication { id })?;
        // Of one moment: the issue with the texts it had then. Whoever was faster is noticed when it is written.
        let mut reader = self.store.snapshot().await?;
        let loaded = load(&mut reader, id).await?.ok_or_else(Refusal::not_visible)?;
        if expected.is_some_and(|expected| expected != loaded.row.revision) {
            return Err(StoreError::ChangedMeanwhile { table: "publication", id: loaded.row.id }.into());
        }
        let (command, entry, aside) = self.prepare(actor, &loaded, act, &mut reader).await?;
        drop(reader);
        let now = self.now();
        let events = publication::decide(Some(&loaded.state), &command, actor, now)?;
        let (publication, seq) = write::write(&self.store, &permit, loaded, &events, (entry, aside), now).await?;
        Ok(PublicationDone { publication, entry, seq })
    }

    /// Turns the act into the domain's command: texts and versions become digests.
    async fn prepare(
        &self,
        actor: &Actor,
        loaded: &Loaded,
        act: PublicationAct,
        reader: &mut Snapshot,
    ) -> Result<Prepared, ServiceError> {
        let prepared = match act {
            PublicationAct::AddEntry { item, text } => {
                let mut row = items::by_id(&mut reader.conn(), item).await?.ok_or_else(Refusal::not_visible)?;
                let state = load_state(&row)?;
                allowed(actor, Action::ViewItem, &state.object())?;
                if door::inquiry(&mut reader.conn(), &row.message_id).await?.is_some_and(|asked| asked.confidential) {
                    let message = "来信人要求不公开，这一件不能选登。请另选一件。";
                    return Err(Refusal::new("asked_not_public", message).into());
                }
                if row.lead_unit_id.is_none() {
                    row.lead_unit_id = answering_unit(reader, &row).await?;
                }
                // An entry that was removed and comes back goes on where its texts ended.
                let removed = loaded.entries.iter().find(|known| known.item_id == row.id && known.stage == REMOVED);
                let entry = match removed {
                    Some(known) => stored_id("entry", &known.id)?,
                    None => EntryId::new(self.now(), self.random()?),
                };
                let (aside, digest) = self.seal_entry(text, Some(Box::new(row)))?;
                (Command::AddEntry { entry, item, item_stage: state.stage, digest }, Some(entry), Some(aside))
            }
            PublicationAct::EditEntry { entry, text } => self.prepare_edit(entry, text, reader).await?,
            PublicationAct::MoveEntry { entry, place } => (Command::MoveEntry { entry, place }, Some(entry), None),
            PublicationAct::RemoveEntry { entry } => (Command::RemoveEntry { entry }, Some(entry), None),
            PublicationAct::Deidentify { entry, version } => {
                let text = version_of(reader, loaded, entry, version).await?;
                self.refuse_personal_data(&text)?;
                (Command::Deidentify { entry, digest: digest_of(&text)? }, Some(entry), None)
            }
            PublicationAct::CheckSecrecy { entry, version } => {
                let digest = digest_of(&version_of(reader, loaded, entry, version).await?)?;
                (Command::CheckSecrecy { entry, digest }, Some(entry), None)
            }
            PublicationAct::ApproveEntry { entry, version } => {
                let digest = digest_of(&version_of(reader, loaded, entry, version).await?)?;
                (Command::ApproveEntry { entry, digest }, Some(entry), None)
            }
            PublicationAct::RefuseSecrecy { entry, reason } => {
                let (aside, reason) = self.seal_reason(reason)?;
                (Command::RefuseSecrecy { entry, reason }, Some(entry), Some(aside))
            }
            PublicationAct::RefuseApproval { entry, reason } => {
                let (aside, reason) = self.seal_reason(reason)?;
                (Command::RefuseApproval { entry, reason }, Some(entry), Some(aside))
            }
            PublicationAct::RetractEntry { entry, reason } => {
                let (aside, reason) = self.seal_reason(reason)?;
                (Command::RetractEntry { entry, reason }, Some(entry), Some(aside))
            }
            PublicationAct::Retract { reason } => {
                let (aside, reason) = self.seal_reason(reason)?;
                (Command::Retract { reason }, None, Some(aside))
            }
            PublicationAct::Publish => (Command::Publish, None, None),
        };
        Ok(prepared)
    }

    async fn prepare_edit(
        &self,
        entry: EntryId,
        text: EntryText,
        reader: &mut Snapshot,
    ) -> Result<Prepared, ServiceError> {
        if let Some(newest) = newest_version(reader, entry).await?
            && is_text(&newest, &text)
        {
            return Err(publication::Refusal::EntryUnchanged.into());
        }
        let (aside, digest) = self.seal_entry(text, None)?;
        Ok((Command::EditEntry { entry, digest }, Some(entry), Some(aside)))
    }

    fn seal_entry(&self, text: EntryText, source: Option<Box<ItemRow>>) -> Result<(Aside, Digest), ServiceError> {
        if text.question.trim().is_empty() || text.answer.trim().is_empty() {
            return Err(Refusal::new("text_missing", "问题和答复都要填写。请补全后再保存。").into());
        }
        for part in [&text.question, &text.answer, &text.basis] {
            check_length(part)?;
        }
        let (salt, digest) = self.seal_text(&[&text.question, &text.answer, &text.basis])?;
        Ok((Aside::Text { text, salt, digest, source }, digest))
    }

    fn seal_reason(&self, text: String) -> Result<(Aside, Digest), ServiceError> {
        if text.trim().is_empty() {
            return Err(Refusal::new("reason_missing", "请写明理由，再退回或撤回。").into());
        }
        check_length(&text)?;
        let (salt, digest) = self.seal_text(&[&text])?;
        Ok((Aside::Note { text, salt, digest }, digest))
    }

    /// Refuses a text that shows obvious personal data; says what and where, never the data itself.
    fn refuse_personal_data(&self, text: &EntryVersionRow) -> Result<(), Refusal> {
        let parts = [("问题", &text.question), ("答复", &text.answer), ("依据", &text.basis)];
        let places: Vec<String> = parts
            .into_iter()
            .flat_map(|(part, text)| {
                let findings = privacy::find(text, &self.rules.official_numbers);
                findings.into_iter().map(move |found| {
                    format!("{part}第 {} 至 {} 字是{}", found.start + 1, found.end, found.kind.label())
                })
            })
            .collect();
        if places.is_empty() {
            return Ok(());
        }
        let message = format!("公开文本里还有个人信息：{}。请修改条目，去除后再确认去标识化。", places.join("；"));
        Err(Refusal::new("personal_data_found", message))
    }
}

async fn newest_version(reader: &mut Snapshot, entry: EntryId) -> Result<Option<EntryVersionRow>, StoreError> {
    Ok(store::entry_versions(&mut reader.conn(), entry).await?.pop())
}

fn is_text(row: &EntryVersionRow, text: &EntryText) -> bool {
    row.question == text.question && row.answer == text.answer && row.basis == text.basis
}

/// The unit that answered at the source, if it is one of ours by name. Free text of a source never goes to the public.
async fn answering_unit(reader: &mut Snapshot, item: &ItemRow) -> Result<Option<String>, StoreError> {
    let newest = message::newest_of(&mut reader.conn(), std::slice::from_ref(&item.message_id)).await?;
    let name = newest.first().map_or("", |version| version.reply_unit.trim());
    let units = unit::all(&mut reader.conn()).await?;
    Ok(units.into_iter().find(|unit| unit.name == name).map(|unit| unit.id))
}

/// The version of an entry's text that the person read.
async fn version_of(
    reader: &mut Snapshot,
    loaded: &Loaded,
    entry: EntryId,
    version: u32,
) -> Result<EntryVersionRow, ServiceError> {
    if !loaded.state.entries.contains_key(&entry) {
        return Err(publication::Refusal::EntryMissing.into());
    }
    let versions = store::entry_versions(&mut reader.conn(), entry).await?;
    let found = versions.into_iter().find(|row| row.version == i64::from(version));
    found.ok_or_else(|| Refusal::new("version_unknown", "没有这一版条目。请刷新页面后再操作。").into())
}

fn digest_of(row: &EntryVersionRow) -> Result<Digest, StoreError> {
    parse_column("entry_version", "digest", &row.entry_id, &row.digest)
}
