//! What can be asked of an item.

use std::collections::BTreeSet;

use super::{Code, Digest, Ground, ReopenReason, RequestType, ReturnReason, Stage, SuspendReason, TransferRoute};
use crate::access::{Action, ReviewStep};
use crate::id::{ItemId, MessageId, ReplyId, UnitId};
use crate::time::Instant;

/// The numbers of this city that the guards use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemRules {
    /// How often an item may be given back in all.
    pub max_returns: u32,
    /// How many extensions may be granted.
    pub max_extensions: u32,
    /// How many days one extension may have, in the unit of the item's deadline rule.
    pub max_extension_days: u32,
    /// How many characters a reply must have at least.
    pub min_reply_chars: usize,
}

impl Default for ItemRules {
    /// One return, one extension of up to 15 days, a reply of ten characters.
    fn default() -> Self {
        Self { max_returns: 1, max_extensions: 1, max_extension_days: 15, min_reply_chars: 10 }
    }
}

/// What a source shows of a new message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The item to make.
    pub item: ItemId,
    /// The message it is made from.
    pub message: MessageId,
    /// The code of the source.
    pub source: Code,
    /// What the citizen wants.
    pub request_type: RequestType,
    /// Digest of the message's content.
    pub digest: Digest,
    /// When the citizen wrote, if the source tells.
    pub submitted_at: Option<Instant>,
    /// When the source dispatched it, if the source tells.
    pub source_dispatched_at: Option<Instant>,
    /// The official answer the source already shows: the item is born [`Stage::Replied`].
    pub answer: Option<SourceAnswer>,
}

/// An official answer as the source shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceAnswer {
    /// When it was given.
    pub replied_at: Instant,
    /// Digest of its text.
    pub digest: Digest,
    /// The unit the source names; it becomes the lead unit of an item that has none.
    pub unit: Option<UnitId>,
}

/// A command. Texts stay outside: a command holds their digests, and the caller keeps the text in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make the item.
    Receive(Receipt),
    /// The source shows the message changed. Allowed in every stage and changes none.
    RecordVersion {
        /// Digest of the changed content.
        digest: Digest,
    },
    /// 登记: looked at, no repeat, ours.
    Register,
    /// 并单: the citizen is answered by the main item's answer. Merging is for true repeats only, and it is final for this
    /// item, but it pays no debt: whoever lists what is owed follows [`super::Item::merged_into`].
    Merge {
        /// The main item.
        into: ItemId,
        /// The main item's stage, as loaded in the same transaction.
        into_stage: Stage,
    },
    /// 不予受理; the citizen must be told.
    RefuseAcceptance {
        /// On which ground.
        ground: Ground,
    },
    /// 转出; the citizen must be told.
    TransferOut {
        /// Where to.
        route: TransferRoute,
    },
    /// 派单. From [`Stage::Received`] registration is implied. From [`Stage::Dispatched`] and [`Stage::Handling`] it is a
    /// reassignment: another lead unit accepts anew and what the earlier one drafted is dropped; with the same lead unit
    /// only the assisting units change.
    Assign {
        /// The lead unit.
        lead: UnitId,
        /// The assisting units.
        assisting: BTreeSet<UnitId>,
    },
    /// 签收, by the lead unit.
    Accept,
    /// 退单, by the lead unit.
    RequestReturn {
        /// Why.
        reason: ReturnReason,
        /// Digest of the cited basis; required.
        basis: Option<Digest>,
        /// Who should answer instead; required.
        suggested: Option<UnitId>,
    },
    /// The return is right: the item waits to be assigned again.
    UpholdReturn,
    /// The return is wrong: the unit keeps the item and cannot return it again.
    RejectReturn,
    /// The units disagree: somebody has to name the one.
    DisputeReturn,
    /// 裁定: names the unit; it cannot return the item.
    Arbitrate {
        /// The lead unit from now on.
        unit: UnitId,
    },
    /// 首次联系: the lead unit spoke with the citizen.
    RecordContact,
    /// 延期申请, by the lead unit.
    RequestExtension {
        /// How much, in the unit of the item's deadline rule.
        days: u32,
        /// The item's present due instant, computed by the caller.
        due: Instant,
    },
    /// Grant or reject the extension.
    DecideExtension {
        /// Whether it is granted.
        granted: bool,
        /// The item's present due instant, computed by the caller.
        due: Instant,
    },
    /// 挂起, by the lead unit.
    Suspend {
        /// Why.
        reason: SuspendReason,
    },
    /// 恢复, by the lead unit.
    Resume,
    /// Write a version of the reply, by the lead unit. During or after review it takes the reply back: every approval is
    /// dropped and the next review is the first.
    SaveDraft {
        /// The reply; a new id for the first version.
        reply: ReplyId,
        /// One more than the version that was edited; 1 for the first.
        version: u32,
        /// Digest of the text.
        digest: Digest,
    },
    /// 提交答复稿, by the lead unit.
    SubmitReply {
        /// The version submitted.
        version: u32,
        /// Digest of its text.
        digest: Digest,
        /// How many characters the text has, blanks not counted.
        chars: usize,
    },
    /// Approve the reply.
    Approve {
        /// Which review.
        step: ReviewStep,
        /// Digest of the text that the reviewer read.
        digest: Digest,
    },
    /// 退回修改.
    SendBack {
        /// Which review.
        step: ReviewStep,
        /// Digest of the reason.
        reason: Digest,
    },
    /// Hand the approved reply over to the citizen.
    Release,
    /// An answer has appeared at the source although the item is open here. Of an answered item it is refused as a wrong
    /// stage: what the source shows then is the answer it was given.
    RecordSourceAnswer(SourceAnswer),
    /// 办结.
    Close,
    /// 归档.
    Archive,
    /// 重办. An item without a lead unit waits to be assigned; any other goes back to its unit.
    Reopen {
        /// Why.
        reason: ReopenReason,
    },
    /// The citizen takes the request back.
    Withdraw,
}

impl Command {
    /// The action to ask [`crate::access::allowed`] for.
    pub const fn action(&self) -> Action {
        match self {
            Self::Receive(_) | Self::RecordVersion { .. } | Self::RecordSourceAnswer(_) => Action::ImportFile,
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

    /// The Chinese word shown to people.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Receive(_) => "接收",
            Self::RecordVersion { .. } => "记录来件变更",
            Self::Register => "登记",
            Self::Merge { .. } => "并单",
            Self::RefuseAcceptance { .. } => "不予受理",
            Self::TransferOut { .. } => "转出",
            Self::Assign { .. } => "派单",
            Self::Accept => "签收",
            Self::RequestReturn { .. } => "退单",
            Self::UpholdReturn => "同意退单",
            Self::RejectReturn => "驳回退单",
            Self::DisputeReturn => "提请裁定",
            Self::Arbitrate { .. } => "裁定",
            Self::RecordContact => "登记首次联系",
            Self::RequestExtension { .. } => "申请延期",
            Self::DecideExtension { .. } => "审批延期",
            Self::Suspend { .. } => "挂起",
            Self::Resume => "恢复办理",
            Self::SaveDraft { .. } => "保存答复稿",
            Self::SubmitReply { .. } => "提交答复稿",
            Self::Approve { .. } => "审核通过",
            Self::SendBack { .. } => "退回修改",
            Self::Release => "签发答复",
            Self::RecordSourceAnswer(_) => "记录源平台答复",
            Self::Close => "办结",
            Self::Archive => "归档",
            Self::Reopen { .. } => "重办",
            Self::Withdraw => "撤回",
        }
    }
}
