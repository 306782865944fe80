//! Full-text search over the items, embedded in the process: any text of two or more characters is found, and nothing else.
//!
//! The module knows neither SQL nor the store. It is handed documents and ledger positions from outside, keeps no text, and
//! can be rebuilt at any time.
//!
//! - **Finding**: pairs of neighbouring characters with positions (see `tokenizer.rs`); a word is found in title, question or
//!   answers, words are ANDed. Width, case and traditional characters are folded. A single character is found by all pairs
//!   that begin with it.
//! - **Order**: `(Σ words BM25(title)·2 + BM25(question) + BM25(answers)·0.5 + Σ dictionary words 0.5·idf) · recency`,
//!   with `recency = 1 + 0.25·2^(−age / 1 year)`; the second sum runs over the query's dictionary words that stand as words
//!   in title or question. A single character counts 1 in place of BM25. Ties go to the higher number.
//! - **Pages** go on behind the last hit's rank, so that items coming in between move nothing twice ([`Cursor`]).
//! - **Following**: each commit carries the ledger position it stands for ([`Indexer::commit`]), so that after a crash the
//!   follower goes on exactly where the index is.
//! - **Single characters**: the last character of each run is a term of its own, which makes all terms beginning with a
//!   character the texts that contain it. On 103,824 real messages of 399 characters this costs 93 bytes a message and 18 %
//!   of the time to index the question, and 0.7 to 10 ms a search; a field of single characters 139 bytes and 61 %, and
//!   next to nothing a search. Single characters are searched for rarely and indexed always: the former was taken.
//! - **The dictionary** takes 0.2 to 0.3 s to load. Opening an index does not need it; [`Search::warm`] loads it beforehand.
//! - **Rebuilding**: into a new generation while the old one serves ([`Indexer::begin_rebuild`]).

mod background;
mod bare;
mod collect;
mod error;
mod generation;
mod highlight;
mod indexer;
mod plan;
mod query;
mod query_text;
mod schema;
mod searcher;
mod tokenizer;
mod words;

#[cfg(test)]
mod tests;

pub use bare::BareIndex;
pub use error::SearchError;
pub use generation::{SCHEMA_VERSION, TOKENIZER_VERSION};
pub use highlight::{Segment, Snippet, highlight, snippet, to_html};
pub use indexer::{Indexer, IndexerOptions, Rebuild};
pub use query::{Cursor, Facets, Filters, Hit, InvalidCursor, MAX_LIMIT, Page, Period, Query, Scope, Sort, Waiting};
pub use query_text::{MAX_CHARS, MAX_WORDS, QueryText, Refusal};
pub use schema::SearchDoc;
pub use searcher::Search;
pub use words::cut_words;
