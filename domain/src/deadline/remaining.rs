//! How much time is left, and when to remind.

use jiff::civil::Date;

use super::pause::midnight;
use super::{DayReason, LimitUnit, Proof};
use crate::calendar::WorkCalendar;
use crate::time::Instant;

/// Seconds from midnight to 09:00, when the office opens and reminders go out.
const MORNING: i64 = 9 * 3_600;

/// What is left of a deadline at some instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remaining {
    /// The time is up.
    pub overdue: bool,
    /// Working days after today up to and including the due day: 0 on the due day itself, negative by the working days
    /// gone since.
    pub working_days: i64,
    /// Microseconds to the due instant; negative when overdue.
    pub micros: i64,
}

/// A reminder to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminder {
    /// Which one.
    pub kind: ReminderKind,
    /// When.
    pub at: Instant,
}

/// The reminders of a deadline, from the mildest to the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReminderKind {
    /// Half of the limit is used up.
    Half,
    /// Four fifths of the limit are used up.
    FourFifths,
    /// The morning of the last working day on or before the bare due date. None for hours.
    LastWorkingDay,
    /// The time is up.
    Due,
}

/// What is left of the deadline at `now`.
pub fn remaining(now: Instant, proof: &Proof, calendar: &WorkCalendar) -> Remaining {
    // An instant without a date lies beyond one of the ends of time.
    let today = now.date().unwrap_or(if now < proof.start { Date::MIN } else { Date::MAX });
    Remaining {
        overdue: !proof.is_met_by(now),
        working_days: calendar.working_days(today, proof.due_date),
        micros: proof.due.micros_since(now),
    }
}

/// The reminders of a deadline, in order of time; of two at one instant only the more urgent.
///
/// For limits in days, half and four fifths are reached on the morning (09:00) of the counted day with that number,
/// rounded up: of ten working days the fifth and the eighth. A morning on which nobody works is brought forward to the
/// working day before. For hours they are shares of the span from start to due. Reminders that would fall behind the
/// due time, of a day that ends before 09:00, are left out.
pub fn reminders(proof: &Proof, calendar: &WorkCalendar) -> Vec<Reminder> {
    let mut planned: Vec<Reminder> = match proof.limit.unit() {
        LimitUnit::Hours => shares_of_hours(proof),
        _ => mornings(proof, calendar),
    };
    planned.retain(|reminder| reminder.at < proof.due);
    planned.push(Reminder { kind: ReminderKind::Due, at: proof.due });
    planned.sort_by_key(|reminder| (reminder.at, std::cmp::Reverse(reminder.kind)));
    planned.dedup_by_key(|reminder| reminder.at);
    planned
}

/// Half and four fifths of the span.
fn shares_of_hours(proof: &Proof) -> Vec<Reminder> {
    let span = proof.due.micros_since(proof.start);
    let after = |micros: i64| Instant::from_micros(proof.start.as_micros().saturating_add(micros));
    vec![
        Reminder { kind: ReminderKind::Half, at: after(span / 2) },
        Reminder { kind: ReminderKind::FourFifths, at: after(span / 5 * 4) },
    ]
}

/// The mornings of a limit in days.
fn mornings(proof: &Proof, calendar: &WorkCalendar) -> Vec<Reminder> {
    let total = proof.counted_days();
    let counted = |percent: usize| {
        let number = (total * percent).div_ceil(100);
        proof.counted.iter().filter(|day| day.counts).nth(number.saturating_sub(1)).map(|day| day.date)
    };
    [
        (ReminderKind::Half, counted(50)),
        (ReminderKind::FourFifths, counted(80)),
        (ReminderKind::LastWorkingDay, Some(proof.due_raw)),
    ]
    .into_iter()
    .filter_map(|(kind, date)| {
        let at = midnight(working_day_until(date?, proof, calendar)).ok()?.plus_seconds(MORNING);
        Some(Reminder { kind, at })
    })
    .collect()
}

/// The last working day of the count on or before `date`; `date` itself when the count has none.
fn working_day_until(date: Date, proof: &Proof, calendar: &WorkCalendar) -> Date {
    let works = |date: Date| calendar.day(date).counts;
    let mut backwards = proof.counted.iter().rev().filter(|day| day.date <= date && day.why != DayReason::Paused);
    backwards.find(|day| works(day.date)).map_or(date, |day| day.date)
}
