//! Somebody who signed in looks at a page.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use huiyin_domain::access::{self, Actor};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{Frame, Setting, Waiting};
use super::{Desk, Flash, me, text_size};
use crate::api::{Session, cookie};
use crate::page::{self, PageError, Refused, respond};
use crate::service::Service;

/// The parts of pages that ask for themselves, again and again, while something runs; by their ids.
const ASKING: [&str; 3] = ["check", "import", "reading"];

/// A request of somebody who signed in. Everybody else is sent to the sign-in page and back.
#[derive(Clone)]
pub struct Visit {
    desk: Desk,
    session: Session,
    setting: Setting,
}

/// A template's values: the page's own beside the frame.
#[derive(Serialize)]
pub(super) struct Context<'a, T> {
    pub(super) desk: &'a Frame,
    #[serde(flatten)]
    pub(super) own: T,
}

impl Visit {
    /// Who looks.
    pub const fn actor(&self) -> &Actor {
        &self.session.viewer.actor
    }

    /// Their session, for what is asked of the schema directly.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The use cases, for what is no page: files, live news.
    pub fn service(&self) -> &Service {
        self.desk.service()
    }

    /// Waits, shortly, until a search finds what this person has just done: on the page after an act.
    pub async fn settle(&self) -> Result<(), PageError> {
        if let Some(position) = self.setting.position.filter(|_| self.setting.flash.is_some()) {
            self.service().wait_for_index(position).await?;
        }
        Ok(())
    }

    /// Whether htmx asks for the main part only.
    pub const fn is_partial(&self) -> bool {
        self.setting.partial
    }

    /// Executes a query document as the viewer. An error of the schema becomes the error page: forbidden, not found, or an
    /// accident with its number.
    pub async fn read<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: serde_json::Value,
    ) -> Result<T, PageError> {
        page::read(self.desk.api(), self.session.clone(), document, variables).await
    }

    /// Executes a mutation document as the viewer; a refusal is data, to be shown beside the field.
    pub async fn act<T: DeserializeOwned>(
        &self,
        document: &str,
        variables: serde_json::Value,
    ) -> Result<Result<T, Refused>, PageError> {
        page::act(self.desk.api(), self.session.clone(), document, variables).await
    }

    /// Renders a page.
    pub async fn page(&self, template: &str, own: impl Serialize) -> Result<Response, PageError> {
        self.page_with(StatusCode::OK, template, own).await
    }

    /// Renders a page that has read what waits for its viewer, which need not be counted once more for what surrounds it.
    pub(super) async fn page_counted(
        &self,
        template: &str,
        own: impl Serialize,
        counted: Option<Waiting>,
    ) -> Result<Response, PageError> {
        self.framed(StatusCode::OK, template, own, counted).await
    }

    /// Renders a page whose form was refused: what was typed is still there.
    pub async fn refused(&self, template: &str, own: impl Serialize) -> Result<Response, PageError> {
        self.page_with(StatusCode::UNPROCESSABLE_ENTITY, template, own).await
    }

    /// Renders a page with another status.
    pub async fn page_with(
        &self,
        status: StatusCode,
        template: &str,
        own: impl Serialize,
    ) -> Result<Response, PageError> {
        self.framed(status, template, own, None).await
    }

    async fn framed(
        &self,
        status: StatusCode,
        template: &str,
        own: impl Serialize,
        counted: Option<Waiting>,
    ) -> Result<Response, PageError> {
        let frame = Frame::whole(&self.desk, &self.session, self.setting.clone(), counted).await?;
        let html = self.desk.render(template, &Context { desk: &frame, own })?;
        let mut response = respond::staff_page(status, html);
        if self.setting.flash.is_some() {
            Flash::forget(&mut response, self.desk.secure_cookies());
        }
        Ok(response)
    }

    /// An issue as the public page would show it.
    pub(super) fn public_preview(
        &self,
        answer: serde_json::Value,
        back: &str,
        large: bool,
    ) -> Result<String, PageError> {
        self.desk.public_preview(answer, back, large)
    }

    /// Something was done: on to a page of this site, which shows the message. Nothing personal in either.
    pub fn go(&self, to: &str, flash: &Flash) -> Response {
        flash.and_go(to, self.desk.secure_cookies())
    }

    /// The visit a request makes, if its cookie is a valid session's.
    pub(super) async fn of(desk: &Desk, headers: &HeaderMap, uri: &Uri) -> Result<Option<Self>, PageError> {
        let Some(token) = cookie::cookie_of(headers) else { return Ok(None) };
        let viewer = if asks_by_itself(headers) {
            desk.service().still_signed_in(token).await?
        } else {
            desk.service().authenticate(token).await?
        };
        let Some(viewer) = viewer else { return Ok(None) };
        let session = Session { viewer, token: Some(token.to_owned()), secure_cookies: desk.secure_cookies() };
        let mut setting = setting(headers, uri);
        setting.position = Some(desk.service().ledger_position().await?);
        Ok(Some(Self { desk: desk.clone(), session, setting }))
    }
}

impl FromRequestParts<Desk> for Visit {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, desk: &Desk) -> Result<Self, PageError> {
        let visit = Self::of(desk, &parts.headers, &parts.uri).await?;
        if visit.as_ref().is_some_and(me::must_change) && parts.uri.path() != "/desk/me" {
            return Err(access::Refusal::PasswordChangeRequired.into());
        }
        visit.ok_or_else(|| PageError::Schema {
            code: "sign_in_required".to_owned(),
            message: "请先登录。".to_owned(),
            number: None,
        })
    }
}

/// What the request says of how the page is to look.
pub(super) fn setting(headers: &HeaderMap, uri: &Uri) -> Setting {
    let says = |name: &str| headers.get(name).is_some_and(|value| value == "true");
    Setting {
        address: address(uri),
        large: text_size::is_large(headers),
        flash: Flash::of(headers),
        position: None,
        partial: says("hx-request") && !says("hx-boosted") && !says("hx-history-restore-request"),
    }
}

/// Whether nobody asked but the page itself, which lies open: htmx names the part that does.
fn asks_by_itself(headers: &HeaderMap) -> bool {
    headers.get("hx-trigger").is_some_and(|part| ASKING.iter().any(|asking| part == asking))
}

/// The path with its query.
fn address(uri: &Uri) -> String {
    uri.path_and_query().map_or_else(|| uri.path().to_owned(), ToString::to_string)
}

/// Where somebody comes back to after signing in: the page itself if it was only to be read, else the page of the form,
/// which the form's own address leads to.
pub(super) fn way_back(method: &Method, uri: &Uri) -> String {
    match uri.path() {
        _ if method.is_safe() => address(uri),
        path if path.starts_with("/desk") => path.to_owned(),
        _ => "/desk".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::ASKING;
    use crate::console::TEMPLATES;

    #[test]
    fn every_part_that_asks_for_itself_is_known() {
        let tags = TEMPLATES.iter().flat_map(|(_, text)| text.split('<'));
        let asking = tags.filter(|tag| tag.contains("hx-trigger=\"every "));
        let id = |tag: &'static str| tag.split(" id=\"").nth(1).and_then(|rest| rest.split('"').next());
        let mut ids: Vec<&str> = asking.map(|tag| id(tag).unwrap()).collect();
        ids.sort_unstable();
        assert_eq!(ids, ASKING);
    }
}
