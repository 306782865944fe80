//! A calendar month in China.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use serde::{Deserialize, Serialize};

use crate::time::Instant;

/// A month such as `2026-10`, from its first instant in China to its last. Years 2000 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct YearMonth {
    year: i16,
    month: i8,
    start: Instant,
    end: Instant,
}

/// A text or a pair of numbers that is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a month (expected one from 2000-01 to 2199-12, such as 2026-10)")]
pub struct InvalidMonth;

impl YearMonth {
    /// From the year and the month, 1 to 12.
    pub fn new(year: i16, month: i8) -> Result<Self, InvalidMonth> {
        if !(2000..2200).contains(&year) {
            return Err(InvalidMonth);
        }
        let (next_year, next_month) =
            if month == 12 { (year.saturating_add(1), 1) } else { (year, month.saturating_add(1)) };
        Ok(Self { year, month, start: midnight(year, month)?, end: midnight(next_year, next_month)? })
    }

    /// The month in which an instant falls, in China.
    pub fn of(instant: Instant) -> Result<Self, InvalidMonth> {
        let date = instant.date().ok_or(InvalidMonth)?;
        Self::new(date.year(), date.month())
    }

    /// The year.
    pub const fn year(self) -> i16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> i8 {
        self.month
    }

    /// Its first instant: midnight in China.
    pub const fn first_instant(self) -> Instant {
        self.start
    }

    /// Its last instant: one microsecond before the next month.
    pub const fn last_instant(self) -> Instant {
        Instant::from_micros(self.end.as_micros().saturating_sub(1))
    }

    /// The first instant of the next month, for half-open ranges.
    pub const fn end(self) -> Instant {
        self.end
    }
}

fn midnight(year: i16, month: i8) -> Result<Instant, InvalidMonth> {
    let first = civil::Date::new(year, month, 1).map_err(|_| InvalidMonth)?;
    Instant::from_civil(first.at(0, 0, 0, 0)).ok_or(InvalidMonth)
}

impl FromStr for YearMonth {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let (year, month) = text.split_once('-').ok_or(InvalidMonth)?;
        let digits = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(InvalidMonth);
        }
        Self::new(year.parse().map_err(|_| InvalidMonth)?, month.parse().map_err(|_| InvalidMonth)?)
    }
}

impl TryFrom<String> for YearMonth {
    type Error = InvalidMonth;

    fn try_from(text: String) -> Result<Self, InvalidMonth> {
        text.parse()
    }
}

impl From<YearMonth> for String {
    fn from(month: YearMonth) -> Self {
        month.to_string()
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_is_whole_in_china() {
        let october: YearMonth = "2026-10".parse().unwrap();
        assert_eq!(october.first_instant().to_string(), "2026-10-01T00:00:00+08:00");
        assert_eq!(october.last_instant().to_string(), "2026-10-31T23:59:59+08:00");
        assert_eq!(october.last_instant().micros_since(october.end()), -1);
        assert_eq!(YearMonth::of(october.last_instant()), Ok(october));
        assert_eq!(YearMonth::of(october.end()), "2026-11".parse());
        assert_eq!("2026-12".parse::<YearMonth>().unwrap().end().to_string(), "2027-01-01T00:00:00+08:00");
        assert!(october < "2027-01".parse().unwrap());
        assert_eq!(serde_json::to_string(&october).unwrap(), "\"2026-10\"");
        assert_eq!(serde_json::from_str::<YearMonth>("\"2026-10\"").unwrap(), october);
    }

    #[test]
    fn what_is_not_a_month_is_refused() {
        for text in ["", "2026", "2026-13", "2026-00", "2026-1", "26-10", "1999-12", "2200-01", "+026-10", "2026-10-01"]
        {
            assert_eq!(text.parse::<YearMonth>(), Err(InvalidMonth), "{text}");
        }
    }
}
