//! The layer around all staff pages that makes a page of an error: what happened in words, a way out, and the number that
//! finds the line in the log.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::Response;
use serde::Serialize;

use super::flash::{Flash, see_other};
use super::frame::Frame;
use super::visit::{Context, Visit, setting, way_back};
use super::{Desk, sign_in};
use crate::page::{PageError, respond};

#[derive(Serialize)]
struct Own {
    heading: &'static str,
    advice: String,
    number: String,
    /// Whether trying again may help.
    again: bool,
}

/// Answers with a page where a page could not be made.
pub(super) async fn own_up(State(desk): State<Desk>, request: Request, next: Next) -> Response {
    let (method, uri, headers) = (request.method().clone(), request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let error = match response.extensions().get::<Arc<PageError>>() {
        Some(error) => error.clone(),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            if let Some(page) = page_of(&method, &uri) {
                return see_other(page);
            }
            Arc::new(PageError::Address("这个地址不能直接打开，请从页面上的按钮操作。"))
        }
        None => return response,
    };
    let Some(to) = elsewhere(&error, &method, &uri) else { return tell(&desk, &headers, &uri, &error).await };
    let mut response = if headers.contains_key("hx-request") {
        let mut response = Response::default();
        let to = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/sign-in"));
        response.headers_mut().insert("hx-redirect", to);
        response
    } else {
        see_other(&to)
    };
    if error.status() == StatusCode::UNAUTHORIZED && !method.is_safe() {
        Flash::refused("登录已过期，刚才填写的内容没有保存。").travel(&mut response, desk.secure_cookies());
    }
    response
}

/// The page with the form that is sent to this address. The address itself is opened all the same: by what leads back to
/// the page that answered a form (the size of text, trying again), and by Enter in the browser's address line.
fn page_of<'a>(method: &Method, uri: &'a Uri) -> Option<&'a str> {
    let (page, _) = uri.path().rsplit_once('/')?;
    (method.is_safe() && page.starts_with("/desk")).then_some(page)
}

/// Where the visitor has to go first.
fn elsewhere(error: &PageError, method: &Method, uri: &Uri) -> Option<String> {
    let PageError::Schema { code, .. } = error else { return None };
    match code.as_str() {
        "sign_in_required" => Some(sign_in::address(&way_back(method, uri))),
        "password_change_required" if uri.path() != sign_in::OWN => Some(sign_in::OWN.to_owned()),
        _ => None,
    }
}

pub(super) async fn tell(desk: &Desk, headers: &HeaderMap, uri: &Uri, error: &PageError) -> Response {
    let number = error.log();
    let status = error.status();
    let (heading, advice) = words(status);
    let advice = error.told().unwrap_or(advice).to_owned();
    let own = Own { heading, advice, number: number.clone(), again: status.is_server_error() };
    // In the frame where that can still be made, else on a page of its own.
    let setting = setting(headers, uri);
    let flashed = setting.flash.is_some();
    let frame = match Visit::of(desk, headers, uri).await {
        Ok(Some(visit)) => Frame::whole(desk, visit.session(), setting.clone(), None).await.ok(),
        _ => None,
    };
    let frame = frame.unwrap_or_else(|| Frame::plain(desk, setting));
    let html = desk.render("console/failure.html", &Context { desk: &frame, own });
    let mut response = respond::staff_page(status, html.unwrap_or_else(|_| format!("错误编号：{number}")));
    if flashed {
        Flash::forget(&mut response, desk.secure_cookies());
    }
    response
}

/// What is said where the error itself says nothing to the visitor.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("没有找到", "没有这个页面，或者您无权查看。请核对网址，或从左边的目录进入。"),
        StatusCode::FORBIDDEN => ("无权查看", "您的角色没有这一页的权限。需要时请联系安全管理员调整。"),
        StatusCode::BAD_REQUEST => ("网址有误", "网址里的条件看不懂。请从目录重新进入。"),
        StatusCode::SERVICE_UNAVAILABLE => ("暂时打不开", "数据库或搜索暂时不可用，您填的内容没有保存。请稍后重试。"),
        _ => ("系统出错了", "不是您的操作有误。请稍后重试；仍不行时，请把错误编号告诉系统管理员。"),
    }
}
