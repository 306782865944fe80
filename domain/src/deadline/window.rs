//! How near a due time is, in the days people count by: overdue, today, soon.

use crate::access::coded::coded;
use crate::calendar::WorkCalendar;
use crate::time::Instant;

coded! {
    /// How near a due time is. The windows do not overlap; what is due later lies in none.
    DueWindow {
        /// Its time has passed.
        Overdue = "overdue" "超期",
        /// Due by the end of today, in China.
        Today = "today" "今日到期",
        /// Due after today and by the end of the third working day from now.
        Soon = "soon" "三个工作日内到期",
    }
}

/// Working days ahead that count as soon.
const SOON_DAYS: usize = 3;
/// The calendar is not asked for more days than this: no holiday is so long.
const MOST_DAYS: usize = 60;

/// The windows as seen at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueWindows {
    now: Instant,
    today_ends: Instant,
    soon_ends: Instant,
}

impl DueWindows {
    /// The windows at `now`. A due time is the first instant that is too late, so that of a day's end is the midnight
    /// after it and still belongs to that day.
    pub fn at(now: Instant, calendar: &WorkCalendar) -> Self {
        let midnight = |date: jiff::civil::Date| Instant::from_civil(date.at(0, 0, 0, 0));
        let end = |date: jiff::civil::Date| date.tomorrow().ok().and_then(midnight);
        let ends = || {
            let today = now.date()?;
            let ahead = std::iter::successors(today.tomorrow().ok(), |date| date.tomorrow().ok());
            let soon = ahead.take(MOST_DAYS).filter(|date| calendar.day(*date).counts).nth(SOON_DAYS - 1)?;
            Some((end(today)?, end(soon)?))
        };
        // Outside the years that can be expressed nothing is due any more.
        let (today_ends, soon_ends) = ends().unwrap_or((now, now));
        Self { now, today_ends, soon_ends }
    }

    /// The due times within a window: from the first one on, up to and without the second.
    pub const fn range(&self, window: DueWindow) -> (Option<Instant>, Instant) {
        match window {
            DueWindow::Overdue => (None, self.now),
            DueWindow::Today => (Some(self.now), after(self.today_ends)),
            DueWindow::Soon => (Some(after(self.today_ends)), after(self.soon_ends)),
        }
    }

    /// The window of a due time.
    pub fn of(&self, due: Instant) -> Option<DueWindow> {
        DueWindow::ALL.iter().copied().find(|window| {
            let (from, until) = self.range(*window);
            from.is_none_or(|from| from <= due) && due < until
        })
    }
}

/// The first instant behind.
const fn after(instant: Instant) -> Instant {
    Instant::from_micros(instant.as_micros().saturating_add(1))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn at(day: jiff::civil::Date, hour: i8) -> Instant {
        Instant::from_civil(day.at(hour, 0, 0, 0)).unwrap()
    }

    #[test]
    fn a_day_ends_with_its_own_midnight() {
        // Friday 2026-11-20; the third working day from then is Wednesday.
        let windows = DueWindows::at(at(date(2026, 11, 20), 9), WorkCalendar::builtin());
        let of = |day, hour| windows.of(at(day, hour));
        assert_eq!(of(date(2026, 11, 19), 9), Some(DueWindow::Overdue));
        assert_eq!(of(date(2026, 11, 20), 8), Some(DueWindow::Overdue));
        assert_eq!(of(date(2026, 11, 20), 9), Some(DueWindow::Today));
        assert_eq!(of(date(2026, 11, 20), 23), Some(DueWindow::Today));
        assert_eq!(of(date(2026, 11, 21), 0), Some(DueWindow::Today));
        assert_eq!(of(date(2026, 11, 21), 1), Some(DueWindow::Soon));
        assert_eq!(of(date(2026, 11, 26), 0), Some(DueWindow::Soon));
        assert_eq!(of(date(2026, 11, 26), 1), None);
    }

    #[test]
    fn a_holiday_is_not_soon_over() {
        // 30 September 2026: the national holiday lasts from the 1st to the 7th, and the 10th is worked.
        let windows = DueWindows::at(at(date(2026, 9, 30), 9), WorkCalendar::builtin());
        assert_eq!(windows.of(at(date(2026, 10, 10), 20)), Some(DueWindow::Soon));
        assert_eq!(windows.of(at(date(2026, 10, 11), 1)), None);
    }
}
