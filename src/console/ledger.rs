//! `/desk/ledger`: what the last verification found, starting one, and the ledger's entries.

use axum::Router;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Desk, Flash, Form, Visit};
use crate::page::PageError;

pub(super) const DOCUMENT: &str = include_str!("../../graphql/pages/desk-ledger.graphql");
pub(super) const HEAD: &str = include_str!("../../graphql/pages/desk-ledger-head.graphql");
pub(super) const VERIFY: &str = include_str!("../../graphql/pages/desk-ledger-verify.graphql");

/// Where it stands.
const PATH: &str = "/desk/ledger";
/// Entries of a page.
const PAGE: i64 = 50;

/// The routes of this page.
pub(super) fn routes() -> Router<Desk> {
    Router::new().route(PATH, get(show)).route("/desk/ledger/verify", post(verify))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Newest {
    ledger_head: Head,
}

#[derive(Deserialize, Serialize)]
struct Head {
    seq: i64,
    root: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    ledger_check: Value,
    ledger_rows: Rows,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rows {
    page_info: PageInfo,
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(Deserialize)]
struct Edge {
    node: Value,
}

#[derive(Serialize)]
struct Own {
    form: Form,
    check: Value,
    running: bool,
    head: Head,
    /// The entries, the newest first.
    rows: Vec<Value>,
    older: Option<String>,
    newer: Option<String>,
}

/// `GET /desk/ledger?subject=…&from=…`: about one subject, from this number on; without both the newest entries.
async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    shown(&visit, Form::parse(query.unwrap_or_default().as_bytes()), StatusCode::OK).await
}

async fn shown(visit: &Visit, form: Form, status: StatusCode) -> Result<Response, PageError> {
    let head = visit.read::<Newest>(HEAD, json!({})).await?.ledger_head;
    let subject = form.given("subject");
    let from = match form.get("from") {
        "" if subject.is_some() => 1,
        "" => head.seq - PAGE + 1,
        text => text.parse::<i64>().map_err(|_| PageError::Address("账目号应为数字。请改正后重试。"))?,
    };
    let from = from.max(1);
    let variables = json!({ "first": PAGE, "subject": subject, "afterSeq": from - 1 });
    let Answer { ledger_check, ledger_rows } = visit.read(DOCUMENT, variables).await?;
    let mut rows: Vec<Value> = ledger_rows.edges.into_iter().map(|edge| edge.node).collect();
    rows.reverse();
    let newest = rows.first().and_then(|row| row.get("seq")?.as_i64());
    let own = Own {
        running: ledger_check.pointer("/state/code").is_some_and(|code| code == "running"),
        check: ledger_check,
        // Where the entries about one subject began is not known from a place among them.
        older: match subject {
            None => (from > 1).then(|| address(None, (from - PAGE).max(1))),
            Some(subject) => (from > 1).then(|| address(Some(subject), 1)),
        },
        newer: newest.filter(|_| ledger_rows.page_info.has_next_page).map(|newest| address(subject, newest + 1)),
        rows,
        head,
        form,
    };
    visit.page_with(status, "console/ledger.html", own).await
}

fn address(subject: Option<&str>, from: i64) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if let Some(subject) = subject {
        query.append_pair("subject", subject);
    }
    query.append_pair("from", &from.to_string());
    format!("{PATH}?{}", query.finish())
}

/// `POST /desk/ledger/verify`: `root`, a head noted earlier, or nothing.
async fn verify(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    let root = form.given("root");
    match visit.act::<Value>(VERIFY, json!({ "root": root })).await {
        Ok(Ok(_)) => return Ok(visit.go(PATH, &Flash::done("已开始校验。可以离开这一页，校验会继续。"))),
        Ok(Err(refused)) => form.refuse(&refused, &[]),
        Err(PageError::Schema { code, message, .. }) if code == "bad_root" => form.wrong("root", message),
        Err(error) => return Err(error),
    }
    shown(&visit, form, StatusCode::UNPROCESSABLE_ENTITY).await
}
