//! `/desk/help`: the keyboard sheet.

use axum::response::Response;
use serde::Serialize;

use super::Visit;
use crate::page::PageError;

#[derive(Serialize)]
struct Own {}

/// `GET /desk/help`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    visit.page("console/help.html", Own {}).await
}
