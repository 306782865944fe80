//! The work calendar 工作日历: which days count as working days, and why.
//!
//! A working day is Monday to Friday unless listed as a holiday, or a weekend day listed as worked in exchange (调休). The
//! list is data with a version ([`WorkCalendar::builtin`] is the one shipped; an administrator loads later years with
//! [`WorkCalendar::parse`]). In a year no list covers, Monday to Friday count, and every answer says that it is a guess.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday, date};

mod parse;
#[cfg(test)]
mod tests;

pub use parse::{CalendarError, CalendarProblem};

/// The shipped table; its origin is told in `domain/data/README.md`.
const BUILTIN_CSV: &str = include_str!("../../data/cn-holidays-2018-2026.csv");

/// The version text of the shipped table.
const BUILTIN_VERSION: &str = "cn-2018-2026 (chinesecalendar 1.11.0)";

/// A Monday from which weeks are counted.
const MONDAY: Date = date(1970, 1, 5);

/// A table of holidays and make-up working days, with its version and the years it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    version: String,
    rows: BTreeMap<Date, Row>,
    years: BTreeSet<i16>,
}

/// What the table says of one date.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Row {
    /// A rest day of the named holiday; may also be a weekend day.
    Holiday(String),
    /// A Saturday or Sunday worked in exchange for the named holiday.
    Workday(String),
}

/// The calendar's verdict on one date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// The date judged.
    pub date: Date,
    /// Whether it is a working day.
    pub counts: bool,
    /// The reason, printable in Chinese.
    pub why: Why,
}

/// Why a date is, or is not, a working day. `Display` prints it in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Monday to Friday, not listed.
    Weekday,
    /// Saturday or Sunday, not listed.
    Weekend,
    /// A listed rest day of the named holiday.
    Holiday(String),
    /// A listed weekend day worked in exchange for a holiday.
    MakeUpWorkday {
        /// Saturday or Sunday.
        weekday: Weekday,
        /// The holiday it is exchanged for.
        name: String,
    },
    /// The year's notice is not loaded: Monday to Friday are taken as working days, provisionally.
    NotCovered,
}

impl WorkCalendar {
    /// The table shipped with the program: 2018 to 2026.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<WorkCalendar> = LazyLock::new(builtin);
        &BUILTIN
    }

    /// Reads a table: a header `date,kind,name`, then one row a date, `kind` being `holiday` or `workday`.
    ///
    /// The error names the first bad line. A byte-order mark, CRLF line ends and blank lines are accepted.
    pub fn parse(version: &str, csv: &str) -> Result<Self, CalendarError> {
        let rows = parse::rows(csv)?;
        let years = covered_years(&rows);
        Ok(Self { version: version.to_owned(), rows, years })
    }

    /// The version text, to be kept with whatever was computed from this table.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The years whose notice is loaded, ascending.
    pub fn years(&self) -> impl Iterator<Item = i16> + '_ {
        self.years.iter().copied()
    }

    /// Whether the notice of this date's year is loaded.
    pub fn covers(&self, date: Date) -> bool {
        self.years.contains(&date.year())
    }

    /// Whether `date` is a working day, and why.
    pub fn day(&self, date: Date) -> Day {
        let weekday = date.weekday();
        let (counts, why) = match self.rows.get(&date) {
            Some(Row::Holiday(name)) => (false, Why::Holiday(name.clone())),
            Some(Row::Workday(name)) => (true, Why::MakeUpWorkday { weekday, name: name.clone() }),
            None if !self.covers(date) => (!is_weekend(weekday), Why::NotCovered),
            None if is_weekend(weekday) => (false, Why::Weekend),
            None => (true, Why::Weekday),
        };
        Day { date, counts, why }
    }

    /// The number of working days after `after` up to and including `to`; negative when `to` is the earlier one.
    ///
    /// Costs as much as the table has rows in between, not as many days as lie there.
    pub fn working_days(&self, after: Date, to: Date) -> i64 {
        if to < after {
            return -self.working_days(to, after);
        }
        if to == after {
            return 0;
        }
        let listed: i64 = self
            .rows
            .range((Bound::Excluded(after), Bound::Included(to)))
            .map(|(date, row)| match row {
                Row::Workday(_) => 1,
                Row::Holiday(_) if is_weekend(date.weekday()) => 0,
                Row::Holiday(_) => -1,
            })
            .sum();
        weekdays_up_to(to) - weekdays_up_to(after) + listed
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Weekday => f.write_str("工作日"),
            Self::Weekend => f.write_str("周末"),
            Self::Holiday(name) => write!(f, "{name}放假"),
            Self::MakeUpWorkday { weekday, name } => write!(f, "{}·调休上班（{name}）", weekday_zh(*weekday)),
            Self::NotCovered => f.write_str("日历缺失·暂估"),
        }
    }
}

/// The weekday's name in Chinese: 周一 to 周日.
pub const fn weekday_zh(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "周一",
        Weekday::Tuesday => "周二",
        Weekday::Wednesday => "周三",
        Weekday::Thursday => "周四",
        Weekday::Friday => "周五",
        Weekday::Saturday => "周六",
        Weekday::Sunday => "周日",
    }
}

/// Parses the embedded table.
#[expect(clippy::expect_used, reason = "the embedded table is part of the program, not input; a test reads it")]
fn builtin() -> WorkCalendar {
    WorkCalendar::parse(BUILTIN_VERSION, BUILTIN_CSV).expect("the embedded calendar is well formed")
}

/// Saturday or Sunday.
const fn is_weekend(weekday: Weekday) -> bool {
    matches!(weekday, Weekday::Saturday | Weekday::Sunday)
}

/// The years of which both 1 January and 1 October are listed as holidays.
///
/// Both are statutory holidays every year, so a complete notice always lists them. A lone row of a neighbouring year (a
/// day at the end of December moved by the next year's notice) or a half-typed year must not pass for a loaded one.
fn covered_years(rows: &BTreeMap<Date, Row>) -> BTreeSet<i16> {
    let is_holiday = |day: Option<Date>| day.is_some_and(|day| matches!(rows.get(&day), Some(Row::Holiday(_))));
    let years: BTreeSet<i16> = rows.keys().map(|date| date.year()).collect();
    years
        .into_iter()
        .filter(|year| is_holiday(Date::new(*year, 1, 1).ok()) && is_holiday(Date::new(*year, 10, 1).ok()))
        .collect()
}

/// The number of days from Monday to Friday since a fixed Monday, including `date`; negative before it.
fn weekdays_up_to(date: Date) -> i64 {
    let days = date.duration_since(MONDAY).as_hours().div_euclid(24) + 1;
    days.div_euclid(7) * 5 + days.rem_euclid(7).min(5)
}
