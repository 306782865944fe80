//! `/desk/sources`: all sources, and how a day adds up.

use axum::extract::RawQuery;
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Difference, PATH, admit, asked_day, list_of, today};
use crate::console::{Form, Visit, at};
use crate::page::PageError;

pub(in crate::console) const DOCUMENT: &str = include_str!("../../../graphql/pages/desk-sources.graphql");

#[derive(Deserialize)]
struct Answer {
    shown: Value,
    #[serde(default)]
    now: Value,
    sources: Vec<Value>,
    letterboxes: Vec<Value>,
}

#[derive(Serialize)]
struct Own {
    /// The day that is shown as a whole, as its reconciliation tells it.
    shown: Value,
    differences: Vec<Difference>,
    is_today: bool,
    is_yesterday: bool,
    /// What the day's month is called: on the first of a month, yesterday lies in the one before.
    month: String,
    /// The same page of the day before and the day after.
    earlier: Option<String>,
    later: Option<String>,
    rows: Vec<Row>,
    /// The boxes for letters at `/write`.
    letterboxes: Vec<Value>,
    /// Whether the viewer may upload files.
    uploads: bool,
}

/// One source.
#[derive(Serialize)]
struct Row {
    source: Value,
    /// Its part of the day that is shown, and of today; null where it was not read and should not have been.
    shown: Value,
    today: Value,
}

/// `GET /desk/sources?day=2026-11-19`: yesterday, when no day is given.
pub(super) async fn show(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    admit(&visit)?;
    let form = Form::parse(query.unwrap_or_default().as_bytes());
    let today = today(&visit);
    let yesterday = today.yesterday().unwrap_or(today);
    let day = asked_day(&form)?.unwrap_or(yesterday);
    let is_today = day == today;
    let variables = json!({ "day": day.to_string(), "today": today.to_string(), "isToday": is_today });
    let Answer { shown, now, sources, letterboxes } = visit.read(DOCUMENT, variables).await?;
    let now = if is_today { &shown } else { &now };
    let rows = sources.into_iter().map(|source| {
        let id = at(&source, "/id");
        Row { shown: part_of(&shown, id), today: part_of(now, id), source }
    });
    let address = |day: Date| format!("{PATH}?day={day}");
    let own = Own {
        rows: rows.collect(),
        differences: differences(&shown, day),
        is_today,
        is_yesterday: day == yesterday,
        month: month_of(day, today),
        earlier: day.yesterday().ok().map(address),
        later: day.tomorrow().ok().filter(|day| *day <= today).map(address),
        letterboxes,
        shown,
        uploads: allowed(visit.actor(), Action::ImportFile, &Object::None).is_ok(),
    };
    visit.page("console/sources.html", own).await
}

fn month_of(day: Date, today: Date) -> String {
    if day.first_of_month() == today.first_of_month() {
        "本月".to_owned()
    } else {
        format!("{}年{}月", day.year(), day.month())
    }
}

/// One source's part of a day.
fn part_of(day: &Value, source: &Value) -> Value {
    let parts = list_of(day, "/sources");
    parts.iter().find(|part| at(part, "/source/id") == source).cloned().unwrap_or_default()
}

/// Everything of a day that does not agree, source by source.
fn differences(shown: &Value, day: Date) -> Vec<Difference> {
    let placed = list_of(shown, "/sources").iter().flat_map(|part| {
        let source = at(part, "/source/id").as_str();
        let name = at(part, "/source/name").as_str().unwrap_or_default();
        list_of(part, "/differences").iter().map(move |found| {
            let found = Difference::new(found, source, day);
            Difference { message: format!("{name}：{}", found.message), ..found }
        })
    });
    let unplaced = list_of(shown, "/unplaced").iter().map(|found| Difference::new(found, None, day));
    placed.chain(unplaced).collect()
}
