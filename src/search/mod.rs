//! Full-text search over the items, embedded.
mod error;
mod query;
mod query_text;
mod schema;
mod tokenizer;

pub use error::SearchError;
pub use query::{Cursor, Facets, Filters, Hit, InvalidCursor, MAX_LIMIT, Page, Period, Query, Sort};
pub use query_text::{MAX_CHARS, MAX_WORDS, QueryText, Refusal};
pub use schema::SearchDoc;
