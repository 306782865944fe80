//! `/desk/issues`: the monthly 热点咨询, from choosing answered items to the public page.

mod candidates;
pub(super) mod documents;
mod entry;
mod findings;
mod issue;
mod list;

use axum::Router;
use axum::routing::{get, post};
use huiyin_domain::publication::YearMonth;
use serde_json::Value;

use super::{Desk, Form};
use crate::page::{PageError, Refused};

/// What is told where a month has no issue, or the address names no month.
const NO_ISSUE: PageError = PageError::Missing("这个月还没有热点咨询。可以回到“热点咨询”页创建这一期。");
/// The code of an act on something that somebody else has changed meanwhile.
const CHANGED: &str = "changed_meanwhile";
/// What is told then, where the page shows what it is now.
const CHANGED_MESSAGE: &str = "本期刚刚被别人改过，您的操作还没有生效。请看过新内容后再操作。";

/// The pages of this area.
pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route("/desk/issues", get(list::show).post(list::create))
        .route("/desk/issues/{month}", get(issue::show))
        .route("/desk/issues/{month}/preview", get(issue::preview))
        .route("/desk/issues/{month}/publish", post(issue::publish))
        .route("/desk/issues/{month}/retract", post(issue::retract))
        .route("/desk/issues/{month}/add", get(candidates::show).post(candidates::add))
        .route("/desk/issues/{month}/entries/{entry}", get(entry::show).post(entry::save))
        .route("/desk/issues/{month}/entries/{entry}/move", post(entry::shift))
        .route("/desk/issues/{month}/entries/{entry}/remove", post(entry::remove))
        .route("/desk/issues/{month}/entries/{entry}/review", post(entry::review))
        .route("/desk/issues/{month}/entries/{entry}/retract", post(entry::retract))
}

/// The month of an address.
fn month_of(text: &str) -> Result<YearMonth, PageError> {
    text.parse().map_err(|_| NO_ISSUE)
}

/// The revision that the page showed; an act without one is never taken for a fresh one.
fn revision_of(form: &Form) -> i64 {
    form.get("revision").parse().unwrap_or(0)
}

/// What a refusal says on these pages: the schema's words, which for a change meanwhile speak of an item.
fn told(refused: Refused) -> Refused {
    if refused.code == CHANGED { Refused { message: CHANGED_MESSAGE.to_owned(), ..refused } } else { refused }
}

/// The text at a path of an answer; empty where there is none.
fn text_at<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The codes of what the viewer may do with an issue or an entry now.
fn acts_of(value: &Value) -> Vec<&str> {
    let acts = value.get("availableActs").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    acts.iter().map(|act| text_at(act, "/code")).collect()
}
