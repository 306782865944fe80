//! Dates as real exports write them.

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
    pub const NONE: Self =
        Self { year_first: false, slash: None, unix_seconds: false, java_millis: false, excel_serial: false };
    /// Every shape that cannot be mistaken for another.
    pub const CLEAR: Self = Self {
        year_first: true,
        slash: Some(SlashOrder::OnlyIfClear),
        unix_seconds: true,
        java_millis: true,
        excel_serial: false,
    };
}
