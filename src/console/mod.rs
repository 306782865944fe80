//! The staff pages: what the people of the bureau sit at all day. One file a page; `docs/console.md` says how to add one.
//!
//! A page executes its document from `graphql/pages/` with the session of whoever looks at it, so that it cannot show or do
//! what the API would not. Every page works without script; htmx makes it lighter.

mod desk;
mod failure;
mod flash;
mod form;
mod frame;
mod help;
mod home;
mod items;
mod kit;
pub mod nav;
#[cfg(feature = "oidc")]
mod oidc;
mod sign_in;
mod text_size;
mod visit;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

pub use desk::{Desk, Options};
pub use flash::Flash;
pub use form::Form;
pub use sign_in::local_path;
pub use visit::Visit;

use crate::page::{Asset, PageError};

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        &[$((concat!("console/", $name, ".html"), include_str!(concat!("../../templates/console/", $name, ".html")))),*]
    };
}

/// Every template by its name.
pub const TEMPLATES: &[(&str, &str)] =
    templates!["base", "failure", "frame", "help", "home", "items", "kit", "partial", "plain", "samples", "sign_in"];

/// Stylesheet and scripts. htmx is the file its authors publish, with its licence beside it.
pub const ASSETS: &[Asset] = &[
    Asset::css("desk.css", include_str!("../../assets/css/desk.css")),
    Asset::js("desk.js", include_str!("../../assets/js/desk.js")),
    Asset::svg("icon.svg", include_str!("../../assets/icon.svg")),
    Asset::js("htmx-2.0.11.min.js", include_str!("../../assets/vendor/htmx-2.0.11.min.js")),
];

/// Every document the pages execute, by name: a test validates each against the schema.
pub const DOCUMENTS: &[(&str, &str)] = &[("desk-frame", frame::DOCUMENT), ("desk-items", items::DOCUMENT)];

/// All staff pages. Addresses that are none are answered by the staff's own page, below `/desk` only.
pub fn router(desk: Desk) -> Router {
    let routes = Router::new()
        .route("/sign-in", get(sign_in::show).post(sign_in::sign_in))
        .route("/sign-out", post(sign_in::sign_out))
        .route("/desk", get(home::show))
        .route("/desk/help", get(help::show))
        .route("/desk/items", get(items::show))
        .route("/desk/text", post(text_size::set))
        .route("/desk/{*path}", get(not_there));
    let routes = if desk.is_dev() { routes.route("/dev/kit", get(kit::show).post(kit::submit)) } else { routes };
    #[cfg(feature = "oidc")]
    let routes = routes.merge(oidc::routes());
    routes.layer(from_fn_with_state(desk.clone(), failure::own_up)).merge(desk.assets().routes()).with_state(desk)
}

async fn not_there(_: Visit) -> PageError {
    PageError::Missing("没有这个页面。请核对网址，或从左边的目录进入。")
}
