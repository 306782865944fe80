//! The staff pages: what the people of the bureau sit at all day. One file a page; `docs/console.md` says how to add one.
//!
//! A page executes its document from `graphql/pages/` with the session of whoever looks at it, so that it cannot show or do
//! what the API would not. Every page works without script; htmx makes it lighter.

mod accounts;
mod desk;
mod failure;
mod flash;
mod form;
mod frame;
mod held;
mod help;
mod home;
mod import_preview;
mod imports;
mod issues;
mod item;
mod items;
mod kit;
mod ledger;
mod me;
pub mod nav;
#[cfg(feature = "oidc")]
mod oidc;
mod sign_in;
mod sources;
mod text_size;
mod units;
mod visit;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use serde_json::Value;

pub use desk::{Desk, Options, PublicPreview};
pub use flash::Flash;
pub use form::Form;
pub use imports::upload_refused;
pub use sign_in::local_path;
pub use sources::TRIAL;
pub use visit::Visit;

use crate::page::{Asset, PageError};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("console/", $name, ".html"), include_str!(concat!("../../templates/console/", $name, ".html")))),*]
    };
}

macro_rules! style {
    ($name:literal) => {
        include_str!(concat!("../../assets/css/desk/", $name, ".css"))
    };
}

macro_rules! item_document {
    ($name:literal) => {
        (concat!("desk-item-", $name), include_str!(concat!("../../graphql/pages/desk-item-", $name, ".graphql")))
    };
}

/// Every template by its name.
pub const TEMPLATES: &[(&str, &str)] = templates![
    "account",
    "accounts",
    "base",
    "failure",
    "frame",
    "held",
    "held_row",
    "help",
    "home",
    "import",
    "import_parts",
    "imports",
    "issue",
    "issue_add",
    "issue_entry",
    "issue_parts",
    "issues",
    "item",
    "item_acts",
    "item_kit",
    "item_print",
    "item_reply",
    "items",
    "kit",
    "ledger",
    "me",
    "partial",
    "plain",
    "pull",
    "samples",
    "sign_in",
    "source",
    "source_parts",
    "source_preview",
    "sources",
    "units",
];

/// Stylesheet and scripts. htmx is the file its authors publish, with its licence beside it.
pub const ASSETS: &[Asset] = &[
    Asset::css(
        "desk.css",
        // What stands later goes before what stands earlier: the screen's width and paper come last.
        concat!(
            style!("base"),
            style!("frame"),
            style!("pieces"),
            style!("imports"),
            style!("sources"),
            style!("forms"),
            style!("home"),
            style!("list"),
            style!("item"),
            style!("issue"),
            style!("accounts"),
            style!("phone"),
            style!("print"),
        ),
    ),
    Asset::js("desk.js", include_str!("../../assets/js/desk.js")),
    Asset::svg("icon.svg", include_str!("../../assets/icon.svg")),
    Asset::js("htmx-2.0.11.min.js", include_str!("../../assets/vendor/htmx-2.0.11.min.js")),
];

