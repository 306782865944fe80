//! `/desk/pulls/{id}`: one pull in detail.

use axum::extract::Path;
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{admit, list_of};
use crate::console::Visit;
use crate::page::PageError;

pub(in crate::console) const DOCUMENT: &str = include_str!("../../../graphql/pages/desk-pull.graphql");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    pull: Option<Value>,
    #[serde(default)]
    held_rows: Value,
}

#[derive(Serialize)]
struct Own {
    /// The id within addresses.
    id: String,
    pull: Value,
    /// Whether the viewer may see items, and held rows.
    sees_items: bool,
    sees_held: bool,
    held: Vec<Value>,
}

/// `GET /desk/pulls/{id}`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    admit(&visit)?;
    let may = |action| allowed(visit.actor(), action, &Object::None).is_ok();
    let (sees_items, sees_held) = (may(Action::ListItems), may(Action::ViewHeld));
    let variables = json!({ "pull": format!("pull:{id}"), "items": sees_items, "held": sees_held });
    let Answer { pull, held_rows } = visit.read(DOCUMENT, variables).await?;
    let pull = pull.ok_or(PageError::Missing("没有这个采集批次。请从“渠道”进入。"))?;
    let own = Own { held: list_of(&held_rows, "/edges").to_vec(), id, pull, sees_items, sees_held };
    visit.page("console/pull.html", own).await
}
