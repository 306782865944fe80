//! New items on their way from an import into the index, past the database.
//!
//! Whoever follows the ledger would read each of them back, a moment after the import wrote it. What lies here saves that;
//! what does not is read: nothing is lost when it is full, or when nobody follows here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::search::SearchDoc;

/// Documents that may wait: a few batches of an import, some megabytes.
const MOST: usize = 6_000;

/// What the index is to know of new items, until the follower has come to them.
#[derive(Debug, Default)]
pub(super) struct Handover(Mutex<HashMap<String, Fresh>>);

/// A document, and the ledger's number up to which it is true.
#[derive(Debug)]
struct Fresh {
    seq: u64,
    document: SearchDoc,
}

impl Handover {
    /// Lays down what the index is to know of items, by their ids, as the ledger's entries up to `seq` made them.
    pub(super) fn lay_down(&self, seq: u64, documents: Vec<(String, SearchDoc)>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The oldest are the next to be fetched: the others make way.
        if waiting.len() + documents.len() <= MOST {
            waiting.extend(documents.into_iter().map(|(id, document)| (id, Fresh { seq, document })));
        }
    }

    /// Takes what is still true of an item at its entry `seq`. What is not is forgotten: later entries have changed it.
    pub(super) fn fetch(&self, id: &str, seq: u64) -> Option<SearchDoc> {
        let fresh = self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)?;
        (fresh.seq >= seq).then_some(fresh.document)
    }

    /// Forgets what the ledger's entries up to `seq` made: the follower has passed them.
    pub(super) fn passed(&self, seq: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, fresh| fresh.seq > seq);
    }
}

#[cfg(test)]
mod tests {
    use huiyin_domain::time::Instant;

    use super::*;

    fn document(number: u64) -> SearchDoc {
        SearchDoc {
            number,
            title: "路灯不亮".to_owned(),
            body: String::new(),
            reply: String::new(),
            source: "board".to_owned(),
            lead: None,
            assisting: Vec::new(),
            barred: Vec::new(),
            stage: "received".to_owned(),
            task: None,
            request_type: "other".to_owned(),
            asked_at: Instant::from_micros(0),
            due_at: None,
            replied_at: None,
            open: true,
        }
    }

    #[test]
    fn what_a_later_entry_has_changed_is_not_handed_out() {
        let handover = Handover::default();
        handover.lay_down(7, vec![("a".to_owned(), document(1)), ("b".to_owned(), document(2))]);
        assert_eq!(handover.fetch("a", 8), None);
        assert_eq!(handover.fetch("a", 7), None, "it stays forgotten");
        assert_eq!(handover.fetch("b", 5), Some(document(2)));
        assert_eq!(handover.fetch("b", 5), None, "it is handed out once");
    }

    #[test]
    fn it_holds_no_more_than_a_few_batches_and_nothing_that_was_passed() {
        let handover = Handover::default();
        let batch = |from: u64| (from..from + 4_000).map(|number| (number.to_string(), document(number))).collect();
        handover.lay_down(10, batch(0));
        handover.lay_down(20, batch(4_000));
        assert_eq!(handover.fetch("4000", 20), None, "it was full");
        handover.passed(10);
        assert_eq!(handover.fetch("0", 10), None);
        handover.lay_down(20, batch(4_000));
        assert_eq!(handover.fetch("4000", 20), Some(document(4_000)));
    }
}
