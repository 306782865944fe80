//! How an uploaded file would be taken, arranged for its page: one table of the first rows, what is odd marked in its cell.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Visit, imports};
use crate::page::PageError;

/// Which field a sign of something odd is about; the others are about the whole row.
const ABOUT: [(&str, &str); 6] = [
    ("asked_in_future", "asked_at"),
    ("dispatched_before_asked", "dispatched_at"),
    ("request_type_unknown", "request_type"),
    ("answer_before_question", "replied_at"),
    ("answer_in_future", "replied_at"),
    ("answer_only_holding", "reply"),
];

#[derive(Deserialize)]
struct Answer {
    upload: Option<Found>,
}

#[derive(Deserialize)]
struct Found {
    preview: Value,
}

#[derive(Deserialize)]
struct Taken {
    sheet: String,
    row: i64,
    held: bool,
    column: Option<String>,
    values: Vec<Field>,
    warnings: Vec<Word>,
}

#[derive(Deserialize)]
struct Field {
    name: Word,
    text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
struct Word {
    code: String,
    label: String,
}

/// The preview, and its rows as a table.
#[derive(Serialize)]
pub(super) struct Preview {
    /// As the schema answers it.
    found: Value,
    /// The table's columns.
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    sheet: String,
    number: i64,
    held: bool,
    /// What is odd about the whole row.
    signs: Vec<String>,
    /// One for each column; nothing where the row has none.
    cells: Vec<Option<Cell>>,
    /// The cells as they are, of a row that would be held.
    raw: Vec<Raw>,
}

#[derive(Serialize)]
struct Cell {
    text: String,
    /// Whether it is an instant.
    at: bool,
    /// What is odd about it.
    sign: Option<String>,
}

#[derive(Serialize)]
struct Raw {
    header: String,
    text: String,
    wrong: bool,
}

impl Preview {
    /// Reads the preview; `None` when there is no such upload.
    pub(super) async fn read(visit: &Visit, upload: &str, connector: Option<&str>) -> Result<Option<Self>, PageError> {
        let answer: Answer = visit.read(imports::PREVIEW, json!({ "upload": upload, "connector": connector })).await?;
        answer.upload.map(|found| Self::new(found.preview)).transpose()
    }

    /// Out of an answer with `rows`.
    pub(super) fn new(mut found: Value) -> Result<Self, PageError> {
        let rows = found.get_mut("rows").map_or(Value::Null, Value::take);
        let taken: Vec<Taken> = serde_json::from_value(rows)?;
        let mut fields: Vec<Word> = Vec::new();
        for field in taken.iter().filter(|row| !row.held).flat_map(|row| &row.values) {
            if !fields.contains(&field.name) {
                fields.push(field.name.clone());
            }
        }
        let rows = taken.into_iter().map(|row| Row::new(row, &fields)).collect();
        Ok(Self { found, columns: fields.into_iter().map(|field| field.label).collect(), rows })
    }
}

impl Row {
    fn new(taken: Taken, fields: &[Word]) -> Self {
        let Taken { sheet, row, held, column, values, warnings } = taken;
        let about = |code: &str| ABOUT.iter().find(|(sign, _)| *sign == code).map(|(_, field)| *field);
        let has = |field: &str| values.iter().any(|value| value.name.code == field);
        let (of_cells, of_row): (Vec<Word>, Vec<Word>) =
            warnings.into_iter().partition(|sign| !held && about(&sign.code).is_some_and(has));
        let sign = |field: &str| of_cells.iter().find(|sign| about(&sign.code) == Some(field));
        let cell = |name: &Word| {
            let value = values.iter().find(|value| value.name == *name)?;
            let sign = sign(&name.code).map(|sign| sign.label.clone());
            Some(Cell { text: value.text.clone(), at: name.code.ends_with("_at"), sign })
        };
        let raw = |value: &Field| {
            let header = value.name.label.clone();
            Raw { wrong: column.as_ref() == Some(&header), header, text: value.text.clone() }
        };
        Self {
            cells: if held { Vec::new() } else { fields.iter().map(cell).collect() },
            raw: if held { values.iter().map(raw).collect() } else { Vec::new() },
            signs: of_row.into_iter().map(|sign| sign.label).collect(),
            sheet,
            number: row,
            held,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_odd_stands_in_its_cell() {
        let value = |code: &str, text: &str| json!({ "name": { "code": code, "label": code }, "text": text });
        let sign = |code: &str| json!({ "code": code, "label": format!("：{code}") });
        let found = json!({ "stated": 3, "rows": [
            { "sheet": "", "row": 2, "held": false, "column": null, "values": [value("key", "L1"), value("asked_at", "2030")],
                "warnings": [sign("asked_in_future")] },
            { "sheet": "", "row": 3, "held": false, "column": null, "values": [value("key", "L2"), value("body", "字")],
                "warnings": [sign("asked_missing"), sign("answer_in_future")] },
            { "sheet": "", "row": 4, "held": true, "column": "时间", "values": [value("cell", "某天")],
                "warnings": [sign("date_unreadable")] },
        ] });
        let preview = serde_json::to_value(Preview::new(found).unwrap()).unwrap();
        assert_eq!(preview["columns"], json!(["key", "asked_at", "body"]));
        let rows = &preview["rows"];
        assert_eq!(rows[0]["cells"][1], json!({ "text": "2030", "at": true, "sign": "：asked_in_future" }));
        assert_eq!((&rows[0]["cells"][2], &rows[0]["signs"]), (&Value::Null, &json!([])));
        // What is about a field the row has not is said of the row.
        assert_eq!(rows[1]["signs"], json!(["：asked_missing", "：answer_in_future"]));
        assert_eq!((&rows[2]["cells"], &rows[2]["signs"]), (&json!([]), &json!(["：date_unreadable"])));
        assert_eq!(rows[2]["raw"], json!([{ "header": "cell", "text": "某天", "wrong": false }]));
    }
}
