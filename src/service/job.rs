//! Reading sources in the background: what is to be read, by whom, and what came of it.
//!
//! A job is claimed by an update that only one can make, kept by a lease that is renewed, and taken over when the lease has
//! run out. The unique indexes of its table see to it that nobody reads a source twice at once.

use huiyin_domain::access::{Action, Actor, Object, Permit, allowed};
use huiyin_domain::id::{JobId, PullId};
use huiyin_domain::time::Instant;
use serde_json::json;

use super::error::or_taken;
use super::import::LEASE;
use super::pull::not_pulled;
use super::rest::PLAN;
use super::schedule::{JobKind, Outcome, add_source};
use super::{Refusal, Service, ServiceError};
use crate::intake::Connector;
use crate::store::job::{self, JobRow};

/// Jobs looked at when one is to be claimed.
const CANDIDATES: i64 = 20;
/// How often somebody begins with a job before it counts as failed: it may be what kills them.
const ATTEMPTS: i64 = 5;
/// How long jobs that have ended are kept, in microseconds: thirty days.
const KEPT: i64 = 30 * 86_400_000_000;
/// The most jobs of a source that are listed.
const LISTED: i64 = 100;

impl Service {
    /// Has a source read as soon as somebody is free. One of the same kind that waits already is the answer.
    pub async fn pull_now(&self, actor: &Actor, source: &str, kind: JobKind) -> Result<JobRow, ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let connector = self.connector(source)?;
        if connector.way().is_none() {
            return Err(not_pulled().into());
        }
        let now = self.now();
        let row = self.new_job(&permit, source, kind, now)?;
        let mut tx = self.store.begin(&permit).await?;
        add_source(&mut tx, &connector, now).await?;
        match job::insert(&mut tx, row.clone()).await {
            Ok(()) => {}
            Err(error) if error.is_taken() => {
                drop(tx);
                return self.ask_for_waiting(&permit, row, now).await;
            }
            Err(error) => return Err(error.into()),
        }
        tx.record(format!("source:{source}"), "source.pull_asked", &json!({ "job": row.id, "kind": row.kind }))?;
        tx.commit(now).await?;
        self.wake_jobs();
        Ok(row)
    }

    /// The job that waits already and is like this one. One of the plan's becomes the asker's own: as the plan's it would be
    /// dropped where its source is to rest.
    async fn ask_for_waiting(&self, permit: &Permit, row: JobRow, now: Instant) -> Result<JobRow, ServiceError> {
        let waiting = job::in_stage(&mut self.store.read().await?.conn(), "waiting", LISTED * LISTED).await?;
        let same = waiting.into_iter().find(|job| job.source_id == row.source_id && job.kind == row.kind);
        self.wake_jobs();
        // Without one, somebody has begun with it at this moment.
        let Some(same) = same else { return Ok(row) };
        if same.actor != PLAN.code() {
            return Ok(same);
        }
        let mut tx = self.store.begin(permit).await?;
        if !job::ask(&mut tx, &same.id, &row.actor).await? {
            return Ok(same);
        }
        let body = json!({ "job": same.id, "kind": same.kind });
        tx.record(format!("source:{}", same.source_id), "source.pull_asked", &body)?;
        tx.commit(now).await?;
        Ok(JobRow { actor: row.actor, ..same })
    }

    /// One job; `None` when there is none.
    pub async fn job(&self, actor: &Actor, id: JobId) -> Result<Option<JobRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(job::by_id(&mut self.store.read().await?.conn(), id).await?)
    }

    /// The newest jobs of a source.
    pub async fn jobs_of(&self, actor: &Actor, source: &str, limit: i64) -> Result<Vec<JobRow>, ServiceError> {
        allowed(actor, Action::ViewReconciliation, &Object::None)?;
        Ok(job::of_source(&mut self.store.read().await?.conn(), source, limit.clamp(0, LISTED)).await?)
    }

    /// Begins with a job at once, in a name that nobody else has, for who waits for what comes of it. Refused while somebody
    /// reads the source: two at once would meet the same rows, and be impolite. A job that a dead owner left ends here.
    pub async fn begin_job(&self, actor: &Actor, connector: &Connector, kind: JobKind) -> Result<JobRow, ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let running = self.jobs_of(actor, &connector.id, LISTED).await?.into_iter().find(|job| job.stage == "running");
        if let Some(left) = running {
            if is_alive(&left, self.now()) {
                return Err(being_read(connector).into());
            }
            self.close_job(actor, left, None, &Outcome::Stopped).await?;
        }
        let now = self.now();
        let waiting = self.new_job(&permit, &connector.id, kind, now)?;
        let owner = format!("{}{}", self.commands(), hex::encode(self.random::<16>()?));
        let lease_until = now.as_micros().saturating_add(LEASE);
        let row = JobRow { stage: "running".to_owned(), attempts: 1, owner, lease_until, ..waiting };
        let mut tx = self.store.begin(&permit).await?;
        add_source(&mut tx, connector, now).await?;
        job::insert(&mut tx, row.clone()).await.map_err(or_taken(being_read(connector)))?;
        tx.record(
            format!("source:{}", row.source_id),
            "source.pull_asked",
            &json!({ "job": row.id, "kind": row.kind }),
        )?;
        tx.commit(now).await?;
        Ok(row)
    }

    /// Ends what commands of this data directory had begun with when they were killed. For a process that has it to itself.
    pub async fn end_left_jobs(&self) -> Result<usize, ServiceError> {
        let running = job::in_stage(&mut self.store.read().await?.conn(), "running", LISTED * LISTED).await?;
        let mut ended = 0;
        for row in running.into_iter().filter(|row| row.owner.starts_with(&self.commands())) {
            self.close_job(&Actor::System("jobs"), row, None, &Outcome::Stopped).await?;
            ended += 1;
        }
        Ok(ended)
    }

    /// How the names begin under which commands of this data directory read sources.
    fn commands(&self) -> String {
        format!("{}/", self.home.owner)
    }

    /// Ends a job whatever came of it: nobody is to go on with it. Tells whether it was still its owner's.
    pub async fn close_job(
        &self,
        actor: &Actor,
        row: JobRow,
        pull: Option<PullId>,
        outcome: &Outcome,
    ) -> Result<bool, ServiceError> {
        let permit = allowed(actor, Action::PullSource, &Object::None)?;
        let tx = self.store.begin(&permit).await?;
        self.end_job(tx, row, pull, outcome, self.now()).await
    }

    /// A job that waits.
    pub(super) fn new_job(
        &self,
        permit: &Permit,
        source: &str,
        kind: JobKind,
        now: Instant,
    ) -> Result<JobRow, ServiceError> {
        Ok(JobRow {
            id: JobId::new(now, self.random()?).to_string(),
            kind: kind.as_str().to_owned(),
            source_id: source.to_owned(),
            stage: "waiting".to_owned(),
            run_at: now.as_micros(),
            attempts: 0,
            actor: permit.actor().code(),
            owner: String::new(),
            lease_until: 0,
            pull_id: None,
            problem: String::new(),
            created_at: now.as_micros(),
            finished_at: None,
        })
    }

    /// Begins with a job for `owner`: one that a dead owner left, else the oldest that waits. `None` when there is nothing to
    /// do, or others were faster.
    pub async fn claim_job(&self, owner: &str) -> Result<Option<JobRow>, ServiceError> {
        let permit = allowed(&Actor::System("jobs"), Action::PullSource, &Object::None)?;
        if let Some(row) = self.take_over_job(&permit, owner).await? {
            return Ok(Some(row));
        }
        let ready = job::ready(&mut self.store.read().await?.conn(), CANDIDATES).await?;
        for row in ready {
            let now = self.now();
            let lease_until = now.as_micros().saturating_add(LEASE);
            let mut tx = self.store.begin(&permit).await?;
            if self.is_to_rest(&mut tx.conn(), &row, now).await? {
                // It is planned again once the source may be asked.
                job::drop_waiting(&mut tx, &row.id, &row.actor).await?;
                tx.commit(now).await?;
                continue;
            }
            match job::claim(&mut tx, &row.id, owner, lease_until).await {
                Ok(true) => {}
                Ok(false) => continue,
                // Somebody began to read its source at this moment.
                Err(error) if error.is_taken() => continue,
                Err(error) => return Err(error.into()),
            }
            tx.commit(now).await?;
            let (stage, owner, attempts) = ("running".to_owned(), owner.to_owned(), row.attempts + 1);
            return Ok(Some(JobRow { stage, attempts, owner, lease_until, ..row }));
        }
        Ok(None)
    }

    /// Takes over the oldest running job whose owner has given no sign of life for the length of a lease.
    async fn take_over_job(&self, permit: &Permit, owner: &str) -> Result<Option<JobRow>, ServiceError> {
        let running = job::in_stage(&mut self.store.read().await?.conn(), "running", LISTED * LISTED).await?;
        let now = self.now();
        for row in running {
            if is_alive(&row, now) {
                continue;
            }
            let lease_until = now.as_micros().saturating_add(LEASE);
            let mut tx = self.store.begin(permit).await?;
            if !job::take_over(&mut tx, &row, owner, lease_until).await? {
                continue;
            }
            let row = JobRow { owner: owner.to_owned(), lease_until, attempts: row.attempts + 1, ..row };
            if row.attempts <= ATTEMPTS {
                tx.commit(now).await?;
                return Ok(Some(row));
            }
            self.end_job(tx, row, None, &worn_out(), now).await?;
        }
        Ok(None)
    }

    /// Gives back what this owner had when it was killed, unless it was killed with it too often. For a process that has its
    /// data directory to itself.
    pub async fn release_jobs(&self, owner: &str) -> Result<usize, ServiceError> {
        let permit = allowed(&Actor::System("jobs"), Action::PullSource, &Object::None)?;
        let running = job::in_stage(&mut self.store.read().await?.conn(), "running", LISTED * LISTED).await?;
        let mut released = 0;
        for row in running.into_iter().filter(|row| row.owner == owner) {
            let outcome = if row.attempts < ATTEMPTS { Outcome::Stopped } else { worn_out() };
            self.finish_job_as(&permit, row, None, &outcome).await?;
            released += 1;
        }
        Ok(released)
    }

    /// Says that a job's owner is alive. Tells whether the job is still theirs: if not, they must stop.
    pub async fn renew_job(&self, row: &JobRow) -> Result<bool, ServiceError> {
        let permit = allowed(&Actor::System("jobs"), Action::PullSource, &Object::None)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        let theirs = job::renew(&mut tx, &row.id, &row.owner, now.as_micros().saturating_add(LEASE)).await?;
        tx.commit(now).await?;
        Ok(theirs)
    }

    /// Ends a job, and plans the next reading of its source by what came of it. Tells whether it was still its owner's.
    pub async fn finish_job(&self, row: JobRow, pull: Option<PullId>, outcome: &Outcome) -> Result<bool, ServiceError> {
        let permit = allowed(&Actor::System("jobs"), Action::PullSource, &Object::None)?;
        self.finish_job_as(&permit, row, pull, outcome).await
    }

    async fn finish_job_as(
        &self,
        permit: &Permit,
        row: JobRow,
        pull: Option<PullId>,
        outcome: &Outcome,
    ) -> Result<bool, ServiceError> {
        let now = self.now();
        if *outcome == Outcome::Stopped {
            let mut tx = self.store.begin(permit).await?;
            match job::give_back(&mut tx, &row.id, &row.owner).await {
                Ok(theirs) => {
                    tx.commit(now).await?;
                    return Ok(theirs);
                }
                // Another of its kind waits: that one will do. The refused transaction ends here, before the next begins:
                // the embedded database has one writer.
                Err(error) if error.is_taken() => {}
                Err(error) => return Err(error.into()),
            }
        }
        let tx = self.store.begin(permit).await?;
        self.end_job(tx, row, pull, outcome, now).await
    }

    async fn end_job(
        &self,
        mut tx: crate::store::Tx,
        row: JobRow,
        pull: Option<PullId>,
        outcome: &Outcome,
        now: Instant,
    ) -> Result<bool, ServiceError> {
        let (stage, problem) = match outcome {
            Outcome::Read { .. } => ("done", ""),
            Outcome::Failed { code } => ("failed", code.as_str()),
            Outcome::Blocked { .. } => ("failed", "blocked"),
            Outcome::Stopped => ("failed", "stopped"),
        };
        let row = JobRow {
            stage: stage.to_owned(),
            problem: problem.to_owned(),
            pull_id: pull.map(|pull| pull.to_string()),
            finished_at: Some(now.as_micros()),
            ..row
        };
        if !job::finish(&mut tx, &row).await? {
            return Ok(false);
        }
        if let Some(kind) = JobKind::parse(&row.kind) {
            self.replan(&mut tx, &row.source_id, kind, outcome, now).await?;
        }
        tx.commit(now).await?;
        Ok(true)
    }

    /// Forgets jobs that ended long ago.
    pub async fn forget_old_jobs(&self) -> Result<(), ServiceError> {
        let permit = allowed(&Actor::System("jobs"), Action::PullSource, &Object::None)?;
        let now = self.now();
        let mut tx = self.store.begin(&permit).await?;
        for stage in ["done", "failed"] {
            job::forget(&mut tx, stage, now.as_micros().saturating_sub(KEPT)).await?;
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// Lets whoever does jobs in this process look for one now.
    pub(super) fn wake_jobs(&self) {
        self.home.jobs.notify_one();
    }

    /// Waits until there may be a job that was not there before.
    pub async fn jobs_woken(&self) {
        self.home.jobs.notified().await;
    }
}

/// Whether a job runs and its owner gave a sign of life lately. A lease that ends later than anybody could have said now is
/// from before the clock was set back.
fn is_alive(row: &JobRow, now: Instant) -> bool {
    let now = now.as_micros();
    row.stage == "running" && row.lease_until > now && row.lease_until <= now.saturating_add(2 * LEASE)
}

fn being_read(connector: &Connector) -> Refusal {
    let message = format!("“{}”正在采集，请等它结束再试，或在渠道页面上查看。", connector.name);
    Refusal::new("source_busy", message)
}

/// What a job comes to that was begun with too often.
fn worn_out() -> Outcome {
    Outcome::Failed { code: "too_many_attempts".to_owned() }
}
