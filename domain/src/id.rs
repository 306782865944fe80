//! Identifiers: one newtype a kind, so that a unit's id cannot be handed in where an item's is meant.
//!
//! All are UUIDs of version 7 (RFC 9562, 5.7): they sort by the time they were made, which keeps every index append-only.
//! Time and randomness are arguments; the crate draws neither.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::time::Instant;

/// A text that is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id (expected a UUID such as 01980000-0000-7000-8000-000000000000)")]
pub struct InvalidId {
    /// What was handed in.
    pub text: String,
}

/// A new version-7 UUID from the instant and ten random bytes.
fn uuid_v7(now: Instant, random: [u8; 10]) -> Uuid {
    let millis = u64::try_from(now.as_micros().div_euclid(1_000)).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id from the present instant and ten random bytes.
            pub fn new(now: Instant, random: [u8; 10]) -> Self {
                Self(uuid_v7(now, random))
            }

            /// The raw UUID.
            pub const fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidId { text: text.chars().take(64).collect() })
            }
        }
    )*};
}

ids! {
    /// A pull 采集批次: one run of a connector over one file or list.
    PullId;
    /// A message 来件: what a citizen wrote, as one source shows it.
    MessageId;
    /// An item 件: the accountable unit of work made from one message.
    ItemId;
    /// A responsible unit 责任单位.
    UnitId;
    /// An account 经办人 (anybody who signs in).
    AccountId;
    /// A signed-in session.
    SessionId;
    /// A personal access token for the API.
    AccessTokenId;
    /// A reply 答复 with its drafts in versions.
    ReplyId;
    /// A return 退单: a unit says "not ours".
    ReturnId;
    /// A held row 待修复行: input that could not be read, kept with its reason.
    HoldId;
    /// A list somebody keeps 常用筛选.
    SavedFilterId;
    /// A file uploaded for import 上传文件.
    UploadId;
    /// A source to be read 采集任务, by whichever node comes first.
    JobId;
    /// A picture or document of a message 附件.
    AttachmentId;
    /// A check of the whole ledger 账目校验.
    CheckId;
    /// A publication 热点咨询 (一期).
    PublicationId;
    /// An entry 条目 of a publication.
    EntryId;
    /// Something that is wrong with a source 告警, until it is settled.
    AlarmId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_round_trip() {
        let early = ItemId::new(Instant::from_micros(1_700_000_000_000_000), [7; 10]);
        let late = ItemId::new(Instant::from_micros(1_700_000_000_001_000), [0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse::<ItemId>().unwrap(), early);
        assert_eq!(early.as_uuid().get_version_num(), 7);
    }

    #[test]
    fn foreign_text_is_refused_and_cut() {
        let error = "x".repeat(500).parse::<UnitId>().unwrap_err();
        assert_eq!(error.text.len(), 64);
    }
}
