//! What somebody may do with an issue now: asked of the very functions that decide, so that no page offers what would be
//! refused.

use super::{Command, Publication, decide};
use crate::access::coded::coded;
use crate::access::{Actor, allowed};
use crate::id::{EntryId, ItemId};
use crate::item::{Digest, Stage};
use crate::time::Instant;

coded! {
    /// What can be done with an issue.
    IssueAct {
        /// Take an answered item in.
        AddEntry = "add_entry" "添加条目",
        /// Publish it, or what was changed in a published one.
        Publish = "publish" "发布",
        /// Take the published issue back.
        Retract = "retract" "撤回本期",
    }

    /// What can be done with an entry.
    EntryAct {
        /// Change the text.
        Edit = "edit" "修改",
        /// Show it at another place.
        Move = "move" "调整顺序",
        /// Drop it.
        Remove = "remove" "移除",
        /// Vouch that nobody can be recognised in the text.
        Deidentify = "deidentify" "确认去标识化",
        /// Give the secrecy review.
        CheckSecrecy = "check_secrecy" "通过保密审查",
        /// Refuse the secrecy review.
        RefuseSecrecy = "refuse_secrecy" "退回修改",
        /// Approve it.
        Approve = "approve" "批准",
        /// Refuse the approval.
        RefuseApproval = "refuse_approval" "退回修改",
        /// Take it off the public page.
        Retract = "retract" "撤回条目",
    }
}

impl IssueAct {
    fn probe(self, publication: &Publication) -> Command {
        let reason = Digest::of("");
        match self {
            // An entry and an item no issue has: their ids are those of nothing.
            Self::AddEntry => Command::AddEntry {
                entry: EntryId::from(uuid::Uuid::nil()),
                item: ItemId::from(uuid::Uuid::nil()),
                item_stage: Stage::Replied,
                digest: Digest::of(publication.id.to_string()),
            },
            Self::Publish => Command::Publish,
            Self::Retract => Command::Retract { reason },
        }
    }
}

impl EntryAct {
    /// Its command, as somebody would give it who has read the newest text.
    fn probe(self, publication: &Publication, entry: EntryId) -> Option<Command> {
        let digest = publication.entries.get(&entry)?.digest;
        let reason = Digest::of("");
        Some(match self {
            Self::Edit => Command::EditEntry { entry, digest: Digest::of(digest.to_string()) },
            Self::Move => {
                let first = publication.in_order().first() == Some(&entry);
                Command::MoveEntry { entry, place: if first { 2 } else { 1 } }
            }
            Self::Remove => Command::RemoveEntry { entry },
            Self::Deidentify => Command::Deidentify { entry, digest },
            Self::CheckSecrecy => Command::CheckSecrecy { entry, digest },
            Self::RefuseSecrecy => Command::RefuseSecrecy { entry, reason },
            Self::Approve => Command::ApproveEntry { entry, digest },
            Self::RefuseApproval => Command::RefuseApproval { entry, reason },
            Self::Retract => Command::RetractEntry { entry, reason },
        })
    }
}

impl Publication {
    /// What this actor may do with the issue now.
    pub fn acts(&self, actor: &Actor) -> Vec<IssueAct> {
        IssueAct::ALL.iter().copied().filter(|act| self.takes(&act.probe(self), actor)).collect()
    }

    /// What this actor may do with an entry now; nothing when the issue has no such entry.
    pub fn acts_on(&self, entry: EntryId, actor: &Actor) -> Vec<EntryAct> {
        let takes = |act: &EntryAct| act.probe(self, entry).is_some_and(|command| self.takes(&command, actor));
        EntryAct::ALL.iter().copied().filter(takes).collect()
    }

    fn takes(&self, command: &Command, actor: &Actor) -> bool {
        let permitted = allowed(actor, command.action(), &self.object()).is_ok();
        // No decision depends on the time.
        permitted && decide(Some(self), command, actor, Instant::from_micros(0)).is_ok()
    }
}
