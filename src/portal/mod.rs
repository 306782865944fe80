//! The public pages: 热点咨询 by month, and the home page.
//!
//! Each page executes its document from `graphql/pages/` against the schema as an anonymous visitor, so that it cannot show
//! what the API would not. Server-rendered, no script, readable on a phone, in large text and on paper.

mod pages;
mod respond;
mod site;
mod templates;
mod view;

pub use pages::router;
pub use site::Site;
pub use templates::{TEMPLATES, Templates};

/// Every document the pages execute, by name: a test validates each against the schema.
pub const DOCUMENTS: &[(&str, &str)] = &[("hot", pages::HOT), ("months", pages::MONTHS)];

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum PortalError {
    /// A template does not parse, or asks for something the page does not have.
    #[error("render a template")]
    Template(#[from] minijinja::Error),
    /// The schema answered with an error; its own log line tells the causes.
    #[error("read through the schema: {code}")]
    Schema {
        /// The stable code.
        code: String,
        /// The number of the accident, if it got one.
        number: Option<String>,
    },
    /// The schema answered in another shape than the page's document asks for.
    #[error("understand the schema's answer")]
    Shape(#[from] serde_json::Error),
}
