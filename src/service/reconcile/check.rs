//! Reconciling the days that are over, without being asked: what does not agree becomes an alarm.

use std::collections::BTreeSet;

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::statement::Difference;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::alarm::{Raise, settle};
use super::super::{Service, ServiceError};
use super::{Reconciliation, Span};
use crate::store::reconcile::{self, DayCheckRow};
use crate::store::{Tx, alarm};

/// Days that are looked at again each day: what came late closes their gaps.
const DAYS: i32 = 7;
/// Alarms raised of one source and one day; the reconciliation itself lists more.
const ALARMS: usize = 50;
/// Open alarms of a source that are looked at.
const OPEN: i64 = 10_000;

/// What becomes an alarm here. What a pull itself tells, or that none came, is an alarm already.
const CODES: [&str; 10] = [
    "pull_unbalanced",
    "pull_altered",
    "pull_gone",
    "pull_short",
    "item_gone",
    "message_gone",
    "version_gone",
    "number_gone",
    "held_gone",
    "numbers_missing",
];

impl Service {
    /// Reconciles the days that are over and were not since: the last one, and each day those of the week before. Tells how
    /// many days it looked at. Any number of nodes may do so at once.
    pub async fn check_days(&self) -> Result<usize, ServiceError> {
        let actor = Actor::System("reconcile");
        let permit = allowed(&actor, Action::SettleAlarm, &Object::None)?;
        let now = self.now();
        let Some(today) = now.date() else { return Ok(0) };
        let Ok(yesterday) = today.yesterday() else { return Ok(0) };
        let newest = self.day_checks(&actor, 1).await?.pop();
        // A later one was written before the clock was set back.
        let done = |check: DayCheckRow| check.day >= yesterday.to_string();
        if newest.is_some_and(done) || Span::of_day(yesterday).is_err() {
            return Ok(0);
        }
        let mut days = 0;
        // The last one at the end: its being there says that all were looked at.
        for back in (0..DAYS).rev() {
            let Ok(day) = yesterday.checked_sub(back.days()) else { continue };
            self.check_day(&permit, day).await?;
            days += 1;
        }
        Ok(days)
    }

    /// Reconciles one day and writes down what it came to.
    async fn check_day(&self, permit: &Permit, day: Date) -> Result<(), ServiceError> {
        let reconciliation = self.reconcile(permit.actor(), day).await?;
        let now = self.now();
        let mut tx = self.store.begin(permit).await?;
        self.alarm_differences(&mut tx, &reconciliation).await?;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let row = DayCheckRow {
            day: day.to_string(),
            checked_at: now.as_micros(),
            came: number(reconciliation.came()),
            accounted: number(reconciliation.accounted()),
            differences: number(reconciliation.differences().count() as u64),
        };
        match reconcile::put_day_check(&mut tx, row).await {
            Ok(()) => {}
            // Another node has looked at the same day at this moment.
            Err(error) if error.is_taken() => return Ok(()),
            Err(error) => return Err(error.into()),
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// Raises an alarm for each difference, and settles those of the day that are no longer found.
    async fn alarm_differences(&self, tx: &mut Tx, found: &Reconciliation) -> Result<(), ServiceError> {
        let now = self.now();
        for day in &found.sources {
            let mut met = BTreeSet::new();
            // Nobody knows of which source a number is that nobody has: it is told of the first that was read.
            let unplaced = found.unplaced.iter().filter(|_| found.sources.first() == Some(day));
            let differences = day.statement.differences.iter().chain(unplaced);
            for difference in differences.filter(|difference| CODES.contains(&difference.code())).take(ALARMS) {
                let subject = about(found.day, difference);
                let raise = Raise {
                    source: &day.source.id,
                    pull: None,
                    code: difference.code(),
                    subject: &subject,
                    message: &difference.message(),
                };
                self.raise(tx, raise, now).await?;
                met.insert((difference.code(), subject));
            }
            self.settle_closed(tx, &day.source.id, found.day, &met).await?;
        }
        Ok(())
    }

    async fn settle_closed(
        &self,
        tx: &mut Tx,
        source: &str,
        day: Date,
        met: &BTreeSet<(&str, String)>,
    ) -> Result<(), ServiceError> {
        let of_day = format!("{day} ");
        let open = alarm::open_of_source(&mut tx.conn(), source, OPEN).await?;
        let over = open.iter().filter(|row| {
            CODES.contains(&row.code.as_str())
                && row.subject.starts_with(&of_day)
                && !met.iter().any(|(code, subject)| *code == row.code && *subject == row.subject)
        });
        for row in over {
            settle(tx, row, self.now()).await?;
        }
        Ok(())
    }
}

/// Of which day, and what of it.
fn about(day: Date, difference: &Difference) -> String {
    format!("{day} {}", difference.subject())
}
