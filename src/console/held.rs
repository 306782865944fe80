//! `/desk/held`: rows held for repair; one opened, repaired, rejected; all of a source read once more.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Desk, Flash, Form, Visit, bare};
use crate::page::PageError;

pub(super) const LIST: &str = include_str!("../../graphql/pages/desk-held.graphql");
pub(super) const ONE: &str = include_str!("../../graphql/pages/desk-held-row.graphql");
pub(super) const OPEN: &str = include_str!("../../graphql/pages/desk-held-open.graphql");
pub(super) const OPEN_PAYLOAD: &str = include_str!("../../graphql/pages/desk-held-payload.graphql");
pub(super) const ITEM: &str = include_str!("../../graphql/pages/desk-held-item.graphql");
pub(super) const REPAIR: &str = include_str!("../../graphql/pages/desk-held-repair.graphql");
pub(super) const REJECT: &str = include_str!("../../graphql/pages/desk-held-reject.graphql");
pub(super) const REPLAY: &str = include_str!("../../graphql/pages/desk-held-replay.graphql");

/// Where the list stands.
const PATH: &str = "/desk/held";
/// Rows of a page.
const PAGE: i32 = 50;
/// The most columns a repaired row may have: as many as a workbook.
const COLUMNS: usize = 16_384;
/// The fields of the filter, as they stand in the address.
const FILTER: [&str; 3] = ["pull", "source", "all"];
/// An id that is nothing's, where a document wants one.
const NOTHING: &str = "pull:00000000-0000-0000-0000-000000000000";

