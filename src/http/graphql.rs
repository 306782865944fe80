//! `POST /graphql`, and in development a page to try queries on.

use async_graphql::Request;
use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::header::{CONTENT_TYPE, USER_AGENT};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;

use super::App;
use crate::api::{Session, cookie};
use crate::service::ServiceError;
use crate::service::account::{Client, Viewer};

/// A page of our own: nothing is loaded from elsewhere.
const PAGE: &str = include_str!("try.html");
/// The script of that page. It stands apart because the content policy allows none inside pages.
const SCRIPT: &str = include_str!("try.js");

/// Answers one GraphQL request.
pub(super) async fn answer(
    State(app): State<App>,
    headers: HeaderMap,
    body: Result<Json<Request>, JsonRejection>,
) -> Response {
    let Json(request) = match body {
        Ok(request) => request,
        Err(rejection) => return refuse_body(&rejection),
    };
    let session = match session(&app, &headers).await {
        Ok(session) => session,
        Err(error) => {
            return graphql_response(async_graphql::Response::from_errors(vec![
                crate::api::ApiError::from(error).into(),
            ]));
        }
    };
    graphql_response(app.api.execute(request.data(client(&headers)), session).await)
}

/// What a request is sent from, as coarsely as a session remembers it.
fn client(headers: &HeaderMap) -> Client {
    headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).map(Client::of_user_agent).unwrap_or_default()
}

/// Who sends a request. A token that is not valid (any more) makes a visitor.
pub(super) async fn session(app: &App, headers: &HeaderMap) -> Result<Session, ServiceError> {
    let token = cookie::token_of(headers);
    let viewer = match token {
        Some(token) => app.service().authenticate(token).await?,
        None => None,
    };
    let token = token.filter(|_| viewer.is_some()).map(str::to_owned);
    Ok(Session { viewer: viewer.unwrap_or(Viewer::PUBLIC), token, secure_cookies: app.secure })
}

fn graphql_response(response: async_graphql::Response) -> Response {
    // What `Json` would answer. It grows its buffer piece by piece, which a list of many short texts feels.
    match serde_json::to_vec(&response) {
        Ok(body) => (response.http_headers, [(CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => {
            tracing::error!(%error, "an answer could not be written");
            error_response(StatusCode::INTERNAL_SERVER_ERROR, "internal", "系统内部出错，请稍后重试。")
        }
    }
}

/// A body that is no request: in the form of a GraphQL error, so that clients read one kind.
fn refuse_body(rejection: &JsonRejection) -> Response {
    let (code, message) = match rejection.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("content_type", "请以 Content-Type: application/json 发送请求。"),
        StatusCode::PAYLOAD_TOO_LARGE => ("body_too_large", "请求超过 1 MiB，请减少内容后重试。"),
        _ => ("invalid_body", "请求体不是 GraphQL 请求的 JSON，请检查格式。"),
    };
    error_response(rejection.status(), code, message)
}

/// The status that fits the code of what was refused or failed.
pub(super) fn status_of(code: &str) -> StatusCode {
    match code {
        "sign_in_required" => StatusCode::UNAUTHORIZED,
        "forbidden" | "roles_conflict" => StatusCode::FORBIDDEN,
        "upload_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "internal" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// An answer that holds one coded error.
pub(super) fn error_response(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "errors": [{ "message": message, "extensions": { "code": code } }] });
    (status, Json(body)).into_response()
}

/// The page to try queries on.
pub(super) async fn page() -> Html<&'static str> {
    Html(PAGE)
}

/// The script of that page.
pub(super) async fn script() -> Response {
    ([(CONTENT_TYPE, "text/javascript; charset=utf-8")], SCRIPT).into_response()
}
