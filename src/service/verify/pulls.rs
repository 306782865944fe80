//! The count statements beside the ledger: each pull's counts are those recorded at its end.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::ServiceError;
use super::super::import::counts;
use super::Finding;
use crate::store::source::{self, PullRow};
use crate::store::{Conn, ledger};

/// Pulls come at most every few minutes, and each has but a few entries beside its held rows.
const ENTRIES: u32 = 100_000;

/// The stages a pull can be in.
const STAGES: [&str; 4] = ["running", "finished", "failed", "interrupted"];

/// The first pull that is not as recorded, or one of those `started` that is gone.
pub(super) async fn first_differing(
    conn: &mut Conn<'_>,
    mut started: BTreeSet<String>,
) -> Result<Option<Finding>, ServiceError> {
    for stage in STAGES {
        for pull in source::pulls_in_stage(conn, stage).await? {
            started.remove(&pull.id);
            if !is_as_recorded(conn, &pull).await? {
                return Ok(Some(Finding::PullDiffers { id: pull.id }));
            }
        }
    }
    Ok(started.pop_first().map(|id| Finding::PullDiffers { id }))
}

async fn is_as_recorded(conn: &mut Conn<'_>, pull: &PullRow) -> Result<bool, ServiceError> {
    let history = ledger::of_subject(conn, &format!("pull:{}", pull.id), 0, ENTRIES).await?;
    let last = history.iter().rev().find(|entry| entry.kind.starts_with("pull."));
    let Some(last) = last else { return Ok(false) };
    let stage = last.kind.strip_prefix("pull.").map(|stage| if stage == "started" { "running" } else { stage });
    let recorded: Option<Value> = serde_json::from_str(&last.body).ok();
    // While it runs its counts grow with each batch, and one that was cut off had no time to tell them.
    let told = recorded.as_ref().is_some_and(|recorded| recorded.get("source").is_some());
    let untold = stage == Some("running") || (stage == Some("interrupted") && !told);
    let counted = untold || recorded == Some(counts(pull));
    let starter = history.iter().find(|entry| entry.kind == "pull.started").map(|entry| entry.actor.as_str());
    Ok(stage == Some(pull.stage.as_str()) && counted && starter == Some(pull.actor.as_str()))
}
