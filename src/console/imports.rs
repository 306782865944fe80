//! `/desk/imports`: files uploaded and pulls; one upload from its preview to its statement. The file itself comes in beside
//! the pages, piece by piece: see `http::upload`.

use axum::Router;
use axum::extract::{Path, RawQuery};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::Response;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::flash::see_other;
use super::import_preview::Preview;
use super::{Desk, Flash, Form, Visit, bare, failure, held, sign_in};
use crate::page::PageError;

pub(super) const LIST: &str = include_str!("../../graphql/pages/desk-imports.graphql");
pub(super) const ONE: &str = include_str!("../../graphql/pages/desk-import.graphql");
pub(super) const PREVIEW: &str = include_str!("../../graphql/pages/desk-import-preview.graphql");
pub(super) const CONFIRM: &str = include_str!("../../graphql/pages/desk-import-confirm.graphql");
pub(super) const DISCARD: &str = include_str!("../../graphql/pages/desk-import-discard.graphql");

/// Where the list stands.
const PATH: &str = "/desk/imports";
/// Rows of each list.
const PAGE: i32 = 20;
/// Held rows shown below a statement.
const HELD: i32 = 10;
/// The states in which a file waits for somebody.
const WAITS: [&str; 3] = ["uploaded", "failed", "interrupted"];
/// The states in which it is being imported.
const RUNS: [&str; 2] = ["queued", "importing"];
/// Reasons for which there is no preview, though the page is there.
const NO_PREVIEW: [&str; 3] = ["upload_gone", "upload_stage", "connector_unknown"];

/// The routes of these pages.
pub(super) fn routes() -> Router<Desk> {
    Router::new()
        .route(PATH, get(list))
        .route("/desk/imports/{id}", get(show))
        .route("/desk/imports/{id}/confirm", post(confirm))
        .route("/desk/imports/{id}/discard", post(discard))
}

