//! `POST /in/{source}`: messages that a platform sends by itself.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, BodyDataStream};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, post};
use futures_util::StreamExt as _;

use super::App;
use super::graphql::{error_response, status_of};
use crate::api::ApiError;
use crate::service::ServiceError;
use crate::service::push::{MAX_PUSH_BYTES, PushAnswer, PushRequest};

/// Where a source sends its messages.
pub(super) const PATH: &str = "/in/{source}";
/// Requests whose bodies are held in memory at once, of all sources.
const AT_ONCE: usize = 16;
/// How long the next piece of a body may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of a body that is too large is read and thrown away, so that its sender hears the answer.
const DRAINED: u64 = 64 << 20;
/// When to come back, in seconds.
const LATER: HeaderValue = HeaderValue::from_static("30");

/// Bodies that are held in memory.
pub(super) type Bodies = std::sync::Arc<tokio::sync::Semaphore>;

/// So many at once.
pub(super) fn bodies() -> Bodies {
    std::sync::Arc::new(tokio::sync::Semaphore::new(AT_ONCE))
}

/// The route.
pub(super) fn route() -> MethodRouter<App> {
    post(answer)
}

/// Answers 200 when every message was read, 202 when one or more wait for repair; both only when all is on disk.
async fn answer(State(app): State<App>, Path(source): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let Ok(_place) = app.bodies.try_acquire() else {
        return busy("同时的推送过多。请稍后用同一个键重试。");
    };
    let body = match read(body.into_data_stream()).await {
        Ok(body) => body,
        Err(refused) => return *refused,
    };
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request = PushRequest {
        source: &source,
        timestamp: text("x-huiyin-timestamp"),
        signature: text("x-huiyin-signature"),
        key: text("idempotency-key"),
        is_json: is_json(text(CONTENT_TYPE.as_str())),
        body: &body,
    };
    match app.service().push(request).await {
        Ok(taken) => told(taken),
        Err(error) => refused(error),
    }
}

fn told(taken: PushAnswer) -> Response {
    let status = if taken.held == 0 { StatusCode::OK } else { StatusCode::ACCEPTED };
    (status, Json(taken)).into_response()
}

fn refused(error: ServiceError) -> Response {
    let ApiError { code, message, .. } = error.into();
    let status = match code {
        "push_unauthorised" | "push_time" => StatusCode::UNAUTHORIZED,
        "push_too_large" => StatusCode::PAYLOAD_TOO_LARGE,
        "push_type" => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "push_key" | "push_body" => StatusCode::BAD_REQUEST,
        "push_conflict" => StatusCode::CONFLICT,
        "push_busy" => return busy(&message),
        other => status_of(other),
    };
    error_response(status, code, &message)
}

fn busy(message: &str) -> Response {
    let mut response = error_response(StatusCode::TOO_MANY_REQUESTS, "push_busy", message);
    response.headers_mut().insert(RETRY_AFTER, LATER);
    response
}

/// Whether a media type is JSON, whatever its parameters.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// The whole body. What is larger than any source may send is read to its end and thrown away.
async fn read(mut pieces: BodyDataStream) -> Result<Vec<u8>, Box<Response>> {
    let broken =
        || Box::new(error_response(StatusCode::BAD_REQUEST, "push_broken", "内容没有传完。请用同一个键重试。"));
    let (mut body, mut length) = (Vec::new(), 0_u64);
    loop {
        let Ok(piece) = tokio::time::timeout(PATIENCE, pieces.next()).await else { return Err(broken()) };
        let Some(piece) = piece else { break };
        let piece = piece.map_err(|_| broken())?;
        length = length.saturating_add(piece.len() as u64);
        if length > DRAINED {
            break;
        }
        if length <= MAX_PUSH_BYTES {
            body.extend_from_slice(&piece);
        } else {
            body = Vec::new();
        }
    }
    if length <= MAX_PUSH_BYTES {
        return Ok(body);
    }
    let message = format!("内容超过 {} MB。请分成几次推送。", MAX_PUSH_BYTES >> 20);
    Err(Box::new(error_response(StatusCode::PAYLOAD_TOO_LARGE, "push_too_large", &message)))
}
