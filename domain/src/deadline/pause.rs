//! Approved pauses 中止: spans in which the clock does not run.

use jiff::civil::Date;

use super::{DeadlineError, EndOfDay};
use crate::time::Instant;

/// A pause from `from` up to, not including, `to`. For one that has not ended yet, pass the present as `to`: the result
/// is the earliest due date, that of a clock resumed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// When the clock stopped.
    pub from: Instant,
    /// When it went on.
    pub to: Instant,
}

/// The pauses of a request in order, overlapping ones joined, empty ones dropped.
#[derive(Debug)]
pub(super) struct Pauses(Vec<Pause>);

impl Pauses {
    /// Checks, sorts and joins.
    pub(super) fn new(pauses: &[Pause]) -> Result<Self, DeadlineError> {
        if let Some(Pause { from, to }) = pauses.iter().find(|pause| pause.to < pause.from) {
            return Err(DeadlineError::PauseReversed { from: *from, to: *to });
        }
        let mut sorted: Vec<Pause> = pauses.iter().copied().filter(|pause| pause.from < pause.to).collect();
        sorted.sort_by_key(|pause| pause.from);
        let mut joined: Vec<Pause> = Vec::with_capacity(sorted.len());
        for pause in sorted {
            match joined.last_mut() {
                Some(last) if pause.from <= last.to => last.to = last.to.max(pause.to),
                _ => joined.push(pause),
            }
        }
        Ok(Self(joined))
    }

    /// Whether `date` is suspended: some pause touches it before its business ends.
    ///
    /// A pause that begins after the end of that day's business finds the day used up, and cannot give it back.
    pub(super) fn suspend(&self, date: Date, end_of_day: EndOfDay) -> Result<bool, DeadlineError> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let midnight = midnight(date)?;
        let end = midnight.plus_seconds(end_of_day.seconds());
        Ok(self.0.iter().any(|pause| pause.from < end && midnight < pause.to))
    }

    /// Whether the whole of `date`, midnight to midnight, lies in a pause.
    pub(super) fn cover(&self, date: Date) -> Result<bool, DeadlineError> {
        if self.0.is_empty() {
            return Ok(false);
        }
        let midnight = midnight(date)?;
        let end = midnight.plus_seconds(EndOfDay::MIDNIGHT.seconds());
        Ok(self.0.iter().any(|pause| pause.from <= midnight && end <= pause.to))
    }

    /// The instant at which a clock started at `from` has run for `micros`, standing still in every pause.
    pub(super) fn run(&self, from: Instant, micros: i64) -> Instant {
        let plus = |instant: Instant, micros: i64| Instant::from_micros(instant.as_micros().saturating_add(micros));
        self.0.iter().fold(plus(from, micros), |due, pause| {
            let stopped = pause.from.max(from);
            if stopped < due && stopped < pause.to { plus(due, pause.to.micros_since(stopped)) } else { due }
        })
    }
}

/// The first instant of `date` in China.
pub(super) fn midnight(date: Date) -> Result<Instant, DeadlineError> {
    Instant::from_civil(date.at(0, 0, 0, 0)).ok_or(DeadlineError::OutOfRange)
}
