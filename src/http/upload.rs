//! `POST /desk/imports`: a file for import, as multipart form data. It goes to the disk piece by piece.

use std::time::Duration;

use axum::extract::State;
use axum::extract::multipart::{Multipart, MultipartError, MultipartRejection};
use axum::http::header::{ACCEPT, CONTENT_LENGTH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::{Json, Router};
use huiyin_domain::access::Actor;
use serde_json::json;

use super::App;
use super::graphql::{error_response, session, status_of};
use crate::api::{ApiError, cookie};
use crate::console::{self, Desk};
use crate::service::ServiceError;
use crate::store::upload::UploadRow;

/// Where files are sent to, and where uploads are shown.
pub(super) const PATH: &str = "/desk/imports";
/// The name of the form's field with the file.
const FIELD: &str = "file";
/// How long the next piece of a file may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// What a form has around its file, in bytes.
const AROUND: u64 = 64 << 10;

/// The route; `desk` makes the page a browser is shown when its file was not taken.
pub(super) fn routes(app: &App, desk: Option<Desk>) -> Router<App> {
    let most = usize::try_from(app.service().max_upload_bytes().saturating_add(AROUND)).unwrap_or(usize::MAX);
    let take = move |app, headers, form| answer(app, desk, headers, form);
    Router::new().route(PATH, axum::routing::post(take).layer(axum::extract::DefaultBodyLimit::max(most)))
}

/// Why a file was not taken.
enum Trouble {
    Service(ServiceError),
    /// The form is none, or breaks off.
    Form(StatusCode, &'static str, &'static str),
}

impl From<ServiceError> for Trouble {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<MultipartError> for Trouble {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            _ => Self::broken(),
        }
    }
}

impl Trouble {
    const fn too_large() -> Self {
        Self::Form(
            StatusCode::PAYLOAD_TOO_LARGE,
            "upload_too_large",
            "文件超过大小上限。请按月份分成几个文件导出后再上传。",
        )
    }

    const fn broken() -> Self {
        Self::Form(StatusCode::BAD_REQUEST, "upload_broken", "文件没有传完。请检查网络后重新上传。")
    }

    const fn no_file() -> Self {
        Self::Form(StatusCode::UNPROCESSABLE_ENTITY, "upload_missing", "没有选择文件。请选择要导入的文件再上传。")
    }
}

/// Takes a file. A browser is sent on to the upload's page; a program is told the upload's id.
async fn answer(
    State(app): State<App>,
    desk: Option<Desk>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Response {
    let accepts_page =
        headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"));
    let desk = desk.filter(|_| accepts_page && cookie::bearer_of(&headers).is_none());
    match (receive(&app, &headers, form).await, desk) {
        (Ok(row), Some(_)) => Redirect::to(&format!("{PATH}/{}", row.id)).into_response(),
        (Ok(row), None) => {
            (StatusCode::CREATED, Json(json!({ "upload": format!("upload:{}", row.id) }))).into_response()
        }
        (Err(trouble), desk) => {
            let (status, code, message) = told(trouble);
            match desk {
                Some(desk) => console::upload_refused(&desk, &headers, status, &message).await,
                None => error_response(status, &code, &message),
            }
        }
    }
}

async fn receive(
    app: &App,
    headers: &HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<UploadRow, Trouble> {
    // Who may not upload is told so before a byte of the file is taken.
    let session = session(app, headers).await?;
    if session.viewer.actor == Actor::Public {
        let refusal = huiyin_domain::access::Refusal::SignInRequired;
        return Err(ServiceError::from(refusal).into());
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > app.service().max_upload_bytes().saturating_add(AROUND)) {
        return Err(Trouble::too_large());
    }
    let mut form = form.map_err(|_| {
        Trouble::Form(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_type", "请用表单上传文件（multipart/form-data）。")
    })?;
    while let Some(mut field) = in_time(form.next_field()).await? {
        let (Some(FIELD), Some(name)) = (field.name(), field.file_name()) else { continue };
        // A browser sends the field without a name when nothing was chosen.
        if name.is_empty() {
            return Err(Trouble::no_file());
        }
        let mut spooling = app.service().begin_upload(&session.viewer.actor, name).await?;
        while let Some(chunk) = in_time(field.chunk()).await? {
            spooling.write(chunk).await?;
        }
        return Ok(app.service().finish_upload(spooling).await?);
    }
    Err(Trouble::no_file())
}

/// A sender that falls silent is not waited for.
async fn in_time<T>(piece: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Trouble> {
    match tokio::time::timeout(PATIENCE, piece).await {
        Ok(piece) => Ok(piece?),
        Err(_) => Err(Trouble::broken()),
    }
}

fn told(trouble: Trouble) -> (StatusCode, String, String) {
    match trouble {
        Trouble::Form(status, code, message) => (status, code.to_owned(), message.to_owned()),
        Trouble::Service(ServiceError::File(refusal)) => {
            (StatusCode::UNPROCESSABLE_ENTITY, refusal.code.as_str().to_owned(), refusal.to_string())
        }
        Trouble::Service(error) => {
            let ApiError { code, message, .. } = error.into();
            (status_of(code), code.to_owned(), message)
        }
    }
}
