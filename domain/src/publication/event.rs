//! What has happened to an issue: the rows of its ledger.

use super::YearMonth;
use crate::id::{AccountId, EntryId, ItemId, PublicationId};
use crate::item::Digest;
use crate::item::events::events;
use crate::time::Instant;

events! {
    /// Something that has happened to an issue. Holds ids, codes, instants (microseconds UTC) and digests only.
    Event {
        /// The issue was made.
        Created = "publication.created" {
            /// The issue.
            publication: PublicationId,
            /// Its month.
            month: YearMonth,
        },
        /// An entry was added.
        EntryAdded = "entry.added" {
            /// The entry.
            entry: EntryId,
            /// The item.
            item: ItemId,
            /// Digest of the public text.
            digest: Digest,
            /// Who.
            by: AccountId,
        },
        /// The text was changed.
        EntryEdited = "entry.edited" {
            /// The entry.
            entry: EntryId,
            /// Digest of the changed text.
            digest: Digest,
            /// Who.
            by: AccountId,
        },
        /// An entry is shown at another place.
        EntryMoved = "entry.moved" {
            /// The entry.
            entry: EntryId,
            /// Its place now, from one.
            place: u32,
            /// Who.
            by: AccountId,
        },
        /// An entry that never was public was dropped.
        EntryRemoved = "entry.removed" {
            /// The entry.
            entry: EntryId,
        },
        /// Somebody vouches that nobody can be recognised in the text.
        EntryDeidentified = "entry.deidentified" {
            /// The entry.
            entry: EntryId,
            /// Digest of the text.
            digest: Digest,
            /// Who.
            by: AccountId,
        },
        /// The secrecy review was given.
        EntrySecrecyChecked = "entry.secrecy_checked" {
            /// The entry.
            entry: EntryId,
            /// Digest of the text.
            digest: Digest,
            /// Who.
            by: AccountId,
        },
        /// The entry was approved.
        EntryApproved = "entry.approved" {
            /// The entry.
            entry: EntryId,
            /// Digest of the text.
            digest: Digest,
            /// Who.
            by: AccountId,
        },
        /// A review was refused.
        EntrySentBack = "entry.sent_back" {
            /// The entry.
            entry: EntryId,
            /// Digest of the reason.
            reason: Digest,
            /// Who.
            by: AccountId,
        },
        /// What was approved became public.
        Published = "publication.published" {
            /// When.
            at: Instant,
            /// Who.
            by: AccountId,
        },
        /// One public entry was taken back.
        EntryRetracted = "entry.retracted" {
            /// The entry.
            entry: EntryId,
            /// Digest of the reason.
            reason: Digest,
            /// Who.
            by: AccountId,
        },
        /// The issue was taken back.
        Retracted = "publication.retracted" {
            /// Digest of the reason.
            reason: Digest,
            /// Who.
            by: AccountId,
        },
    }
}
