//! `/desk/items/{number}`: one item, what may be done with it, and the same on paper.

mod acts;
mod change;
mod draft;
mod shown;
mod spent;

use axum::extract::{Path, RawQuery};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) use acts::act;
pub(super) use draft::{KEEP, keep};
pub(super) use shown::SIDE;

use super::{Form, Visit};
use crate::page::PageError;
use shown::{Opened, Own};

pub(super) const DOCUMENT: &str = include_str!("../../../graphql/pages/desk-item.graphql");
pub(super) const ID: &str = include_str!("../../../graphql/pages/desk-item-id.graphql");

/// What is said of an item that is not there, or must look so.
const MISSING: PageError = PageError::Missing("没有这一件，或者您无权查看。请核对件号，或从左边的目录进入。");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found<T> {
    item_by_number: Option<T>,
}

#[derive(Deserialize)]
struct Identity {
    id: String,
}

/// `GET /desk/items/{number}?reply=…&question=…`: with the differences that brought these versions.
pub(super) async fn show(
    visit: Visit,
    Path(number): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let opened = Opened { compared: change::Compared::asked(&query), ..Opened::default() };
    visit.page("console/item.html", Own::read(&visit, parse(&number)?, opened).await?).await
}

/// `POST /desk/items/{number}/reveal`: the same page with the citizen's name and number. It is asked for each time, and
/// leaves no address behind.
pub(super) async fn reveal(visit: Visit, Path(number): Path<String>) -> Result<Response, PageError> {
    let opened = Opened { personal: true, ..Opened::default() };
    visit.page("console/item.html", Own::read(&visit, parse(&number)?, opened).await?).await
}

/// `GET /desk/items/{number}/print`: for the file. Names stay hidden.
pub(super) async fn print(visit: Visit, Path(number): Path<String>) -> Result<Response, PageError> {
    #[derive(Serialize)]
    struct Paper {
        item: Value,
        reply: Option<Value>,
        draft: Option<Value>,
        spent: spent::Spent,
        printed_at: String,
    }
    let item = read_item(&visit, parse(&number)?, false).await?;
    let now = visit.service().now();
    let (reply, draft) = change::current(&item);
    let paper = Paper { spent: spent::Spent::of(&item, now)?, printed_at: now.to_string(), reply, draft, item };
    visit.page("console/item_print.html", paper).await
}

/// The item with everything shown of it.
async fn read_item(visit: &Visit, number: i64, personal: bool) -> Result<Value, PageError> {
    let found: Found<Value> = visit.read(DOCUMENT, json!({ "number": number, "personal": personal })).await?;
    found.item_by_number.ok_or(MISSING)
}

/// The id of the item with this number, if the viewer may see it.
async fn id_of(visit: &Visit, number: i64) -> Result<Option<String>, PageError> {
    let found: Found<Identity> = visit.read(ID, json!({ "number": number })).await?;
    Ok(found.item_by_number.map(|item| item.id))
}

/// A number as it stands in an address.
fn parse(number: &str) -> Result<i64, PageError> {
    let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| plain).ok_or(MISSING)
}

/// The page's address.
fn address(number: i64) -> String {
    format!("/desk/items/{number}")
}
