//! `GET /desk/items.xlsx`: a list as a file.

use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::graphql::{error_response, session, status_of};
use super::guard::{is_same_site, refuse_other_site};
use crate::api::ApiError;
use crate::service::ServiceError;
use crate::service::export::Export;
use crate::service::list::ListQuery;

/// The kind of the file.
const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Answers with the list that the query string names, as the page of the same query string shows it. It reads, but that is
/// on record: no other site's link may bring it about.
pub(super) async fn export(State(app): State<App>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    if !is_same_site(&headers) {
        return refuse_other_site();
    }
    match exported(&app, query.as_deref().unwrap_or_default(), &headers).await {
        Ok(export) => file(export),
        Err(error) => refuse(error),
    }
}

async fn exported(app: &App, query: &str, headers: &HeaderMap) -> Result<Export, ServiceError> {
    let session = session(app, headers).await?;
    let query: ListQuery = query.parse()?;
    app.service().export_items(&session.viewer.actor, &query).await
}

/// The day stands in the name; the words of the list do not, since names of files travel.
fn file(Export { bytes, day, .. }: Export) -> Response {
    // 来件, for those who can read it; the plain name for the others.
    let name = format!("attachment; filename=\"items-{day}.xlsx\"; filename*=UTF-8''%E6%9D%A5%E4%BB%B6-{day}.xlsx");
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, XLSX), (CONTENT_DISPOSITION, &name), (CACHE_CONTROL, "no-store")];
    (headers, bytes).into_response()
}

/// A refusal with the status that fits it.
pub(super) fn refuse(error: ServiceError) -> Response {
    let ApiError { code, message, .. } = error.into();
    error_response(status_of(code), code, &message)
}
