//! What people do with an item, from routing to release.
//!
//! Every act takes the same way: load the item, ask the one place that authorises, let the domain decide, and write
//! rows, free text and ledger entries in one transaction, provided nobody changed the item meanwhile.

use std::collections::BTreeSet;

use huiyin_domain::access::{Action, Actor, Permit, ReviewStep, allowed};
use huiyin_domain::id::{ItemId, ReplyId, UnitId};
use huiyin_domain::item::{
    self, ActKind, Command, Digest, Event, Ground, Item, ReopenReason, ReturnReason, SuspendReason, TransferRoute,
};
use huiyin_domain::time::Instant;

use super::desk::DraftKind;
use super::item::{apply_all, effective_deadline, load_state, project, record_events};
use super::{Refusal, Service, ServiceError};
use crate::store::item::{self as items, ItemRow, ItemUnitRow, NoteRow, ReplyRow};
use crate::store::{Snapshot, StoreError, Tx, desk, unit};

/// The most characters of a draft, a note, or a text to be published.
const MAX_TEXT_CHARS: usize = 20_000;

/// An act on an item, with the free text that goes with it. Who may do it and when: `access` and `item` in the domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// 登记: the message is one for this bureau.
    Register,
    /// 并单: the same matter is answered under another item.
    Merge {
        /// The item that goes on.
        into: ItemId,
    },
    /// 不予受理.
    RefuseAcceptance {
        /// Why.
        ground: Ground,
    },
    /// 转出 to another channel.
    TransferOut {
        /// Where to.
        route: TransferRoute,
    },
    /// 派单: to a lead unit, with assisting ones.
    Assign {
        /// 主办.
        lead: UnitId,
        /// 协办.
        assisting: BTreeSet<UnitId>,
    },
    /// 签收.
    Accept,
    /// 退单: not ours.
    RequestReturn {
        /// Why, by code.
        reason: ReturnReason,
        /// On what basis, in words.
        basis: String,
        /// Whose it is instead.
        suggested: Option<UnitId>,
    },
    /// 同意退单.
    UpholdReturn,
    /// 驳回退单.
    RejectReturn,
    /// 提请裁定.
    DisputeReturn,
    /// 裁定.
    Arbitrate {
        /// Who has to answer.
        unit: UnitId,
    },
    /// 首次联系 of the citizen.
    RecordContact,
    /// 申请延期.
    RequestExtension {
        /// Working days more.
        days: u32,
    },
    /// 审批延期.
    DecideExtension {
        /// Granted or refused.
        granted: bool,
    },
    /// 挂起: the clock stops.
    Suspend {
        /// For what.
        reason: SuspendReason,
    },
    /// 恢复办理.
    Resume,
    /// 保存答复稿: a new version of the draft.
    SaveDraft {
        /// The whole text.
        text: String,
    },
    /// 提交答复稿.
    SubmitReply {
        /// The version meant, as the drafter saw it.
        version: u32,
    },
    /// 审核通过.
    Approve {
        /// Which of the three reviews.
        step: ReviewStep,
        /// The version the reviewer read.
        version: u32,
    },
    /// 退回修改.
    SendBack {
        /// Which of the three reviews.
        step: ReviewStep,
        /// What has to change.
        reason: String,
    },
    /// 签发答复: the answer is handed over.
    Release,
    /// 办结.
    Close,
    /// 归档.
    Archive,
    /// 重办.
    Reopen {
        /// Why.
        reason: ReopenReason,
    },
    /// 撤回 by the citizen.
    Withdraw,
}

impl Act {
    /// What to be allowed: that of the domain's command for it.
    const fn action(&self) -> Action {
        match self {
            Self::Register | Self::Merge { .. } | Self::RefuseAcceptance { .. } | Self::TransferOut { .. } => {
                Action::Triage
            }
            Self::Assign { .. } => Action::Assign,
            Self::Accept => Action::Accept,
            Self::RequestReturn { .. } => Action::Return,
            Self::UpholdReturn | Self::RejectReturn | Self::DisputeReturn => Action::DecideReturn,
            Self::Arbitrate { .. } => Action::Arbitrate,
            Self::RecordContact => Action::Contact,
            Self::RequestExtension { .. } => Action::RequestExtension,
            Self::DecideExtension { .. } => Action::DecideExtension,
            Self::Suspend { .. } | Self::Resume => Action::Suspend,
            Self::SaveDraft { .. } => Action::Draft,
            Self::SubmitReply { .. } => Action::Submit,
            Self::Approve { step, .. } | Self::SendBack { step, .. } => Action::Review(*step),
            Self::Release => Action::Release,
            Self::Close | Self::Archive => Action::Close,
            Self::Reopen { .. } => Action::Reopen,
            Self::Withdraw => Action::Withdraw,
        }
    }
}