/// The routes of these pages.
pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route(PATH, get(list))
        .route("/desk/held/replay", post(replay))
        .route("/desk/held/{id}", get(show))
        .route("/desk/held/{id}/open", post(open))
        .route("/desk/held/{id}/payload", post(open_payload))
        .route("/desk/held/{id}/repair", post(repair))
        .route("/desk/held/{id}/reject", post(reject))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    held_rows: Rows,
    sources: Value,
    #[serde(default)]
    pull: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rows {
    total_count: i64,
    page_info: PageInfo,
    edges: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
struct Listed {
    form: Form,
    rows: Value,
    total: i64,
    sources: Value,
    /// The pull whose rows are shown, with its statement.
    pull: Value,
    /// Whether settled rows are shown too.
    all: bool,
    /// The same list with settled rows, or without.
    other: String,
    first_page: Option<String>,
    next_page: Option<String>,
}

/// The first open rows of a pull (`pull:UUID`), for the page of an upload.
pub(super) async fn open_rows(visit: &Visit, pull: &str, first: i32) -> Result<Value, PageError> {
    let variables = json!({ "first": first, "pull": pull, "open": true, "ofPull": NOTHING, "one": false });
    Ok(visit.read::<Answer>(LIST, variables).await?.held_rows.edges)
}

/// `GET /desk/held?pull=…&source=…&all=on&after=…`
async fn list(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let (pull, all) = (form.given("pull").map(|pull| format!("pull:{pull}")), form.given("all").is_some());
    let variables = json!({
        "first": PAGE, "after": form.given("after"), "pull": pull, "source": form.given("source"), "open": !all,
        "ofPull": pull.as_deref().unwrap_or(NOTHING), "one": pull.is_some(),
    });
    let Answer { held_rows, sources, pull: of } = visit.read(LIST, variables).await?;
    if pull.is_some() && of.is_null() {
        return Err(PageError::Missing("没有这个采集批次。请从“导入与对账”进入。"));
    }
    let next = held_rows.page_info.end_cursor.filter(|_| held_rows.page_info.has_next_page);
    let own = Listed {
        rows: held_rows.edges,
        total: held_rows.total_count,
        sources,
        pull: of,
        all,
        other: address(&form, !all, None),
        first_page: form.given("after").map(|_| address(&form, all, None)),
        next_page: next.map(|cursor| address(&form, all, Some(&cursor))),
        form,
    };
    visit.page("console/held.html", own).await
}

/// This list's address, with settled rows or without, behind a cursor or from the start.
fn address(form: &Form, all: bool, after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in FILTER.into_iter().filter(|name| *name != "all") {
        if !form.get(name).is_empty() {
            query.append_pair(name, form.get(name));
        }
    }
    if all {
        query.append_pair("all", "on");
    }
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    let query = query.finish();
    if query.is_empty() { PATH.to_owned() } else { format!("{PATH}?{query}") }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One {
    held_row: Option<Row>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    column: String,
    columns: Vec<String>,
    item: Option<String>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Opened {
    held_row: Option<Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Raw {
    raw_cells: Vec<Cell>,
    /// Asked for by whoever opens what the row stood on.
    #[serde(default)]
    raw_payload: Value,
}

#[derive(Deserialize)]
struct Found {
    item: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Replayed {
    repaired: i64,
    still_held: i64,
    more: bool,
}

/// A cell as read, or as corrected.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
struct Cell {
    header: String,
    text: String,
}

#[derive(Serialize)]
struct Own {
    form: Form,
    /// The id within addresses.
    id: String,
    row: Row,
    /// The id of its pull within addresses.
    pull: Option<String>,
    /// The cells to correct, one for each column; nothing until the row is opened.
    cells: Option<Vec<Cell>>,
    item: Value,
    /// What the row stood on, as it was sent; nothing until it is opened.
    sent: Value,
    /// Whether it was to be opened, and is not there.
    sent_gone: bool,
}

/// `GET /desk/held/{id}`
async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    let own = one(&visit, id, Form::default()).await?;
    visit.page("console/held_row.html", own).await
}

async fn one(visit: &Visit, id: String, form: Form) -> Result<Own, PageError> {
    let answer: One = visit.read(ONE, json!({ "hold": format!("hold:{id}") })).await?;
    let row = answer.held_row.ok_or(PageError::Missing("没有这一行，或者您无权查看。请从“待修复行”进入。"))?;
    let item = match &row.item {
        Some(item) => visit.read::<Found>(ITEM, json!({ "item": item })).await?.item,
        None => Value::Null,
    };
    let pull = row.rest.get("pull").and_then(|pull| pull.get("id")?.as_str());
    let pull = pull.map(|pull| bare(pull).to_owned());
    Ok(Own { form, id, row, pull, cells: None, item, sent: Value::Null, sent_gone: false })
}

/// `POST /desk/held/{id}/open`: shows the cells as they were read. It is a form, because each opening goes on record.
async fn open(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    let opened: Opened = visit.read(OPEN, json!({ "hold": format!("hold:{id}") })).await?;
    let raw = opened.held_row.ok_or(PageError::Missing("没有这一行，或者您无权查看。请从“待修复行”进入。"))?;
    let mut own = one(&visit, id, Form::default()).await?;
    own.cells = Some(in_columns(&own.row.columns, raw.raw_cells));
    visit.page("console/held_row.html", own).await
}

/// `POST /desk/held/{id}/payload`: the same, and what the row stood on beside it. Others may stand on it as well, so that it
/// is asked for by itself.
async fn open_payload(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    let opened: Opened = visit.read(OPEN_PAYLOAD, json!({ "hold": format!("hold:{id}") })).await?;
    let raw = opened.held_row.ok_or(PageError::Missing("没有这一行，或者您无权查看。请从“待修复行”进入。"))?;
    let mut own = one(&visit, id, Form::default()).await?;
    own.cells = Some(in_columns(&own.row.columns, raw.raw_cells));
    own.sent_gone = raw.raw_payload.is_null();
    own.sent = raw.raw_payload;
    visit.page("console/held_row.html", own).await
}

/// One cell for each column, in the sheet's order, then what stood in none.
fn in_columns(columns: &[String], raw: Vec<Cell>) -> Vec<Cell> {
    let mut left: Vec<Option<Cell>> = raw.into_iter().map(Some).collect();
    let mut cells = Vec::with_capacity(columns.len());
    for header in columns {
        let found = left.iter_mut().find(|cell| cell.as_ref().is_some_and(|cell| cell.header == *header));
        let empty = || Cell { header: header.clone(), text: String::new() };
        cells.push(found.and_then(Option::take).unwrap_or_else(empty));
    }
    cells.extend(left.into_iter().flatten());
    cells
}

/// The cells a repair form sends: `header-0`, `text-0` and so on.
fn sent(form: &Form) -> Vec<Cell> {
    let cell = |place: usize| {
        let header = form.lines(&format!("header-{place}"));
        let text = form.lines(&format!("text-{place}"));
        (!header.is_empty()).then(|| Cell { header, text: text.trim().to_owned() })
    };
    (0..COLUMNS).map_while(cell).collect()
}

/// `POST /desk/held/{id}/repair`
async fn repair(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    let cells = sent(&form);
    let variables = json!({ "hold": format!("hold:{id}"), "cells": cells });
    match visit.act::<Value>(REPAIR, variables).await? {
        Ok(done) => {
            let told = match done.get("outcome").and_then(Value::as_str) {
                Some("accepted") => "已修复，收为新的一件。",
                Some("changed") => "已修复，记为原有来件的新版本。",
                _ => "已修复，与原有来件一字不差。",
            };
            Ok(visit.go(&format!("{PATH}/{id}"), &Flash::done(told)))
        }
        Err(refused) => {
            form.refuse(&refused, &[]);
            let mut own = one(&visit, id, form).await?;
            own.cells = Some(cells);
            visit.refused("console/held_row.html", own).await
        }
    }
}

/// `POST /desk/held/{id}/reject`: `reason`.
async fn reject(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    let variables = json!({ "hold": format!("hold:{id}"), "reason": form.get("reason") });
    match visit.act::<Value>(REJECT, variables).await? {
        Ok(_) => Ok(visit.go(&format!("{PATH}/{id}"), &Flash::done("已拒收，理由已记录在案。"))),
        Err(refused) => {
            form.refuse(&refused, &[("reject_reason_missing", "reason"), ("reject_reason_long", "reason")]);
            visit.refused("console/held_row.html", one(&visit, id, form).await?).await
        }
    }
}

/// `POST /desk/held/replay`: `source`.
async fn replay(visit: Visit, form: Form) -> Result<Response, PageError> {
    let flash = match visit.act::<Replayed>(REPLAY, json!({ "source": form.get("source") })).await? {
        Ok(done) => {
            let more = if done.more { "还有未读的，请再重读一次。" } else { "" };
            Flash::done(format!("重读完毕：修复 {} 行，仍待修复 {} 行。{more}", done.repaired, done.still_held))
        }
        Err(refused) => Flash::refused(refused.message),
    };
    Ok(visit.go(PATH, &flash))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(pairs: &[(&str, &str)]) -> Vec<Cell> {
        pairs.iter().map(|(header, text)| Cell { header: (*header).to_owned(), text: (*text).to_owned() }).collect()
    }

    #[test]
    fn every_column_has_its_field() {
        let columns = ["编号", "内容", "内容", "时间"].map(str::to_owned);
        let raw = cells(&[("内容", "一"), ("编号", "L1"), ("内容", "二"), ("H", "外")]);
        let shown = in_columns(&columns, raw);
        assert_eq!(shown, cells(&[("编号", "L1"), ("内容", "一"), ("内容", "二"), ("时间", ""), ("H", "外")]));
        let mut form = Form::default();
        for (place, cell) in shown.iter().enumerate() {
            form = form.with(&format!("header-{place}"), &cell.header).with(&format!("text-{place}"), &cell.text);
        }
        assert_eq!(sent(&form), shown);
        assert_eq!(sent(&Form::parse(b"header-1=a&text-1=b")), []);
        let lines = Form::parse(b"header-0=a%0D%0Ab&text-0=c%0D%0Ad");
        assert_eq!(sent(&lines), cells(&[("a\nb", "c\nd")]), "line ends as the file has them");
    }
}
