//! `/progress`: how a letter stands. Number and code are posted, so that neither stands in an address or a log.

use axum::Form;
use axum::extract::FromRequest as _;
use axum::extract::{RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use huiyin_domain::time::Instant;
use serde::{Deserialize, Serialize};

use super::pages::{Made, Portal, Shared, Visit};
use super::sent::address_of;
use super::view::paragraphs;
use super::write::minute;
use crate::page::PageError;
use crate::service::ServiceError;
use crate::service::progress::Progress;

/// What was typed.
#[derive(Debug, Default, Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    code: String,
}

#[derive(Debug, Serialize)]
struct Own {
    /// What was typed as the number; the code is never shown again.
    number: String,
    error: String,
    found: Option<Found>,
}

/// A letter as its writer sees it.
#[derive(Debug, Serialize)]
struct Found {
    number: i64,
    letterbox: String,
    title: String,
    standing: &'static str,
    sentence: String,
    due: String,
    steps: Vec<Step>,
    answer: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Step {
    name: &'static str,
    at: String,
}

impl From<Progress> for Found {
    fn from(progress: Progress) -> Self {
        let step = |(name, at): (&'static str, Instant)| Step { name, at: minute(at) };
        Self {
            number: progress.number,
            letterbox: progress.letterbox,
            title: progress.title,
            standing: progress.standing,
            sentence: progress.sentence,
            due: progress.due_at.map(last_day).unwrap_or_default(),
            steps: progress.steps.into_iter().map(step).collect(),
            answer: progress.answer.as_deref().map(paragraphs).unwrap_or_default(),
        }
    }
}

/// The last day on which something is in time that is late from this instant on.
fn last_day(due: Instant) -> String {
    due.plus_seconds(-1).date().map(|date| date.to_string()).unwrap_or_default()
}

/// The form.
pub(super) async fn show(State(portal): Shared, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = match portal.api.service().has_letterboxes() {
        Ok(true) => {
            made(&portal, &visit, StatusCode::OK, Own { number: String::new(), error: String::new(), found: None })
        }
        Ok(false) => portal.make_missing(&visit, "没有找到这一页".to_owned()).await,
        Err(error) => Err(error.into()),
    };
    portal.send(&visit, made)
}

/// The answer.
pub(super) async fn look_up(State(portal): Shared, RawQuery(query): RawQuery, request: Request) -> Response {
    let headers = request.headers().clone();
    let visit = portal.visit(request.uri(), query.as_deref(), headers.clone()).await;
    let address = address_of(request.extensions(), &headers);
    let asked = Form::<Asked>::from_request(request, &()).await.map(|Form(asked)| asked).unwrap_or_default();
    let found = portal.api.service().look_up(address, &asked.number, &asked.code).await;
    let number: String = asked.number.chars().take(32).collect();
    let made = match found {
        Ok(progress) => {
            let own = Own { number: String::new(), error: String::new(), found: Some(progress.into()) };
            made(&portal, &visit, StatusCode::OK, own)
        }
        Err(ServiceError::Refused(refusal)) => {
            let locked = refusal.code == "lookup_locked";
            let status = if locked { StatusCode::TOO_MANY_REQUESTS } else { StatusCode::UNPROCESSABLE_ENTITY };
            made(&portal, &visit, status, Own { number, error: refusal.message, found: None })
        }
        Err(error) => Err(error.into()),
    };
    portal.send(&visit, made)
}

fn made(portal: &Portal, visit: &Visit, status: StatusCode, own: Own) -> Result<Made, PageError> {
    Ok(Made::unkept(status, portal.render("portal/progress.html", visit, own)?))
}
