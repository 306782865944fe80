//! Holding the witnesses of one source and one day against one another.

use std::collections::HashSet;

use super::{Counts, Difference, Gaps};

/// A pull of the day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PullFacts {
    /// Its id.
    pub id: String,
    /// Whether it still runs: then its counts still grow, and nothing is held against it.
    pub running: bool,
    /// Whether it ended well.
    pub succeeded: bool,
    /// What its row says.
    pub counts: Counts,
    /// What the ledger says of its end; `None` where it has none: it was cut off.
    pub recorded: Option<Counts>,
    /// Messages it took in, with item and first version, that are there.
    pub kept: u64,
}

/// How much of an item that the ledger received is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// Item, message, its first version and its newest.
    Yes,
    /// The item is gone.
    NoItem,
    /// Its message is gone.
    NoMessage,
    /// This version of its message is gone.
    NoVersion(u64),
}

/// An item that the ledger received on the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedFacts {
    /// Its id.
    pub item: String,
    /// Its number; where the item is gone, the one that follows from its neighbours'.
    pub number: Option<u64>,
    /// How much of it is there.
    pub whole: Whole,
}

/// A row that the ledger has as held, by a pull of the day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFacts {
    /// The pull's id.
    pub pull: String,
    /// The row's number.
    pub row: u64,
    /// Whether it is there, open or settled.
    pub there: bool,
    /// The item that its source made of it later by showing it readably.
    pub superseded_by: Option<String>,
}

/// The last reading of a source's whole list on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// How many messages the source says it has; `None` where it does not say.
    pub claimed: Option<u64>,
    /// Distinct messages it showed.
    pub met: u64,
    /// Whether the end of the list was reached.
    pub complete: bool,
}

/// What is known of one source and one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceFacts {
    /// The pulls that began on the day.
    pub pulls: Vec<PullFacts>,
    /// Pulls that the ledger has and the store has not.
    pub pulls_gone: Vec<String>,
    /// The items the ledger received, in its order.
    pub received: Vec<ReceivedFacts>,
    /// Numbers among those of the day's items that no item has.
    pub numbers_gone: Vec<u64>,
    /// The rows held.
    pub held: Vec<HeldFacts>,
    /// The last sweep.
    pub sweep: Option<Sweep>,
    /// Numbers of items that the last sweep's list left out.
    pub unshown: Vec<u64>,
    /// Running numbers not met.
    pub gaps: Gaps,
    /// Whether the source should have been read on this day, and the day is over.
    pub expected: bool,
}

/// The closed statement of one source and one day.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayStatement {
    /// Pulls that began on the day.
    pub pulls: u64,
    /// Of these, the ones that did not end well.
    pub failed: u64,
    /// Their rows, added up.
    pub counts: Counts,
    /// What came 来件: messages taken in, rows held for the first time, and what the source has but did not show. A row
    /// that was held and taken in on one day came once.
    pub came: u64,
    /// What is there of it 对账.
    pub accounted: u64,
    /// Rows held for the first time.
    pub held: u64,
    /// The last sweep.
    pub sweep: Option<Sweep>,
    /// Running numbers not met.
    pub gaps: Gaps,
    /// What does not agree; empty when all is well.
    pub differences: Vec<Difference>,
}

impl DayStatement {
    /// Whether everything agrees.
    pub const fn is_closed(&self) -> bool {
        self.differences.is_empty()
    }
}

