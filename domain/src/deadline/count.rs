//! Counting a limit day by day, or hour by hour.

use jiff::ToSpan;
use jiff::civil::Date;

use super::pause::{Pauses, midnight};
use super::{CountedDay, DayReason, DeadlineError, EndOfDay, Limit, LimitUnit, Pause, Proof};
use crate::calendar::WorkCalendar;
use crate::time::Instant;

/// The longest count, in days from the start: twenty years. Beyond it the answer is [`DeadlineError::TooLong`].
pub const MAX_DAYS: usize = 7_320;

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

/// What is asked: from when, how long, and what happened to the clock on the way.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// When the message was dispatched or received. Its date is not counted.
    pub start: Instant,
    /// The limit.
    pub limit: Limit,
    /// When the last day ends.
    pub end_of_day: EndOfDay,
    /// What becomes of a last day that is a rest day.
    pub roll: Roll,
    /// Extensions granted, in any order.
    pub extensions: &'a [Extension],
    /// Pauses approved, in any order; they may overlap.
    pub pauses: &'a [Pause],
}

/// What becomes of a last day that is a rest day. A limit in working days never ends on one, one in hours never moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Roll {
    /// It stays.
    None,
    /// It moves to the next working day (《民法典》第203条).
    #[default]
    NextWorkday,
}

/// More time granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension {
    /// When it was granted; must lie before the due time it moves.
    pub granted_at: Instant,
    /// How much is added to the original due date: to the bare count of it, before any move to a working day.
    pub limit: Limit,
}

/// Computes a deadline with its proof.
///
/// Refuses an extension granted too late or in the wrong kind of unit, a pause that runs backwards, a count beyond
/// [`MAX_DAYS`], and times that cannot be expressed.
pub fn compute(request: &Request<'_>, calendar: &WorkCalendar) -> Result<Proof, DeadlineError> {
    let pauses = Pauses::new(request.pauses)?;
    let mut extensions = request.extensions.to_vec();
    extensions.sort_by_key(|extension| extension.granted_at);
    check_units(request.limit.unit(), &extensions)?;
    match request.limit.unit() {
        LimitUnit::Hours => count_hours(request, &extensions, &pauses, calendar),
        _ => count_days(request, &extensions, &pauses, calendar),
    }
}

/// Hours extend hours, days and months extend days and months.
fn check_units(base: LimitUnit, extensions: &[Extension]) -> Result<(), DeadlineError> {
    let is_hours = |unit: LimitUnit| unit == LimitUnit::Hours;
    match extensions.iter().map(|extension| extension.limit.unit()).find(|unit| is_hours(*unit) != is_hours(base)) {
        Some(extension) => Err(DeadlineError::ExtensionUnit { base, extension }),
        None => Ok(()),
    }
}

/// An extension is granted while the clock runs: neither before `start` nor when the time is up.
fn check_granted(granted_at: Instant, start: Instant, due: Instant) -> Result<(), DeadlineError> {
    if granted_at < start {
        Err(DeadlineError::ExtensionBeforeStart { granted_at, start })
    } else if granted_at >= due {
        Err(DeadlineError::ExtensionAfterDue { granted_at, due })
    } else {
        Ok(())
    }
}

/// A deadline in working days, calendar days or months.
fn count_days(
    request: &Request<'_>,
    extensions: &[Extension],
    pauses: &Pauses,
    calendar: &WorkCalendar,
) -> Result<Proof, DeadlineError> {
    let date = request.start.date().ok_or(DeadlineError::OutOfRange)?;
    let mut walk = Walk { request, pauses, calendar, date, provisional: false, days: Vec::new() };
    walk.count(request.limit)?;
    for extension in extensions {
        // Granted before the due time as it stood then, which includes the move to a working day; added to the bare count.
        let bare = walk.mark();
        walk.roll()?;
        check_granted(extension.granted_at, request.start, walk.end()?)?;
        walk.back_to(bare);
        walk.count(extension.limit)?;
    }
    let due_raw = walk.date;
    walk.roll()?;
    Ok(Proof {
        start: request.start,
        limit: request.limit,
        extensions: extensions.iter().map(|extension| extension.limit).collect(),
        due: walk.end()?,
        due_date: walk.date,
        due_raw,
        end_of_day: request.end_of_day,
        provisional: walk.provisional,
        counted: walk.days,
        calendar_version: calendar.version().to_owned(),
    })
}

/// A count under way: the last day reached and every day so far.
struct Walk<'a> {
    request: &'a Request<'a>,
    pauses: &'a Pauses,
    calendar: &'a WorkCalendar,
    date: Date,
    provisional: bool,
    days: Vec<CountedDay>,
}

/// A point of a count to which it can go back.
#[derive(Clone, Copy)]
struct Mark {
    date: Date,
    provisional: bool,
    days: usize,
}

