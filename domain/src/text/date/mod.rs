//! Dates as real exports write them.
//!
//! A source mixes real spreadsheet dates with text in a dozen shapes, often in one column. What is read here is civil time
//! in China unless the text itself carries an offset. Nothing is guessed: a text that could mean two days is an error.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use jiff::civil;
use serde::{Serialize, Serializer};

use crate::time::Instant;

/// A date with or without the time of day: many sources print only the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateOrDateTime {
    /// Only the day is known.
    Date(civil::Date),
    /// The moment is known.
    DateTime(Instant),
}

impl DateOrDateTime {
    /// The moment; of a mere day, its first (midnight in China). `None` outside the years jiff can express.
    pub fn instant(self) -> Option<Instant> {
        match self {
            Self::Date(date) => Instant::from_civil(date.at(0, 0, 0, 0)),
            Self::DateTime(instant) => Some(instant),
        }
    }

    /// The day in China. `None` outside the years jiff can express.
    pub fn date(self) -> Option<civil::Date> {
        match self {
            Self::Date(date) => Some(date),
            Self::DateTime(instant) => instant.date(),
        }
    }

    /// Whether the time of day is known.
    pub const fn has_time(self) -> bool {
        matches!(self, Self::DateTime(_))
    }
}

impl Serialize for DateOrDateTime {
    /// `2019-02-08`, or RFC 3339 with China's offset when the time of day is known.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Date(date) => serializer.collect_str(date),
            Self::DateTime(instant) => serializer.collect_str(instant),
        }
    }
}

/// Which shapes a date may have. Each flag is one family; a connector declares what its source uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "a set of independent flags")]
pub struct Shapes {
    /// Year first: 2019/2/8, 2019-12-08 19:05, 2019.2.8, 2019年2月8日 9时5分, 20190208, and ISO 8601 with T, Z or offset.
    pub year_first: bool,
    /// Year last with slashes: 12/31/2019; how its first two numbers are told apart.
    pub slash: Option<SlashOrder>,
    /// Seconds since 1970 (ten digits).
    pub unix_seconds: bool,
    /// Milliseconds since 1970 (thirteen digits).
    pub java_millis: bool,
    /// Days since 1900 as a spreadsheet counts them, written as text (43504.378).
    pub excel_serial: bool,
    /// As mail and feeds write it: Tue, 10 Nov 2026 08:00:00 +0800 (RFC 2822, also with GMT or UT).
    pub rfc2822: bool,
}

/// The order of day and month in 02/03/2019.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlashOrder {
    /// Undeclared: accepted only where one reading is possible.
    OnlyIfClear,
    /// Month, day, year.
    MonthFirst,
    /// Day, month, year.
    DayFirst,
}

impl Shapes {
    /// No shape at all.
    pub const NONE: Self = Self {
        year_first: false,
        slash: None,
        unix_seconds: false,
        java_millis: false,
        excel_serial: false,
        rfc2822: false,
    };
    /// Every shape that cannot be mistaken for another.
    pub const CLEAR: Self = Self {
        year_first: true,
        slash: Some(SlashOrder::OnlyIfClear),
        unix_seconds: true,
        java_millis: true,
        excel_serial: false,
        rfc2822: false,
    };
}

impl fmt::Display for Shapes {
    /// Examples of what is accepted, for a message to people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let examples = [
            (self.year_first, "2019-12-08 19:05"),
            (self.year_first, "2019年12月8日"),
            (self.slash == Some(SlashOrder::OnlyIfClear), "12/31/2019"),
            (self.slash == Some(SlashOrder::MonthFirst), "12/31/2019 (month first)"),
            (self.slash == Some(SlashOrder::DayFirst), "31/12/2019 (day first)"),
            (self.unix_seconds, "1575803100"),
            (self.java_millis, "1575803100000"),
            (self.excel_serial, "43807.795"),
            (self.rfc2822, "Sun, 8 Dec 2019 19:05:00 +0800"),
        ];
        let mut separator = "";
        for (_, example) in examples.iter().filter(|(accepted, _)| *accepted) {
            write!(f, "{separator}{example}")?;
            separator = ", ";
        }
        Ok(())
    }
}

/// Why a text is no date. Quotes at most 32 characters of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// In none of the accepted shapes.
    #[error("`{text}` is not a date in an accepted shape: {accepted}")]
    Unreadable {
        /// The text, cut.
        text: String,
        /// What would be read.
        accepted: Shapes,
    },
    /// Two readings, and nobody declared which.
    #[error("`{text}` can be two different days: declare the order of day and month")]
    Ambiguous {
        /// The text, cut.
        text: String,
    },
    /// The right shape, but no such day or time (1900-01-00, 30 February, 25:00), or a year outside 1900 to 2199.
    #[error("`{text}` is not a day that exists between 1900 and 2199")]
    Impossible {
        /// The text, cut.
        text: String,
    },
}

/// From which day a spreadsheet counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SerialEpoch {
    /// Day 1 is 1900-01-01, and the 29 February 1900 that never was is day 60.
    Excel1900,
    /// Day 0 is 1904-01-01 (old Macintosh workbooks).
    Excel1904,
}

/// Reads a date, with or without time, in any of the accepted shapes.
///
/// Spaces around, no-break and ideographic spaces and full-width digits are tolerated. A text without an offset is civil
/// time in China.
pub fn parse_date(text: &str, accepted: Shapes) -> Result<DateOrDateTime, DateError> {
    parse::text(text, accepted)
}

/// Reads a spreadsheet's day number, to the second. A whole number is a mere day.
pub fn parse_excel_serial(serial: f64, epoch: SerialEpoch) -> Result<DateOrDateTime, DateError> {
    parse::serial(serial, epoch).ok_or_else(|| DateError::Impossible { text: parse::cut(&serial.to_string()) })
}
