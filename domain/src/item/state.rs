//! The item as its events have made it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Code, Digest, RequestType, ReturnReason, Stage, SuspendReason};
use crate::access::{Object, ReviewStep};
use crate::id::{AccountId, ItemId, MessageId, ReplyId, UnitId};
use crate::time::Instant;

/// One message's work, in the state its events have brought it to. Changed by [`Item::apply`] only.
///
/// It holds no personal data and no text, and can be kept as JSON beside the ledger to spare the replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Item {
    /// The item.
    pub id: ItemId,
    /// The message it was made from.
    pub message: MessageId,
    /// The code of the source (its connector's id).
    pub source: Code,
    /// What the citizen wants.
    pub request_type: RequestType,
    /// Where it stands.
    pub stage: Stage,
    /// Number of applied events: the optimistic lock.
    pub revision: u64,
    /// Digest of the newest version of the message that the source has shown.
    pub message_digest: Digest,
    /// How many versions of the message the source has shown.
    pub message_versions: u32,
    /// The lead unit 主办.
    pub lead: Option<UnitId>,
    /// The assisting units 协办.
    pub assisting: BTreeSet<UnitId>,
    /// How often units have given it back, upheld or not.
    pub returns: u32,
    /// Once a return was rejected or disputed, who answers is settled: no more returns.
    pub return_forbidden: bool,
    /// The return that waits for a decision.
    pub pending_return: Option<PendingReturn>,
    /// The reply that is being written or was released; none after a reopening until a new one is written.
    pub reply: Option<Reply>,
    /// The extension that waits for a decision.
    pub extension_pending: Option<ExtensionRequest>,
    /// The extensions that were granted, in order.
    pub extensions: Vec<Extension>,
    /// The pauses, in order; the last may still run.
    pub pauses: Vec<Pause>,
    /// How often it was handled again.
    pub reopened: u32,
    /// The instants that clocks and statistics are made of.
    pub times: Times,
    /// Whether the present answer was given at the source, not released here.
    pub answered_at_source: bool,
    /// Digest of the newest answer seen at the source.
    pub source_answer: Option<Digest>,
    /// The main item whose answer is this citizen's answer too.
    pub merged_into: Option<ItemId>,
}

impl Item {
    /// What access decides on.
    pub const fn object(&self) -> Object<'_> {
        Object::Item { id: self.id, lead: self.lead, assisting: &self.assisting, answered: self.stage.is_answered() }
    }

    /// Whether an extension waits for a decision (EXT_PENDING of domain rules 2.2).
    pub const fn is_extension_pending(&self) -> bool {
        self.extension_pending.is_some()
    }

    /// The extensions that count now: a reopened item is on a new clock, which the earlier ones do not move.
    pub fn current_extensions(&self) -> impl Iterator<Item = &Extension> {
        self.extensions.iter().filter(|extension| self.times.reopened_at.is_none_or(|at| extension.granted_at > at))
    }

    /// The review the reply waits for.
    pub const fn awaited_review(&self) -> Option<ReviewStep> {
        match self.stage {
            Stage::Review1 => Some(ReviewStep::First),
            Stage::Review2 => Some(ReviewStep::Second),
            Stage::Review3 => Some(ReviewStep::Third),
            _ => None,
        }
    }
}

/// The instants of an item's life (domain rules 1.2).
///
/// The first three are facts of the outside; what follows from them is asked of [`Times::asked_at`] and
/// [`Times::clock_start`], so that no two places can answer differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When the citizen wrote, as the source tells it.
    pub submitted_at: Option<Instant>,
    /// When the source dispatched it to the bureau, as the source tells it.
    pub source_dispatched_at: Option<Instant>,
    /// When it was taken in here.
    pub received_at: Instant,
    /// When the present lead unit got it.
    pub assigned_at: Option<Instant>,
    /// When the present lead unit accepted it.
    pub accepted_at: Option<Instant>,
    /// When the citizen first heard from the bureau.
    pub first_contact_at: Option<Instant>,
    /// When the present answer was given; none again after a reopening.
    pub replied_at: Option<Instant>,
    /// When it was closed; none again after a reopening.
    pub closed_at: Option<Instant>,
    /// When it was last ordered to be handled again.
    pub reopened_at: Option<Instant>,
}

impl Times {
    /// When the citizen wrote, as near as anybody knows: a source that tells only when it dispatched the message has had it
    /// by then.
    pub fn asked_at(&self) -> Instant {
        self.submitted_at.or(self.source_dispatched_at).unwrap_or(self.received_at)
    }

    /// When the bureau's clock starts: when the source dispatched it or the citizen wrote, never when it was taken in here
    /// where either is known.
    pub fn clock_start(&self) -> Instant {
        self.source_dispatched_at.or(self.submitted_at).unwrap_or(self.received_at)
    }
}

/// A return that waits for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingReturn {
    /// The unit that gives it back.
    pub unit: UnitId,
    /// Why.
    pub reason: ReturnReason,
    /// Digest of the basis that the unit cites.
    pub basis: Digest,
    /// The unit that should answer instead.
    pub suggested: UnitId,
    /// When.
    pub at: Instant,
}

/// The reply in its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// The reply.
    pub id: ReplyId,
    /// The newest version.
    pub version: u32,
    /// Digest of that version's text.
    pub digest: Digest,
    /// Everybody who wrote or submitted a version. None of them may review.
    pub drafters: BTreeSet<AccountId>,
    /// When it was last submitted.
    pub submitted_at: Option<Instant>,
    /// The approvals of exactly this text, in the order of the steps.
    pub approvals: Vec<Approval>,
    /// The review that sent it back, until it is submitted again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_back: Option<ReviewStep>,
}

/// One approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Which review.
    pub step: ReviewStep,
    /// Who approved.
    pub account: AccountId,
    /// When.
    pub at: Instant,
    /// Digest of the text that was approved.
    pub digest: Digest,
}

/// An extension that waits for a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionRequest {
    /// How much, in the unit of the item's deadline rule.
    pub days: u32,
    /// When it was asked for.
    pub at: Instant,
}

/// A granted extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// How much, in the unit of the item's deadline rule.
    pub days: u32,
    /// When it was granted.
    pub granted_at: Instant,
}

/// A stretch of time in which the clock stood still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: SuspendReason,
    /// From when.
    pub from: Instant,
    /// Until when; none while it runs.
    pub to: Option<Instant>,
}
