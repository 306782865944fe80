//! `/desk/issues`: all issues, and making the one of a month.

use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use huiyin_domain::publication::YearMonth;
use serde::Serialize;
use serde_json::{Value, json};

use super::documents::{CREATE, LIST};
use crate::console::{Flash, Form, Visit};
use crate::page::PageError;

#[derive(Serialize)]
struct Own {
    form: Form,
    issues: Value,
    /// Whether the viewer makes issues.
    creates: bool,
}

/// `GET /desk/issues`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    let mut own = own(&visit, Form::default()).await?;
    let month = proposed(&visit, &own.issues);
    own.form = own.form.with("month", month);
    visit.page("console/issues.html", own).await
}

/// `POST /desk/issues`
pub(super) async fn create(visit: Visit, mut form: Form) -> Result<Response, PageError> {
    let month = form.get("month").to_owned();
    if month.parse::<YearMonth>().is_ok() {
        match visit.act::<Value>(CREATE, json!({ "month": month })).await? {
            Ok(_) => {
                let done = Flash::done(format!("已创建 {month} 的热点咨询。请添加条目。"));
                return Ok(visit.go(&format!("/desk/issues/{month}"), &done));
            }
            Err(refused) => form.refuse(&refused, &[("month_taken", "month"), ("bad_month", "month")]),
        }
    } else {
        form.wrong("month", "请填写月份，形如 2026-10。");
    }
    let own = own(&visit, form).await?;
    visit.refused("console/issues.html", own).await
}

async fn own(visit: &Visit, form: Form) -> Result<Own, PageError> {
    let answer: Value = visit.read(LIST, Value::Null).await?;
    let issues = answer.get("issues").cloned().unwrap_or_default();
    let creates = allowed(visit.actor(), Action::CreatePublication, &Object::None).is_ok();
    Ok(Own { form, issues, creates })
}

/// The month to make an issue of: the last one that is over, or else the first after it that has none.
fn proposed(visit: &Visit, issues: &Value) -> String {
    let taken = |month: YearMonth| {
        let month = month.to_string();
        issues.as_array().is_some_and(|issues| issues.iter().any(|issue| issue["month"] == month.as_str()))
    };
    let present = YearMonth::of(visit.service().now());
    let last = present.and_then(|present| YearMonth::of(present.first_instant().plus_seconds(-1)));
    let months = std::iter::successors(last.ok(), |month| YearMonth::of(month.end()).ok());
    months.take(12).find(|month| !taken(*month)).map(|month| month.to_string()).unwrap_or_default()
}
