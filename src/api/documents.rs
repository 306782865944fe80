//! Documents already parsed: pages and programs send the same few over and over, and parsing costs as much as a statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;

/// Documents that are remembered. When more come, all are forgotten: whoever sends ever new ones gains nothing by it.
const MANY: usize = 256;
/// The longest text that is remembered, in bytes.
const LONGEST: usize = 16 * 1024;

/// What was parsed before, by its text. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Documents(Arc<Mutex<HashMap<String, ExecutableDocument>>>);

impl Documents {
    /// Hands the request its parsed document. One that cannot be parsed is left to the engine, which says why.
    pub(super) fn parse(&self, request: &mut Request) {
        let known = self.known().get(&request.query).cloned();
        if let Some(document) = known {
            request.set_parsed_query(document);
            return;
        }
        let text = request.query.clone();
        if text.len() > LONGEST {
            return;
        }
        if let Ok(document) = request.parsed_query() {
            let document = document.clone();
            let mut known = self.known();
            if known.len() >= MANY {
                known.clear();
            }
            known.insert(text, document);
        }
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, ExecutableDocument>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
