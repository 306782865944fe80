//! Messages that a platform sends by itself: JSON in, rows out, mapped by the connector's columns like those of a file.

use serde_json::Value;

use super::connector::Connector;
use super::extract::object;
use super::record::{Held, HoldCode, HoldReason, RawCells, RowOutcome};
use super::repair::{Repaired, map_again};

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
/// `outer/inner` and `list/0`. A message that cannot be read comes out held. Equal messages of one request count as one.
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
    Ok((1..).zip(items).map(|(row, item)| read_one(connector, row, item)).collect())
}

fn read_one(connector: &Connector, row: u64, item: &Value) -> RowOutcome {
    let cells: RawCells = match item {
        Value::Object(_) => object(&[], None, item).cells.into_iter().filter(|(_, text)| !text.is_empty()).collect(),
        other => vec![(String::new(), shown(other))],
    };
    let hold = |message: &str, cells: RawCells| {
        let reason = HoldReason { code: HoldCode::RequiredMissing, message: message.to_owned() };
        Held { sheet: String::new(), row, column: None, reason, key: None, raw: cells, header: [].into() }
    };
    let outcome = match item {
        Value::Object(_) if cells.len() > MAX_CELLS => Repaired::Held(hold("这一条的字段过多，不像来件", cells)),
        Value::Object(_) => match map_again(connector, "", row, &[], &cells) {
            Repaired::Nothing => Repaired::Held(hold("这一条没有内容", cells)),
            read => read,
        },
        _ => Repaired::Held(hold("这一条不是对象，读不出字段", cells)),
    };
    match outcome {
        Repaired::Record(record) => RowOutcome::Record(record),
        Repaired::Held(held) => {
            RowOutcome::Held(Held { key: held.key.clone().or_else(|| key_of(connector, &held)), ..held })
        }
        // Made into a held row above.
        Repaired::Nothing => RowOutcome::Held(hold("这一条没有内容", RawCells::new())),
    }
}

/// The source's own key of a row that cannot be read, where the key is a cell.
fn key_of(connector: &Connector, held: &Held) -> Option<String> {
    let key = held.raw.iter().find(|(header, _)| connector.field_of(header) == Some("key"));
    key.map(|(_, text)| text.trim().to_owned()).filter(|text| !text.is_empty())
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
