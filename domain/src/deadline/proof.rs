//! The result of a count, with the reason for every day.

use std::fmt;

use jiff::civil::Date;

use super::{EndOfDay, Limit, LimitUnit};
use crate::calendar::Why;
use crate::time::Instant;

/// A deadline and the day-by-day count that proves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The instant the clock started.
    pub start: Instant,
    /// The limit counted.
    pub limit: Limit,
    /// The extensions counted, in the order granted.
    pub extensions: Vec<Limit>,
    /// The first instant that is too late: the end of the due day, which for 24:00 is the midnight it shares with the next
    /// day, or the exact instant for a limit in hours. See [`Proof::is_met_by`] and [`Proof::due_text`].
    pub due: Instant,
    /// The last day in time. For hours, the date of `due`.
    pub due_date: Date,
    /// The last day by the bare count, before moving on to a working day. Reminders go by it.
    pub due_raw: Date,
    /// When the last day ends. Without meaning for a limit in hours.
    pub end_of_day: EndOfDay,
    /// A day that decided something lies in a year the calendar does not cover.
    pub provisional: bool,
    /// Every day from the day after the start to the due day, each once, in order. Empty for hours that end on the day
    /// they start.
    pub counted: Vec<CountedDay>,
    /// The version of the calendar asked.
    pub calendar_version: String,
}

/// One day of a count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedDay {
    /// The day.
    pub date: Date,
    /// Whether it used up the limit.
    pub counts: bool,
    /// Why, printable in Chinese.
    pub why: DayReason,
}

/// Why a day was counted or not. `Display` prints it in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DayReason {
    /// Working days: as the calendar says.
    Calendar(Why),
    /// Calendar days and months: every day counts.
    Natural,
    /// The last calendar day, of which the calendar is asked whether the deadline must move on.
    LastNatural(Why),
    /// After the last calendar day, up to and including the working day the deadline moved to.
    Rolled(Why),
    /// The clock runs by the hour, this day like any other.
    Hours,
    /// The clock stood still.
    Paused,
}

impl Proof {
    /// Whether something done at `at` was in time.
    pub fn is_met_by(&self, at: Instant) -> bool {
        at < self.due
    }

    /// How many days were counted, extensions included.
    pub fn counted_days(&self) -> usize {
        self.counted.iter().filter(|day| day.counts).count()
    }

    /// The due time as a person writes it: `2024-10-12 24:00`, `2024-10-12 17:30`; hours to the second.
    pub fn due_text(&self) -> String {
        match (self.limit.unit(), self.due.to_civil()) {
            (LimitUnit::Hours, Some(local)) => local.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            _ => format!("{} {}", self.due_date, self.end_of_day),
        }
    }
}

impl fmt::Display for DayReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Calendar(why) => why.fmt(f),
            Self::Natural => f.write_str("自然日"),
            Self::LastNatural(why) => write!(f, "自然日·期间届满（{why}）"),
            Self::Rolled(why) => write!(f, "顺延（{why}）"),
            Self::Hours => f.write_str("按小时连续计时"),
            Self::Paused => f.write_str("暂停计时"),
        }
    }
}
