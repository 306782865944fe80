//! What a list of items shows: the filter people set, and the query string in which they share it.

mod query;

use huiyin_domain::access::Actor;
use huiyin_domain::deadline::{DueWindow, DueWindows};
use huiyin_domain::id::UnitId;
use huiyin_domain::item::{RequestType, Stage, Task, Waiting, waiting_for};
use huiyin_domain::time::Instant;

pub use query::{BadQuery, Column, Days, ListOrder, ListQuery};

use super::Service;
use crate::search;
use crate::store::item_list;

/// Which items a list shows. Values of one list are alternatives, the fields hold together, and what is left empty
/// restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListFilter {
    /// Source ids.
    pub sources: Vec<String>,
    /// Lead units.
    pub lead_units: Vec<UnitId>,
    /// A unit that assists.
    pub assisting: Option<UnitId>,
    /// Stages.
    pub stages: Vec<Stage>,
    /// Request types.
    pub request_types: Vec<RequestType>,
    /// What the items wait for.
    pub tasks: Vec<Task>,
    /// Only what waits for the viewer.
    pub waiting_for_me: bool,
    /// Only open, or only settled items.
    pub open: Option<bool>,
    /// Only open items that are overdue now.
    pub overdue: bool,
    /// Only open items due within this window, as it is now.
    pub due_window: Option<DueWindow>,
    /// When the citizen asked.
    pub asked: search::Period,
    /// When the answer is due.
    pub due: search::Period,
    /// When the answer was given.
    pub replied: search::Period,
}

impl ListFilter {
    /// Only open items can be left, and no settled ones were asked for.
    fn only_open(&self) -> bool {
        self.open == Some(true) || self.open.is_none() && (self.overdue || self.due_window.is_some())
    }

    /// The due times that both the period and the window allow.
    fn due_period(&self, windows: DueWindows) -> search::Period {
        let Some(window) = self.due_window else { return self.due };
        let (from, until) = windows.range(window);
        search::Period {
            from: self.due.from.max(from),
            until: Some(self.due.until.map_or(until, |other| other.min(until))),
        }
    }
}

impl Service {
    /// The windows of due times as they are now.
    pub fn due_windows(&self) -> DueWindows {
        DueWindows::at(self.now(), &self.rules.calendar)
    }

    /// The filter as the store reads it.
    pub fn list_filter(&self, viewer: &Actor, filter: &ListFilter) -> item_list::Filter {
        let due = filter.due_period(self.due_windows());
        let micros = |at: Option<Instant>| at.map(Instant::as_micros);
        item_list::Filter {
            sources: filter.sources.clone(),
            lead_units: filter.lead_units.iter().map(ToString::to_string).collect(),
            stages: codes(&filter.stages, Stage::code),
            request_types: codes(&filter.request_types, RequestType::code),
            tasks: codes(&filter.tasks, Task::code),
            waiting: filter.waiting_for_me.then(|| waiting(viewer, &waiting_for(viewer))),
            open: if filter.only_open() { Some(true) } else { filter.open },
            // With settled items asked for in one breath, nothing is left.
            overdue_at: (filter.overdue || filter.due_window.is_some() && filter.open == Some(false))
                .then(|| self.now().as_micros()),
            asked_from: micros(filter.asked.from),
            asked_to: micros(filter.asked.until),
            due_from: micros(due.from),
            due_to: micros(due.until),
            replied_from: micros(filter.replied.from),
            replied_to: micros(filter.replied.until),
            assisting: filter.assisting.map(|unit| unit.to_string()),
        }
    }

    /// The filter as the search index reads it.
    pub fn search_filters(&self, viewer: &Actor, filter: &ListFilter) -> search::Filters {
        let waiting = filter.waiting_for_me.then(|| {
            let Waiting { anywhere, own } = waiting_for(viewer);
            let tasks = |tasks: std::collections::BTreeSet<Task>| {
                tasks.into_iter().map(|task| task.code().to_owned()).collect::<Vec<_>>()
            };
            search::Waiting {
                anywhere: tasks(anywhere),
                own: own.map(|(unit, own)| (unit, tasks(own))),
                but: viewer.account(),
            }
        });
        search::Filters {
            sources: filter.sources.clone(),
            units: filter.lead_units.clone(),
            assisting: filter.assisting,
            stages: codes(&filter.stages, Stage::code),
            request_types: codes(&filter.request_types, RequestType::code),
            tasks: codes(&filter.tasks, Task::code),
            waiting,
            asked: filter.asked,
            due: filter.due_period(self.due_windows()),
            replied: filter.replied,
            open: if filter.only_open() { Some(true) } else { filter.open },
            overdue_at: (filter.overdue || filter.due_window.is_some() && filter.open == Some(false))
                .then(|| self.now()),
        }
    }
}

fn codes<T: Copy>(list: &[T], code: impl Fn(T) -> &'static str) -> Vec<String> {
    list.iter().map(|one| code(*one).to_owned()).collect()
}

fn waiting(viewer: &Actor, waiting: &Waiting) -> item_list::Waiting {
    let tasks =
        |tasks: &std::collections::BTreeSet<Task>| tasks.iter().map(|task| task.code().to_owned()).collect::<Vec<_>>();
    item_list::Waiting {
        anywhere: tasks(&waiting.anywhere),
        own: waiting.own.as_ref().map(|(unit, own)| (unit.to_string(), tasks(own))),
        but: viewer.account().map(|account| account.to_string()),
    }
}