impl Walk<'_> {
    /// Goes on until `limit` is used up; ends on a day that counts.
    fn count(&mut self, limit: Limit) -> Result<(), DeadlineError> {
        let in_working_days = limit.unit() == LimitUnit::WorkingDays;
        let mut left = match limit.unit() {
            LimitUnit::Months => days_of_months(self.date, limit.amount())?,
            _ => i64::from(limit.amount()),
        };
        while left > 0 {
            let date = self.next_day()?;
            let (counts, why) = if self.pauses.suspend(date, self.request.end_of_day)? {
                (false, DayReason::Paused)
            } else if in_working_days {
                self.provisional |= !self.calendar.covers(date);
                let day = self.calendar.day(date);
                (day.counts, DayReason::Calendar(day.why))
            } else {
                (true, DayReason::Natural)
            };
            self.push(CountedDay { date, counts, why });
            left -= i64::from(counts);
        }
        Ok(())
    }

    /// Goes on to the first day, from the last one reached, on which somebody works; the rule may forbid it.
    fn roll(&mut self) -> Result<(), DeadlineError> {
        if self.request.roll == Roll::None {
            return Ok(());
        }
        let raw = self.calendar.day(self.date);
        self.provisional |= !self.calendar.covers(self.date);
        let mut works = raw.counts;
        // The verdict on the last calendar day decides whether the deadline moves, so it belongs in the proof.
        if let Some(last) = self.days.last_mut().filter(|last| last.why == DayReason::Natural) {
            last.why = DayReason::LastNatural(raw.why);
        }
        while !works {
            let date = self.next_day()?;
            if self.pauses.suspend(date, self.request.end_of_day)? {
                self.push(CountedDay { date, counts: false, why: DayReason::Paused });
                continue;
            }
            self.provisional |= !self.calendar.covers(date);
            let day = self.calendar.day(date);
            works = day.counts;
            self.push(CountedDay { date, counts: false, why: DayReason::Rolled(day.why) });
        }
        Ok(())
    }

    /// Where the count stands.
    fn mark(&self) -> Mark {
        Mark { date: self.date, provisional: self.provisional, days: self.days.len() }
    }

    /// Forgets what was counted since `mark`.
    fn back_to(&mut self, mark: Mark) {
        self.date = mark.date;
        self.provisional = mark.provisional;
        self.days.truncate(mark.days);
        if let Some(last) = self.days.last_mut().filter(|last| matches!(last.why, DayReason::LastNatural(_))) {
            last.why = DayReason::Natural;
        }
    }

    /// The day after the last one.
    fn next_day(&self) -> Result<Date, DeadlineError> {
        if self.days.len() >= MAX_DAYS {
            return Err(DeadlineError::TooLong);
        }
        self.date.tomorrow().map_err(|_| DeadlineError::OutOfRange)
    }

    /// Takes a day into the count.
    fn push(&mut self, day: CountedDay) {
        self.date = day.date;
        self.days.push(day);
    }

    /// The instant at which the last day reached ends.
    fn end(&self) -> Result<Instant, DeadlineError> {
        Ok(midnight(self.date)?.plus_seconds(self.request.end_of_day.seconds()))
    }
}

/// How many days lie between `date` and the same day number so many months later, or that month's last day.
fn days_of_months(date: Date, months: u32) -> Result<i64, DeadlineError> {
    let target = date.checked_add(i64::from(months).months()).map_err(|_| DeadlineError::OutOfRange)?;
    Ok(target.duration_since(date).as_hours() / 24)
}

/// A deadline in hours.
fn count_hours(
    request: &Request<'_>,
    extensions: &[Extension],
    pauses: &Pauses,
    calendar: &WorkCalendar,
) -> Result<Proof, DeadlineError> {
    let micros = |limit: Limit| i64::from(limit.amount()) * HOUR;
    let mut due = pauses.run(request.start, micros(request.limit));
    for extension in extensions {
        check_granted(extension.granted_at, request.start, due)?;
        due = pauses.run(due, micros(extension.limit));
    }
    let due_date = due.date().ok_or(DeadlineError::OutOfRange)?;
    let mut date = request.start.date().ok_or(DeadlineError::OutOfRange)?;
    let mut counted = Vec::new();
    while date < due_date {
        if counted.len() >= MAX_DAYS {
            return Err(DeadlineError::TooLong);
        }
        date = date.tomorrow().map_err(|_| DeadlineError::OutOfRange)?;
        let stopped = pauses.cover(date)?;
        let why = if stopped { DayReason::Paused } else { DayReason::Hours };
        counted.push(CountedDay { date, counts: !stopped, why });
    }
    Ok(Proof {
        start: request.start,
        limit: request.limit,
        extensions: extensions.iter().map(|extension| extension.limit).collect(),
        due,
        due_date,
        due_raw: due_date,
        end_of_day: request.end_of_day,
        provisional: false,
        counted,
        calendar_version: calendar.version().to_owned(),
    })
}
