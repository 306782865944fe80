//! Hosts that asked to be left alone: every source that is read from one rests, whichever of them met the refusal, in
//! every process and over restarts. A person may still have one read by hand.

use huiyin_domain::access::{Action, Actor, Object, allowed};
use huiyin_domain::schedule as plan;
use huiyin_domain::time::Instant;

use super::{Service, ServiceError};
use crate::intake::Connector;
use crate::store::Conn;
use crate::store::job::JobRow;
use crate::store::schedule::{self, ScheduleRow};

/// Who asks for readings by plan.
pub(super) const PLAN: Actor = Actor::System("schedule");
/// Why a source rests that met the refusal itself.
const OWN: &str = "blocked";
/// Why one rests that was read, and then refused a file of a message: that it could be read does not end it.
pub(super) const OWN_FILES: &str = "files_blocked";
/// Why one rests that is read from the same host.
const OF_HOST: &str = "host_blocked";

impl Service {
    /// Lets every planned source rest that is read from `host`, which refused a page of `source` just now, or a file after
    /// its pages were read. `retry_after`: for how many seconds the host wants it, where it says.
    pub(super) async fn rest_host(
        &self,
        source: &str,
        host: &str,
        was_read: bool,
        retry_after: Option<u64>,
    ) -> Result<(), ServiceError> {
        let permit = allowed(&PLAN, Action::PullSource, &Object::None)?;
        let rows = schedule::all(&mut self.store.read().await?.conn()).await?;
        let failures = rows.iter().find(|row| row.source_id == source).map_or(0, |row| row.failures);
        let times = u32::try_from(failures.saturating_add(1)).unwrap_or(u32::MAX);
        let reason = |row: &ScheduleRow| {
            if row.source_id == source {
                return Some(if was_read { OWN_FILES } else { OWN });
            }
            // One whose connector is gone is read by nobody.
            let connector = self.connector(&row.source_id).ok()?;
            reads_from(&connector, host).then_some(OF_HOST)
        };
        let resting: Vec<(&str, &str)> =
            rows.iter().filter_map(|row| Some((row.source_id.as_str(), reason(row)?))).collect();
        let now = self.now();
        let until = plan::blocked_until(now, retry_after, times).as_micros();
        let mut tx = self.store.begin(&permit).await?;
        for (id, reason) in resting {
            schedule::rest(&mut tx, id, until, reason).await?;
        }
        tx.commit(now).await?;
        Ok(())
    }

    /// Whether a job is one that the plan asked for before its source was to be left alone. One that a person asked for is
    /// done all the same: they may have mended what the source took offence at.
    pub(super) async fn is_to_rest(
        &self,
        conn: &mut Conn<'_>,
        job: &JobRow,
        now: Instant,
    ) -> Result<bool, ServiceError> {
        if job.actor != PLAN.code() {
            return Ok(false);
        }
        let row = schedule::by_source(conn, &job.source_id).await?;
        let until = row.and_then(|row| row.blocked_until).map(Instant::from_micros);
        Ok(plan::is_blocked(now, until))
    }
}

/// Whether a source is read from a host, by its base or by name. Not a mailbox: its server refuses one account, not all.
fn reads_from(connector: &Connector, host: &str) -> bool {
    let Some(rules) = connector.fetch_rules() else { return false };
    let is_named = |name: &String| name == host || name.rsplit_once(':').is_some_and(|(name, _)| name == host);
    rules.base.host_str().is_some_and(|base| base == host) || rules.hosts.iter().any(is_named)
}
