//! `GET /healthz`: whether the store answers and the index is open.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::App;
use crate::telemetry;

/// 200 with the ledger's newest number and the one the index has followed to, or 503.
pub(super) async fn answer(State(app): State<App>) -> Response {
    match app.service().health().await {
        Ok((ledger, index)) => {
            Json(json!({ "status": "ok", "ledger_seq": ledger, "index_cursor": index })).into_response()
        }
        Err(error) => {
            tracing::error!(error = %telemetry::chain(&error), "the health check failed");
            (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "unavailable" }))).into_response()
        }
    }
}