#[derive(Deserialize)]
struct Lists {
    uploads: Edges,
    pulls: Edges,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Edges {
    page_info: PageInfo,
    edges: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl Edges {
    fn next(&self) -> Option<&str> {
        self.page_info.end_cursor.as_deref().filter(|_| self.page_info.has_next_page)
    }
}

#[derive(Serialize)]
struct Listed {
    form: Form,
    uploads: Value,
    pulls: Value,
    /// The largest file that is taken, in MiB.
    largest: u64,
    more_uploads: Option<String>,
    more_pulls: Option<String>,
    first_page: Option<&'static str>,
}

/// `GET /desk/imports?uploads=…&pulls=…`: a cursor for each list.
async fn list(visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    listed(&visit, Form::parse(query.unwrap_or_default().as_bytes()), StatusCode::OK).await
}

async fn listed(visit: &Visit, form: Form, status: StatusCode) -> Result<Response, PageError> {
    let variables = json!({ "first": PAGE, "uploads": form.given("uploads"), "pulls": form.given("pulls") });
    let lists: Lists = visit.read(LIST, variables).await?;
    let address = |uploads: Option<&str>, pulls: Option<&str>| {
        let pairs = [("uploads", uploads), ("pulls", pulls)];
        let pairs = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        format!("{PATH}?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish())
    };
    let own = Listed {
        largest: visit.service().max_upload_bytes() >> 20,
        more_uploads: lists.uploads.next().map(|next| address(Some(next), form.given("pulls"))),
        more_pulls: lists.pulls.next().map(|next| address(form.given("uploads"), Some(next))),
        first_page: (form.given("uploads").is_some() || form.given("pulls").is_some()).then_some(PATH),
        uploads: lists.uploads.edges,
        pulls: lists.pulls.edges,
        form,
    };
    visit.page_with(status, "console/imports.html", own).await
}

/// The list once more for a browser whose file was not taken, with the reason beside the field.
pub async fn upload_refused(desk: &Desk, headers: &HeaderMap, status: StatusCode, message: &str) -> Response {
    let uri = Uri::from_static(PATH);
    let shown = match Visit::of(desk, headers, &uri).await {
        Ok(Some(visit)) => {
            let mut form = Form::default();
            form.wrong("file", message);
            listed(&visit, form, status).await
        }
        Ok(None) => return see_other(&sign_in::address(&super::visit::way_back(&Method::GET, &uri))),
        Err(error) => Err(error),
    };
    match shown {
        Ok(response) => response,
        Err(error) => failure::tell(desk, headers, &uri, &error).await,
    }
}

#[derive(Deserialize)]
struct Answer {
    upload: Option<Value>,
}

#[derive(Serialize)]
struct Own {
    form: Form,
    upload: Value,
    /// The id within addresses.
    id: String,
    kind: &'static str,
    size: String,
    running: bool,
    preview: Option<Preview>,
    /// Why there is no preview.
    no_preview: Option<String>,
    /// The id of its pull within addresses.
    pull: Option<String>,
    held: Value,
}

/// `GET /desk/imports/{id}?connector=…`
async fn show(visit: Visit, Path(id): Path<String>, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    let own = one(&visit, id, Form::parse(query.unwrap_or_default().as_bytes())).await?;
    visit.page("console/import.html", own).await
}

async fn one(visit: &Visit, id: String, form: Form) -> Result<Own, PageError> {
    let node = format!("upload:{id}");
    let answer: Answer = visit.read(ONE, json!({ "upload": node })).await?;
    let upload = answer.upload.ok_or(PageError::Missing("没有这个上传的文件。请从“导入与对账”进入。"))?;
    let text = |pointer: &str| upload.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let state = text("/state/code");
    let chosen = form.given("connector");
    let (mut preview, mut no_preview) = (None, None);
    if WAITS.contains(&state) {
        // Once more with what it was read with before, unless another was chosen.
        let connector = chosen.or(upload.pointer("/connector").and_then(Value::as_str));
        match Preview::read(visit, &node, connector).await {
            Ok(read) => preview = read,
            Err(PageError::Schema { code, message, .. }) if NO_PREVIEW.contains(&code.as_str()) => {
                no_preview = Some(message);
            }
            Err(error) => return Err(error),
        }
    }
    let pull = Some(text("/statement/id")).filter(|pull| !pull.is_empty());
    let is_open = upload.pointer("/statement/openHeld").and_then(Value::as_i64).is_some_and(|open| open > 0);
    let held = match pull.filter(|_| is_open) {
        Some(pull) => held::open_rows(visit, pull, HELD).await?,
        None => json!([]),
    };
    Ok(Own {
        kind: kind(text("/fileKind")),
        size: size(upload.pointer("/fileBytes").and_then(Value::as_i64).unwrap_or(0)),
        running: RUNS.contains(&state),
        pull: pull.map(|pull| bare(pull).to_owned()),
        form,
        id,
        preview,
        no_preview,
        held,
        upload,
    })
}

/// `POST /desk/imports/{id}/confirm`: `connector`.
async fn confirm(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    let variables = json!({ "upload": format!("upload:{id}"), "connector": form.get("connector") });
    match visit.act::<Value>(CONFIRM, variables).await? {
        Ok(_) => Ok(visit.go(&format!("{PATH}/{id}"), &Flash::done("已开始导入。可以离开这一页，导入会继续。"))),
        Err(refused) => {
            form.refuse(&refused, &[("connector_unknown", "connector")]);
            visit.refused("console/import.html", one(&visit, id, form).await?).await
        }
    }
}

/// `POST /desk/imports/{id}/discard`
async fn discard(visit: Visit, Path(id): Path<String>, mut form: Form) -> Result<Response, PageError> {
    match visit.act::<Value>(DISCARD, json!({ "upload": format!("upload:{id}") })).await? {
        Ok(_) => Ok(visit.go(PATH, &Flash::done("已放弃这个文件，文件内容已删除。"))),
        Err(refused) => {
            form.refuse(&refused, &[]);
            visit.refused("console/import.html", one(&visit, id, form).await?).await
        }
    }
}

fn kind(code: &str) -> &'static str {
    match code {
        "xlsx" => "xlsx 工作簿",
        "xls" => "xls 工作簿（旧格式）",
        "ods" => "ods 工作簿",
        _ => "文本表格（csv、tsv）",
    }
}

/// A size as people say it.
fn size(bytes: i64) -> String {
    const KIB: i64 = 1 << 10;
    const MIB: i64 = 1 << 20;
    match bytes {
        ..KIB => format!("{bytes} 字节"),
        KIB..MIB => format!("{}\u{2009}KB", (bytes + KIB / 2) / KIB),
        _ => format!("{}.{}\u{2009}MB", bytes / MIB, bytes % MIB * 10 / MIB),
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_told_as_people_say_them() {
        for (bytes, told) in [
            (0, "0 字节"),
            (1_023, "1023 字节"),
            (1_024, "1\u{2009}KB"),
            (5_000, "5\u{2009}KB"),
            (3_600_000, "3.4\u{2009}MB"),
        ] {
            assert_eq!(size(bytes), told);
        }
    }
}
