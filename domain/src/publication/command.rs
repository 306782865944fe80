//! What can be asked of an issue.

use super::YearMonth;
use crate::access::Action;
use crate::id::{EntryId, ItemId, PublicationId};
use crate::item::{Digest, Stage};

/// A command. Texts stay outside: a command holds their digests, and the caller keeps the text in the same transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// Make the issue of a month.
    Create {
        /// The issue.
        publication: PublicationId,
        /// Its month.
        month: YearMonth,
        /// The issue that the month has already, as loaded in the same transaction.
        existing: Option<PublicationId>,
    },
    /// Take an answered item's question and answer into the issue.
    AddEntry {
        /// The entry.
        entry: EntryId,
        /// The item.
        item: ItemId,
        /// The item's stage, as loaded in the same transaction.
        item_stage: Stage,
        /// Digest of the public text.
        digest: Digest,
    },
    /// Change the text. Takes every check back, and takes a public entry off the page until it is published again.
    EditEntry {
        /// The entry.
        entry: EntryId,
        /// Digest of the changed text.
        digest: Digest,
    },
    /// Show an entry at another place of an issue that is not published yet. The text and its checks stay as they are.
    MoveEntry {
        /// The entry.
        entry: EntryId,
        /// Its place afterwards, from one; beyond the last it is the last.
        place: u32,
    },
    /// Drop an entry that never was public.
    RemoveEntry {
        /// The entry.
        entry: EntryId,
    },
    /// Vouch that nobody can be recognised in the text.
    Deidentify {
        /// The entry.
        entry: EntryId,
        /// Digest of the text that was read.
        digest: Digest,
    },
    /// Give the secrecy review.
    CheckSecrecy {
        /// The entry.
        entry: EntryId,
        /// Digest of the text that was read.
        digest: Digest,
    },
    /// Refuse the secrecy review: the entry is a candidate again.
    RefuseSecrecy {
        /// The entry.
        entry: EntryId,
        /// Digest of the reason.
        reason: Digest,
    },
    /// Approve the entry for publication.
    ApproveEntry {
        /// The entry.
        entry: EntryId,
        /// Digest of the text that was read.
        digest: Digest,
    },
    /// Refuse the approval: the entry is a candidate again.
    RefuseApproval {
        /// The entry.
        entry: EntryId,
        /// Digest of the reason.
        reason: Digest,
    },
    /// Publish the issue, or what was changed in a published one.
    Publish,
    /// Take one public entry back.
    RetractEntry {
        /// The entry.
        entry: EntryId,
        /// Digest of the reason.
        reason: Digest,
    },
    /// Take the published issue back.
    Retract {
        /// Digest of the reason.
        reason: Digest,
    },
}

impl Command {
    /// The action to ask [`crate::access::allowed`] for.
    pub const fn action(&self) -> Action {
        match self {
            Self::Create { .. } => Action::CreatePublication,
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

    /// The Chinese word shown to people.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Create { .. } => "创建热点咨询",
            Self::AddEntry { .. } => "添加条目",
            Self::EditEntry { .. } => "修改条目",
            Self::MoveEntry { .. } => "调整顺序",
            Self::RemoveEntry { .. } => "移除条目",
            Self::Deidentify { .. } => "确认去标识化",
            Self::CheckSecrecy { .. } => "通过保密审查",
            Self::RefuseSecrecy { .. } => "退回保密审查",
            Self::ApproveEntry { .. } => "批准条目",
            Self::RefuseApproval { .. } => "退回批准",
            Self::Publish => "发布",
            Self::RetractEntry { .. } => "撤回条目",
            Self::Retract { .. } => "撤回",
        }
    }
}
