//! The public pages: 热点咨询 by month, the home page, the bureau's own form and how a letter stands.
//!
//! Each page that reads executes its document from `graphql/pages/` against the schema as an anonymous visitor, so that it
//! cannot show what the API would not. The form and the look-up are plain handlers over the use cases, as uploads are.
//! Server-rendered, no script, readable on a phone, in large text and on paper.

mod pages;
mod preview;
mod progress;
mod sent;
mod view;
mod write;

use crate::page::Asset;

pub use crate::page::Site;
pub use pages::router;
pub use preview::Preview;
pub use write::PATH as WRITE;

/// Every template by its name.
pub const TEMPLATES: &[(&str, &str)] = &[
    ("portal/base.html", include_str!("../../templates/portal/base.html")),
    ("portal/column.html", include_str!("../../templates/portal/column.html")),
    ("portal/failure.html", include_str!("../../templates/portal/failure.html")),
    ("portal/home.html", include_str!("../../templates/portal/home.html")),
    ("portal/hot.html", include_str!("../../templates/portal/hot.html")),
    ("portal/missing.html", include_str!("../../templates/portal/missing.html")),
    ("portal/month_list.html", include_str!("../../templates/portal/month_list.html")),
    ("portal/months.html", include_str!("../../templates/portal/months.html")),
    ("portal/progress.html", include_str!("../../templates/portal/progress.html")),
    ("portal/receipt.html", include_str!("../../templates/portal/receipt.html")),
    ("portal/write.html", include_str!("../../templates/portal/write.html")),
];

/// The stylesheet of the public pages.
pub const ASSETS: &[Asset] = &[Asset::css("portal.css", include_str!("../../assets/css/portal.css"))];

/// Every document the pages execute, by name: a test validates each against the schema.
pub const DOCUMENTS: &[(&str, &str)] = &[("hot", pages::HOT), ("months", pages::MONTHS)];
