//! Response times and on-time rates (domain rules 2.5), grouped in four ways that all add up to the same total.
//!
//! Two populations, each counted where it belongs:
//!
//! - **Received**: cases asked in the period. Each is answered, open, or *excluded* (merged, not accepted, transferred
//!   out, withdrawn). The response time of the answered ones runs from the citizen's message to the answer.
//! - **Due**: cases due in the period, as far as the due date has passed, without the excluded ones. On time is what was
//!   answered no later than it was due, with granted extensions counted in the due date.
//!
//! Percentiles are nearest-rank: of `n` values in ascending order the one with rank `⌈p·n⌉`. It is always a time that
//! some citizen waited, never one in between.

mod check;
mod report;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::access::coded::coded;
use crate::id::UnitId;
use crate::item::{RequestType, Stage};
use crate::time::Instant;

pub use check::{Imbalance, check};
pub use report::report;

coded! {
    /// What figures are grouped by.
    Grouping {
        /// By lead unit; what no unit leads is a group of its own.
        Unit = "unit" "责任单位",
        /// By source.
        Source = "source" "渠道",
        /// By request type.
        RequestType = "request_type" "诉求类型",
        /// By the month in China in which a case was asked or, for timeliness, due.
        Month = "month" "月份",
    }
}

/// One item as far as statistics look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Id of its source.
    pub source: String,
    /// What the citizen wants.
    pub request_type: RequestType,
    /// The lead unit.
    pub unit: Option<UnitId>,
    /// Where it stands.
    pub stage: Stage,
    /// When the citizen wrote: the start of the response time.
    pub asked_at: Instant,
    /// When the answer is due, extensions included; none while the clock stands still.
    pub due_at: Option<Instant>,
    /// When it was answered.
    pub replied_at: Option<Instant>,
}

impl Case {
    /// Merged, not accepted, transferred out or withdrawn: counted as received, but in no rate.
    pub const fn is_excluded(&self) -> bool {
        matches!(self.stage, Stage::Merged | Stage::NotAccepted | Stage::TransferredOut | Stage::Withdrawn)
    }
}

/// A period `[from, to)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub to: Instant,
}

impl Period {
    /// Whether the instant lies within.
    pub fn contains(&self, at: Instant) -> bool {
        self.from <= at && at < self.to
    }
}

/// The figures of one group, or of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Asked in the period.
    pub received: u64,
    /// Of these, answered.
    pub answered: u64,
    /// Of these, still owed an answer.
    pub open: u64,
    /// Of these, merged, not accepted, transferred out or withdrawn.
    pub excluded: u64,
    /// Of the open ones, those whose due date has passed.
    pub overdue: u64,
    /// Answered ones with an answer not before the question: the number behind `median` and `p90`.
    pub timed: u64,
    /// Half of the answers took no longer than this.
    pub median: Option<Span>,
    /// Nine of ten answers took no longer than this.
    pub p90: Option<Span>,
    /// Of those due in the period, answered no later than due: the numerator.
    pub on_time: u64,
    /// Due in the period and by now: the denominator.
    pub due: u64,
}

impl Figures {
    /// The on-time rate, 0 to 1; none when nothing was due.
    #[expect(clippy::cast_precision_loss, reason = "counts of items stay far below 2^52")]
    pub fn on_time_rate(&self) -> Option<f64> {
        (self.due > 0).then(|| self.on_time as f64 / self.due as f64)
    }
}

/// A length of time in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Span(i64);

impl Span {
    /// From microseconds.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// In microseconds.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// In hours.
    #[expect(clippy::cast_precision_loss, reason = "2^52 microseconds are 142 years")]
    pub fn hours(self) -> f64 {
        self.0 as f64 / 3.6e9
    }

    /// In days of 24 hours.
    pub fn days(self) -> f64 {
        self.hours() / 24.0
    }
}

/// One group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The id of the unit or source, the code of the request type, or the month; none for what no unit leads.
    pub key: Option<String>,
    /// Its figures.
    pub figures: Figures,
}

/// The figures of a period in one grouping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The period.
    pub period: Period,
    /// The grouping.
    pub grouping: Grouping,
    /// All cases together, counted on their own and not by adding the groups.
    pub total: Figures,
    /// The groups, in the order of their keys.
    pub groups: Vec<Group>,
}
