//! Documents already parsed and held to the schema: pages and programs send the same few over and over, and both cost as
//! much as a statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;

/// Documents that are remembered. When more come, all are forgotten: whoever sends ever new ones gains nothing by it.
const MANY: usize = 256;
/// The longest text that is remembered, in bytes: nearly twice the longest of the pages'.
const LONGEST: usize = 4 * 1024;

/// A document and its text, apart from the request that the engine takes.
pub(super) struct Read {
    text: String,
    document: ExecutableDocument,
}

impl Read {
    /// Of a request whose text is short enough to be remembered.
    pub(super) fn of(request: &mut Request) -> Option<Self> {
        let text = Some(&request.query).filter(|text| text.len() <= LONGEST)?.clone();
        let document = request.parsed_query().ok()?.clone();
        Some(Self { text, document })
    }
}

/// What was parsed before and found to follow the schema, by its text. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Documents(Arc<Mutex<HashMap<String, ExecutableDocument>>>);

impl Documents {
    /// Hands the request its document when it is remembered, and tells whether it was.
    pub(super) fn find(&self, request: &mut Request) -> bool {
        let known = self.known().get(&request.query).cloned();
        known.map(|document| request.set_parsed_query(document)).is_some()
    }

    /// Remembers a document that was answered without an error.
    pub(super) fn keep(&self, Read { text, document }: Read) {
        let mut known = self.known();
        if known.len() >= MANY {
            known.clear();
        }
        known.insert(text, document);
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, ExecutableDocument>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