/// Every document the pages execute, by name: a test validates each against the schema.
pub const DOCUMENTS: &[(&str, &str)] = &[
    ("desk-frame", frame::DOCUMENT),
    ("desk-home", home::DOCUMENT),
    ("desk-items", items::DOCUMENT),
    ("desk-list-save", items::SAVE),
    ("desk-list-delete", items::DELETE),
    ("desk-imports", imports::LIST),
    ("desk-import", imports::ONE),
    ("desk-import-preview", imports::PREVIEW),
    ("desk-import-confirm", imports::CONFIRM),
    ("desk-import-discard", imports::DISCARD),
    ("desk-held", held::LIST),
    ("desk-held-row", held::ONE),
    ("desk-held-open", held::OPEN),
    ("desk-held-payload", held::OPEN_PAYLOAD),
    ("desk-held-item", held::ITEM),
    ("desk-held-repair", held::REPAIR),
    ("desk-held-reject", held::REJECT),
    ("desk-held-replay", held::REPLAY),
    ("desk-ledger", ledger::DOCUMENT),
    ("desk-ledger-head", ledger::HEAD),
    ("desk-ledger-verify", ledger::VERIFY),
    ("desk-item", item::DOCUMENT),
    ("desk-item-id", item::ID),
    ("desk-item-keep", item::KEEP),
    ("desk-item-side", item::SIDE),
    item_document!("accept"),
    item_document!("approve"),
    item_document!("arbitrate"),
    item_document!("archive"),
    item_document!("assign"),
    item_document!("close"),
    item_document!("dispute-return"),
    item_document!("grant-extension"),
    item_document!("merge"),
    item_document!("record-contact"),
    item_document!("refuse-acceptance"),
    item_document!("register"),
    item_document!("reject-extension"),
    item_document!("reject-return"),
    item_document!("release"),
    item_document!("reopen"),
    item_document!("request-extension"),
    item_document!("request-return"),
    item_document!("resume"),
    item_document!("save-draft"),
    item_document!("send-back"),
    item_document!("submit-reply"),
    item_document!("suspend"),
    item_document!("transfer-out"),
    item_document!("uphold-return"),
    item_document!("withdraw"),
    ("desk-issues", issues::documents::LIST),
    ("desk-issue", issues::documents::ISSUE),
    ("desk-issue-id", issues::documents::ID),
    ("desk-issue-entry", issues::documents::ENTRY),
    ("desk-issue-candidates", issues::documents::CANDIDATES),
    ("desk-issue-preview", issues::documents::PREVIEW),
    ("desk-issue-create", issues::documents::CREATE),
    ("desk-issue-add", issues::documents::ADD),
    ("desk-issue-edit", issues::documents::EDIT),
    ("desk-issue-move", issues::documents::MOVE),
    ("desk-issue-remove", issues::documents::REMOVE),
    ("desk-issue-deidentify", issues::documents::DEIDENTIFY),
    ("desk-issue-check", issues::documents::CHECK),
    ("desk-issue-approve", issues::documents::APPROVE),
    ("desk-issue-publish", issues::documents::PUBLISH),
    ("desk-issue-retract", issues::documents::RETRACT),
    accounts::DOCUMENTS[0],
    accounts::DOCUMENTS[1],
    accounts::DOCUMENTS[2],
    accounts::DOCUMENTS[3],
    accounts::DOCUMENTS[4],
    accounts::DOCUMENTS[5],
    accounts::DOCUMENTS[6],
    accounts::DOCUMENTS[7],
    accounts::DOCUMENTS[8],
    me::DOCUMENTS[0],
    me::DOCUMENTS[1],
    me::DOCUMENTS[2],
    me::DOCUMENTS[3],
    me::DOCUMENTS[4],
    me::DOCUMENTS[5],
    me::DOCUMENTS[6],
    me::DOCUMENTS[7],
    me::DOCUMENTS[8],
    sources::DOCUMENTS[0],
    sources::DOCUMENTS[1],
    sources::DOCUMENTS[2],
    sources::DOCUMENTS[3],
    sources::DOCUMENTS[4],
    sources::DOCUMENTS[5],
    sources::DOCUMENTS[6],
    sources::DOCUMENTS[7],
    units::DOCUMENTS[0],
    units::DOCUMENTS[1],
    units::DOCUMENTS[2],
    units::DOCUMENTS[3],
];

/// All staff pages. Addresses that are none are answered by the staff's own page, below `/desk` only.
pub fn router(desk: Desk) -> Router {
    let routes = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/desk", get(home::show))
        .route("/desk/accounts", get(accounts::list).post(accounts::add))
        .route("/desk/accounts/{id}", get(accounts::show).post(accounts::act))
        .route("/desk/help", get(help::show))
        .route("/desk/items", get(items::show))
        .route("/desk/items/lists", post(items::save))
        .route("/desk/items/lists/delete", post(items::delete))
        .route("/desk/items/{number}", get(item::show))
        .route("/desk/items/{number}/print", get(item::print))
        .route("/desk/items/{number}/reveal", post(item::reveal))
        .route("/desk/items/{number}/keep", post(item::keep))
        .route("/desk/items/{number}/{act}", post(item::act))
        .merge(imports::routes())
        .merge(held::routes())
        .merge(ledger::routes())
        .merge(sources::routes())
        .route("/desk/me", get(me::show).post(me::act))
        .route("/desk/text", post(text_size::set))
        .route("/desk/units", get(units::show).post(units::act))
        .merge(issues::routes())
        .route("/desk/{*path}", get(not_there));
    let routes = if desk.is_dev() { routes.route("/dev/kit", get(kit::show).post(kit::submit)) } else { routes };
    #[cfg(feature = "oidc")]
    let routes = routes.merge(oidc::routes());
    routes.layer(from_fn_with_state(desk.clone(), failure::own_up)).merge(desk.assets().routes()).with_state(desk)
}

async fn not_there(_: Visit) -> PageError {
    PageError::Missing("没有这个页面。请核对网址，或从左边的目录进入。")
}

/// What an answer holds at this place (`/item/title`); null where there is nothing.
fn at<'v>(answer: &'v Value, place: &str) -> &'v Value {
    answer.pointer(place).unwrap_or(&Value::Null)
}

/// An id as addresses have it: without its kind.
fn bare(id: &str) -> &str {
    id.split_once(':').map_or(id, |(_, bare)| bare)
}

/// Sets a variable of a document.
fn put(variables: &mut Value, name: &str, value: Value) {
    if let Some(variables) = variables.as_object_mut() {
        variables.insert(name.to_owned(), value);
    }
}
