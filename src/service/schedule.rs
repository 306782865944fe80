//! When each source is read next: what its connector asks for, what the office switched on, and what came of the last time.

use std::time::Duration;

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::schedule::{self as plan, Due, Intervals};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::alarm::{Raise, settle};
pub(crate) use super::reconcile::intervals;
use super::rest::OWN_FILES;
use super::{Refusal, Service, ServiceError};
use crate::intake::{Connector, Kind};
use crate::store::alarm;
use crate::store::job::{self, JobRow};
use crate::store::schedule::{self, ScheduleRow};
use crate::store::source::{self, SourceRow};
use crate::store::{StoreError, Tx};

/// The source was not read for three of its intervals.
const NOT_READ: &str = "not_read";
/// The source has shown nothing new for longer than is usual.
const STALE: &str = "stale";
/// Jobs under way or waiting that are looked at: each source has two at most.
const JOBS: i64 = 10_000;

/// How much of a source a job reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobKind {
    /// A quick look at the newest pages.
    Head,
    /// The whole list.
    Sweep,
}

impl JobKind {
    /// The code as written to the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Sweep => "sweep",
        }
    }

    /// The kind with this code.
    pub fn parse(code: &str) -> Option<Self> {
        [Self::Head, Self::Sweep].into_iter().find(|kind| kind.as_str() == code)
    }
}

/// What came of reading a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was read as far as it should be.
    Read {
        /// Messages nobody had seen before.
        new: u64,
    },
    /// It could not be.
    Failed {
        /// Stable code.
        code: String,
    },
    /// The source asks to be left alone.
    Blocked {
        /// For how many seconds, where it says.
        retry_after: Option<u64>,
    },
    /// The program stops: somebody else is to go on.
    Stopped,
}

/// A schedule for a source that had none.
fn new_schedule(source: &str, wanted: &Intervals, enabled: bool, now: Instant) -> ScheduleRow {
    ScheduleRow {
        source_id: source.to_owned(),
        enabled,
        since: now.as_micros(),
        head_every: wanted.head,
        sweep_every: wanted.sweep,
        expect_every: wanted.expect_every,
        // At once, the whole list first.
        head_due_at: wanted.head.map(|_| now.as_micros()),
        sweep_due_at: wanted.sweep.map(|_| now.as_micros()),
        head_done_at: None,
        sweep_done_at: None,
        new_at: None,
        failures: 0,
        blocked_until: None,
        blocked_code: String::new(),
    }
}

/// The schedule with other intervals. What was planned for longer than an interval that is new is planned at once.
fn with_intervals(mut row: ScheduleRow, wanted: &Intervals, now: Instant) -> ScheduleRow {
    let due = |before: Option<i64>, planned: Option<i64>, wanted: Option<i64>| match wanted {
        None => None,
        Some(_) if before == wanted => planned,
        Some(_) => Some(now.as_micros()),
    };
    row.head_due_at = due(row.head_every, row.head_due_at, wanted.head);
    row.sweep_due_at = due(row.sweep_every, row.sweep_due_at, wanted.sweep);
    row.head_every = wanted.head;
    row.sweep_every = wanted.sweep;
    row.expect_every = wanted.expect_every;
    row
}

