//! Documents already parsed and held to the schema: pages and programs send the same few over and over, and both cost as
//! much as a statement.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::Request;
use async_graphql::parser::types::ExecutableDocument;

/// Documents that are remembered. When more come, all are forgotten: whoever sends ever new ones gains nothing by it.
const MANY: usize = 256;
/// The longest text that is remembered, in bytes.
const LONGEST: usize = 16 * 1024;

/// A document, and whether it was found to follow the schema.
struct Known {
    document: ExecutableDocument,
    valid: bool,
}

/// What was parsed before, by its text. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Documents(Arc<Mutex<HashMap<String, Known>>>);

impl Documents {
    /// Hands the request its parsed document and tells whether it was found valid before. One that cannot be parsed is left
    /// to the engine, which says why.
    pub(super) fn parse(&self, request: &mut Request) -> bool {
        let known = self.known().get(&request.query).map(|known| (known.document.clone(), known.valid));
        if let Some((document, valid)) = known {
            request.set_parsed_query(document);
            return valid;
        }
        let text = request.query.clone();
        if text.len() > LONGEST {
            return false;
        }
        if let Ok(document) = request.parsed_query() {
            let document = document.clone();
            let mut known = self.known();
            if known.len() >= MANY {
                known.clear();
            }
            known.insert(text, Known { document, valid: false });
        }
        false
    }

    /// Notes that a document follows the schema.
    pub(super) fn is_valid(&self, text: &str) {
        if let Some(known) = self.known().get_mut(text) {
            known.valid = true;
        }
    }

    /// A panic elsewhere cannot leave the map half changed.
    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
