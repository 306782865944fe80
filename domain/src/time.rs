//! Instants and civil time.
//!
//! An instant is microseconds since 1970-01-01T00:00:00Z. Civil dates are those of China Standard Time, UTC+8 the whole
//! year (no daylight saving since 1992), so no time-zone database is needed.

use std::fmt;

use jiff::civil;
use jiff::tz::Offset;
use serde::{Deserialize, Serialize};

/// China Standard Time.
const CHINA: Offset = Offset::constant(8);

/// A point in time: microseconds UTC. The only form in which time is stored or compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(i64);

impl Instant {
    /// From microseconds since the epoch, UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch, UTC.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// The instant at which a clock on a wall in China shows `local`. `None` outside the years jiff can express.
    pub fn from_civil(local: civil::DateTime) -> Option<Self> {
        let timestamp = CHINA.to_timestamp(local).ok()?;
        Some(Self(timestamp.as_microsecond()))
    }

    /// What a clock on a wall in China shows. `None` outside the years jiff can express.
    pub fn to_civil(self) -> Option<civil::DateTime> {
        let timestamp = jiff::Timestamp::from_microsecond(self.0).ok()?;
        Some(CHINA.to_datetime(timestamp))
    }

    /// The date in China.
    pub fn date(self) -> Option<civil::Date> {
        self.to_civil().map(civil::DateTime::date)
    }

    /// Later (or, with a negative count, earlier) by whole seconds; stops at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000_000)))
    }

    /// Microseconds from `earlier` to `self`; negative when `self` is the earlier one.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Instant {
    /// RFC 3339 with China's offset, to the second: `2026-10-09T08:30:00+08:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_civil() {
            Some(civil) => {
                let (year, month, day) = (civil.year(), civil.month(), civil.day());
                let (hour, minute, second) = (civil.hour(), civil.minute(), civil.second());
                write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+08:00")
            }
            None => write!(f, "{} µs", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn midnight_in_china_is_four_in_the_afternoon_utc_the_day_before() {
        let midnight = Instant::from_civil(date(2026, 10, 9).at(0, 0, 0, 0)).unwrap();
        assert_eq!(midnight.as_micros(), 1_791_475_200_000_000);
        assert_eq!(midnight.date().unwrap(), date(2026, 10, 9));
        assert_eq!(midnight.plus_seconds(-1).date().unwrap(), date(2026, 10, 8));
        assert_eq!(midnight.to_string(), "2026-10-09T00:00:00+08:00");
    }

    #[test]
    fn the_ends_of_the_range_do_not_panic() {
        assert_eq!(Instant::from_micros(i64::MAX).date(), None);
        assert!(Instant::from_micros(i64::MIN).to_string().ends_with("µs"));
        assert_eq!(Instant::from_micros(i64::MAX).plus_seconds(5).as_micros(), i64::MAX);
    }
}