/// Closes the statement: adds up, and names what does not agree.
pub fn close(facts: SourceFacts) -> DayStatement {
    let mut differences = pull_differences(&facts);
    differences.extend(losses(&facts));
    let (kept, accepted) = facts.pulls.iter().filter(|pull| !pull.running).fold((0, 0), |(kept, accepted), pull| {
        (kept + pull.kept.min(pull.counts.accepted), accepted + pull.counts.accepted)
    });
    let received: HashSet<&str> = facts.received.iter().map(|received| received.item.as_str()).collect();
    let twice = |held: &&HeldFacts| held.superseded_by.as_deref().is_some_and(|item| received.contains(item));
    let twice = facts.held.iter().filter(twice).count() as u64;
    let held_there = facts.held.iter().filter(|held| held.there).count() as u64 - twice;
    let short = shortage(facts.sweep);
    if let Some(Sweep { claimed: Some(claimed), met, complete: true }) = facts.sweep
        && claimed != met
    {
        differences.push(Difference::SourceDiffers { claimed, met });
    }
    differences.extend(facts.unshown.iter().map(|number| Difference::NotShown { number: *number }));
    if facts.sweep.is_some_and(|sweep| !sweep.complete) {
        differences.push(Difference::SweepUnfinished);
    }
    differences.extend(facts.gaps.listed.iter().map(|gap| Difference::NumbersMissing { gap: gap.clone() }));
    if facts.gaps.unlisted > 0 {
        differences.push(Difference::MoreNumbersMissing { gaps: facts.gaps.unlisted });
    }
    if facts.expected && !facts.pulls.iter().any(|pull| pull.succeeded) {
        differences.push(Difference::NotRead);
    }
    // Two witnesses of the same absence: a page that was dropped has numbers as well.
    let missing = short.max(facts.gaps.count().saturating_add(facts.gaps.unlisted));
    let held = facts.held.len() as u64;
    let mut counts = Counts::default();
    facts.pulls.iter().for_each(|pull| counts += pull.counts);
    DayStatement {
        pulls: facts.pulls.len() as u64,
        failed: facts.pulls.iter().filter(|pull| !pull.running && !pull.succeeded).count() as u64,
        counts,
        came: accepted + held - twice + missing,
        accounted: kept + held_there,
        held,
        sweep: facts.sweep,
        gaps: facts.gaps,
        differences,
    }
}

/// How many messages the source has and did not show.
fn shortage(sweep: Option<Sweep>) -> u64 {
    match sweep {
        Some(Sweep { claimed: Some(claimed), met, complete: true }) => claimed.saturating_sub(met),
        _ => 0,
    }
}

/// The pulls that do not add up, that are gone, or that are not what the ledger says.
fn pull_differences(facts: &SourceFacts) -> Vec<Difference> {
    let mut differences: Vec<Difference> =
        facts.pulls_gone.iter().map(|pull| Difference::PullGone { pull: pull.clone() }).collect();
    for pull in facts.pulls.iter().filter(|pull| !pull.running) {
        if !pull.counts.adds_up() {
            differences.push(Difference::PullUnbalanced {
                pull: pull.id.clone(),
                stated: pull.counts.stated,
                accounted: pull.counts.accounted(),
            });
        }
        if pull.recorded.is_some_and(|recorded| recorded != pull.counts) {
            differences.push(Difference::PullAltered { pull: pull.id.clone() });
        }
    }
    differences
}

/// What is gone, by name; and the pulls of which more is gone than was named.
fn losses(facts: &SourceFacts) -> Vec<Difference> {
    let mut differences: Vec<Difference> = facts.received.iter().filter_map(loss).collect();
    let named = differences.len() as u64;
    differences.extend(facts.numbers_gone.iter().map(|number| Difference::NumberGone { number: *number }));
    let short = |pull: &&PullFacts| !pull.running && pull.kept < pull.counts.accepted;
    let missing: u64 = facts.pulls.iter().filter(short).map(|pull| pull.counts.accepted - pull.kept).sum();
    if missing > named {
        differences.extend(facts.pulls.iter().filter(short).map(|pull| Difference::PullShort {
            pull: pull.id.clone(),
            accepted: pull.counts.accepted,
            kept: pull.kept,
        }));
    }
    let gone = facts.held.iter().filter(|held| !held.there);
    differences.extend(gone.map(|held| Difference::HeldGone { pull: held.pull.clone(), row: held.row }));
    differences
}

fn loss(received: &ReceivedFacts) -> Option<Difference> {
    let number = received.number;
    let gone = || Difference::ItemGone { number, item: received.item.clone() };
    match received.whole {
        Whole::Yes => None,
        Whole::NoItem => Some(gone()),
        Whole::NoMessage => Some(number.map_or_else(gone, |number| Difference::MessageGone { number })),
        Whole::NoVersion(version) => {
            Some(number.map_or_else(gone, |number| Difference::VersionGone { number, version }))
        }
    }
}
