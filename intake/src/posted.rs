//! Messages that a platform sends by itself: JSON in, rows out, mapped by the connector's columns like those of a file.

use serde_json::Value;

use super::connector::Connector;
use super::extract::object;
use super::line::{Lines, add_own, is_blank};
use super::mapper::Mapped;
use super::record::{Held, HoldCode, HoldReason, Limits, RawCells, RowOutcome};

/// The most messages of one request.
pub const MAX_POSTED: usize = 1_000;
/// The most cells of one message; what is beyond is a sign of something else than a message.
const MAX_CELLS: usize = 512;

/// A request that holds no messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PostedError {
    /// Neither an object nor `{"items": […]}`.
    #[error("the body holds no message")]
    Shape,
    /// More than [`MAX_POSTED`] messages.
    #[error("the body holds too many messages")]
    TooMany,
}

/// The rows of a request: one message, or `{"items": [message, …]}`. Members are cells under their names, nested ones under
/// `outer/inner` and `list/0`, beside those that `[push.cells]` takes. Every message comes out as exactly one row, numbered
/// from 1; one that cannot be read comes out held, with its key where that can be read. Equal messages of one request count
/// as one.
pub fn read_posted(connector: &Connector, body: &Value) -> Result<Vec<RowOutcome>, PostedError> {
    let Value::Object(members) = body else { return Err(PostedError::Shape) };
    let items = match members.get("items") {
        Some(Value::Array(items)) => items.as_slice(),
        Some(_) => return Err(PostedError::Shape),
        None => std::slice::from_ref(body),
    };
    if items.len() > MAX_POSTED {
        return Err(PostedError::TooMany);
    }
    let limits = Limits::default();
    let mut lines = Lines::new(connector, &limits);
    Ok((1..).zip(items).map(|(row, item)| read_one(connector, &mut lines, row, item)).collect())
}

fn read_one(connector: &Connector, lines: &mut Lines<'_>, row: u64, item: &Value) -> RowOutcome {
    let hold = |message: &str, raw: RawCells, key: Option<String>| {
        let reason = HoldReason { code: HoldCode::RequiredMissing, message: message.to_owned() };
        let header = raw.iter().map(|(name, _)| name.clone()).collect();
        RowOutcome::Held(Held { sheet: String::new(), row, column: None, reason, key, raw, header })
    };
    if !item.is_object() {
        return hold("这一条不是对象，读不出字段", vec![(String::new(), shown(item))], None);
    }
    let found = match connector.push() {
        Some(push) => object(&push.cells, push.attachments.as_ref(), item),
        None => object(&[], None, item),
    };
    let key = lines.key_of(&found.cells);
    if is_blank(&found) {
        return hold("这一条没有内容", found.cells, key);
    }
    if found.cells.len() > MAX_CELLS {
        return hold("这一条的字段过多，不像来件", found.cells, key);
    }
    let mut cells = found.cells;
    add_own(&mut cells, None, &found.attachments, None);
    match lines.map(&cells, row) {
        Mapped::Record(record) => RowOutcome::Record(record),
        Mapped::Held(row) => RowOutcome::Held(Held { key, ..row }),
        Mapped::Blank | Mapped::Furniture => hold("这一条读不出内容", cells, key),
    }
}

/// A value as a cell shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::find;

    fn board() -> Connector {
        find("board", None).unwrap().unwrap()
    }

    fn message(number: &str) -> Value {
        json!({
            "留言编号": number, "留言用户": "甲", "留言主题": "采光", "留言时间": "2026-09-01 08:00:00",
            "留言详情": "核算过采光吗？", "附加": { "网格": [7, null, true] },
        })
    }

    #[test]
    fn one_message_or_many_come_out_as_rows() {
        let rows = read_posted(&board(), &message("L1")).unwrap();
        let [RowOutcome::Record(record)] = rows.as_slice() else { panic!("{rows:?}") };
        assert_eq!((record.key.as_str(), record.title.as_str(), record.row), ("L1", "采光", 1));
        let raw: Vec<&str> = record.raw.iter().map(|(name, _)| name.as_str()).collect();
        assert!(raw.contains(&"附加/网格/0") && raw.contains(&"附加/网格/2") && !raw.contains(&"附加/网格/1"));
        let rows = read_posted(&board(), &json!({ "items": [message("L1"), message("L2")] })).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(read_posted(&board(), &json!({ "items": [] })).unwrap().len(), 0);
    }

    #[test]
    fn what_cannot_be_read_is_held_and_never_dropped() {
        let mut bad = message("L3");
        bad["留言时间"] = json!("某天");
        let body = json!({ "items": [bad, "一句话", {}, { "留言编号": "  " }, null] });
        let rows = read_posted(&board(), &body).unwrap();
        assert_eq!(rows.len(), 5);
        let held: Vec<&Held> = rows
            .iter()
            .map(|row| match row {
                RowOutcome::Held(held) => held,
                RowOutcome::Record(record) => panic!("{record:?}"),
            })
            .collect();
        assert_eq!(held[0].reason.code, HoldCode::DateUnreadable);
        assert_eq!((held[0].key.as_deref(), held[0].row), (Some("L3"), 1));
        assert_eq!(held[1].raw, [(String::new(), "一句话".to_owned())]);
        assert_eq!(held[4].row, 5);
    }

    #[test]
    fn what_holds_no_messages_is_refused() {
        for body in [json!(1), json!([]), json!("x"), json!(null), json!({ "items": {} })] {
            assert_eq!(read_posted(&board(), &body), Err(PostedError::Shape), "{body}");
        }
        let many = json!({ "items": vec![Value::Null; MAX_POSTED + 1] });
        assert_eq!(read_posted(&board(), &many), Err(PostedError::TooMany));
        let mut deep = json!("末");
        for _ in 0..60 {
            deep = json!({ "里": deep });
        }
        assert_eq!(read_posted(&board(), &deep).unwrap().len(), 1);
    }
}
