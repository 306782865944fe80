//! Signing in and out.

use axum::extract::{RawQuery, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use serde::Serialize;

use super::flash::{append_cookie, see_other};
use super::frame::Frame;
use super::visit::{Context, setting};
use super::{Desk, Flash, Form};
use crate::api::cookie;
use crate::page::{PageError, Refused, respond};
use crate::service::ServiceError;
use crate::service::account::{Client, SESSION_SECONDS, SignIn, SignedIn};

/// Where to go when nothing else is asked for.
const HOME: &str = "/desk";
/// Where a password is changed: whoever has to change it can open nothing else.
pub(super) const OWN: &str = "/desk/me";
/// Which field a refusal is about.
const FIELDS: &[(&str, &str)] = &[("second_factor_required", "code"), ("second_factor_wrong", "code")];

#[derive(Serialize)]
struct Own {
    form: Form,
    /// Where to go afterwards.
    next: String,
    /// Whether the password was right and the second factor is asked for.
    second_factor: bool,
    /// The identity provider people may sign in through instead.
    provider: Option<Offer>,
}

/// Another way to sign in.
#[derive(Serialize)]
struct Offer {
    name: String,
    href: String,
}

impl Own {
    fn new(desk: &Desk, form: Form, next: String, second_factor: bool) -> Self {
        let provider = offer(desk, &next);
        Self { form, next, second_factor, provider }
    }
}

#[cfg(feature = "oidc")]
fn offer(desk: &Desk, next: &str) -> Option<Offer> {
    let name = desk.provider()?.name().to_owned();
    Some(Offer { name, href: with_next(super::oidc::START, next) })
}

/// Built without it, there is none.
#[cfg(not(feature = "oidc"))]
fn offer(_: &Desk, _: &str) -> Option<Offer> {
    None
}

/// `GET /sign-in?next=/desk/…`
pub(super) async fn show(
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, PageError> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let next = local_path(query.get("next")).to_owned();
    if let Some(token) = cookie::cookie_of(&headers)
        && desk.service().authenticate(token).await?.is_some()
    {
        return Ok(see_other(&next));
    }
    let own = Own::new(&desk, Form::default(), next, false);
    page(&desk, &headers, &uri, StatusCode::OK, own)
}

/// `POST /sign-in`
pub(super) async fn sign_in(
    State(desk): State<Desk>,
    headers: HeaderMap,
    uri: Uri,
    mut form: Form,
) -> Result<Response, PageError> {
    form.demand("login", "请填写登录名。");
    if form.raw("password").is_empty() {
        form.wrong("password", "请填写密码。");
    }
    let next = local_path(form.get("next")).to_owned();
    // Who was asked for a code goes on being asked, whatever is wrong this time.
    let mut second_factor = !form.get("code").is_empty();
    if form.is_fine() {
        match desk.service().sign_in_with(shown(&form, &headers)).await {
            Ok(signed_in) => return Ok(begin(&desk, &headers, &signed_in, &next).await),
            Err(ServiceError::Refused(refusal)) => {
                second_factor |= refusal.code.starts_with("second_factor");
                let refused = Refused { code: refusal.code.to_owned(), message: refusal.message };
                form.refuse(&refused, FIELDS);
            }
            Err(error) => return Err(error.into()),
        }
    }
    form.forget("password");
    form.forget("code");
    page(&desk, &headers, &uri, StatusCode::UNPROCESSABLE_ENTITY, Own::new(&desk, form, next, second_factor))
}

fn shown(form: &Form, headers: &HeaderMap) -> SignIn {
    let code = form.get("code");
    SignIn {
        login: form.get("login").to_owned(),
        password: form.raw("password").to_owned(),
        code: (!code.is_empty()).then(|| code.to_owned()),
        client: client_of(headers),
    }
}

/// What the request was sent by.
pub(super) fn client_of(headers: &HeaderMap) -> Client {
    let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    Client::of_user_agent(agent.unwrap_or_default())
}

/// Hands the new session to the browser and leads on: to the password first, if that has to be changed.
pub(super) async fn begin(desk: &Desk, headers: &HeaderMap, signed_in: &SignedIn, next: &str) -> Response {
    end_former(desk, headers).await;
    let must_change = signed_in.viewer.account.as_ref().is_some_and(|account| account.must_change);
    let mut response = see_other(if must_change { OWN } else { next });
    append_cookie(&mut response, &cookie::set(&signed_in.token, SESSION_SECONDS, desk.secure_cookies()));
    response
}

/// Whoever signs in at a desk where somebody sat before ends that session.
async fn end_former(desk: &Desk, headers: &HeaderMap) {
    if let Some(token) = cookie::cookie_of(headers)
        && let Err(error) = desk.service().sign_out(token).await
    {
        // The new session is what was asked for; the old one ends by itself.
        tracing::warn!(error = %crate::telemetry::chain(&error), "the former session could not be ended");
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(State(desk): State<Desk>, headers: HeaderMap) -> Result<Response, PageError> {
    if let Some(token) = cookie::cookie_of(&headers) {
        desk.service().sign_out(token).await?;
    }
    let mut response = Flash::done("已退出登录。").and_go("/sign-in", desk.secure_cookies());
    append_cookie(&mut response, &cookie::clear(desk.secure_cookies()));
    Ok(response)
}

fn page(desk: &Desk, headers: &HeaderMap, uri: &Uri, status: StatusCode, own: Own) -> Result<Response, PageError> {
    let setting = setting(headers, uri);
    let flashed = setting.flash.is_some();
    let frame = Frame::plain(desk, setting);
    let mut response =
        respond::staff_page(status, desk.render("console/sign_in.html", &Context { desk: &frame, own })?);
    if flashed {
        Flash::forget(&mut response, desk.secure_cookies());
    }
    Ok(response)
}

/// The sign-in page that leads on to this address.
pub(super) fn address(next: &str) -> String {
    with_next("/sign-in", next)
}

fn with_next(path: &str, next: &str) -> String {
    if next == HOME {
        return path.to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
    format!("{path}?{query}")
}

/// The address, if it is a path on this site; else the home page. A browser reads `//host` and `/\host` as another site,
/// and drops tabs and line breaks before it reads.
pub fn local_path(text: &str) -> &str {
    let local = text.starts_with('/') && !text.starts_with("//");
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if local && plain { text } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_stays_on_the_site() {
        for stays in ["/desk", "/desk/items?stage=received&unit=unit%3A1", "/desk/items/5#reply"] {
            assert_eq!(local_path(stays), stays);
        }
        for leaves in [
            "",
            "desk",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            "/desk\r\nset-cookie: a=b",
            "\\\\evil.example",
            "/回音",
        ] {
            assert_eq!(local_path(leaves), HOME, "{leaves:?}");
        }
    }

    #[test]
    fn the_way_back_is_encoded() {
        assert_eq!(address("/desk"), "/sign-in");
        assert_eq!(address("/desk/items?a=b&c=d"), "/sign-in?next=%2Fdesk%2Fitems%3Fa%3Db%26c%3Dd");
    }
}
