//! The home of each role: what waits for the viewer, what is late, and in whose hands it is.
//!
//! Every number comes with the query of the list that shows exactly what it counts. All of them are sums of a few grouped
//! statements over open items, however many items there have been.

use std::collections::BTreeMap;

use huiyin_domain::access::{Action, Actor, Object, Reach, Role, UnitKind, allowed, scope};
use huiyin_domain::deadline::{DueWindow, DueWindows};
use huiyin_domain::id::UnitId;
use huiyin_domain::item::{Task, Waiting, waiting_for};
use huiyin_domain::publication::{EntryStage, PublicationStage};
use huiyin_domain::time::Instant;

use super::list::{ListOrder, ListQuery};
use super::{Service, ServiceError, stored_id};
use crate::store::StoreError;
use crate::store::worklist::{self, Bounds, LoadRow, StageRow};

/// How many items there are of a kind, by how near they are due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Load {
    /// All of them.
    pub total: u64,
    /// Those whose time has passed.
    pub overdue: u64,
    /// Those due by the end of today.
    pub today: u64,
    /// Those due after today, by the end of the third working day.
    pub soon: u64,
    /// When the one that waits longest was asked.
    pub oldest_asked_at: Option<Instant>,
}

impl Load {
    fn add(&mut self, row: &LoadRow) {
        let count = |count: i64| u64::try_from(count).unwrap_or(0);
        self.total += count(row.total);
        self.overdue += count(row.overdue);
        self.today += count(row.today);
        self.soon += count(row.soon);
        let asked = Some(Instant::from_micros(row.oldest_asked_at));
        self.oldest_asked_at = if self.oldest_asked_at.is_some() { self.oldest_asked_at.min(asked) } else { asked };
    }

    /// How many are within a window; all of them without one.
    pub const fn within(&self, window: Option<DueWindow>) -> u64 {
        match window {
            None => self.total,
            Some(DueWindow::Overdue) => self.overdue,
            Some(DueWindow::Today) => self.today,
            Some(DueWindow::Soon) => self.soon,
        }
    }
}

/// A kind of work, how much of it there is, and the list that shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The stable code.
    pub code: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// How much there is.
    pub load: Load,
    /// The list of all of it.
    pub list: ListQuery,
}

impl Entry {
    fn new(code: &'static str, label: &'static str, list: ListQuery) -> Self {
        Self { code, label, load: Load::default(), list }
    }

    /// The list of what is within a window, oldest deadline first; of all of it without one.
    pub fn list_within(&self, window: Option<DueWindow>) -> ListQuery {
        within(&self.list, window)
    }
}

fn within(list: &ListQuery, window: Option<DueWindow>) -> ListQuery {
    // A suspended item has no date. A list by date would leave it out of the whole.
    let order = if window.is_some() { Some(ListOrder::Due) } else { Some(ListOrder::Oldest) };
    ListQuery { due_window: window, order, ..list.clone() }
}

/// What one unit has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitLoad {
    /// The unit; none for what no unit leads yet.
    pub unit: Option<UnitId>,
    /// How much it is.
    pub load: Load,
    /// The list of it.
    pub list: ListQuery,
}

impl UnitLoad {
    /// The list of what is within a window.
    pub fn list_within(&self, window: Option<DueWindow>) -> ListQuery {
        within(&self.list, window)
    }
}

/// How many issues or entries stand in one stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageCount {
    /// The code of the stage.
    pub code: &'static str,
    /// What people call it.
    pub label: &'static str,
    /// How many.
    pub count: u64,
    /// Whether it is the viewer's turn.
    pub mine: bool,
}

/// The home of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worklist {
    /// As of when.
    pub at: Instant,
    /// All that waits for the viewer.
    pub mine: Entry,
    /// All open items within sight.
    pub in_sight: Entry,
    /// The parts of what waits, and what else the viewer watches over, in the order of work.
    pub entries: Vec<Entry>,
    /// In whose hands what the viewer answers for is: the most overdue first, then the most work.
    pub units: Vec<UnitLoad>,
    /// Monthly issues by stage, for those who work on them.
    pub issues: Vec<StageCount>,
    /// Entries that are not public in their newest text, by stage, for those who work on them.
    pub issue_entries: Vec<StageCount>,
}

/// An entry with the tasks it counts.
struct Kind {
    code: &'static str,
    label: &'static str,
    tasks: &'static [Task],
}

