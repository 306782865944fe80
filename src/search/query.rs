//! What can be asked, and what is answered.

use std::fmt;
use std::str::FromStr;

use huiyin_domain::id::{AccountId, UnitId};
use huiyin_domain::time::Instant;

use super::query_text::QueryText;

/// The most hits a page may hold.
pub const MAX_LIMIT: usize = 200;

/// A search over the index.
#[derive(Debug, Clone)]
pub struct Query {
    /// The words to find; the empty text finds everything.
    pub text: QueryText,
    /// Which items may be among the hits.
    pub filters: Filters,
    /// Which items the viewer may see at all.
    pub scope: Scope,
    /// The order of the hits.
    pub sort: Sort,
    /// Hits on a page; more than [`MAX_LIMIT`] are cut to it.
    pub limit: usize,
    /// Goes on behind this place of an earlier page.
    pub after: Option<Cursor>,
    /// Whether to count the hits by source, unit, stage and request type.
    pub facets: bool,
    /// The present instant: recency is measured from it.
    pub now: Instant,
}

impl Query {
    /// The twenty most relevant hits of `text`, without filters, as seen at `now`.
    pub fn new(text: QueryText, now: Instant) -> Self {
        Self {
            text,
            filters: Filters::default(),
            scope: Scope::All,
            sort: Sort::Relevance,
            limit: 20,
            after: None,
            facets: false,
            now,
        }
    }
}

/// The items a viewer may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Every item.
    All,
    /// Those that concern one of the units (lead or assisting) and, if so said, those that have been answered. No unit and
    /// no answered ones: nothing.
    Some {
        /// The units.
        units: Vec<UnitId>,
        /// Whether answered items are visible too.
        answered: bool,
    },
}

/// Restrictions; those left empty restrict nothing. Values of one list are alternatives, the lists hold together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters {
    /// Ids of sources.
    pub sources: Vec<String>,
    /// Lead units.
    pub units: Vec<UnitId>,
    /// A unit that assists.
    pub assisting: Option<UnitId>,
    /// Codes of what the items wait for.
    pub tasks: Vec<String>,
    /// What waits for somebody.
    pub waiting: Option<Waiting>,
    /// Codes of stages.
    pub stages: Vec<String>,
    /// Codes of request types.
    pub request_types: Vec<String>,
    /// When the citizen asked.
    pub asked: Period,
    /// When the answer is due.
    pub due: Period,
    /// When the answer was given.
    pub replied: Period,
    /// Only items that still wait for their answer (true), or only the others (false).
    pub open: Option<bool>,
    /// Only open items whose deadline lies before this instant.
    pub overdue_at: Option<Instant>,
}

/// Items with one of the tasks, or with one of the other tasks and this lead unit. Without any task, nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Codes of tasks, whoever leads.
    pub anywhere: Vec<String>,
    /// A lead unit, and codes of tasks.
    pub own: Option<(UnitId, Vec<String>)>,
    /// An account: without the items from which it is barred.
    pub but: Option<AccountId>,
}

/// A stretch of time, its start included and its end not. Either may be left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    /// The first instant within.
    pub from: Option<Instant>,
    /// The first instant behind.
    pub until: Option<Instant>,
}

impl Period {
    /// Whether every instant, and the absence of one, is within.
    pub const fn is_unbounded(&self) -> bool {
        self.from.is_none() && self.until.is_none()
    }

    /// Whether `at` lies within. An absent instant lies within the unbounded period only.
    pub fn contains(&self, at: Option<Instant>) -> bool {
        match at {
            Some(at) => self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until),
            None => self.is_unbounded(),
        }
    }
}

/// The order of hits. Ties are broken by number, so that every order is total.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sort {
    /// The best match first; see [`search`](crate::search) for the formula. Newest first when there is no text.
    #[default]
    Relevance,
    /// The latest question first.
    NewestFirst,
    /// The earliest question first.
    OldestFirst,
    /// The earliest deadline first, items without one last.
    DueFirst,
}

/// One page of hits.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The hits, in the order asked for.
    pub hits: Vec<Hit>,
    /// How many items match in all, exactly.
    pub total: u64,
    /// Counts over all that match, when asked for.
    pub facets: Option<Facets>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<Cursor>,
}

/// A found item.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// The item's number.
    pub number: u64,
    /// How well it matches: comparable within one answer only; 0 when the order is not by relevance.
    pub score: f32,
}

/// How many of the hits have each value, the most frequent first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// By source id.
    pub sources: Vec<(String, u64)>,
    /// By lead unit; items without one are not counted.
    pub units: Vec<(UnitId, u64)>,
    /// By stage code.
    pub stages: Vec<(String, u64)>,
    /// By request type code.
    pub request_types: Vec<(String, u64)>,
}

/// A place in an ordered answer. Its text form is opaque to clients.
///
/// It holds the rank of the last hit of a page, and the instant recency was measured from, so that the pages of one answer
/// are cut from one order. (A commit between two pages can shift scores slightly; times and numbers never shift.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(super) rank: Rank,
    pub(super) now: Instant,
}

/// A place in an order: lower ranks come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    pub(super) major: i64,
    pub(super) minor: u64,
}

/// A text that is no cursor of this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a search cursor")]
pub struct InvalidCursor;

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.rank.major, self.rank.minor, self.now.as_micros())
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('.');
        let (Some(major), Some(minor), Some(now), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(InvalidCursor);
        };
        let major = major.parse().map_err(|_| InvalidCursor)?;
        let minor = minor.parse().map_err(|_| InvalidCursor)?;
        let now = now.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { rank: Rank { major, minor }, now: Instant::from_micros(now) })
    }
}
