//! What a day came to a moment ago. Pages that follow a pull ask every two seconds, and a day on which a hundred thousand
//! came takes seconds to read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use huiyin_domain::access::{Action, Actor, Object, allowed};
use jiff::civil::Date;

use super::super::{Service, ServiceError};
use super::Reconciliation;

/// So many times as long as a day took to read it is told again: no more than a tenth of one core is spent on it.
const TIMES: u32 = 10;
/// However long it took, it is read again after this.
const LONGEST: Duration = Duration::from_mins(1);
/// What is read faster than this is read each time, unless the service is told otherwise.
pub(in crate::service) const QUICK: Duration = Duration::from_millis(300);
/// Days kept; when more come, all are forgotten and read again.
const DAYS: usize = 16;

/// A day that was read.
#[derive(Debug)]
struct Reckoned {
    found: Arc<Reconciliation>,
    since: Instant,
    took: Duration,
}

impl Reckoned {
    /// Whether it is told again, so long after it was read; what was read faster than `quick` is not.
    fn serves(&self, age: Duration, quick: Duration) -> bool {
        self.took >= quick && age < LONGEST.min(self.took * TIMES)
    }
}

/// Held while the day is read: who else asks for it waits, and does not read it as well.
type Cell = Arc<tokio::sync::Mutex<Option<Reckoned>>>;

/// By day.
#[derive(Debug, Default)]
pub(in crate::service) struct Recent(Mutex<HashMap<Date, Cell>>);

impl Recent {
    fn of(&self, day: Date) -> Cell {
        let mut days = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if days.len() >= DAYS && !days.contains_key(&day) {
            days.clear();
        }
        days.entry(day).or_default().clone()
    }
}

impl Service {
    /// What [`Service::reconcile`] says. Of a day that takes long to read, what it said lately: up to ten times as long ago as
    /// reading it took, one minute at most. [`Reconciliation::at`] tells when.
    pub async fn reconcile_lately(&self, actor: &Actor, day: Date) -> Result<Arc<Reconciliation>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        let mut known = self.recent_days.of(day).lock_owned().await;
        if let Some(known) = known.as_ref().filter(|known| known.serves(known.since.elapsed(), self.quick_day)) {
            return Ok(known.found.clone());
        }
        let (service, actor) = (self.clone(), actor.clone());
        // On a task of its own: whoever asked may go away before it is done, and the next need not begin anew.
        let reading = tokio::spawn(async move {
            let began = Instant::now();
            let found = Arc::new(service.reconcile(&actor, day).await?);
            let since = Instant::now();
            *known = Some(Reckoned { found: found.clone(), since, took: since - began });
            Ok(found)
        });
        reading.await?
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn reckoned(took: u64) -> Reckoned {
        let found = Reconciliation {
            day: date(2026, 10, 9),
            at: huiyin_domain::time::Instant::from_micros(0),
            over: true,
            sources: Vec::new(),
            unplaced: Vec::new(),
        };
        Reckoned { found: Arc::new(found), since: Instant::now(), took: Duration::from_millis(took) }
    }

    #[test]
    fn what_takes_long_is_told_again_for_a_while() {
        let slow = reckoned(2_000);
        assert!(slow.serves(Duration::from_secs(19), QUICK));
        assert!(!slow.serves(Duration::from_secs(20), QUICK));
        assert!(!reckoned(60_000).serves(LONGEST, QUICK), "a minute at most");
        assert!(!reckoned(299).serves(Duration::ZERO, QUICK), "what is read quickly is read each time");
    }

    #[test]
    fn a_walk_through_the_years_stays_within_bounds() {
        let recent = Recent::default();
        let mut day = date(2026, 1, 1);
        for _ in 0..100 {
            recent.of(day);
            day = day.tomorrow().unwrap();
            assert!(recent.0.lock().unwrap().len() <= DAYS);
        }
    }
}