/// What waits for one's own hand, in the order of work. A task stands in one kind.
const KINDS: [Kind; 12] = [
    Kind { code: "route", label: "待分办", tasks: &[Task::Register, Task::Route] },
    Kind { code: "returns", label: "退单待定", tasks: &[Task::DecideReturn] },
    Kind { code: "disputes", label: "待裁定", tasks: &[Task::Arbitrate] },
    Kind { code: "extensions", label: "延期待批", tasks: &[Task::DecideExtension] },
    Kind { code: "release", label: "待签发", tasks: &[Task::Release] },
    Kind { code: "accept", label: "待签收", tasks: &[Task::Accept] },
    Kind { code: "revise", label: "退回修改", tasks: &[Task::Revise] },
    Kind { code: "answer", label: "待答办", tasks: &[Task::Answer] },
    Kind { code: "resume", label: "挂起待恢复", tasks: &[Task::Resume] },
    Kind { code: "review_first", label: "待一审", tasks: &[Task::ReviewFirst] },
    Kind { code: "review_second", label: "待二审", tasks: &[Task::ReviewSecond] },
    Kind { code: "review_third", label: "待三审", tasks: &[Task::ReviewThird] },
];

impl Service {
    /// What waits for the viewer, what is late, and in whose hands it is; up to a second old where nothing was written
    /// since.
    pub async fn worklist(&self, viewer: &Actor) -> Result<Worklist, ServiceError> {
        let (written, now) = (self.store.written(), self.now());
        let Some(account) = viewer.account().filter(|_| self.store.is_embedded()) else {
            return self.worklist_now(viewer).await;
        };
        let key = account.to_string();
        // Whose roles or unit are others by now sees other work.
        if let Some((_, worklist)) = self.recent_worklists.get(&key, written, now).filter(|(whose, _)| whose == viewer)
        {
            return Ok(worklist);
        }
        let worklist = self.worklist_now(viewer).await?;
        self.recent_worklists.keep(key, &(viewer.clone(), worklist.clone()), written, now);
        Ok(worklist)
    }

    /// The same as it is now, whoever has written: for who was told that something changed.
    pub async fn worklist_now(&self, viewer: &Actor) -> Result<Worklist, ServiceError> {
        allowed(viewer, Action::ListItems, &Object::None)?;
        let now = self.now();
        let bounds = bounds(&DueWindows::at(now, &self.rules.calendar), now);
        let account = viewer.account().map(|account| account.to_string()).unwrap_or_default();
        let mut reader = self.store.read().await?;
        let mut conn = reader.conn();
        let (led, assisted) = match scope(viewer).reach() {
            Reach::All => (worklist::loads(&mut conn, &account, bounds).await?, Vec::new()),
            Reach::Unit(unit) | Reach::UnitOrAnswered(unit) => (
                worklist::loads_of_unit(&mut conn, &account, unit, bounds).await?,
                worklist::loads_assisted(&mut conn, &account, unit, bounds).await?,
            ),
            Reach::Answered | Reach::None => (Vec::new(), Vec::new()),
        };
        let led = led.into_iter().map(known).collect::<Result<Vec<Known>, ServiceError>>()?;
        let on_issues = allowed(viewer, Action::ViewPublicationDraft, &Object::None).is_ok();
        let (issues, issue_entries) = if on_issues {
            let issues = worklist::issues(&mut conn).await?;
            (issue_counts(viewer, &issues), entry_counts(viewer, &worklist::entries_to_review(&mut conn).await?))
        } else {
            (Vec::new(), Vec::new())
        };
        let mut entries = kinds(viewer, &led);
        entries.extend(assisting(viewer, &assisted));
        let (mine, in_sight) = (mine(viewer, &led), in_sight(&led, &assisted));
        Ok(Worklist { at: now, mine, in_sight, entries, units: units(viewer, &led), issues, issue_entries })
    }
}

fn bounds(windows: &DueWindows, now: Instant) -> Bounds {
    let until = |window| windows.range(window).1.as_micros();
    Bounds { now: now.as_micros(), tomorrow: until(DueWindow::Today), later: until(DueWindow::Soon) }
}

/// A row with its words read.
struct Known {
    task: Task,
    lead: Option<UnitId>,
    row: LoadRow,
}

impl Known {
    /// Whether these wait for the viewer, whose rows these are.
    fn waits(&self, waiting: &Waiting) -> bool {
        self.row.barred.is_none() && waiting.includes(self.task, self.lead)
    }
}

fn known(row: LoadRow) -> Result<Known, ServiceError> {
    let task = Task::parse(&row.task).ok_or_else(|| StoreError::Inconsistent {
        table: "item",
        column: "task",
        id: String::new(),
        problem: format!("`{}` is no code", row.task),
    })?;
    let lead = row.lead_unit_id.as_deref().map(|id| stored_id("unit", id)).transpose()?;
    Ok(Known { task, lead, row })
}

fn mine(viewer: &Actor, led: &[Known]) -> Entry {
    let waiting = waiting_for(viewer);
    let list = ListQuery { waiting_for_me: true, ..ListQuery::default() };
    let mut entry = Entry::new("mine", "待我处理", list);
    for known in led.iter().filter(|known| known.waits(&waiting)) {
        entry.load.add(&known.row);
    }
    entry
}

/// Every open item within sight is led by a unit within sight, by none, or assisted with: each is counted once.
fn in_sight(led: &[Known], assisted: &[LoadRow]) -> Entry {
    let list = ListQuery { open: Some(true), ..ListQuery::default() };
    let mut entry = Entry::new("open", "未办结", list);
    for row in led.iter().map(|known| &known.row).chain(assisted) {
        entry.load.add(row);
    }
    entry
}

