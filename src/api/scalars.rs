//! Ids and instants as the API writes them.

use std::fmt::Display;
use std::str::FromStr;

use async_graphql::{Description, ID, InputValueError, InputValueResult, Scalar, ScalarType, Value};
use huiyin_domain::id::{
    AccessTokenId, AccountId, AlarmId, EntryId, HoldId, InvalidId, ItemId, JobId, PublicationId, PullId, ReplyId,
    SavedFilterId, SessionId, UnitId, UploadId,
};
use huiyin_domain::time::Instant;

use super::error::{ApiError, ApiResult};

/// An id that the API writes as `kind:UUID`, so that a unit's id handed in for an item's is noticed.
pub trait NodeId: Display + FromStr<Err = InvalidId> {
    /// The word before the colon.
    const KIND: &'static str;

    /// Reads what a request hands in; an error with the code `bad_id` when it is another kind's, or none.
    fn from_node(id: &ID) -> ApiResult<Self> {
        let uuid = id.strip_prefix(Self::KIND).and_then(|rest| rest.strip_prefix(':'));
        uuid.and_then(|uuid| uuid.parse().ok()).ok_or_else(|| {
            ApiError::bad_input("bad_id", format!("编号不对，应为 {}:UUID 的形式，请核对后重试。", Self::KIND))
        })
    }

    /// Reads a list of ids.
    fn from_nodes<C: FromIterator<Self>>(ids: &[ID]) -> ApiResult<C> {
        ids.iter().map(Self::from_node).collect()
    }
}

/// The id of a stored row, as the API writes it.
pub fn node(kind: &str, id: &str) -> ID {
    ID(format!("{kind}:{id}"))
}

macro_rules! node_ids {
    ($($type:ty => $kind:literal,)*) => {$(
        impl NodeId for $type {
            const KIND: &'static str = $kind;
        }
    )*};
}

node_ids! {
    ItemId => "item",
    UnitId => "unit",
    AccountId => "account",
    SessionId => "session",
    AccessTokenId => "token",
    PullId => "pull",
    HoldId => "hold",
    UploadId => "upload",
    ReplyId => "reply",
    PublicationId => "publication",
    EntryId => "entry",
    SavedFilterId => "filter",
    JobId => "job",
    AlarmId => "alarm",
}

/// A point in time, RFC 3339 with China's offset and whole seconds: `2026-10-09T08:30:00+08:00`. Any offset is read. 时刻
#[derive(Debug, Clone, Copy, PartialEq, Eq, Description)]
pub struct Time(pub Instant);

impl Time {
    /// From a column: microseconds UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(Instant::from_micros(micros))
    }
}

#[Scalar(use_type_description)]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        let timestamp: jiff::Timestamp = text
            .parse()
            .map_err(|_| InputValueError::custom("not a point in time (expected 2026-10-09T08:30:00+08:00)"))?;
        Ok(Self(Instant::from_micros(timestamp.as_microsecond())))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A calendar date in China: `2026-10-09`. 日期
#[derive(Debug, Clone, Copy, PartialEq, Eq, Description)]
pub struct Date(pub jiff::civil::Date);

#[Scalar(use_type_description)]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        text.parse().map(Self).map_err(|_| InputValueError::custom("not a date (expected 2026-10-09)"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_carry_their_kind() {
        let id = ItemId::new(Instant::from_micros(1_800_000_000_000_000), [1; 10]);
        let text = node("item", &id.to_string());
        assert!(text.starts_with("item:"));
        assert_eq!(ItemId::from_node(&text).unwrap(), id);
        for bad in ["", "item:", "item", "item:1", &id.to_string(), &format!("unit:{id}"), &format!("items:{id}")] {
            assert_eq!(ItemId::from_node(&ID(bad.to_owned())).unwrap_err().code, "bad_id", "{bad}");
        }
    }

    #[test]
    fn times_are_read_with_any_offset_and_written_with_chinas() {
        let read = |text: &str| Time::parse(Value::String(text.to_owned()));
        let time = read("2026-10-09T00:30:00Z").unwrap();
        assert_eq!(time.to_value(), Value::String("2026-10-09T08:30:00+08:00".to_owned()));
        assert_eq!(read("2026-10-09T08:30:00+08:00").unwrap(), time);
        assert!(read("2026-10-09 08:30").is_err());
        assert!(Time::parse(Value::Boolean(true)).is_err());
    }
}