/// An act that was done.
#[derive(Debug, Clone)]
pub struct Done {
    /// The item as it is now.
    pub item: ItemRow,
    /// The ledger number that includes it: a list that has followed the ledger so far shows it.
    pub seq: u64,
}

/// Free text that goes into a table beside the item, its digest into the ledger.
enum Aside {
    Note { kind: &'static str, text: String, salt: String, digest: Digest },
    Draft { reply: ReplyId, version: u32, text: String, salt: String, digest: Digest },
}

impl Service {
    /// Does something with an item.
    ///
    /// `expected` is the revision the person saw; when the item has moved on since, the refusal is `changed_meanwhile`.
    /// Without it only changes during the act itself are caught.
    pub async fn act(&self, actor: &Actor, id: ItemId, act: Act, expected: Option<i64>) -> Result<Done, ServiceError> {
        // Of one moment: the item with the texts it had then. Whoever was faster is noticed when it is written.
        let mut reader = self.store.snapshot().await?;
        let row = items::by_id(&mut reader.conn(), id).await?.ok_or_else(Refusal::not_visible)?;
        let state = load_state(&row)?;
        // First of all, so that nothing said below tells that the item exists.
        allowed(actor, Action::ViewItem, &state.object())?;
        // And before the act's own ids and texts are looked at: they are not for whoever may not do it.
        allowed(actor, act.action(), &state.object())?;
        // Before the texts and versions the act names: they are those of the revision that was seen.
        if expected.is_some_and(|expected| expected != row.revision) {
            return Err(StoreError::ChangedMeanwhile { table: "item", id: row.id }.into());
        }
        let replies = items::replies(&mut reader.conn(), id).await?;
        let assigned = if let Act::Assign { lead, .. } = &act { Some(*lead) } else { None };
        let (command, aside) = self.command(&state, &replies, act, &mut reader).await?;
        drop(reader);
        let permit = allowed(actor, command.action(), &state.object())?;
        let now = self.now();
        let events = item::decide(Some(&state), &command, actor, now, &self.rules.item)?;
        let done = self.write_act(&permit, row, state, &events, aside, now).await?;
        if let Some(lead) = assigned
            && let Err(error) = self.learn_alias(&permit, &done.item.message_id, lead).await
        {
            tracing::warn!(error = %crate::telemetry::chain(&error), "nothing was learnt from an assignment");
        }
        Ok(done)
    }

    /// What the viewer may do with a visible item now: what [`Self::act`] would not refuse for the item's own sake.
    pub fn possible_acts(&self, viewer: &Actor, state: &Item) -> Result<Vec<ActKind>, ServiceError> {
        Ok(item::possible(state, viewer, self.now(), self.due(state)?, &self.rules.item))
    }

    async fn write_act(
        &self,
        permit: &Permit,
        mut row: ItemRow,
        state: Item,
        events: &[Event],
        aside: Option<Aside>,
        now: Instant,
    ) -> Result<Done, ServiceError> {
        let revision = row.revision;
        let units = (state.lead, state.assisting.clone());
        let barred = state.barred();
        let state = apply_all(state, events)?;
        project(&mut row, &state, &self.rules)?;
        let mut tx = self.store.begin(permit).await?;
        items::update(&mut tx, &row, revision).await?;
        if units != (state.lead, state.assisting.clone()) {
            items::replace_units(&mut tx, &row.id, unit_rows(&row, &state)).await?;
        }
        if barred != state.barred() {
            items::replace_barred(&mut tx, state.id, state.barred()).await?;
        }
        if let Some(aside) = aside {
            write_aside(&mut tx, state.id, aside, permit.actor().code(), now).await?;
        }
        if !state.stage.is_open() {
            desk::remove_notes(&mut tx, state.id).await?;
        } else if let Some((account, kind)) = permit.actor().account().zip(DraftKind::spent_by(permit.action())) {
            desk::remove_note(&mut tx, account, state.id, kind.code()).await?;
        }
        record_events(&mut tx, state.id, events)?;
        let seq = tx.commit(now).await?;
        Ok(Done { item: row, seq })
    }

