//! What the public pages and the staff pages share: templates with their filters, assets under hashed names, the headers
//! pages are sent with, reading and changing through the schema, and owning up to what went wrong.
//!
//! It decides nothing and holds no page of its own.

mod assets;
mod error;
pub mod respond;
mod schema;
mod site;
mod templates;
pub mod when;

pub use assets::{Asset, Assets};
pub use error::PageError;
pub use schema::{Refused, act, read};
pub use site::Site;
pub use templates::Templates;
