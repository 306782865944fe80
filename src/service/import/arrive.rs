//! What comes in by a door: few rows at a time, each lot in one transaction with a pull of its own.

use huiyin_domain::access::Permit;
use huiyin_domain::time::Instant;

use super::batch::{Batch, Prepared};
use super::{Reads, counts, open_pull};
use crate::intake::{Connector, RowOutcome};
use crate::service::{Service, ServiceError};
use crate::store::Tx;
use crate::store::item as items;
use crate::store::source::{self, PullRow};

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
        lot: Reads,
        rows: Vec<RowOutcome>,
        now: Instant,
    ) -> Result<PullRow, ServiceError> {
        let (mut pull, whole) = self.new_pull(permit.clone(), connector, lot, now)?;
        open_pull(tx, &mut pull, whole, now).await?;
        let mut batch = Batch::default();
        for row in rows {
            batch.push(connector, row);
        }
        let Batch { payloads, contents, unchanged, held } = batch;
        let rows = contents.into_iter().map(|content| (content, None)).collect();
        let mut row = pull.row.clone();
        // The index reads them back: a lot is small.
        self.write_rows(tx, &mut pull, &mut row, Prepared { now, payloads, rows, unchanged, held }).await?;
        "finished".clone_into(&mut row.stage);
        row.finished_at = Some(now.as_micros());
        source::update_pull(tx, &row).await?;
        tx.record(pull.subject(), "pull.finished", &counts(&row))?;
        Ok(row)
    }
}
