//! What somebody may do with an item now: the very questions an act is asked, asked beforehand.
//!
//! No rule stands here. Each act is tried with a command that is right in itself, on [`crate::access::allowed`] and on
//! [`decide()`]; what both let pass is possible. What depends on the words somebody has yet to write (a reply that is too
//! short, say) is told when they act.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{
    Command, Digest, Ground, Item, ItemRules, ReopenReason, ReturnReason, ReviewStep, Stage, SuspendReason,
    TransferRoute, decide,
};
use crate::access::coded::coded;
use crate::access::{Actor, allowed};
use crate::id::{ItemId, ReplyId, UnitId};
use crate::time::Instant;

coded! {
    /// What people do with an item.
    ActKind {
        /// The message is one for this bureau.
        Register = "register" "登记",
        /// To a lead unit, with assisting ones.
        Assign = "assign" "派单",
        /// The same matter is answered under another item.
        Merge = "merge" "并单",
        /// Outside what the bureau accepts.
        RefuseAcceptance = "refuse_acceptance" "不予受理",
        /// To where the law sends it.
        TransferOut = "transfer_out" "转出",
        /// By the lead unit.
        Accept = "accept" "签收",
        /// Not ours.
        RequestReturn = "request_return" "退单",
        /// The return is right.
        UpholdReturn = "uphold_return" "同意退单",
        /// The return is wrong.
        RejectReturn = "reject_return" "驳回退单",
        /// The units disagree.
        DisputeReturn = "dispute_return" "提请裁定",
        /// Names the unit.
        Arbitrate = "arbitrate" "裁定",
        /// The lead unit spoke with the citizen.
        RecordContact = "record_contact" "登记首次联系",
        /// A version of the reply.
        SaveDraft = "save_draft" "保存答复稿",
        /// For review.
        SubmitReply = "submit_reply" "提交审核",
        /// At the review it waits for.
        Approve = "approve" "审核通过",
        /// At the review it waits for.
        SendBack = "send_back" "退回修改",
        /// To the citizen.
        Release = "release" "签发答复",
        /// More time.
        RequestExtension = "request_extension" "申请延期",
        /// More time.
        GrantExtension = "grant_extension" "批准延期",
        /// No more time.
        RejectExtension = "reject_extension" "不批准延期",
        /// The clock stops.
        Suspend = "suspend" "挂起",
        /// The clock goes on.
        Resume = "resume" "恢复办理",
        /// Nothing more to do.
        Close = "close" "办结",
        /// On file.
        Archive = "archive" "归档",
        /// To be handled again.
        Reopen = "reopen" "重办",
        /// By the citizen.
        Withdraw = "withdraw" "登记撤回",
    }
}

/// What `actor` may do with the item now, in the order of [`ActKind`]. `due`: when its answer is due; an instant that never
/// comes when no rule applies.
pub fn possible(item: &Item, actor: &Actor, now: Instant, due: Instant, rules: &ItemRules) -> Vec<ActKind> {
    let may = |kind: &&ActKind| {
        let command = sample(**kind, item, due);
        allowed(actor, command.action(), &item.object()).is_ok()
            && decide(Some(item), &command, actor, now, rules).is_ok()
    };
    ActKind::ALL.iter().filter(may).copied().collect()
}

/// A command of this kind with which nothing is wrong but, perhaps, the item's stage or the person.
fn sample(kind: ActKind, item: &Item, due: Instant) -> Command {
    match kind {
        ActKind::Register => Command::Register,
        ActKind::Assign => Command::Assign { lead: another_unit(item), assisting: BTreeSet::new() },
        ActKind::Merge => Command::Merge { into: another_item(item), into_stage: Stage::Handling },
        ActKind::RefuseAcceptance => Command::RefuseAcceptance { ground: Ground::NoRequest },
        ActKind::TransferOut => Command::TransferOut { route: TransferRoute::OtherAgency },
        ActKind::Accept => Command::Accept,
        ActKind::RequestReturn => Command::RequestReturn {
            reason: ReturnReason::NotOurDuty,
            basis: Some(Digest::of("a basis")),
            suggested: Some(another_unit(item)),
        },
        ActKind::UpholdReturn => Command::UpholdReturn,
        ActKind::RejectReturn => Command::RejectReturn,
        ActKind::DisputeReturn => Command::DisputeReturn,
        ActKind::Arbitrate => Command::Arbitrate { unit: another_unit(item) },
        ActKind::RecordContact => Command::RecordContact,
        ActKind::SaveDraft => another_draft(item),
        ActKind::SubmitReply => submission(item),
        ActKind::Approve => Command::Approve { step: awaited(item), digest: saved(item) },
        ActKind::SendBack => Command::SendBack { step: awaited(item), reason: Digest::of("a reason") },
        ActKind::Release => Command::Release,
        ActKind::RequestExtension => Command::RequestExtension { days: 1, due },
        ActKind::GrantExtension => Command::DecideExtension { granted: true, due },
        ActKind::RejectExtension => Command::DecideExtension { granted: false, due },
        ActKind::Suspend => Command::Suspend { reason: SuspendReason::ThirdParty },
        ActKind::Resume => Command::Resume,
        ActKind::Close => Command::Close,
        ActKind::Archive => Command::Archive,
        ActKind::Reopen => Command::Reopen { reason: ReopenReason::Dissatisfied },
        ActKind::Withdraw => Command::Withdraw,
    }
}

/// A unit that the item is not with.
fn another_unit(item: &Item) -> UnitId {
    let unit = |number: u128| UnitId::from(Uuid::from_u128(number));
    if item.lead == Some(unit(0)) { unit(1) } else { unit(0) }
}

fn another_item(item: &Item) -> ItemId {
    let id = |number: u128| ItemId::from(Uuid::from_u128(number));
    if item.id == id(0) { id(1) } else { id(0) }
}

/// The next version of the reply, with words of its own.
fn another_draft(item: &Item) -> Command {
    let (reply, version) = match &item.reply {
        Some(reply) => (reply.id, reply.version.saturating_add(1)),
        None => (ReplyId::from(Uuid::nil()), 1),
    };
    let words = if saved(item) == Digest::of("words") { "other words" } else { "words" };
    Command::SaveDraft { reply, version, digest: Digest::of(words) }
}

/// Of what is saved.
fn submission(item: &Item) -> Command {
    match &item.reply {
        Some(reply) => Command::SubmitReply { version: reply.version, digest: reply.digest, chars: usize::MAX },
        None => Command::SubmitReply { version: 1, digest: Digest::of(""), chars: usize::MAX },
    }
}

fn awaited(item: &Item) -> ReviewStep {
    item.awaited_review().unwrap_or(ReviewStep::First)
}

fn saved(item: &Item) -> Digest {
    item.reply.as_ref().map_or_else(|| Digest::of(""), |reply| reply.digest)
}