impl Service {
    /// Takes over what the connectors ask for. Those of this installation's own folder are read by plan from the first; those
    /// that come with the program, once somebody switches them on. Tells how many schedules changed.
    pub async fn refresh_schedules(&self) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("schedule"), Action::ManageSources, &Object::None)?;
        let connectors = self.connectors()?;
        let rows = schedule::all(&mut self.store.read().await?.conn()).await?;
        let mut changed = 0;
        for row in &rows {
            // One whose connector is gone stays as it was: that it can no longer be read is then seen.
            let Some(connector) = connectors.iter().find(|connector| connector.id == row.source_id) else { continue };
            let wanted = planned(connector).unwrap_or_default();
            if wanted != intervals(row) {
                let now = self.now();
                let mut tx = self.store.begin(&permit).await?;
                schedule::update(&mut tx, &with_intervals(row.clone(), &wanted, now)).await?;
                tx.commit(now).await?;
                changed += 1;
            }
        }
        for connector in &connectors {
            let is_new = !rows.iter().any(|row| row.source_id == connector.id);
            if is_new
                && self.is_own_connector(&connector.id)
                && let Some(wanted) = planned(connector)
            {
                match self.add_schedule(&permit, connector, &wanted, true).await {
                    Ok(_) => changed += 1,
                    // Another node has done so at this moment.
                    Err(ServiceError::Store(error)) if error.is_taken() => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(changed)
    }

    async fn add_schedule(
        &self,
        permit: &Permit,
        connector: &Connector,
        wanted: &Intervals,
        enabled: bool,
    ) -> Result<ScheduleRow, ServiceError> {
        let now = self.now();
        let row = new_schedule(&connector.id, wanted, enabled, now);
        let mut tx = self.store.begin(permit).await?;
        add_source(&mut tx, connector, now).await?;
        schedule::insert(&mut tx, row.clone()).await?;
        record_switch(&mut tx, &connector.id, enabled)?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// Sets whether a source is read by its plan. A job under way is not broken off.
    pub async fn set_source_enabled(
        &self,
        actor: &Actor,
        source: &str,
        enabled: bool,
    ) -> Result<ScheduleRow, ServiceError> {
        let permit = allowed(actor, Action::ManageSources, &Object::None)?;
        let connector = self.connector(source)?;
        let wanted = match planned(&connector) {
            Some(wanted) => wanted,
            // A box for letters is opened and closed with the same switch, and is never read.
            None if connector.kind == Kind::Form => Intervals::default(),
            None => return Err(not_planned().into()),
        };
        let set = self.switch(&permit, &connector, wanted, enabled).await;
        self.forget_closed_boxes();
        set
    }

    async fn switch(
        &self,
        permit: &Permit,
        connector: &Connector,
        wanted: Intervals,
        enabled: bool,
    ) -> Result<ScheduleRow, ServiceError> {
        let source = connector.id.as_str();
        let known = schedule::by_source(&mut self.store.read().await?.conn(), source).await?;
        let row = match known {
            None => {
                let added = self.add_schedule(permit, connector, &wanted, enabled).await;
                return match added {
                    // Somebody else has switched it at this moment.
                    Err(ServiceError::Store(error)) if error.is_taken() => {
                        Err(StoreError::ChangedMeanwhile { table: "schedule", id: source.to_owned() }.into())
                    }
                    added => added,
                };
            }
            Some(row) if row.enabled == enabled => return Ok(row),
            Some(row) => row,
        };
        let now = self.now();
        let row = ScheduleRow {
            enabled,
            since: now.as_micros(),
            head_due_at: wanted.head.map(|_| now.as_micros()),
            sweep_due_at: wanted.sweep.map(|_| now.as_micros()),
            failures: 0,
            blocked_until: None,
            blocked_code: String::new(),
            ..with_intervals(row, &wanted, now)
        };
        let mut tx = self.store.begin(permit).await?;
        schedule::update(&mut tx, &row).await?;
        record_switch(&mut tx, source, enabled)?;
        if !enabled {
            settle_alarms(&mut tx, source, &[NOT_READ, STALE], now).await?;
        }
        tx.commit(now).await?;
        self.wake_jobs();
        Ok(row)
    }

    /// All schedules.
    pub async fn schedules(&self, actor: &Actor) -> Result<Vec<ScheduleRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(schedule::all(&mut self.store.read().await?.conn()).await?)
    }

    /// Makes a job of every reading whose time has come. Tells how many.
    pub async fn plan_jobs(&self) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("schedule"), Action::PullSource, &Object::None)?;
        let (rows, open) = {
            // From one state: a job that ends between the two would seem never to have been.
            let mut snapshot = self.store.snapshot().await?;
            let mut open = job::in_stage(&mut snapshot.conn(), "running", JOBS).await?;
            open.extend(job::in_stage(&mut snapshot.conn(), "waiting", JOBS).await?);
            (schedule::all(&mut snapshot.conn()).await?, open)
        };
        let now = self.now();
        let mut planned = 0;
        for row in rows.iter().filter(|row| row.enabled) {
            let busy = open.iter().any(|job| job.source_id == row.source_id);
            let blocked = plan::is_blocked(now, row.blocked_until.map(Instant::from_micros));
            if busy || blocked {
                continue;
            }
            match self.next_of(row, now)? {
                Next::Job(kind) => planned += usize::from(self.add_job(&permit, row, kind, now).await?.is_some()),
                Next::Row(row) => {
                    let mut tx = self.store.begin(&permit).await?;
                    schedule::update(&mut tx, &row).await?;
                    tx.commit(now).await?;
                }
                Next::Nothing => {}
            }
        }
        Ok(planned)
    }

    /// What is to be done with a source now. A sweep sees what a look would see.
    fn next_of(&self, row: &ScheduleRow, now: Instant) -> Result<Next, ServiceError> {
        let mut anew = row.clone();
        for kind in [JobKind::Sweep, JobKind::Head] {
            let (every, due) = match kind {
                JobKind::Head => (row.head_every, row.head_due_at),
                JobKind::Sweep => (row.sweep_every, row.sweep_due_at),
            };
            let (Some(every), Some(due)) = (every, due) else { continue };
            let random = u64::from_le_bytes(self.random()?);
            match plan::due(now, Instant::from_micros(due), every, failures(row), random) {
                Due::Now => return Ok(Next::Job(kind)),
                Due::Later => {}
                Due::Anew(then) => *due_of(&mut anew, kind) = Some(then.as_micros()),
            }
        }
        Ok(if anew == *row { Next::Nothing } else { Next::Row(Box::new(anew)) })
    }

    /// Adds a job that the plan asks for; `None` when one waits already.
    async fn add_job(
        &self,
        permit: &Permit,
        row: &ScheduleRow,
        kind: JobKind,
        now: Instant,
    ) -> Result<Option<JobRow>, ServiceError> {
        let mut tx = self.store.begin(permit).await?;
        let row = self.new_job(permit, &row.source_id, kind, now)?;
        match job::insert(&mut tx, row.clone()).await {
            Ok(()) => {}
            Err(error) if error.is_taken() => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        tx.commit(now).await?;
        Ok(Some(row))
    }

    /// Plans the next reading by what came of this one. Nothing for a source without a plan.
    pub(super) async fn replan(
        &self,
        tx: &mut Tx,
        source: &str,
        kind: JobKind,
        outcome: &Outcome,
        now: Instant,
    ) -> Result<(), ServiceError> {
        let Some(mut row) = schedule::by_source(&mut tx.conn(), source).await? else { return Ok(()) };
        let random = u64::from_le_bytes(self.random()?);
        match outcome {
            Outcome::Stopped => return Ok(()),
            Outcome::Read { new } => {
                row.failures = 0;
                let until = row.blocked_until.map(Instant::from_micros);
                if row.blocked_code != OWN_FILES || !plan::is_blocked(now, until) {
                    row.blocked_until = None;
                    row.blocked_code.clear();
                }
                if *new > 0 {
                    row.new_at = Some(now.as_micros());
                }
                let next = |every: Option<i64>| every.map(|every| plan::after_success(now, every, random).as_micros());
                row.head_done_at = Some(now.as_micros());
                row.head_due_at = next(row.head_every);
                if kind == JobKind::Sweep {
                    row.sweep_done_at = Some(now.as_micros());
                    row.sweep_due_at = next(row.sweep_every);
                }
            }
            Outcome::Failed { .. } => {
                row.failures = row.failures.saturating_add(1);
                postpone(&mut row, kind, now, random);
            }
            Outcome::Blocked { retry_after } => {
                row.failures = row.failures.saturating_add(1);
                postpone(&mut row, kind, now, random);
                let until = plan::blocked_until(now, *retry_after, failures(&row));
                row.blocked_until = Some(until.as_micros());
                "blocked".clone_into(&mut row.blocked_code);
            }
        }
        schedule::update(tx, &row).await?;
        Ok(())
    }

    /// Raises an alarm for each source that was not read, or has shown nothing new, for too long; and settles those of
    /// sources that have. Tells how many alarms are new.
    pub async fn note_freshness(&self) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("schedule"), Action::SettleAlarm, &Object::None)?;
        let rows = schedule::all(&mut self.store.read().await?.conn()).await?;
        let now = self.now();
        let mut raised = 0;
        for row in rows.iter().filter(|row| row.enabled) {
            for (code, late, message) in silences(row, now) {
                let open = alarm::open(&mut self.store.read().await?.conn(), &row.source_id, code, "").await?;
                // Said once: an alarm that stays as it is writes nothing.
                if late == open.is_some() {
                    continue;
                }
                let mut tx = self.store.begin(&permit).await?;
                if let Some(open) = &open {
                    settle(&mut tx, open, now).await?;
                } else {
                    let raise = Raise { source: &row.source_id, pull: None, code, subject: "", message };
                    raised += usize::from(self.raise(&mut tx, raise, now).await?);
                }
                tx.commit(now).await?;
            }
        }
        Ok(raised)
    }
}

