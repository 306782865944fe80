//! The issue as its events have made it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::YearMonth;
use crate::access::Object;
use crate::access::coded::coded;
use crate::id::{AccountId, EntryId, ItemId, PublicationId};
use crate::item::Digest;
use crate::time::Instant;

coded! {
    /// Where an issue stands. It follows from the entries until the issue is published.
    PublicationStage {
        /// Some entry is a candidate, or there is none yet.
        Draft = "draft" "编辑中",
        /// Every entry is de-identified, some wait for a review.
        InReview = "in_review" "审核中",
        /// Every entry is approved.
        Approved = "approved" "待发布",
        /// Public.
        Published = "published" "已发布",
        /// Taken back.
        Retracted = "retracted" "已撤回",
    }

    /// Where an entry stands (domain rules 2.2).
    EntryStage {
        /// Written or edited.
        Candidate = "candidate" "拟公开",
        /// Somebody vouches that nobody can be recognised in it.
        Deidentified = "deidentified" "已去标识化",
        /// The secrecy review is given.
        SecrecyChecked = "secrecy_checked" "保密审查",
        /// Approved for publication.
        Approved = "approved" "已批准",
        /// Public.
        Published = "published" "已发布",
        /// Public in a version that replaced an earlier public one.
        Updated = "updated" "已更新",
        /// Taken back.
        Retracted = "retracted" "已撤回",
    }
}

impl EntryStage {
    /// Whether the public sees the entry.
    pub const fn is_public(self) -> bool {
        matches!(self, Self::Published | Self::Updated)
    }
}

/// A monthly issue in the state its events have brought it to. Changed by [`Publication::apply`] only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Publication {
    /// The issue.
    pub id: PublicationId,
    /// Its month; there is one issue a month.
    pub month: YearMonth,
    /// Where it stands.
    pub stage: PublicationStage,
    /// Number of applied events: the optimistic lock.
    pub revision: u64,
    /// The entries.
    pub entries: BTreeMap<EntryId, Entry>,
    /// The order they are shown in. Read it by [`Publication::in_order`]: states from before there was one have none.
    #[serde(default)]
    pub order: Vec<EntryId>,
    /// When it was first published.
    pub published_at: Option<Instant>,
}

impl Publication {
    /// What access decides on.
    pub const fn object(&self) -> Object<'_> {
        Object::Publication { id: self.id }
    }

    /// The entries in the order they are shown; what the order does not name comes last, the oldest first.
    pub fn in_order(&self) -> Vec<EntryId> {
        let mut order = self.order.clone();
        order.extend(self.entries.keys().filter(|entry| !self.order.contains(entry)));
        order
    }

    /// The entries that the public sees now: none of an issue that was not published, or was retracted.
    pub fn public_entries(&self) -> impl Iterator<Item = (&EntryId, &Entry)> {
        let public = self.stage == PublicationStage::Published;
        self.entries.iter().filter(move |(_, entry)| public && entry.stage.is_public())
    }
}

/// One question with its answer, as it is or will be public.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The item whose released answer it tells.
    pub item: ItemId,
    /// Where it stands.
    pub stage: EntryStage,
    /// Digest of the public text (title, question and answer as one).
    pub digest: Digest,
    /// Everybody who wrote, edited or de-identified the text. None of them may review it.
    pub editors: BTreeSet<AccountId>,
    /// Who vouches for the de-identification of this text.
    pub deidentified_by: Option<AccountId>,
    /// Who gave the secrecy review of this text.
    pub checked_by: Option<AccountId>,
    /// Who approved this text.
    pub approved_by: Option<AccountId>,
    /// Whether some version of it has been public.
    pub was_public: bool,
}