    /// Turns the act into the domain's command: texts become digests, versions become the digests they had.
    async fn command(
        &self,
        state: &Item,
        replies: &[ReplyRow],
        act: Act,
        reader: &mut Snapshot,
    ) -> Result<(Command, Option<Aside>), ServiceError> {
        let plain = |command| Ok((command, None));
        match act {
            Act::Register => plain(Command::Register),
            Act::Merge { into } => {
                let target = items::by_id(&mut reader.conn(), into).await?.ok_or_else(Refusal::not_visible)?;
                plain(Command::Merge { into, into_stage: load_state(&target)?.stage })
            }
            Act::RefuseAcceptance { ground } => plain(Command::RefuseAcceptance { ground }),
            Act::TransferOut { route } => plain(Command::TransferOut { route }),
            Act::Assign { lead, assisting } => {
                for unit in assisting.iter().chain([&lead]) {
                    check_unit(reader, *unit).await?;
                }
                plain(Command::Assign { lead, assisting })
            }
            Act::Accept => plain(Command::Accept),
            Act::RequestReturn { reason, basis, suggested } => {
                if let Some(unit) = suggested {
                    check_unit(reader, unit).await?;
                }
                let note = self.note("item.return_requested", basis)?;
                let basis = note.as_ref().map(Aside::digest);
                Ok((Command::RequestReturn { reason, basis, suggested }, note))
            }
            Act::UpholdReturn => plain(Command::UpholdReturn),
            Act::RejectReturn => plain(Command::RejectReturn),
            Act::DisputeReturn => plain(Command::DisputeReturn),
            Act::Arbitrate { unit } => {
                check_unit(reader, unit).await?;
                plain(Command::Arbitrate { unit })
            }
            Act::RecordContact => plain(Command::RecordContact),
            Act::RequestExtension { days } => plain(Command::RequestExtension { days, due: self.due(state)? }),
            Act::DecideExtension { granted } => plain(Command::DecideExtension { granted, due: self.due(state)? }),
            Act::Suspend { reason } => plain(Command::Suspend { reason }),
            Act::Resume => plain(Command::Resume),
            Act::SaveDraft { text } => self.draft(state, replies, text),
            Act::SubmitReply { version } => {
                let draft = draft_of(state, replies, version)?;
                let chars = draft.text.chars().filter(|c| !c.is_whitespace()).count();
                plain(Command::SubmitReply { version, digest: digest_of(draft)?, chars })
            }
            Act::Approve { step, version } => {
                plain(Command::Approve { step, digest: digest_of(draft_of(state, replies, version)?)? })
            }
            Act::SendBack { step, reason } => {
                let note = self.note("reply.sent_back", reason)?;
                let Some(reason) = note.as_ref().map(Aside::digest) else {
                    return Err(Refusal::new("reason_missing", "请写明需要修改的地方，再退回。").into());
                };
                Ok((Command::SendBack { step, reason }, note))
            }
            Act::Release => plain(Command::Release),
            Act::Close => plain(Command::Close),
            Act::Archive => plain(Command::Archive),
            Act::Reopen { reason } => plain(Command::Reopen { reason }),
            Act::Withdraw => plain(Command::Withdraw),
        }
    }

    /// When the answer is due, for the guards on extensions; without a rule there is no end to be late for.
    fn due(&self, state: &Item) -> Result<Instant, ServiceError> {
        let due = effective_deadline(state, &self.rules)?;
        Ok(due.map_or(Instant::from_micros(i64::MAX), |due| due.binding.proof.due))
    }

    /// A note with its sealed text; nothing for an empty one.
    fn note(&self, kind: &'static str, text: String) -> Result<Option<Aside>, ServiceError> {
        if text.trim().is_empty() {
            return Ok(None);
        }
        check_length(&text)?;
        let (salt, digest) = self.seal_text(&[&text])?;
        Ok(Some(Aside::Note { kind, text, salt, digest }))
    }

