//! `/desk/sources/{id}/preview`: a source's newest page beside the rows it yields. Nothing is written.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use huiyin_domain::access::{Action, Object, allowed};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::admit;
use crate::console::import_preview::Preview;
use crate::console::{Form, Visit};
use crate::page::PageError;

pub(in crate::console) const DOCUMENT: &str = include_str!("../../../graphql/pages/desk-source-preview.graphql");
pub(in crate::console) const TRY: &str = include_str!("../../../graphql/pages/desk-source-try.graphql");

/// Where a source is tried out. Its server may take its time.
pub const TRIAL: &str = "/desk/sources/{id}/preview";

#[derive(Deserialize)]
struct Answer {
    source: Option<Value>,
}

#[derive(Deserialize)]
struct Tried {
    preview: Option<Value>,
}

#[derive(Serialize)]
struct Own {
    form: Form,
    source: Value,
    /// What was found; none before somebody asked.
    preview: Option<Preview>,
}

/// Refuses whoever may not read what citizens wrote.
fn admit_reader(visit: &Visit) -> Result<(), PageError> {
    admit(visit)?;
    allowed(visit.actor(), Action::ViewHeld, &Object::None)?;
    Ok(())
}

async fn source(visit: &Visit, id: &str) -> Result<Value, PageError> {
    let answer: Answer = visit.read(DOCUMENT, json!({ "source": id })).await?;
    answer.source.ok_or(PageError::Missing("没有这个渠道。请从“渠道”进入。"))
}

/// `GET /desk/sources/{id}/preview`
pub(super) async fn show(visit: Visit, Path(id): Path<String>) -> Result<Response, PageError> {
    admit_reader(&visit)?;
    let own = Own { form: Form::default(), source: source(&visit, &id).await?, preview: None };
    visit.page("console/source_preview.html", own).await
}

/// `POST /desk/sources/{id}/preview`: it is a form, because somebody else's server is asked.
pub(super) async fn try_out(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    admit_reader(&visit)?;
    let source = source(&visit, &id).await?;
    let mut preview = None;
    match visit.act::<Tried>(TRY, json!({ "source": id })).await? {
        Ok(tried) => preview = tried.preview.map(Preview::new).transpose()?,
        Err(refused) => form.refuse(&refused, &[]),
    }
    let status = if form.is_fine() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    visit.page_with(status, "console/source_preview.html", Own { form, source, preview }).await
}
