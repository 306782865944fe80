//! The lists one keeps: opening, keeping and giving up.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{address, page};
use crate::console::{Flash, Form, Visit};
use crate::page::PageError;
use crate::service::ServiceError;
use crate::service::list::ListQuery;

pub(in crate::console) const SAVE: &str = include_str!("../../../graphql/pages/desk-list-save.graphql");
pub(in crate::console) const DELETE: &str = include_str!("../../../graphql/pages/desk-list-delete.graphql");

/// A kept list as the schema tells it.
#[derive(Deserialize)]
pub(super) struct Kept {
    id: String,
    name: String,
    query: String,
}

/// A kept list as the page shows it.
#[derive(Serialize)]
pub(super) struct KeptList {
    id: String,
    pub(super) name: String,
    href: String,
    /// Whether it is the one on the page.
    pub(super) current: bool,
}

/// The kept lists beside the list with this canonical query string.
pub(super) fn lists(kept: Vec<Kept>, canonical: &str) -> Vec<KeptList> {
    let list = |Kept { id, name, query }: Kept| {
        let current = query == canonical && !canonical.is_empty();
        KeptList { id, name, href: format!("/desk/items?{query}"), current }
    };
    kept.into_iter().map(list).collect()
}

/// `POST /desk/items/lists`: keeps the list of the field `query` under a name.
pub(in crate::console) async fn save(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    let query: ListQuery = form.raw("query").parse().map_err(ServiceError::from)?;
    form.demand("name", "请给常用筛选起个名字，最多 30 个字。");
    if form.is_fine() {
        let variables = json!({ "name": form.get("name"), "query": query.to_query() });
        match visit.act::<Value>(SAVE, variables).await? {
            Ok(_) => return Ok(visit.go(&address(&query), &Flash::done("已保存为常用筛选。"))),
            Err(refused) => form.refuse(&refused, &[("filter_name", "name"), ("filter_limit", "name")]),
        }
    }
    page(&visit, StatusCode::UNPROCESSABLE_ENTITY, &query.to_query(), form).await
}

/// `POST /desk/items/lists/delete`: gives up a kept list; back to the list of the field `query`.
pub(in crate::console) async fn delete(visit: Visit, form: Form) -> Result<Response, PageError> {
    let query: ListQuery = form.raw("query").parse().map_err(ServiceError::from)?;
    let flash = match visit.act::<Value>(DELETE, json!({ "id": form.get("id") })).await? {
        Ok(_) => Flash::done("已删除这个常用筛选。"),
        Err(refused) => Flash::refused(refused.message),
    };
    Ok(visit.go(&address(&query), &flash))
}
