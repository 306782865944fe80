//! `GET /desk/attachments/{id}`: a picture or document of a message, for those who may see the item. Never shown inside a
//! page: a browser keeps it as a file.

use axum::extract::{Path, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::desk::refuse;
use super::graphql::{error_response, session};
use crate::service::ServiceError;
use crate::service::attachment::Opened;

/// Should a browser show it all the same, nothing in it does anything.
const POLICY: &str = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox";
/// Other sites' pages cannot take it in either.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers with the file, or as if there were none.
pub(super) async fn answer(State(app): State<App>, Path(id): Path<String>, headers: HeaderMap) -> Response {
    match opened(&app, &id, &headers).await {
        Ok(Some(opened)) => file(opened),
        Ok(None) => error_response(StatusCode::NOT_FOUND, "not_visible", "没有找到这个附件。请回到来件页面重新打开。"),
        Err(error) => refuse(error),
    }
}

async fn opened(app: &App, id: &str, headers: &HeaderMap) -> Result<Option<Opened>, ServiceError> {
    let session = session(app, headers).await?;
    app.service().open_attachment(&session.viewer.actor, id).await
}

fn file(Opened { row, bytes }: Opened) -> Response {
    let ending = crate::intake::MEDIA.iter().find(|media| media.media_type == row.media_type);
    let plain = format!("attachment-{}.{}", row.ordinal, ending.map_or("bin", |media| media.ending));
    let name = form_urlencoded::byte_serialize(row.name.as_bytes()).collect::<String>().replace('+', "%20");
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{name}");
    let headers: [(HeaderName, &str); 6] = [
        (CONTENT_TYPE, &row.media_type),
        (CONTENT_DISPOSITION, &disposition),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (RESOURCE_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, bytes).into_response()
}
