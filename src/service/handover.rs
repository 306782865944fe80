//! New items on their way from an import into the index, past the database.
//!
//! Whoever follows the ledger would read each entry and each item back, a moment after the import wrote them. What lies
//! here saves both; what does not is read: nothing is lost when it is full, or when nobody follows here.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::search::SearchDoc;

/// Documents and lots that may wait: a few batches of an import, some megabytes.
const MOST: usize = 6_000;

/// What the index is to know of new items, until the follower has come to them.
#[derive(Debug, Default)]
pub(super) struct Handover(Mutex<VecDeque<Lot>>);

/// What one transaction has brought to the index.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lot {
    /// The ledger's number before the transaction's entries.
    pub(super) after: u64,
    /// The number of its last one.
    pub(super) seq: u64,
    /// All items that these entries are about, as they are at the last.
    pub(super) documents: Vec<SearchDoc>,
}

/// What comes next behind a number of the ledger.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// These entries lie here whole.
    Lot(Lot),
    /// Entries that are to be read, up to this number if one is told: from there on they lie here.
    Read(Option<u64>),
}

impl Handover {
    /// Lays down what a transaction has brought. To be called before anybody is told that it was written.
    pub(super) fn lay_down(&self, lot: Lot) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A lot without documents takes room as well.
        let taken: usize = waiting.iter().chain([&lot]).map(|lot| 1 + lot.documents.len()).sum();
        // The oldest are the next to be fetched: the others make way.
        if taken <= MOST {
            // Two transactions may come out of order.
            let place = waiting.partition_point(|other| other.after < lot.after);
            waiting.insert(place, lot);
        }
    }

    /// What comes next for a follower that has come to `position`. What it has passed is forgotten.
    pub(super) fn next(&self, position: u64) -> Next {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.front().is_some_and(|lot| lot.after < position) {
            waiting.pop_front();
        }
        match waiting.front().map(|lot| lot.after) {
            Some(after) if after == position => waiting.pop_front().map_or(Next::Read(None), Next::Lot),
            after => Next::Read(after),
        }
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
    fn a_follower_gets_what_begins_where_it_stands() {
        let handover = Handover::default();
        let lot = |after, seq| Lot { after, seq, documents: vec![document(seq)] };
        handover.lay_down(lot(7, 9));
        handover.lay_down(lot(4, 7));
        assert_eq!(handover.next(2), Next::Read(Some(4)), "what lies before is read, and no more");
        assert_eq!(handover.next(4), Next::Lot(lot(4, 7)));
        assert_eq!(handover.next(7), Next::Lot(lot(7, 9)));
        assert_eq!(handover.next(9), Next::Read(None));
        assert_eq!(handover.next(4), Next::Read(None), "it is handed out once");
    }

    #[test]
    fn what_was_passed_in_part_is_forgotten() {
        let handover = Handover::default();
        handover.lay_down(Lot { after: 4, seq: 7, documents: Vec::new() });
        handover.lay_down(Lot { after: 8, seq: 9, documents: Vec::new() });
        assert_eq!(handover.next(5), Next::Read(Some(8)));
        assert_eq!(handover.next(4), Next::Read(Some(8)));
    }

    #[test]
    fn it_holds_no_more_than_a_few_batches() {
        let handover = Handover::default();
        let lot = |after: u64| Lot { after, seq: after + 4_000, documents: (0..4_000).map(document).collect() };
        handover.lay_down(lot(0));
        handover.lay_down(lot(4_000));
        assert_eq!(handover.next(0), Next::Lot(lot(0)));
        assert_eq!(handover.next(4_000), Next::Read(None), "it was full");
        handover.lay_down(lot(8_000));
        assert_eq!(handover.next(4_000), Next::Read(Some(8_000)));
    }
}
