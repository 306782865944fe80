//! `/desk/sources`: where messages come from, and the proof that none is missing; `/desk/pulls`: one pull in detail.

mod list;
mod one;
mod preview;
mod pull;

use axum::Router;
use axum::routing::get;
use huiyin_domain::access::{Action, Object, allowed};
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

pub use self::preview::TRIAL;
use super::{Desk, Form, Visit};
use crate::page::PageError;

/// Every document of these pages, by name.
pub(super) const DOCUMENTS: [(&str, &str); 8] = [
    ("desk-sources", list::DOCUMENT),
    ("desk-source", one::DOCUMENT),
    ("desk-source-pull", one::PULL),
    ("desk-source-enabled", one::ENABLED),
    ("desk-alarm-settle", one::SETTLE),
    ("desk-pull", pull::DOCUMENT),
    ("desk-source-preview", preview::DOCUMENT),
    ("desk-source-try", preview::TRY),
];

/// Where the list stands.
const PATH: &str = "/desk/sources";

/// The routes of these pages.
pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route(PATH, get(list::show))
        .route("/desk/sources/{id}", get(one::show).post(one::act))
        .route(preview::TRIAL, get(preview::show).post(preview::try_out))
        .route("/desk/pulls/{id}", get(pull::show))
}

/// Refuses whoever does not see to the sources.
fn admit(visit: &Visit) -> Result<(), PageError> {
    allowed(visit.actor(), Action::ViewReconciliation, &Object::None)?;
    Ok(())
}

/// Today in China.
fn today(visit: &Visit) -> Date {
    visit.service().now().date().unwrap_or(Date::MIN)
}

/// The day that an address asks for.
fn asked_day(form: &Form) -> Result<Option<Date>, PageError> {
    let wrong = PageError::Address("日期应写作 2026-11-19 这样的形式。请从“渠道”进入。");
    form.given("day").map(|text| text.parse().map_err(|_| wrong)).transpose()
}

/// What does not agree, with the page that shows more of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Difference {
    message: String,
    /// The pull or the source it is about; nothing where it is about neither.
    href: Option<String>,
}

impl Difference {
    /// As the schema answers it, of a source and a day.
    fn new(answer: &Value, source: Option<&str>, day: Date) -> Self {
        let text = |name: &str| answer.get(name).and_then(Value::as_str).unwrap_or_default();
        let pull = match text("code") {
            "pull_unbalanced" | "pull_altered" | "pull_short" => Some(text("about")),
            "held_gone" => text("about").split('/').next(),
            // One that is gone has no page.
            _ => None,
        };
        let of_source = |source: &str| format!("{PATH}/{source}?day={day}");
        let href = pull.map(|pull| format!("/desk/pulls/{pull}")).or_else(|| source.map(of_source));
        Self { message: text("message").to_owned(), href }
    }
}

/// The elements of an answer's list; none where there is none.
fn list_of<'a>(answer: &'a Value, place: &str) -> &'a [Value] {
    answer.pointer(place).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::json;

    use super::Difference;

    #[test]
    fn a_difference_leads_to_what_it_is_about() {
        let href = |code: &str, about: &str, source: Option<&str>| {
            let answer = json!({ "code": code, "about": about, "message": "缺" });
            Difference::new(&answer, source, date(2026, 11, 19)).href.unwrap_or_default()
        };
        assert_eq!(href("pull_unbalanced", "0198", Some("board")), "/desk/pulls/0198");
        assert_eq!(href("held_gone", "0198/12", Some("board")), "/desk/pulls/0198");
        assert_eq!(href("pull_gone", "0198", Some("board")), "/desk/sources/board?day=2026-11-19");
        assert_eq!(href("numbers_missing", "12", Some("board")), "/desk/sources/board?day=2026-11-19");
        assert_eq!(href("number_gone", "12", None), "");
    }
}
