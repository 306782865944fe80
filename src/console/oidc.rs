//! Signing in through an identity provider: out to it, and back.

use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;

use super::flash::{append_cookie, see_other};
use super::sign_in::{address, begin, client_of, local_path};
use super::{Desk, Flash, Form};
use crate::api::{cookie, error_number};
use crate::identity::{ATTEMPT_SECONDS, Attempt, CALLBACK, IdentityError, Provider, Returned};
use crate::page::PageError;
use crate::service::ServiceError;
use crate::telemetry;

/// Where an attempt begins.
pub(super) const START: &str = "/sign-in/oidc";
/// The cookie an attempt travels in.
const NAME: &str = "huiyin_attempt";

/// The two addresses; with no provider there is nothing at either.
pub(super) fn routes() -> Router<Desk> {
    Router::new().route(START, get(leave)).route(CALLBACK, get(come_back))
}

/// `GET /sign-in/oidc?next=/desk/…`
async fn leave(State(desk): State<Desk>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let provider = provider(&desk)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let next = local_path(query.get("next"));
    let begun = match provider.begin(next, desk.service().now()).await {
        Ok((to, attempt)) => provider.seal(&attempt).map(|sealed| (to, sealed)),
        Err(error) => Err(error),
    };
    Ok(match begun {
        Ok((to, sealed)) => {
            let mut response = see_other(&to);
            append_cookie(&mut response, &keep(&sealed, ATTEMPT_SECONDS, desk.secure_cookies()));
            response
        }
        Err(error) => failed(&desk, provider, &error, next),
    })
}

/// `GET /sign-in/oidc/callback?code=…&state=…`
async fn come_back(
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, PageError> {
    let provider = provider(&desk)?;
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let kept = cookie::read(&headers, NAME).unwrap_or_default();
    let attempt = match provider.open(kept, desk.service().now()) {
        Ok(attempt) => attempt,
        Err(error) => return Ok(failed(&desk, provider, &error, "")),
    };
    let next = local_path(attempt.next());
    let returned = Returned { code: query.get("code"), state: query.get("state"), error: query.get("error") };
    let mut response = match vouched(&desk, provider, &attempt, returned, &headers).await {
        Ok(response) => response,
        // It may be the answer to an older attempt: the one under way goes on.
        Err(Failed::Identity(error @ IdentityError::Attempt)) => return Ok(failed(&desk, provider, &error, next)),
        Err(Failed::Identity(error)) => failed(&desk, provider, &error, next),
        Err(Failed::Service(ServiceError::Refused(refusal))) => {
            let number = error_number();
            tracing::info!(error.number = %number, error.code = refusal.code, "an identity has no place here");
            tell(&desk, &refusal.message, &number, next)
        }
        Err(Failed::Service(error)) => return Err(error.into()),
    };
    append_cookie(&mut response, &keep("", 0, desk.secure_cookies()));
    Ok(response)
}

/// Why nobody was signed in.
enum Failed {
    Identity(IdentityError),
    Service(ServiceError),
}

async fn vouched(
    desk: &Desk,
    provider: &Provider,
    attempt: &Attempt,
    returned: Returned<'_>,
    headers: &HeaderMap,
) -> Result<Response, Failed> {
    let now = desk.service().now();
    let login = provider.finish(attempt, returned, now).await.map_err(Failed::Identity)?;
    let signed_in = desk.service().sign_in_vouched(&login, client_of(headers)).await.map_err(Failed::Service)?;
    Ok(begin(desk, headers, &signed_in, local_path(attempt.next())).await)
}

fn provider(desk: &Desk) -> Result<&Provider, PageError> {
    desk.provider().ok_or(PageError::Missing("这里没有启用统一身份认证。请从登录页用登录名和密码登录。"))
}

/// Back to the sign-in page, which says what happened; the number finds the line in the log.
fn failed(desk: &Desk, provider: &Provider, error: &IdentityError, next: &str) -> Response {
    let number = error_number();
    let causes = telemetry::chain(error);
    if matches!(error, IdentityError::Attempt) {
        tracing::info!(error.number = %number, error = %causes, "an attempt to sign in is over");
    } else {
        tracing::warn!(error.number = %number, error = %causes, "signing in through the identity provider failed");
    }
    tell(desk, &words(provider.name(), error), &number, next)
}

fn tell(desk: &Desk, words: &str, number: &str, next: &str) -> Response {
    let flash = Flash::refused(format!("{words}（错误编号 {number}）"));
    flash.and_go(&address(local_path(next)), desk.secure_cookies())
}

/// What is said to the person, with what to do next.
fn words(name: &str, error: &IdentityError) -> String {
    match error {
        IdentityError::Unreachable(_) | IdentityError::Answer(_) | IdentityError::Setting(_) => {
            format!("“{name}”暂时用不了。请用登录名和密码登录，或稍后重试。")
        }
        IdentityError::Refused(_) => format!("“{name}”没有放行这次登录。请重试，或用登录名和密码登录。"),
        IdentityError::Attempt => format!("这次登录已经过期或已经用过。请重新点“{name}”。"),
        IdentityError::Token(_) => {
            format!("“{name}”给出的凭据没有通过核验，没有登录。请重试；仍不行时，请把错误编号告诉系统管理员。")
        }
        IdentityError::Claim => {
            format!("“{name}”没有给出登录名。请用登录名和密码登录，并把错误编号告诉系统管理员。")
        }
        IdentityError::Entropy(_) => "系统出错了。请稍后重试；仍不行时，请把错误编号告诉系统管理员。".to_owned(),
    }
}

/// A cookie for these two addresses only. It has to come along when the provider sends the browser back, so it is `Lax`.
fn keep(sealed: &str, seconds: i64, secure: bool) -> String {
    cookie::write(NAME, sealed, START, seconds, secure)
}
