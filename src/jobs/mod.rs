//! Reading sources in the background: a loop that plans, claims one job after the other, and does them.
//!
//! Every node runs one. Who reads what is decided in the table of jobs; nothing is remembered here, so that a node that
//! is killed leaves nothing behind but a lease that runs out.

mod crawler;

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use huiyin_domain::id::PullId;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::service::schedule::{JobKind, Outcome};
use crate::service::{Service, ServiceError};
use crate::store::job::JobRow;
use crate::telemetry;

pub use crawler::Crawler;

/// Sources read at once by one node.
const AT_ONCE: usize = 2;
/// How often the plan is looked at.
const PLAN: Duration = Duration::from_secs(5);
/// How often connectors, freshness and days are looked at.
const HOUSEKEEPING: Duration = Duration::from_mins(1);
/// How often a job's owner says that it is alive: well within the lease.
pub(crate) const SIGN_OF_LIFE: Duration = Duration::from_mins(1);

/// What came of reading a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The pull, when it came to one.
    pub pull: Option<PullId>,
    /// What came of it.
    pub outcome: Outcome,
}

/// The one who reads a source.
pub trait Puller: Send + Sync + 'static {
    /// Reads a source. Once `stop` is cancelled, what was read is kept and the reading ends.
    fn pull(
        &self,
        source: &str,
        kind: JobKind,
        stop: &CancellationToken,
    ) -> impl Future<Output = Result<Done, ServiceError>> + Send;
}

/// The loop of one node.
#[derive(Debug)]
pub struct Runner<P> {
    service: Service,
    puller: Arc<P>,
    owner: String,
    sign_of_life: Duration,
}

impl<P: Puller> Runner<P> {
    /// A loop that reads sources with `puller`, under a name that nobody else has at the same time.
    pub fn new(service: Service, puller: P, owner: String) -> Self {
        Self { service, puller: Arc::new(puller), owner, sign_of_life: SIGN_OF_LIFE }
    }

    /// The same with another pause between two signs of life.
    #[must_use]
    pub const fn with_sign_of_life(mut self, pause: Duration) -> Self {
        self.sign_of_life = pause;
        self
    }

    /// Runs until told to stop, and then until what is under way has come to a good place.
    pub async fn run(self, stop: CancellationToken) {
        told("jobs of a killed process were not given back", self.service.release_jobs(&self.owner).await.map(drop));
        let mut plan = tokio::time::interval(PLAN);
        let mut minute = tokio::time::interval(HOUSEKEEPING);
        let mut under_way = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                _ = minute.tick() => self.keep_house().await,
                _ = plan.tick() => told("no jobs were planned", self.service.plan_jobs().await.map(drop)),
                () = self.service.jobs_woken() => {}
                Some(ended) = under_way.join_next() => {
                    if let Err(error) = ended {
                        // Its lease runs out, and somebody takes it over.
                        tracing::error!(error = %telemetry::chain(&error), "a job did not come to its end");
                    }
                }
            }
            while under_way.len() < AT_ONCE && !stop.is_cancelled() {
                match self.service.claim_job(&self.owner).await {
                    Ok(Some(row)) => drop(under_way.spawn(self.work(row, stop.child_token()))),
                    Ok(None) => break,
                    Err(error) => {
                        told("no job was claimed", Err(error));
                        break;
                    }
                }
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Does one job to its end, whatever that is.
    fn work(&self, row: JobRow, stop: CancellationToken) -> impl Future<Output = ()> + Send + 'static {
        let (service, puller, pause) = (self.service.clone(), Arc::clone(&self.puller), self.sign_of_life);
        async move {
            let id = row.id.clone();
            let kind = JobKind::parse(&row.kind).unwrap_or(JobKind::Head);
            // Both go on at once: the reading may hold the writer for which the sign of life waits.
            let done = tokio::select! {
                done = puller.pull(&row.source_id, kind, &stop) => done,
                never = stay_alive(&service, &row, pause, &stop) => match never {},
            };
            let Done { pull, outcome } = done.unwrap_or_else(|error| failed(&id, &error));
            told("the end of a job was not written down", service.finish_job(row, pull, &outcome).await.map(drop));
        }
    }

    async fn keep_house(&self) {
        told("the connectors' plans were not taken over", self.service.refresh_schedules().await.map(drop));
        told("nobody looked for sources that are silent", self.service.note_freshness().await.map(drop));
        told("the days that are over were not reconciled", self.service.check_days().await.map(drop));
        told("jobs that ended long ago were not forgotten", self.service.forget_old_jobs().await);
    }
}

/// Says at intervals that a job's owner is alive. Who has lost the job is told to stop.
pub(crate) async fn stay_alive(
    service: &Service,
    row: &JobRow,
    pause: Duration,
    stop: &CancellationToken,
) -> Infallible {
    let mut beat = tokio::time::interval(pause);
    beat.tick().await;
    loop {
        beat.tick().await;
        match service.renew_job(row).await {
            Ok(true) => {}
            // Somebody else reads the source by now: two would meet the same rows, and be impolite.
            Ok(false) => stop.cancel(),
            Err(error) => told("a job gave no sign of life", Err(error)),
        }
    }
}

/// What a refusal or an accident comes to.
fn failed(job: &str, error: &ServiceError) -> Done {
    let code = match error {
        ServiceError::Refused(refusal) => refusal.code,
        _ => "internal",
    };
    tracing::error!(job, error = %telemetry::chain(error), "a source could not be read");
    Done { pull: None, outcome: Outcome::Failed { code: code.to_owned() } }
}

/// Says what went wrong; the loop goes on.
fn told(what: &str, result: Result<(), ServiceError>) {
    if let Err(error) = result {
        tracing::warn!(error = %telemetry::chain(&error), "{what}");
    }
}
