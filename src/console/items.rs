//! `/desk/items`: the list and the search. Its query string is its filter, so that a list can be kept, handed on and taken
//! away as a file.

mod choices;
mod kept;

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use kept::{DELETE, SAVE, delete, save};

use self::choices::{Chip, Counted, Fields, Group};
use self::kept::{Kept, KeptList};
use super::{Form, Visit, nav};
use crate::api::filter::list_variables;
use crate::page::PageError;
use crate::service::ServiceError;
use crate::service::export::check_size;
use crate::service::list::{Column, ListQuery};

pub(super) const DOCUMENT: &str = include_str!("../../graphql/pages/desk-items.graphql");

/// Rows of a page.
const PAGE: i32 = 50;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    items: Option<Items>,
    search: Option<Items>,
    counts: Option<Counted>,
    units: Vec<Named>,
    sources: Vec<Named>,
    saved_filters: Vec<Kept>,
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

/// A unit or a source.
#[derive(Deserialize)]
struct Named {
    id: String,
    name: String,
}

/// What is shown of the list.
#[derive(Serialize)]
struct Shown {
    total: i64,
    rows: Value,
    /// The next page of this list; nothing on the last.
    next_page: Option<String>,
}

#[derive(Serialize)]
struct Own {
    /// What the list is called.
    heading: String,
    /// Its canonical query string.
    query: String,
    fields: Fields,
    /// What restricts the list, each with the list without it.
    chips: Vec<Chip>,
    /// How many there are of what, each with the list of these.
    groups: Vec<Group>,
    columns: Vec<Head>,
    #[serde(flatten)]
    shown: Shown,
    /// Why nothing was searched for.
    trouble: Option<String>,
    /// The first page of this list; nothing on the first page.
    first_page: Option<String>,
    /// The list as a file.
    export: Option<String>,
    /// Why it is not offered as one, to those who export.
    no_export: Option<String>,
    kept: Vec<KeptList>,
    /// The form that keeps this list.
    form: Form,
}

/// A column of the list.
#[derive(Serialize)]
struct Head {
    code: &'static str,
    label: &'static str,
}

/// `GET /desk/items?…`, as [`ListQuery`] reads it, with `after=` for a later page.
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    visit.settle().await?;
    page(&visit, StatusCode::OK, &query.unwrap_or_default(), Form::default()).await
}

/// The list of this query string, with the form that keeps it.
async fn page(visit: &Visit, status: StatusCode, text: &str, form: Form) -> Result<Response, PageError> {
    let query: ListQuery = text.parse().map_err(ServiceError::from)?;
    let personal = query.columns.iter().any(|column| column.is_personal());
    let may_personal = allowed(visit.actor(), Action::ExportPersonal, &Object::None);
    if personal && let Err(refusal) = may_personal {
        return Err(ServiceError::from(refusal).into());
    }
    let after = Form::parse(text.as_bytes()).get("after").to_owned();
    let (answer, trouble) = match read(visit, &query, &after).await {
        Ok(answer) => (answer, None),
        // What cannot be searched for is told above the form, not on a page of its own.
        Err(PageError::Schema { code, message, .. }) if code.starts_with("search_") => {
            let anything = ListQuery { text: String::new(), ..query.clone() };
            (read(visit, &anything, "").await?, Some(message))
        }
        Err(error) => return Err(error),
    };
    let Answer { items, search, counts, units, sources, saved_filters } = answer;
    let found = items.or(search).ok_or(PageError::Missing("没有这个列表。请从左边的目录进入。"))?;
    let facets = counts.and_then(|counts| counts.facets);
    let next = found.page_info.end_cursor.filter(|_| found.page_info.has_next_page);
    let shown = if trouble.is_some() {
        Shown { total: 0, rows: json!([]), next_page: None }
    } else {
        let next_page = next.map(|cursor| address_after(&query, &cursor));
        Shown { total: found.total_count, rows: found.edges, next_page }
    };
    let canonical = query.to_query();
    let kept = kept::lists(saved_filters, &canonical);
    let exports = shown.total > 0 && allowed(visit.actor(), Action::ExportItems, &Object::None).is_ok();
    let file = exports.then(|| file(shown.total, &canonical));
    let own = Own {
        heading: heading(&canonical, &kept, &query),
        fields: Fields::new(&query, &units, &sources, may_personal.is_ok()),
        chips: choices::chips(&query, &units, &sources),
        groups: facets.filter(|_| trouble.is_none()).map(|facets| choices::groups(&query, facets)).unwrap_or_default(),
        columns: query.effective_columns().iter().copied().map(Head::of).collect(),
        shown,
        trouble,
        first_page: (!after.is_empty()).then(|| address(&query)),
        no_export: file.as_ref().and_then(|file| file.as_ref().err().cloned()),
        export: file.and_then(Result::ok),
        kept,
        form,
        query: canonical,
    };
    visit.page_with(status, "console/items.html", own).await
}