/// What is to be done with a source.
enum Next {
    Job(JobKind),
    /// Nothing, but it is planned anew.
    Row(Box<ScheduleRow>),
    Nothing,
}

/// The two ways of being silent, whether it is so, and what to say.
fn silences(row: &ScheduleRow, now: Instant) -> [(&'static str, bool, &'static str); 2] {
    let wanted = intervals(row);
    // Nobody expects anything from before it was switched on.
    let since = |last: Option<i64>| Instant::from_micros(last.unwrap_or(row.since).max(row.since));
    let read = since(row.head_done_at.max(row.sweep_done_at));
    let unread = plan::is_unread(now, read, &wanted);
    let stale = plan::is_stale(now, since(row.new_at), &wanted);
    [
        (NOT_READ, unread, "已超过三个采集周期没有采集成功，请查看最近采集批次的原因，必要时立即采集。"),
        (STALE, stale, "超过预期时间没有新来件，请到源平台核对是否确实没有，或采集配置是否需要调整。"),
    ]
}

/// What a connector asks for, where it can be read by plan at all.
pub(super) fn planned(connector: &Connector) -> Option<Intervals> {
    let schedule = connector.schedule();
    let seconds = |every: Option<Duration>| every.and_then(|every| i64::try_from(every.as_secs()).ok());
    let wanted = Intervals {
        head: seconds(schedule.head),
        sweep: seconds(schedule.sweep),
        expect_every: seconds(schedule.expect_every),
    };
    (connector.way().is_some() && wanted.shortest().is_some()).then_some(wanted)
}

