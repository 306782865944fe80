//! `/desk`: where everybody begins.

use axum::response::Response;
use serde::Serialize;

use super::Visit;
use crate::page::PageError;

#[derive(Serialize)]
struct Own {}

/// `GET /desk`
pub(super) async fn show(visit: Visit) -> Result<Response, PageError> {
    visit.page("console/home.html", Own {}).await
}
