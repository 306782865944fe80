//! `/desk`: where everybody begins: what waits for them, what is late, in whose hands it is. Printed, it is the office's
//! morning report 早报.

use axum::response::Response;
use huiyin_domain::access::{Action, Actor, Object, Role, allowed};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Visit;
use super::frame::Waiting;
use crate::api::filter::list_variables;
use crate::page::PageError;
use crate::service::list::{Days, ListQuery};

pub(super) const DOCUMENT: &str = include_str!("../../graphql/pages/desk-home.graphql");

/// Days looked back at for the last working day: longer than any holiday.
const MOST_DAYS: usize = 20;
/// Units told one by one, so that the report stays on one sheet.
const MOST_UNITS: usize = 14;

#[derive(Default, Deserialize)]
struct Answer {
    checks: Option<Vec<Value>>,
    alarms: Option<Value>,
    worklist: Option<Value>,
    came: Option<Total>,
    answered: Option<Total>,
    late: Option<Value>,
    today: Option<Value>,
    waiting: Option<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Total {
    total_count: i64,
}

/// A number with its list.
#[derive(Serialize)]
struct Number {
    count: i64,
    query: String,
}

/// What came and what was answered since the last working day began, to the end of yesterday.
#[derive(Serialize)]
struct Lately {
    /// `昨日`, or since when.
    since: String,
    came: Number,
    answered: Number,
}

#[derive(Serialize)]
struct Own {
    /// The codes of the viewer's roles.
    roles: Vec<&'static str>,
    /// Whether it is the office's report.
    office: bool,
    /// What the check of the last day came to that is over; and whether that day is yesterday.
    check: Option<Value>,
    is_yesterday: bool,
    /// What is wrong with the sources, the newest first; none for those who do not see to them.
    alarms: Option<Value>,
    worklist: Option<Value>,
    lately: Option<Lately>,
    late: Option<Value>,
    today: Option<Value>,
    waiting: Option<Value>,
    most_units: usize,
}

/// `GET /desk`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    let roles = match visit.actor() {
        Actor::Account { roles, .. } => roles.iter().copied().collect(),
        _ => Vec::new(),
    };
    let may = |action| allowed(visit.actor(), action, &Object::None).is_ok();
    let (items, sources) = (may(Action::ListItems), may(Action::ViewReconciliation));
    let office = roles.contains(&Role::Office);
    let (since, days) = last_days(&visit);
    let came = ListQuery { asked: days, ..ListQuery::default() };
    let answered = ListQuery { replied: days, ..ListQuery::default() };
    let filter = |query: &ListQuery| serde_json::to_value(list_variables(query)).map(|all| all.get("filter").cloned());
    let variables = json!({
        "items": items, "whole": office, "sources": sources, "came": filter(&came)?, "answered": filter(&answered)?,
    });
    // Most administrators handle neither items nor sources: there is nothing to ask.
    let answer: Answer = if items || sources { visit.read(DOCUMENT, variables).await? } else { Answer::default() };
    let check = answer.checks.and_then(|checks| checks.into_iter().next());
    let yesterday = visit.service().now().date().and_then(|today| today.yesterday().ok());
    let number = |total: Total, query: &ListQuery| Number { count: total.total_count, query: query.to_query() };
    let lately = answer.came.zip(answer.answered).map(|(arrived, replied)| Lately {
        since,
        came: number(arrived, &came),
        answered: number(replied, &answered),
    });
    let counted = answer.worklist.as_ref().map(Waiting::deserialize).transpose()?;
    let own = Own {
        roles: roles.iter().map(|role| role.code()).collect(),
        office,
        is_yesterday: check.as_ref().is_some_and(|check| {
            check.get("day").and_then(Value::as_str) == yesterday.map(|day| day.to_string()).as_deref()
        }),
        check,
        alarms: answer.alarms,
        worklist: answer.worklist,
        lately,
        late: answer.late,
        today: answer.today,
        waiting: answer.waiting,
        most_units: MOST_UNITS,
    };
    visit.page_counted("console/home.html", own, counted).await
}

/// The days from the last working day to yesterday, and what people call them.
fn last_days(visit: &Visit) -> (String, Days) {
    let today = visit.service().now().date();
    let yesterday = today.and_then(|today| today.yesterday().ok());
    let calendar = &visit.service().rules().calendar;
    let before = std::iter::successors(yesterday, |date: &Date| date.yesterday().ok());
    let working = before.take(MOST_DAYS).find(|date| calendar.day(*date).counts);
    let since = match working {
        Some(day) if Some(day) != yesterday => format!("{}月{}日起", day.month(), day.day()),
        _ => "昨日".to_owned(),
    };
    (since, Days { from: working.or(yesterday), to: yesterday })
}
