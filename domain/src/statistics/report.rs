//! Counting.

use std::collections::BTreeMap;

use super::{Case, Figures, Group, Grouping, Period, Report, Span};
use crate::publication::YearMonth;
use crate::time::Instant;

/// The figures of a period as they stand `now`. Cases outside both populations are passed over.
pub fn report(cases: &[Case], period: Period, grouping: Grouping, now: Instant) -> Report {
    let mut total = Tally::default();
    let mut groups: BTreeMap<Option<String>, Tally> = BTreeMap::new();
    for case in cases {
        if period.contains(case.asked_at) {
            total.receive(case, now);
            groups.entry(key(case, grouping, case.asked_at)).or_default().receive(case, now);
        }
        if let Some(due) = case.due_at
            && period.contains(due)
            && due <= now
            && !case.is_excluded()
        {
            let on_time = case.replied_at.is_some_and(|replied| replied < due);
            total.fall_due(on_time);
            groups.entry(key(case, grouping, due)).or_default().fall_due(on_time);
        }
    }
    let groups = groups.into_iter().map(|(key, tally)| Group { key, figures: tally.figures() }).collect();
    Report { period, grouping, total: total.figures(), groups }
}

fn key(case: &Case, grouping: Grouping, at: Instant) -> Option<String> {
    match grouping {
        Grouping::Unit => case.unit.map(|unit| unit.to_string()),
        Grouping::Source => Some(case.source.clone()),
        Grouping::RequestType => Some(case.request_type.code().to_owned()),
        Grouping::Month => YearMonth::of(at).ok().map(|month| month.to_string()),
    }
}

#[derive(Default)]
struct Tally {
    figures: Figures,
    /// Microseconds from question to answer.
    times: Vec<i64>,
}

impl Tally {
    fn receive(&mut self, case: &Case, now: Instant) {
        let figures = &mut self.figures;
        figures.received += 1;
        if case.is_excluded() {
            figures.excluded += 1;
        } else if let Some(replied) = case.replied_at {
            figures.answered += 1;
            // A source that dates the answer before the question tells nothing about the time it took.
            let time = replied.micros_since(case.asked_at);
            if time >= 0 {
                self.times.push(time);
            }
        } else {
            figures.open += 1;
            figures.overdue += u64::from(case.due_at.is_some_and(|due| due < now));
        }
    }

    const fn fall_due(&mut self, on_time: bool) {
        self.figures.due += 1;
        if on_time {
            self.figures.on_time += 1;
        }
    }

    fn figures(mut self) -> Figures {
        self.times.sort_unstable();
        Figures {
            timed: self.times.len() as u64,
            median: nearest_rank(&self.times, 50),
            p90: nearest_rank(&self.times, 90),
            ..self.figures
        }
    }
}

/// The value with rank `⌈percent·n/100⌉` of `n` sorted values; none of none.
pub(super) fn nearest_rank(sorted: &[i64], percent: usize) -> Option<Span> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied().map(Span::from_micros)
}
