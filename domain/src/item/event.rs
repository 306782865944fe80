//! What has happened to an item: the rows of its ledger.

use std::collections::BTreeSet;

use super::events::events;
use super::{Code, Digest, Ground, ReopenReason, RequestType, ReturnReason, SuspendReason, TransferRoute};
use crate::access::ReviewStep;
use crate::id::{AccountId, ItemId, MessageId, ReplyId, UnitId};
use crate::time::Instant;

events! {
    /// Something that has happened to an item. Holds ids, codes, numbers, instants (microseconds UTC) and digests only,
    /// so that the ledger survives the lawful deletion of any text.
    Event {
        /// The item was made.
        Received = "item.received" {
            /// The item.
            item: ItemId,
            /// The message it was made from.
            message: MessageId,
            /// The code of the source.
            source: Code,
            /// What the citizen wants.
            request_type: RequestType,
            /// Digest of the message's content.
            digest: Digest,
            /// When the citizen wrote.
            submitted_at: Option<Instant>,
            /// When the source dispatched it.
            source_dispatched_at: Option<Instant>,
            /// When it was taken in.
            at: Instant,
        },
        /// The source has shown the message changed.
        VersionRecorded = "item.version_recorded" {
            /// Digest of the changed content.
            digest: Digest,
            /// Which version it is; the first is 1.
            version: u32,
        },
        /// Registered.
        Registered = "item.registered" {},
        /// Merged.
        Merged = "item.merged" {
            /// The main item.
            into: ItemId,
        },
        /// Not accepted.
        NotAccepted = "item.not_accepted" {
            /// On which ground.
            ground: Ground,
        },
        /// Transferred out.
        TransferredOut = "item.transferred_out" {
            /// Where to.
            route: TransferRoute,
        },
        /// Assigned, first or anew.
        Assigned = "item.assigned" {
            /// The lead unit.
            lead: UnitId,
            /// The assisting units.
            assisting: BTreeSet<UnitId>,
            /// When.
            at: Instant,
        },
        /// Accepted by the lead unit.
        Accepted = "item.accepted" {
            /// When.
            at: Instant,
        },
        /// Given back by the lead unit.
        ReturnRequested = "item.return_requested" {
            /// The unit that gives it back.
            unit: UnitId,
            /// Why.
            reason: ReturnReason,
            /// Digest of the cited basis.
            basis: Digest,
            /// Who should answer instead.
            suggested: UnitId,
            /// When.
            at: Instant,
        },
        /// The return was right.
        ReturnUpheld = "item.return_upheld" {},
        /// The return was wrong.
        ReturnRejected = "item.return_rejected" {},
        /// The return is disputed.
        ReturnDisputed = "item.return_disputed" {},
        /// The dispute was decided.
        Arbitrated = "item.arbitrated" {
            /// The lead unit from now on.
            unit: UnitId,
            /// When.
            at: Instant,
        },
        /// The citizen heard from the bureau for the first time.
        Contacted = "item.contacted" {
            /// When.
            at: Instant,
        },
        /// More time was asked for.
        ExtensionRequested = "item.extension_requested" {
            /// How much, in the unit of the item's deadline rule.
            days: u32,
            /// When.
            at: Instant,
        },
        /// More time was granted.
        ExtensionGranted = "item.extension_granted" {
            /// How much, in the unit of the item's deadline rule.
            days: u32,
            /// When.
            at: Instant,
        },
        /// More time was not granted.
        ExtensionRejected = "item.extension_rejected" {},
        /// The clock was stopped.
        Suspended = "item.suspended" {
            /// Why.
            reason: SuspendReason,
            /// When.
            at: Instant,
        },
        /// The clock goes on.
        Resumed = "item.resumed" {
            /// When.
            at: Instant,
        },
        /// A version of the reply was written.
        Drafted = "reply.drafted" {
            /// The reply.
            reply: ReplyId,
            /// The version.
            version: u32,
            /// Digest of its text.
            digest: Digest,
            /// Who wrote it.
            by: AccountId,
        },
        /// The reply was submitted for review.
        Submitted = "reply.submitted" {
            /// The version.
            version: u32,
            /// Digest of its text.
            digest: Digest,
            /// Who submitted it.
            by: AccountId,
            /// When.
            at: Instant,
        },
        /// The reply was approved at one step.
        Approved = "reply.approved" {
            /// Which review.
            step: ReviewStep,
            /// Digest of the text that was approved.
            digest: Digest,
            /// Who approved.
            by: AccountId,
            /// When.
            at: Instant,
        },
        /// The reply was sent back at one step.
        SentBack = "reply.sent_back" {
            /// Which review.
            step: ReviewStep,
            /// Digest of the reason.
            reason: Digest,
            /// Who sent it back.
            by: AccountId,
        },
        /// The reply was handed over to the citizen.
        Released = "reply.released" {
            /// The reply.
            reply: ReplyId,
            /// The version.
            version: u32,
            /// Digest of the text that was handed over.
            digest: Digest,
            /// When.
            at: Instant,
        },
        /// The source shows an answer.
        AnsweredAtSource = "item.answered_at_source" {
            /// Digest of its text.
            digest: Digest,
            /// When it was given.
            replied_at: Instant,
            /// The unit the source names.
            unit: Option<UnitId>,
            /// When it was seen.
            at: Instant,
        },
        /// Closed.
        Closed = "item.closed" {
            /// When.
            at: Instant,
        },
        /// Put on file.
        Archived = "item.archived" {},
        /// To be handled again.
        Reopened = "item.reopened" {
            /// Why.
            reason: ReopenReason,
            /// When.
            at: Instant,
        },
        /// Taken back by the citizen.
        Withdrawn = "item.withdrawn" {
            /// When.
            at: Instant,
        },
    }
}
