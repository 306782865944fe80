//! Reconciliation 对账: what came on a day is held against what is there of it, and what is missing is named.
//!
//! Nothing here believes the store alone. Items, held rows and pulls are looked for that the ledger has; a page that the
//! source dropped shows in what the source says it has; a number that it skipped shows in its neighbours.

mod check;
mod read;
mod recent;

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::schedule::Intervals;
use huiyin_domain::statement::{DayStatement, Difference, close};
use huiyin_domain::time::Instant;
use jiff::civil::Date;

use self::read::Facts;
pub(super) use self::recent::{QUICK, Recent};
use super::{Refusal, Service, ServiceError};
use crate::intake::Way;
use crate::store::reconcile::{self, DayCheckRow, DayPullRow, FreshRow, TotalsRow};
use crate::store::schedule::ScheduleRow;
use crate::store::source::SourceRow;

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// A day in seconds.
const DAY_SECONDS: i64 = 86_400;
/// Sweeps of a month that are looked at for the last of each source.
const SWEEPS: i64 = 20_000;
/// Checks of earlier days that are shown at most.
const CHECKS: i64 = 366;

/// From the beginning of one day in China to that of another, microseconds UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first microsecond.
    pub from: i64,
    /// The first microsecond behind it.
    pub to: i64,
}

impl Span {
    /// A day; refused where it lies beyond what time can say.
    pub fn of_day(day: Date) -> Result<Self, ServiceError> {
        let far = || Refusal::new("day_unusable", "这个日期不能对账，请换一个日期。");
        let from = Instant::from_civil(day.at(0, 0, 0, 0)).ok_or_else(far)?.as_micros();
        // The beginning of 1970 is the first that an id can tell.
        if from < 0 || day.year() > 9_000 {
            return Err(far().into());
        }
        Ok(Self { from, to: from + DAY })
    }

    /// The month in which a day lies.
    pub fn of_month(day: Date) -> Result<Self, ServiceError> {
        let first = Self::of_day(day.first_of_month())?;
        Ok(Self { from: first.from, to: Self::of_day(day.last_of_month())?.to })
    }
}

/// What a day's reconciliation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// The day in China.
    pub day: Date,
    /// When it was read.
    pub at: Instant,
    /// Whether the day is over: until then, more may come.
    pub over: bool,
    /// The sources that were read on the day, should have been, or miss something; in the order of their ids.
    pub sources: Vec<SourceDay>,
    /// What is missing of nobody knows which source.
    pub unplaced: Vec<Difference>,
}

/// One source's part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceDay {
    /// The source.
    pub source: SourceRow,
    /// Its statement.
    pub statement: DayStatement,
}

impl Reconciliation {
    /// What came, over all sources.
    pub fn came(&self) -> u64 {
        self.sources.iter().map(|day| day.statement.came).sum::<u64>() + self.unplaced.len() as u64
    }

    /// What is there of it.
    pub fn accounted(&self) -> u64 {
        self.sources.iter().map(|day| day.statement.accounted).sum()
    }

    /// Everything that does not agree, with the source where one is known.
    pub fn differences(&self) -> impl Iterator<Item = (Option<&SourceRow>, &Difference)> {
        let placed = self
            .sources
            .iter()
            .flat_map(|day| day.statement.differences.iter().map(|difference| (Some(&day.source), difference)));
        placed.chain(self.unplaced.iter().map(|difference| (None, difference)))
    }

    /// Whether everything agrees.
    pub fn is_closed(&self) -> bool {
        self.differences().next().is_none()
    }
}

impl Service {
    /// Reconciles a day. What it costs grows with what came on the day, not with what came before.
    pub async fn reconcile(&self, actor: &Actor, day: Date) -> Result<Reconciliation, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let span = Span::of_day(day)?;
        let at = self.now();
        let over = at.as_micros() >= span.to;
        let Facts { sources, schedules, mut of_source, unplaced } = self.read_facts(span).await?;
        for schedule in &schedules {
            let expected = over && is_expected(schedule, span) && !self.is_watched(&schedule.source_id);
            of_source.entry(schedule.source_id.clone()).or_default().expected = expected;
        }
        let days = sources.into_iter().filter_map(|source| {
            let statement = close(of_source.remove(&source.id)?);
            (statement.pulls > 0 || !statement.is_closed()).then_some(SourceDay { source, statement })
        });
        let unplaced = unplaced.into_iter().map(|number| Difference::NumberGone { number }).collect();
        Ok(Reconciliation { day, at, over, sources: days.collect(), unplaced })
    }

    /// Whether a source is a folder: on a day on which nobody puts a file into it there is no pull, and nothing amiss.
    fn is_watched(&self, source: &str) -> bool {
        self.connector(source).is_ok_and(|connector| matches!(connector.way(), Some(Way::Folder(_))))
    }

    /// The pulls of all sources in a time, added up by source: what a page shows of a day or a month.
    pub async fn pull_totals(&self, actor: &Actor, span: Span) -> Result<Vec<TotalsRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(reconcile::totals(&mut self.store.read().await?.conn(), span.from, span.to).await?)
    }

    /// The sweeps in a time that have ended, the oldest first.
    pub async fn sweeps(&self, actor: &Actor, span: Span) -> Result<Vec<DayPullRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(reconcile::sweeps(&mut self.store.read().await?.conn(), span.from, span.to, SWEEPS).await?)
    }

    /// When each source was read last.
    pub async fn freshness(&self, actor: &Actor) -> Result<Vec<FreshRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(reconcile::fresh(&mut self.store.read().await?.conn()).await?)
    }

    /// What the checks of the last days came to, the newest first.
    pub async fn day_checks(&self, actor: &Actor, limit: i64) -> Result<Vec<DayCheckRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let today = self.now().date().unwrap_or(Date::MAX).to_string();
        Ok(reconcile::day_checks(&mut self.store.read().await?.conn(), &today, limit.clamp(0, CHECKS)).await?)
    }
}

/// Whether a source should have been read on a day: it was switched on all day, and is read every day.
fn is_expected(schedule: &ScheduleRow, span: Span) -> bool {
    let intervals = intervals(schedule);
    schedule.enabled && schedule.since <= span.from && intervals.shortest().is_some_and(|every| every <= DAY_SECONDS)
}

/// The intervals of a schedule.
pub(crate) const fn intervals(schedule: &ScheduleRow) -> Intervals {
    Intervals { head: schedule.head_every, sweep: schedule.sweep_every, expect_every: schedule.expect_every }
}