fn not_planned() -> Refusal {
    Refusal::new("source_not_planned", "这个渠道没有采集计划，请在采集配置里写明周期，或由办公室上传文件。")
}

fn failures(row: &ScheduleRow) -> u32 {
    u32::try_from(row.failures).unwrap_or(u32::MAX)
}

fn due_of(row: &mut ScheduleRow, kind: JobKind) -> &mut Option<i64> {
    match kind {
        JobKind::Head => &mut row.head_due_at,
        JobKind::Sweep => &mut row.sweep_due_at,
    }
}

/// Plans the next try after a failure: of this reading, and of a look as well, which would meet the same server.
fn postpone(row: &mut ScheduleRow, kind: JobKind, now: Instant, random: u64) {
    let failures = failures(row);
    let later = |every: i64| plan::after_failure(now, every, failures, random).as_micros();
    row.head_due_at = row.head_every.map(later);
    if kind == JobKind::Sweep {
        row.sweep_due_at = row.sweep_every.map(later);
    }
}

fn record_switch(tx: &mut Tx, source: &str, enabled: bool) -> Result<(), StoreError> {
    tx.record(format!("source:{source}"), "source.enabled_set", &json!({ "enabled": enabled }))
}

/// Adds the source, unless it is there.
pub(super) async fn add_source(tx: &mut Tx, connector: &Connector, now: Instant) -> Result<(), ServiceError> {
    if source::by_id(&mut tx.conn(), &connector.id).await?.is_some() {
        return Ok(());
    }
    let row = SourceRow {
        id: connector.id.clone(),
        name: connector.name.clone(),
        channel: connector.channel.clone(),
        created_at: now.as_micros(),
    };
    source::insert(tx, row).await?;
    tx.record(format!("source:{}", connector.id), "source.added", &json!({}))?;
    Ok(())
}

async fn settle_alarms(tx: &mut Tx, source: &str, codes: &[&str], now: Instant) -> Result<(), ServiceError> {
    for code in codes {
        if let Some(open) = alarm::open(&mut tx.conn(), source, code, "").await? {
            settle(tx, &open, now).await?;
        }
    }
    Ok(())
}
