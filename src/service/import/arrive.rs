//! What comes in by a door: few rows at a time, each lot in one transaction with a pull of its own.

use std::collections::{HashMap, HashSet};

use huiyin_domain::access::Permit;
use huiyin_domain::id::PullId;
use huiyin_domain::time::Instant;
use serde_json::json;

use super::batch::{Batch, split_at_repeated_keys};
use super::Pull;
use crate::intake::{Connector, RowOutcome};
use crate::service::{Service, ServiceError};
use crate::store::Tx;
use crate::store::item as items;
use crate::store::source::{self, PullRow};

/// By which door something comes in.
#[derive(Debug, Clone)]
pub(in crate::service) struct Door {
    /// Why the pull ran: `push` or `form`.
    pub(in crate::service) purpose: &'static str,
    /// What people call the lot, in the place of a file's name. Never personal.
    pub(in crate::service) label: &'static str,
    /// SM3 of what was sent, hexadecimal; empty where nothing was sent that could be looked at again.
    pub(in crate::service) digest: String,
}

impl Service {
    /// Takes the lock under which rows are written one lot after the other. What is read afterwards in the same transaction
    /// is what the lots before it have left.
    pub(in crate::service) async fn take_turn(&self, tx: &mut Tx) -> Result<(), ServiceError> {
        items::reserve_numbers(tx, 0).await?;
        Ok(())
    }

    /// Writes the rows of one lot and their closed count statement. The caller has taken its turn, and commits.
    pub(in crate::service) async fn arrive(
        &self,
        tx: &mut Tx,
        permit: &Permit,
        connector: &Connector,
        door: Door,
        rows: Vec<RowOutcome>,
        now: Instant,
    ) -> Result<PullRow, ServiceError> {
        let mut pull = self.lot(permit.clone(), connector, door, now)?;
        self.ensure_source(tx, connector, now).await?;
        source::insert_pull(tx, pull.row.clone()).await?;
        let started = json!({ "source": connector.id, "file": pull.row.file_digest });
        tx.record(pull.subject(), "pull.started", &started)?;

        let mut counts = pull.row.clone();
        counts.stated = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let mut batch = Batch::default();
        rows.into_iter().for_each(|row| batch.push(row));
        let contents = batch.contents.into_iter().map(|content| (content, None)).collect();
        for run in split_at_repeated_keys(contents) {
            // The index reads them back: a lot is small.
            self.write_run(tx, &pull, &mut counts, run, now).await?;
        }
        self.hold_rows(tx, &mut pull, &mut counts, batch.held, now).await?;

        "finished".clone_into(&mut counts.stage);
        counts.finished_at = Some(now.as_micros());
        source::update_pull(tx, &counts).await?;
        tx.record(pull.subject(), "pull.finished", &super::counts(&counts))?;
        Ok(counts)
    }

    /// A pull that begins and ends at the same instant.
    fn lot(
        &self,
        permit: Permit,
        connector: &Connector,
        door: Door,
        now: Instant,
    ) -> Result<Pull, ServiceError> {
        let id = PullId::new(now, self.random()?);
        let row = PullRow {
            id: id.to_string(),
            source_id: connector.id.clone(),
            stage: "running".to_owned(),
            file_name: door.label.to_owned(),
            file_digest: door.digest,
            started_at: now.as_micros(),
            finished_at: None,
            stated: 0,
            accepted: 0,
            unchanged: 0,
            changed: 0,
            held: 0,
            rejected: 0,
            actor: permit.actor().code(),
            owner: self.home.owner.clone(),
            lease_until: now.as_micros(),
        };
        Ok(Pull { id, connector: connector.clone(), permit, row, held: HashMap::new(), sheets: HashSet::new() })
    }
}
