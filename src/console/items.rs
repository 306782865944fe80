//! `/desk/items`: the list. Its query string is its filter, so that a list can be kept and handed on.

use axum::extract::RawQuery;
use axum::response::Response;
use huiyin_domain::item::Stage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Form, Visit};
use crate::page::PageError;

pub(super) const DOCUMENT: &str = include_str!("../../graphql/pages/desk-items.graphql");

/// Rows of a page.
const PAGE: i32 = 50;
/// The orders: what the address says, the schema's word, the words on the page.
const ORDERS: &[(&str, &str, &str)] = &[
    ("", "ASKED_NEWEST", "最新来件在前"),
    ("old", "ASKED_OLDEST", "最早来件在前"),
    ("due", "DUE_FIRST", "先到期在前"),
];

#[derive(Deserialize)]
struct Answer {
    items: Items,
    units: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Items {
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

/// Something to choose from.
#[derive(Serialize)]
struct Choice {
    code: &'static str,
    label: &'static str,
    chosen: bool,
}

#[derive(Serialize)]
struct Own {
    form: Form,
    stages: Vec<Choice>,
    orders: Vec<Choice>,
    units: Value,
    total: i64,
    rows: Value,
    /// The first page of this list; nothing on the first page.
    first_page: Option<String>,
    /// The next page of this list; nothing on the last.
    next_page: Option<String>,
    /// Whether anything restricts the list.
    filtered: bool,
}

/// `GET /desk/items?stage=…&unit=…&overdue=on&order=…&after=…`
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let variables = variables(&form)?;
    let Answer { items, units } = visit.read(DOCUMENT, variables).await?;
    let chosen = form.all("stage");
    let stages = Stage::ALL.iter().map(|stage| Choice {
        code: stage.code(),
        label: stage.label(),
        chosen: chosen.contains(&stage.code()),
    });
    let order = form.get("order");
    let orders = ORDERS.iter().map(|(code, _, label)| Choice { code, label, chosen: *code == order });
    let next = items.page_info.end_cursor.filter(|_| items.page_info.has_next_page);
    let own = Own {
        stages: stages.collect(),
        orders: orders.collect(),
        units,
        total: items.total_count,
        rows: items.edges,
        first_page: (!form.get("after").is_empty()).then(|| address(&form, None)),
        next_page: next.map(|cursor| address(&form, Some(&cursor))),
        filtered: ["stage", "unit", "overdue"].iter().any(|name| !form.get(name).is_empty()),
        form,
    };
    visit.page("console/items.html", own).await
}

/// What the document asks with.
fn variables(form: &Form) -> Result<Value, PageError> {
    let stages: Option<Vec<String>> = form
        .all("stage")
        .into_iter()
        .map(|code| Stage::parse(code).map(|stage| stage.code().to_ascii_uppercase()))
        .collect();
    let stages = stages.ok_or(PageError::Address("没有这个阶段。请在列表上方重新选择条件。"))?;
    let order = ORDERS.iter().find(|(code, _, _)| *code == form.get("order"));
    let (_, order, _) = order.ok_or(PageError::Address("没有这种排序。请在列表上方重新选择。"))?;
    let unit = form.get("unit");
    let units: Vec<&str> = if unit.is_empty() { Vec::new() } else { vec![unit] };
    let overdue = !form.get("overdue").is_empty();
    let mut filter = json!({ "stages": stages, "leadUnits": units, "overdue": overdue });
    if overdue {
        filter["open"] = json!(true);
    }
    let after = Some(form.get("after")).filter(|after| !after.is_empty());
    Ok(json!({ "filter": filter, "order": order, "first": PAGE, "after": after }))
}

/// This list's address, behind a cursor or from the start.
fn address(form: &Form, after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in ["stage", "unit", "overdue", "order"] {
        for value in form.all(name) {
            query.append_pair(name, value);
        }
    }
    if let Some(after) = after {
        query.append_pair("after", after);
    }
    let query = query.finish();
    if query.is_empty() { "/desk/items".to_owned() } else { format!("/desk/items?{query}") }
}
