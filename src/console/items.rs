//! `/desk/items`: the list and the search. Its query string is its filter, so that a list can be kept and handed on.

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
/// The fields of the filter, as they stand in the address.
const FILTER: &[&str] = &["q", "stage", "unit", "overdue"];
/// The orders: what the address says, the list's word, the search's word, what the page says.
const ORDERS: &[(&str, &str, &str, &str)] = &[
    ("", "ASKED_NEWEST", "RELEVANCE", ""),
    ("new", "ASKED_NEWEST", "NEWEST_FIRST", "最新来件在前"),
    ("old", "ASKED_OLDEST", "OLDEST_FIRST", "最早来件在前"),
    ("due", "DUE_FIRST", "DUE_FIRST", "先到期在前"),
];

#[derive(Deserialize)]
struct Answer {
    items: Option<Items>,
    search: Option<Items>,
    units: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Items {
    total_count: i64,
    page_info: PageInfo,
    #[serde(alias = "hits")]
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

/// `GET /desk/items?q=…&stage=…&unit=…&overdue=on&order=…&after=…`
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let Answer { items, search, units } = visit.read(DOCUMENT, variables(&form)?).await?;
    let found = items.or(search).ok_or(PageError::Missing("没有这个列表。请从左边的目录进入。"))?;
    let next = found.page_info.end_cursor.filter(|_| found.page_info.has_next_page);
    let own = Own {
        stages: stages(&form),
        orders: orders(&form),
        units,
        total: found.total_count,
        rows: found.edges,
        first_page: (!form.get("after").is_empty()).then(|| address(&form, None)),
        next_page: next.map(|cursor| address(&form, Some(&cursor))),
        filtered: FILTER.iter().any(|name| !form.get(name).is_empty()),
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
    let order = ORDERS.iter().find(|(code, ..)| *code == form.get("order"));
    let (_, order, sort, _) = order.ok_or(PageError::Address("没有这种排序。请在列表上方重新选择。"))?;
    let text = form.get("q");
    let overdue = !form.get("overdue").is_empty();
    let given = |name: &str| Some(form.get(name).to_owned()).filter(|value| !value.is_empty());
    Ok(json!({
        "searching": !text.is_empty(),
        "text": text,
        "stages": stages,
        "units": given("unit").into_iter().collect::<Vec<_>>(),
        "overdue": overdue,
        // What is settled is late no more.
        "open": overdue.then_some(true),
        "order": order,
        "sort": sort,
        "first": PAGE,
        "after": given("after"),
    }))
}

fn stages(form: &Form) -> Vec<Choice> {
    let chosen = form.all("stage");
    let choice = |stage: &Stage| {
        let (code, label) = (stage.code(), stage.label());
        Choice { code, label, chosen: chosen.contains(&code) }
    };
    Stage::ALL.iter().map(choice).collect()
}

/// A list begins with the newest, a search with the best.
fn orders(form: &Form) -> Vec<Choice> {
    let searching = !form.get("q").is_empty();
    let order = form.get("order");
    let choices = ORDERS.iter().filter(|(code, ..)| searching || *code != "new").map(|(code, _, _, label)| {
        let label = match *code {
            "" if searching => "最相关在前",
            "" => "最新来件在前",
            _ => label,
        };
        Choice { code, label, chosen: *code == order }
    });
    choices.collect()
}

/// This list's address, behind a cursor or from the start.
fn address(form: &Form, after: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for name in FILTER.iter().chain(&["order"]) {
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
