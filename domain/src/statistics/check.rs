//! Reports add up, or they are refused.

use super::{Figures, Report};

/// A report whose parts do not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("`{figure}` does not add up: the whole is {whole}, the parts are {parts}")]
pub struct Imbalance {
    /// Which figure.
    pub figure: &'static str,
    /// What the total says.
    pub whole: u64,
    /// What the parts give.
    pub parts: u64,
}

type Count = fn(&Figures) -> u64;

/// Every count that groups have to add up to.
const COUNTS: [(&str, Count); 8] = [
    ("received", |figures| figures.received),
    ("answered", |figures| figures.answered),
    ("open", |figures| figures.open),
    ("excluded", |figures| figures.excluded),
    ("overdue", |figures| figures.overdue),
    ("timed", |figures| figures.timed),
    ("on_time", |figures| figures.on_time),
    ("due", |figures| figures.due),
];

/// Checks that Σ over the groups is the total for every count, and that in the total and each group received = answered +
/// open + excluded and no part is larger than its whole.
pub fn check(report: &Report) -> Result<(), Imbalance> {
    for (figure, count) in COUNTS {
        let whole = count(&report.total);
        let parts = report.groups.iter().map(|group| count(&group.figures)).sum();
        equal(figure, whole, parts)?;
    }
    report.groups.iter().map(|group| &group.figures).chain([&report.total]).try_for_each(|figures| {
        equal("received", figures.received, figures.answered + figures.open + figures.excluded)?;
        within("overdue", figures.open, figures.overdue)?;
        within("timed", figures.answered, figures.timed)?;
        within("on_time", figures.due, figures.on_time)
    })
}

const fn equal(figure: &'static str, whole: u64, parts: u64) -> Result<(), Imbalance> {
    if whole == parts { Ok(()) } else { Err(Imbalance { figure, whole, parts }) }
}

const fn within(figure: &'static str, whole: u64, parts: u64) -> Result<(), Imbalance> {
    if parts <= whole { Ok(()) } else { Err(Imbalance { figure, whole, parts }) }
}
