//! `/desk/issues/{month}`: one issue with its entries; publishing it, seeing it as the public will, taking it back.

use axum::extract::{Path, RawQuery};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::{at, bare};
use super::documents::{ID, ISSUE, PREVIEW, PUBLISH, RETRACT};
use super::{NO_ISSUE, acts_of, findings, month_of, revision_of, text_at, told};
use crate::console::{Flash, Form, Visit};
use crate::page::{PageError, respond};

#[derive(Serialize)]
struct Own {
    issue: Value,
    /// What the page adds to each entry, in their order.
    rows: Vec<Row>,
    /// What the viewer may do with the issue now.
    acts: Vec<String>,
    form: Form,
}

/// What the page adds to an entry.
#[derive(Serialize)]
struct Row {
    /// Its id as addresses have it.
    id: String,
    /// The first line of the question.
    heading: String,
    acts: Vec<String>,
    /// How many places with personal data the check finds in its text.
    found: usize,
}

/// `GET /desk/issues/{month}`
pub(super) async fn show(visit: Visit, Path(month): Path<String>) -> Result<Response, PageError> {
    let own = own(&visit, &month, Form::default()).await?;
    visit.page("console/issue.html", own).await
}

async fn own(visit: &Visit, month: &str, form: Form) -> Result<Own, PageError> {
    let issue = read(visit, month).await?;
    let entries = issue.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let official = &visit.service().rules().official_numbers;
    let rows = entries.iter().map(|entry| Row {
        id: bare(text_at(entry, "/id")).to_owned(),
        heading: heading(text_at(entry, "/question")),
        acts: acts_of(entry).into_iter().map(str::to_owned).collect(),
        found: findings::of(|part| entry.get(part).and_then(Value::as_str).unwrap_or_default(), official).len(),
    });
    let rows = rows.collect();
    let acts = acts_of(&issue).into_iter().map(str::to_owned).collect();
    Ok(Own { issue, rows, acts, form })
}

/// The id of a month's issue, which is all that it takes to do something with it; and the month as addresses have it.
pub(super) async fn id_of(visit: &Visit, month: &str) -> Result<(Value, String), PageError> {
    let month = month_of(month)?.to_string();
    let answer: Value = visit.read(ID, json!({ "month": month })).await?;
    let id = at(&answer, "/issue/id");
    if id.is_null() { Err(NO_ISSUE) } else { Ok((id.clone(), month)) }
}

/// The issue of a month as the schema shows it to this viewer.
async fn read(visit: &Visit, month: &str) -> Result<Value, PageError> {
    let month = month_of(month)?.to_string();
    let mut answer: Value = visit.read(ISSUE, json!({ "month": month })).await?;
    let issue = answer.get_mut("issue").map(Value::take).unwrap_or_default();
    if issue.is_null() { Err(NO_ISSUE) } else { Ok(issue) }
}

/// The line that stands for an entry.
pub(super) fn heading(question: &str) -> String {
    question.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default().to_owned()
}

/// `GET /desk/issues/{month}/preview`: the public page's own template.
pub(super) async fn preview(
    visit: Visit,
    Path(month): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let month = month_of(&month)?.to_string();
    let answer: Value = visit.read(PREVIEW, json!({ "month": month })).await?;
    if answer.get("issue").is_none_or(Value::is_null) {
        return Err(NO_ISSUE);
    }
    let large = Form::parse(query.unwrap_or_default().as_bytes()).get("text") == "large";
    let html = visit.public_preview(answer, &format!("/desk/issues/{month}"), large)?;
    Ok(respond::staff_page(StatusCode::OK, html))
}

/// `POST /desk/issues/{month}/publish`
pub(super) async fn publish(visit: Visit, Path(month): Path<String>, form: Form) -> Result<Response, PageError> {
    let (id, month) = id_of(&visit, &month).await?;
    let back = format!("/desk/issues/{month}");
    let variables = json!({ "publication": id, "revision": revision_of(&form) });
    Ok(match visit.act::<Value>(PUBLISH, variables).await? {
        Ok(_) => visit.go(&back, &Flash::done("已发布。群众现在可以在公开网站上看到这一期。")),
        Err(refused) => visit.go(&back, &Flash::refused(told(refused).message)),
    })
}

/// `POST /desk/issues/{month}/retract`
pub(super) async fn retract(visit: Visit, Path(month): Path<String>, mut form: Form) -> Result<Response, PageError> {
    form.demand("reason", "请写明为什么撤回。");
    if form.is_fine() {
        let (id, month) = id_of(&visit, &month).await?;
        let variables = json!({ "publication": id, "revision": revision_of(&form), "reason": form.get("reason") });
        match visit.act::<Value>(RETRACT, variables).await? {
            Ok(_) => {
                let back = format!("/desk/issues/{month}");
                return Ok(visit.go(&back, &Flash::done("已撤回。公开网站上不再显示这一期。")));
            }
            Err(refused) => form.refuse(&told(refused), &[("reason_missing", "reason")]),
        }
    }
    let own = own(&visit, &month, form).await?;
    visit.refused("console/issue.html", own).await
}
