//! The pages and their addresses.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use axum::routing::get;
use huiyin_domain::publication::YearMonth;
use serde::Serialize;

use super::view::{HotAnswer, Issue, ListedMonth, MonthsAnswer, Page};
use super::{ASSETS, TEMPLATES, progress, write};
use crate::api::{Api, Session};
use crate::page::{self, Assets, PageError, Site, Templates, respond};

pub(super) const HOT: &str = include_str!("../../graphql/pages/hot.graphql");
pub(super) const MONTHS: &str = include_str!("../../graphql/pages/months.graphql");

/// What links end in while the visitor reads in large text.
pub(super) const LARGE: &str = "?text=large";

/// Everything a page needs besides the request.
pub(super) struct Portal {
    pub(super) api: Api,
    site: Site,
    templates: Templates,
}

pub(super) type Shared = State<Arc<Portal>>;

/// The public pages at `/`, `/hot`, `/hot/YYYY-MM`, `/write` and `/progress`, their stylesheet, and the page for every
/// address that is not there.
pub fn router(api: Api, site: Site) -> Result<Router, PageError> {
    let assets = Assets::new(ASSETS);
    let service = api.service().clone();
    let templates = Templates::new(TEMPLATES, &assets, move || service.now())?;
    let portal = Portal { api, site, templates };
    Ok(Router::new()
        .route("/", get(home))
        .route("/hot", get(months))
        .route("/hot/{month}", get(hot))
        .merge(write::routes())
        .route("/progress", get(progress::show).post(progress::look_up))
        .merge(assets.routes())
        .fallback(not_there)
        .with_state(Arc::new(portal)))
}

/// A request as far as pages look at it.
pub(super) struct Visit {
    page: Page,
    headers: HeaderMap,
}

/// What a page made of a request.
pub(super) struct Made {
    status: StatusCode,
    html: String,
    last_modified: Option<String>,
    /// Whether it is kept nowhere, since it shows what somebody wrote.
    unkept: bool,
}

impl Made {
    /// A page that is kept nowhere.
    pub(super) const fn unkept(status: StatusCode, html: String) -> Self {
        Self { status, html, last_modified: None, unkept: true }
    }

    const fn new(html: String) -> Self {
        Self { status: StatusCode::OK, html, last_modified: None, unkept: false }
    }
}

/// A template's values: the page's own beside what all have.
#[derive(Serialize)]
pub(super) struct Context<'a, T> {
    pub(super) site: &'a Site,
    pub(super) page: &'a Page,
    #[serde(flatten)]
    pub(super) own: T,
}

#[derive(Serialize)]
struct MonthsOwn {
    months: Vec<ListedMonth>,
}

#[derive(Serialize)]
pub(super) struct HotOwn {
    pub(super) issue: Issue,
}

#[derive(Serialize)]
struct MissingOwn {
    heading: String,
    advice: &'static str,
    months: Vec<ListedMonth>,
}

#[derive(Serialize)]
struct FailureOwn {
    number: String,
}

impl Portal {
    pub(super) async fn visit(&self, uri: &Uri, query: Option<&str>, headers: HeaderMap) -> Visit {
        let large = query.is_some_and(|query| query.split('&').any(|part| part == "text=large"));
        let query = if large { LARGE } else { "" };
        // Where the boxes cannot be read, the page is still shown; asking for the form tells what is the matter.
        let writes = self.api.service().letterboxes().await.is_ok_and(|boxes| !boxes.is_empty());
        let follows = self.api.service().has_letterboxes().unwrap_or_default();
        let page = Page { path: uri.path().to_owned(), query, large, preview: None, writes, follows };
        Visit { page, headers }
    }

    pub(super) fn render(&self, template: &str, visit: &Visit, own: impl Serialize) -> Result<String, PageError> {
        self.templates.render(template, &Context { site: &self.site, page: &visit.page, own })
    }

    async fn months(&self) -> Result<Vec<ListedMonth>, PageError> {
        let answer: MonthsAnswer = page::read(&self.api, Session::PUBLIC, MONTHS, serde_json::Value::Null).await?;
        Ok(answer.into())
    }

    /// Sends what was made, or the page that owns up to an accident.
    pub(super) fn send(&self, visit: &Visit, made: Result<Made, PageError>) -> Response {
        match made {
            Ok(made) if made.unkept => respond::unkept_page(made.status, made.html),
            Ok(made) => respond::page(&visit.headers, made.status, made.html, made.last_modified.as_deref()),
            Err(error) => self.fail(visit, &error),
        }
    }

    fn fail(&self, visit: &Visit, error: &PageError) -> Response {
        let number = error.log();
        let own = FailureOwn { number: number.clone() };
        // Should the error page itself fail, its number is still told.
        let html = self.render("portal/failure.html", visit, own).unwrap_or_else(|_| format!("错误编号：{number}"));
        respond::page(&visit.headers, error.status(), html, None)
    }

    async fn make_home(&self, visit: &Visit) -> Result<Made, PageError> {
        let own = MonthsOwn { months: self.months().await? };
        Ok(Made::new(self.render("portal/home.html", visit, own)?))
    }

    async fn make_months(&self, visit: &Visit) -> Result<Made, PageError> {
        let own = MonthsOwn { months: self.months().await? };
        Ok(Made::new(self.render("portal/months.html", visit, own)?))
    }

    async fn make_hot(&self, visit: &Visit, month: &str) -> Result<Made, PageError> {
        let Ok(month) = month.parse::<YearMonth>() else {
            return self.make_missing(visit, "没有这个月份".to_owned()).await;
        };
        let variables = serde_json::json!({ "month": month.to_string() });
        let answer: HotAnswer = page::read(&self.api, Session::PUBLIC, HOT, variables).await?;
        let Some(issue) = answer.issue else {
            return self.make_missing(visit, format!("{}年{}月没有热点咨询", month.year(), month.month())).await;
        };
        let last_modified = respond::http_date(&issue.updated_at);
        let html = self.render("portal/hot.html", visit, HotOwn { issue: issue.into() })?;
        Ok(Made { last_modified, ..Made::new(html) })
    }

    pub(super) async fn make_missing(&self, visit: &Visit, heading: String) -> Result<Made, PageError> {
        let months = self.months().await?;
        let advice = if months.is_empty() {
            "这里还没有发布过热点咨询。第一期发布后，可以从首页打开。"
        } else {
            "这一页没有发布，或者已经撤回。请核对网址，或从下面的月份里选一个。"
        };
        let html = self.render("portal/missing.html", visit, MissingOwn { heading, advice, months })?;
        Ok(Made { status: StatusCode::NOT_FOUND, ..Made::new(html) })
    }
}

async fn home(State(portal): Shared, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = portal.make_home(&visit).await;
    portal.send(&visit, made)
}

async fn months(State(portal): Shared, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = portal.make_months(&visit).await;
    portal.send(&visit, made)
}

async fn hot(
    State(portal): Shared,
    Path(month): Path<String>,
    uri: Uri,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = portal.make_hot(&visit, &month).await;
    portal.send(&visit, made)
}

async fn not_there(State(portal): Shared, uri: Uri, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let visit = portal.visit(&uri, query.as_deref(), headers).await;
    let made = portal.make_missing(&visit, "没有找到这一页".to_owned()).await;
    portal.send(&visit, made)
}
