//! `/desk/issues/{month}/add`: choosing among answered items.

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use huiyin_domain::publication::YearMonth;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::super::{at, bare};
use super::documents::{ADD, CANDIDATES};
use super::{NO_ISSUE, acts_of, month_of, revision_of, text_at, told};
use crate::console::{Flash, Form, Visit};
use crate::page::{PageError, Refused};

/// Rows of a page.
const PAGE: i32 = 20;

#[derive(Serialize)]
struct Own {
    form: Form,
    issue: Value,
    rows: Vec<Value>,
    /// The entry that an item is already, by the item's id.
    taken: Map<String, Value>,
    /// Whether entries can be added now.
    adds: bool,
    total: Value,
    first_page: Option<String>,
    next_page: Option<String>,
    /// The same list of every month.
    any_month: String,
    /// Whether what was typed could be searched for.
    searched: bool,
}

/// `GET /desk/issues/{month}/add?q=…&all=on&after=…`
pub(super) async fn show(
    visit: Visit,
    Path(month): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let own = own(&visit, &month, form).await?;
    visit.page("console/issue_add.html", own).await
}

async fn own(visit: &Visit, month: &str, mut form: Form) -> Result<Own, PageError> {
    let month = month_of(month)?;
    let (mut answer, searched) = match read(visit, month, &form, form.get("q")).await {
        Ok(answer) => (answer, true),
        // What cannot be searched for is told above the list, not on a page of its own.
        Err(PageError::Schema { code, message, .. }) if code.starts_with("search_") => {
            form.refuse(&Refused { code, message }, &[]);
            (read(visit, month, &form, "").await?, false)
        }
        Err(error) => return Err(error),
    };
    let issue = answer.get_mut("issue").map(Value::take).filter(|issue| !issue.is_null()).ok_or(NO_ISSUE)?;
    let id = bare(text_at(&issue, "/id")).parse().map_err(|_| NO_ISSUE)?;
    allowed(visit.actor(), Action::EditEntry, &Object::Publication { id })?;
    let entries = issue.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let taken = entries.iter().map(|entry| {
        let item = text_at(entry, "/item/id").to_owned();
        (item, Value::from(bare(text_at(entry, "/id"))))
    });
    let month = month.to_string();
    let next = searched && at(&answer, "/found/pageInfo/hasNextPage").as_bool().unwrap_or_default();
    let next = next.then(|| address(&month, &form, text_at(&answer, "/found/pageInfo/endCursor")));
    let rows = answer.pointer_mut("/found/hits").and_then(Value::as_array_mut).map(std::mem::take);
    Ok(Own {
        taken: taken.collect(),
        adds: acts_of(&issue).contains(&"add_entry"),
        total: at(&answer, "/found/totalCount").clone(),
        rows: rows.filter(|_| searched).unwrap_or_default(),
        first_page: form.given("after").map(|_| address(&month, &form, "")),
        next_page: next,
        any_month: address(&month, &form.clone().with("all", "on"), ""),
        searched,
        issue,
        form,
    })
}

/// The issue, and a page of answered items with these words.
async fn read(visit: &Visit, month: YearMonth, form: &Form, text: &str) -> Result<Value, PageError> {
    let (from, to) = (month.first_instant().to_string(), month.end().to_string());
    let of_month = form.given("all").is_none();
    let variables = json!({
        "month": month.to_string(),
        "text": text,
        "sort": if text.is_empty() { "NEWEST_FIRST" } else { "RELEVANCE" },
        "from": of_month.then_some(from),
        "to": of_month.then_some(to),
        "first": PAGE,
        "after": form.given("after").filter(|_| text == form.get("q")),
    });
    visit.read(CANDIDATES, variables).await
}

fn address(month: &str, form: &Form, after: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("q", form.get("q")), ("all", form.get("all")), ("after", after)] {
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    format!("/desk/issues/{month}/add?{}", query.finish())
}

/// `POST /desk/issues/{month}/add`: on to the new entry, whose text is there to be worked on.
pub(super) async fn add(visit: Visit, Path(month): Path<String>, mut form: Form) -> Result<Response, PageError> {
    let (issue, month) = super::issue::id_of(&visit, &month).await?;
    let variables = json!({ "publication": issue, "item": form.get("item"), "revision": revision_of(&form) });
    match visit.act::<Value>(ADD, variables).await? {
        Ok(done) => {
            let entry = format!("/desk/issues/{month}/entries/{}", bare(text_at(&done, "/entry/id")));
            let flash = Flash::done("已加入本期。请对照原文改写，去掉看得出是谁的内容，再确认去标识化。");
            Ok(visit.go(&entry, &flash))
        }
        Err(refused) => {
            form.refuse(&told(refused), &[]);
            let own = own(&visit, &month, form).await?;
            visit.refused("console/issue_add.html", own).await
        }
    }
}