fn kinds(viewer: &Actor, led: &[Known]) -> Vec<Entry> {
    let waiting = waiting_for(viewer);
    let section = matches!(viewer, Actor::Account { unit_kind: UnitKind::Section, .. });
    let own = |task: &Task| waiting.own.as_ref().is_some_and(|(_, tasks)| tasks.contains(task));
    let shown = KINDS.iter().filter(|kind| kind.tasks.iter().any(|task| waiting.anywhere.contains(task) || own(task)));
    shown
        .map(|kind| {
            let tasks = kind.tasks.iter().copied().collect();
            let list = ListQuery { tasks, waiting_for_me: true, ..ListQuery::default() };
            let mut entry = Entry::new(kind.code, kind.label, list);
            for known in led.iter().filter(|known| kind.tasks.contains(&known.task) && known.waits(&waiting)) {
                entry.load.add(&known.row);
            }
            let usual = section || kind.tasks.iter().any(|task| waiting.anywhere.contains(task));
            (entry, usual)
        })
        // Outside the sections few answer letters of their own: told when there is one.
        .filter(|(entry, usual)| *usual || entry.load.total > 0)
        .map(|(entry, _)| entry)
        .collect()
}

/// What the viewer's unit helps with. It acts when the lead unit asks; it is shown so that nobody forgets it.
fn assisting(viewer: &Actor, assisted: &[LoadRow]) -> Option<Entry> {
    let Actor::Account { unit, roles, .. } = viewer else { return None };
    if !roles.contains(&Role::Handler) {
        return None;
    }
    let list = ListQuery { assisting: Some(*unit), open: Some(true), ..ListQuery::default() };
    let mut entry = Entry::new("assist", "协办", list);
    for row in assisted {
        entry.load.add(row);
    }
    Some(entry)
}

fn units(viewer: &Actor, led: &[Known]) -> Vec<UnitLoad> {
    if allowed(viewer, Action::ViewStatistics, &Object::None).is_err() {
        return Vec::new();
    }
    let mut loads: BTreeMap<Option<UnitId>, Load> = BTreeMap::new();
    for known in led {
        loads.entry(known.lead).or_default().add(&known.row);
    }
    let mut units: Vec<UnitLoad> = loads
        .into_iter()
        .map(|(unit, load)| {
            let base = ListQuery { open: Some(true), ..ListQuery::default() };
            let list = match unit {
                Some(unit) => ListQuery { lead_units: [unit].into(), ..base },
                // An item without a lead unit waits to be routed.
                None => ListQuery { tasks: [Task::Register, Task::Route].into(), ..base },
            };
            UnitLoad { unit, load, list }
        })
        .collect();
    units.sort_by_key(|unit| std::cmp::Reverse((unit.load.overdue, unit.load.today, unit.load.total)));
    units
}

fn stage_counts<S: Copy>(
    rows: &[StageRow],
    stages: &[S],
    words: impl Fn(S) -> (&'static str, &'static str),
    mine: impl Fn(S) -> bool,
) -> Vec<StageCount> {
    stages
        .iter()
        .map(|stage| {
            let (code, label) = words(*stage);
            let count = rows.iter().find(|row| row.stage == code).map_or(0, |row| row.total);
            StageCount { code, label, count: u64::try_from(count).unwrap_or(0), mine: mine(*stage) }
        })
        .collect()
}

fn issue_counts(viewer: &Actor, rows: &[StageRow]) -> Vec<StageCount> {
    let publishes = allowed(viewer, Action::CreatePublication, &Object::None).is_ok();
    let words = |stage: PublicationStage| (stage.code(), stage.label());
    let mine = |stage| publishes && matches!(stage, PublicationStage::Draft | PublicationStage::Approved);
    stage_counts(rows, PublicationStage::ALL, words, mine)
}

fn entry_counts(viewer: &Actor, rows: &[StageRow]) -> Vec<StageCount> {
    let (publisher, reviewer, kind) = match viewer {
        Actor::Account { roles, unit_kind, .. } => {
            (roles.contains(&Role::Publisher), roles.contains(&Role::Reviewer), Some(*unit_kind))
        }
        _ => (false, false, None),
    };
    let mine = |stage| match stage {
        EntryStage::Candidate => publisher,
        EntryStage::Deidentified => reviewer && kind == Some(UnitKind::Office),
        EntryStage::SecrecyChecked => reviewer && kind == Some(UnitKind::Leadership),
        EntryStage::Approved | EntryStage::Published | EntryStage::Updated | EntryStage::Retracted => false,
    };
    let working = [EntryStage::Candidate, EntryStage::Deidentified, EntryStage::SecrecyChecked, EntryStage::Approved];
    stage_counts(rows, &working, |stage| (stage.code(), stage.label()), mine)
}
