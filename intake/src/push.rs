//! Messages that a source sends by itself: JSON, one message or several.

use serde_json::Value;

use super::connector::Connector;
use super::extract;
use super::line::{Lines, add_own, is_blank};
use super::mapper::Mapped;
use super::record::{Held, HoldCode, HoldReason, Limits, RowOutcome};

/// Why a body is refused as a whole. Nothing of it was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PushFault {
    /// It is not JSON in UTF-8.
    #[error("the body is not JSON")]
    NotJson,
    /// It is neither one message nor `{"items": […]}` nor a list of messages.
    #[error("the body is neither a message nor a list of messages")]
    NotMessages,
}

/// The rows of a body that a source sent, mapped as every row is: each message becomes exactly one, in the order of the
/// body, and what cannot be read is held. The row's number is its place in the body, from 1.
pub fn push_rows(connector: &Connector, body: &[u8], limits: &Limits) -> Result<Vec<RowOutcome>, PushFault> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let body: Value = serde_json::from_slice(body).map_err(|_| PushFault::NotJson)?;
    let messages: Vec<&Value> = match &body {
        Value::Array(messages) => messages.iter().collect(),
        Value::Object(map) => match map.get("items") {
            Some(Value::Array(messages)) => messages.iter().collect(),
            Some(_) => return Err(PushFault::NotMessages),
            None => vec![&body],
        },
        _ => return Err(PushFault::NotMessages),
    };
    let mut lines = Lines::new(connector, limits);
    Ok(messages.into_iter().zip(1..).map(|(message, number)| row(connector, &mut lines, message, number)).collect())
}

fn row(connector: &Connector, lines: &mut Lines<'_>, message: &Value, number: u64) -> RowOutcome {
    let found = match &connector.push {
        Some(push) => extract::object(&push.cells, push.attachments.as_ref(), message),
        None => extract::object(&[], None, message),
    };
    let key = lines.key_of(&found.cells);
    let blank = is_blank(&found);
    let mut cells = found.cells;
    add_own(&mut cells, None, &found.attachments, None);
    match lines.map(&cells, number) {
        Mapped::Record(record) => RowOutcome::Record(record),
        Mapped::Held(held) => RowOutcome::Held(Held { key, ..held }),
        Mapped::Blank | Mapped::Furniture => {
            let message = if blank { "这一条里什么也没有" } else { "这一条读不出内容" };
            RowOutcome::Held(Held {
                sheet: String::new(),
                row: number,
                column: None,
                reason: HoldReason { code: HoldCode::RequiredMissing, message: message.to_owned() },
                header: cells.iter().map(|(name, _)| name.clone()).collect(),
                raw: cells,
                key,
            })
        }
    }
}