    /// The next version of the draft under way, or the first of a new reply.
    fn draft(
        &self,
        state: &Item,
        replies: &[ReplyRow],
        text: String,
    ) -> Result<(Command, Option<Aside>), ServiceError> {
        check_length(&text)?;
        let newest = state.reply.as_ref().and_then(|reply| newest_version(replies, reply.id));
        let (reply, version) = match &state.reply {
            Some(reply) => (reply.id, newest.map_or(0, version_number).saturating_add(1)),
            None => (ReplyId::new(self.now(), self.random()?), 1),
        };
        // A fresh salt would hide from the domain that these are the words saved last.
        let (salt, digest) = match newest {
            Some(saved) if saved.text == text => (saved.salt.clone(), digest_of(saved)?),
            _ => self.seal_text(&[&text])?,
        };
        let command = Command::SaveDraft { reply, version, digest };
        Ok((command, Some(Aside::Draft { reply, version, text, salt, digest })))
    }
}

impl Aside {
    const fn digest(&self) -> Digest {
        match self {
            Self::Note { digest, .. } | Self::Draft { digest, .. } => *digest,
        }
    }
}

/// Refuses a text that is too long to be kept.
pub(super) fn check_length(text: &str) -> Result<(), Refusal> {
    let chars = text.chars().count();
    if chars <= MAX_TEXT_CHARS {
        return Ok(());
    }
    Err(Refusal::new("text_too_long", format!("正文有 {chars} 字，最多 {MAX_TEXT_CHARS} 字。请精简后再保存。")))
}

async fn check_unit(reader: &mut Snapshot, id: UnitId) -> Result<(), ServiceError> {
    match unit::by_id(&mut reader.conn(), id).await? {
        Some(row) if row.active => Ok(()),
        _ => Err(Refusal::new("unit_unknown", "没有这个责任单位，或者已停用。请重新选择单位。").into()),
    }
}

fn newest_version(replies: &[ReplyRow], reply: ReplyId) -> Option<&ReplyRow> {
    let id = reply.to_string();
    replies.iter().filter(|row| row.reply_id == id).max_by_key(|row| row.version)
}

fn version_number(row: &ReplyRow) -> u32 {
    u32::try_from(row.version).unwrap_or(u32::MAX)
}

/// The version of the current reply the person means.
fn draft_of<'a>(state: &Item, replies: &'a [ReplyRow], version: u32) -> Result<&'a ReplyRow, ServiceError> {
    let id = state.reply.as_ref().map(|reply| reply.id.to_string());
    let found = replies.iter().find(|row| Some(&row.reply_id) == id.as_ref() && row.version == i64::from(version));
    found.ok_or_else(|| Refusal::new("draft_unknown", "没有这一版答复稿。请刷新页面后再操作。").into())
}

fn digest_of(draft: &ReplyRow) -> Result<Digest, ServiceError> {
    Ok(crate::store::parse_column("reply_version", "digest", &draft.item_id, &draft.digest)?)
}

fn unit_rows(row: &ItemRow, state: &Item) -> Vec<ItemUnitRow> {
    let lead = state.lead.iter().map(|unit| (unit, "lead"));
    let assisting = state.assisting.iter().filter(|unit| Some(**unit) != state.lead).map(|unit| (unit, "assist"));
    lead.chain(assisting)
        .map(|(unit, part)| ItemUnitRow {
            item_id: row.id.clone(),
            unit_id: unit.to_string(),
            part: part.to_owned(),
            asked_at: row.asked_at,
            number: row.number,
            open: row.open,
            due_at: row.due_at,
        })
        .collect()
}

async fn write_aside(tx: &mut Tx, item: ItemId, aside: Aside, actor: String, now: Instant) -> Result<(), StoreError> {
    let (item_id, at) = (item.to_string(), now.as_micros());
    match aside {
        Aside::Note { kind, text, salt, digest } => {
            let ordinal = items::notes(&mut tx.conn(), item).await?.len();
            let ordinal = i64::try_from(ordinal).unwrap_or(i64::MAX).saturating_add(1);
            let kind = kind.to_owned();
            let digest = digest.to_string();
            items::insert_note(tx, NoteRow { item_id, ordinal, kind, actor, at, text, salt, digest }).await
        }
        Aside::Draft { reply, version, text, salt, digest } => {
            let row = ReplyRow {
                item_id,
                reply_id: reply.to_string(),
                version: i64::from(version),
                text,
                actor,
                at,
                salt,
                digest: digest.to_string(),
            };
            items::insert_reply(tx, row).await
        }
    }
}
