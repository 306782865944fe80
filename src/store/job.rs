//! Sources to be read, by whichever node comes first. One reads a source at a time.

use huiyin_domain::id::JobId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, values};
use super::tx::Tx;

record! {
    /// A source to be read once.
    pub struct JobRow {
        "id" =>
        /// Its id.
        id: String,
        "kind" =>
        /// `head` or `sweep`.
        kind: String,
        "source_id" =>
        /// The source.
        source_id: String,
        "stage" =>
        /// `waiting`, `running`, `done` or `failed`.
        stage: String,
        "run_at" =>
        /// When it was asked for, microseconds UTC: the order in which they are done.
        run_at: i64,
        "attempts" =>
        /// How often somebody began with it.
        attempts: i64,
        "actor" =>
        /// Who asked for it, as the ledger writes it.
        actor: String,
        "owner" =>
        /// Who does it; empty while nobody does.
        owner: String,
        "lease_until" =>
        /// Until when its owner is known to be alive, microseconds UTC.
        lease_until: i64,
        "pull_id" =>
        /// The pull it came to.
        pull_id: Option<String>,
        "problem" =>
        /// Why it failed, as a code; empty otherwise.
        problem: String,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
        "finished_at" =>
        /// Microseconds UTC.
        finished_at: Option<i64>,
    }
}

pub(super) const COLUMNS: &[&str] = &[
    "id",
    "kind",
    "source_id",
    "stage",
    "run_at",
    "attempts",
    "actor",
    "owner",
    "lease_until",
    "pull_id",
    "problem",
    "created_at",
    "finished_at",
];
pub(super) const BY_ID: &str = "FROM job WHERE id = $1";
pub(super) const IN_STAGE: &str = "FROM job WHERE stage = $1 ORDER BY run_at, id LIMIT $2";
pub(super) const OF_SOURCE: &str = "FROM job WHERE source_id = $1 ORDER BY id DESC LIMIT $2";
/// What can be begun: nobody reads its source.
pub(super) const READY: &str = "FROM job WHERE stage = 'waiting' AND NOT EXISTS (SELECT 1 FROM job busy \
     WHERE busy.source_id = job.source_id AND busy.stage = 'running') ORDER BY run_at, id LIMIT $1";
pub(super) const CLAIM: &str = "UPDATE job SET stage = 'running', owner = $1, lease_until = $2, \
     attempts = attempts + 1 WHERE id = $3 AND stage = 'waiting'";
/// Only as it was read: of two who take over from the same dead owner one succeeds.
pub(super) const TAKE_OVER: &str = "UPDATE job SET owner = $1, lease_until = $2, attempts = attempts + 1 \
     WHERE id = $3 AND stage = 'running' AND owner = $4 AND lease_until = $5";
pub(super) const RENEW: &str = "UPDATE job SET lease_until = $1 WHERE id = $2 AND stage = 'running' AND owner = $3";
pub(super) const GIVE_BACK: &str = "UPDATE job SET stage = 'waiting', owner = '', lease_until = 0 \
     WHERE id = $1 AND stage = 'running' AND owner = $2";
pub(super) const FINISH: &str = "UPDATE job SET stage = $1, pull_id = $2, problem = $3, finished_at = $4 \
     WHERE id = $5 AND stage = 'running' AND owner = $6";
pub(super) const ASK: &str = "UPDATE job SET actor = $1 WHERE id = $2 AND stage = 'waiting'";
pub(super) const DROP: &str = "DELETE FROM job WHERE id = $1 AND stage = 'waiting' AND actor = $2";
pub(super) const FORGET: &str = "DELETE FROM job WHERE stage = $1 AND run_at < $2";

/// One job.
pub async fn by_id(conn: &mut Conn<'_>, id: JobId) -> Result<Option<JobRow>, StoreError> {
    conn.optional(Statement::select::<JobRow>(BY_ID, values![id.to_string()])).await
}

/// Jobs in one stage, the oldest first.
pub async fn in_stage(conn: &mut Conn<'_>, stage: &str, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    conn.all(Statement::select::<JobRow>(IN_STAGE, values![stage, limit])).await
}

/// Jobs of a source, the newest first.
pub async fn of_source(conn: &mut Conn<'_>, source: &str, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    conn.all(Statement::select::<JobRow>(OF_SOURCE, values![source, limit])).await
}

/// Waiting jobs whose source nobody reads, the oldest first.
pub async fn ready(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<JobRow>, StoreError> {
    conn.all(Statement::select::<JobRow>(READY, values![limit])).await
}

/// Adds a job; refused as taken ([`StoreError::is_taken`]) when one of its kind waits for the source already.
pub async fn insert(tx: &mut Tx, row: JobRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("job", COLUMNS);
    insert.push([
        row.id.into(),
        row.kind.into(),
        row.source_id.into(),
        row.stage.into(),
        row.run_at.into(),
        row.attempts.into(),
        row.actor.into(),
        row.owner.into(),
        row.lease_until.into(),
        row.pull_id.into(),
        row.problem.into(),
        row.created_at.into(),
        row.finished_at.into(),
    ]);
    tx.insert(insert).await
}

/// Begins with a waiting job. Tells whether it was still waiting; refused as taken when somebody reads its source.
pub async fn claim(tx: &mut Tx, id: &str, owner: &str, lease_until: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(CLAIM, values![owner, lease_until, id]).await? == 1)
}

/// Takes a running job over from an owner who is gone. Tells whether it was as it was read.
pub async fn take_over(tx: &mut Tx, row: &JobRow, owner: &str, lease_until: i64) -> Result<bool, StoreError> {
    let values = values![owner, lease_until, row.id.as_str(), row.owner.as_str(), row.lease_until];
    Ok(tx.execute(TAKE_OVER, values).await? == 1)
}

/// Says that its owner is alive. Tells whether it is still theirs.
pub async fn renew(tx: &mut Tx, id: &str, owner: &str, lease_until: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(RENEW, values![lease_until, id, owner]).await? == 1)
}

/// Gives a running job back, to be done by somebody else. Tells whether it was still the owner's; refused as taken when
/// another of its kind waits for the source.
pub async fn give_back(tx: &mut Tx, id: &str, owner: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(GIVE_BACK, values![id, owner]).await? == 1)
}

/// Ends a running job as `row` says. Tells whether it was still the owner's.
pub async fn finish(tx: &mut Tx, row: &JobRow) -> Result<bool, StoreError> {
    let values = values![
        row.stage.as_str(),
        row.pull_id.clone(),
        row.problem.as_str(),
        row.finished_at,
        row.id.as_str(),
        row.owner.as_str()
    ];
    Ok(tx.execute(FINISH, values).await? == 1)
}

/// Writes down who asks for a job that waits. Tells whether it was still waiting.
pub async fn ask(tx: &mut Tx, id: &str, actor: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(ASK, values![actor, id]).await? == 1)
}

/// Removes a job that waits and that this actor asked for. Tells whether there still was one.
pub async fn drop_waiting(tx: &mut Tx, id: &str, actor: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(DROP, values![id, actor]).await? == 1)
}

/// Removes jobs in one stage that were asked for before an instant. Returns how many.
pub async fn forget(tx: &mut Tx, stage: &str, before: i64) -> Result<u64, StoreError> {
    tx.execute(FORGET, values![stage, before]).await
}