async fn read(visit: &Visit, query: &ListQuery, after: &str) -> Result<Answer, PageError> {
    let mut variables = serde_json::to_value(list_variables(query))?;
    let searching = !query.text.is_empty();
    let shows = |column: Column| query.effective_columns().contains(&column);
    if let Some(variables) = variables.as_object_mut() {
        variables.extend(
            [
                ("searching", json!(searching)),
                ("counting", json!(searching || is_of_work(query))),
                ("personal", json!(shows(Column::Author) || shows(Column::Contact))),
                ("first", json!(PAGE)),
                ("after", json!(Some(after).filter(|after| !after.is_empty()))),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    visit.read(DOCUMENT, variables).await
}

/// Whether the list is of open items, which are few however many there have been: only these are counted unasked.
fn is_of_work(query: &ListQuery) -> bool {
    query.open == Some(true) || query.waiting_for_me || !query.tasks.is_empty() || query.due_window.is_some()
}

impl Head {
    const fn of(column: Column) -> Self {
        Self { code: column.code(), label: column.label() }
    }
}

/// What people call the list: their own name for it, that of the navigation, or just what it is.
fn heading(canonical: &str, kept: &[KeptList], query: &ListQuery) -> String {
    if let Some(list) = kept.iter().find(|list| list.current) {
        return list.name.clone();
    }
    let path = format!("/desk/items?{canonical}");
    match nav::ENTRIES.iter().find(|entry| entry.path == path) {
        Some(entry) => entry.label.to_owned(),
        None if query.text.is_empty() => "来件".to_owned(),
        None => "搜索".to_owned(),
    }
}

/// The address of a list as a file, or why there is none: what is always refused is not offered.
fn file(total: i64, canonical: &str) -> Result<String, String> {
    check_size(u64::try_from(total).unwrap_or_default()).map_err(|refusal| refusal.message)?;
    Ok(format!("/desk/items.xlsx?{canonical}"))
}

/// A list's address.
fn address(query: &ListQuery) -> String {
    let query = query.to_query();
    if query.is_empty() { "/desk/items".to_owned() } else { format!("/desk/items?{query}") }
}

/// The address of the page behind a cursor.
fn address_after(query: &ListQuery, cursor: &str) -> String {
    let after = form_urlencoded::Serializer::new(String::new()).append_pair("after", cursor).finish();
    let query = query.to_query();
    if query.is_empty() { format!("/desk/items?{after}") } else { format!("/desk/items?{query}&{after}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::export::MAX_ROWS;

    #[test]
    fn a_list_is_offered_as_a_file_while_it_is_given_as_one() {
        let most = i64::try_from(MAX_ROWS).unwrap();
        assert_eq!(file(most, "stage=received"), Ok("/desk/items.xlsx?stage=received".to_owned()));
        assert!(file(most + 1, "").unwrap_err().contains("请缩小范围"));
    }
}
