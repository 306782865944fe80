//! Messages 来件 as their sources show them; the texts are the item's `question`.

use async_graphql::SimpleObject;

use super::scalars::Time;
use crate::store::message::MessageRow;

/// What a citizen wrote, as one source shows it. 来件
#[derive(Debug, SimpleObject)]
pub struct Message {
    /// The number the source prints; empty when it prints none. 源平台编号
    number: String,
    /// Where the source shows it; empty when it does not say. 源平台网址
    url: String,
    /// The unit the source names, as it writes it; empty when it names none. 源平台所写单位
    named_unit: String,
    /// When it was first seen here. 首次见到
    first_seen_at: Time,
    /// Since when the source no longer shows it; null while it does. The item stays owed. 撤下时间
    withdrawn_at: Option<Time>,
}

impl Message {
    /// Of an item the viewer may see.
    pub fn new(row: MessageRow) -> Self {
        Self {
            number: row.printed_number,
            url: row.url,
            named_unit: row.named_unit,
            first_seen_at: Time::from_micros(row.first_seen_at),
            withdrawn_at: row.withdrawn_at.map(Time::from_micros),
        }
    }
}
