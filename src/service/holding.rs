//! Who held an item from when to when 责任时段: at every instant between arrival and answer exactly one holder.

use huiyin_domain::access::ReviewStep;
use huiyin_domain::id::UnitId;
use huiyin_domain::item::{Event, Item, Stage};
use huiyin_domain::time::Instant;

use super::ServiceError;
use crate::store::ledger::EntryRow;

/// Who owns the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// The office: it routes, decides returns, and hands answers over.
    Office,
    /// The lead unit.
    Unit(UnitId),
    /// Whoever gives this review.
    Reviewer(ReviewStep),
    /// Nobody: the clock stands still with approval.
    Pause,
}

/// A stretch of time in one hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holding {
    /// Who held the item.
    pub holder: Holder,
    /// From when.
    pub from: Instant,
    /// Until when; `None` while it goes on.
    pub to: Option<Instant>,
}

/// The holders of an item, out of its whole history in order. An answered or finally settled item is in nobody's hand.
pub fn holdings(history: &[EntryRow]) -> Result<Vec<Holding>, ServiceError> {
    let mut state: Option<Item> = None;
    let mut held: Vec<Holding> = Vec::new();
    for entry in history.iter().filter(|entry| Event::KINDS.contains(&entry.kind.as_str())) {
        let item = apply(state.take(), entry)?;
        let holder = holder_of(&item);
        state = Some(item);
        let at = Instant::from_micros(entry.at);
        let current = held.last_mut().filter(|last| last.to.is_none());
        if current.as_ref().map(|last| last.holder) == holder {
            continue;
        }
        if let Some(last) = current {
            last.to = Some(at);
        }
        held.extend(holder.map(|holder| Holding { holder, from: at, to: None }));
    }
    // What was passed on at once was nobody's to spend: an item answered at the source before it came, for one.
    held.retain(|holding| holding.to != Some(holding.from));
    // The clock did not wait for the item to be fetched: until then it was the office's to fetch it.
    if let (Some(first), Some(times)) = (held.first_mut(), state.map(|item| item.times))
        && first.from == times.received_at
        && times.clock_start() < first.from
    {
        let (from, to) = (times.clock_start(), Some(first.from));
        match first.holder {
            Holder::Office => first.from = from,
            _ => held.insert(0, Holding { holder: Holder::Office, from, to }),
        }
    }
    Ok(held)
}

fn apply(state: Option<Item>, entry: &EntryRow) -> Result<Item, ServiceError> {
    let inconsistent =
        |problem: String| ServiceError::Inconsistent { subject: format!("ledger entry {}", entry.seq), problem };
    let body = serde_json::from_str(&entry.body).map_err(|error| inconsistent(error.to_string()))?;
    let event = Event::parse(&entry.kind, &body).map_err(|error| inconsistent(crate::telemetry::chain(&error)))?;
    Item::apply(state, &event).map_err(|error| inconsistent(error.to_string()))
}

fn holder_of(item: &Item) -> Option<Holder> {
    match item.stage {
        Stage::Received | Stage::Registered | Stage::ReturnReview | Stage::Arbitration | Stage::Approved => {
            Some(Holder::Office)
        }
        Stage::Dispatched | Stage::Handling => Some(item.lead.map_or(Holder::Office, Holder::Unit)),
        Stage::Suspended => Some(Holder::Pause),
        Stage::Review1 | Stage::Review2 | Stage::Review3 => item.awaited_review().map(Holder::Reviewer),
        Stage::Replied
        | Stage::Closed
        | Stage::Archived
        | Stage::Merged
        | Stage::NotAccepted
        | Stage::TransferredOut
        | Stage::Withdrawn => None,
    }
}
