//! A writing transaction: rows and ledger entries become durable together or not at all.

use std::sync::Arc;

use huiyin_domain::ledger::{self, Draft};
use huiyin_domain::time::Instant;
use tokio::sync::watch;

use super::StoreError;
use super::db::{Conn, Writer};
use super::ledger::HeadRow;
use super::statement::{Insert, Statement, Value, values};

/// Takes the next numbers and, with them, the lock under which the chain grows.
pub(super) const RESERVE: &str = "UPDATE ledger_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash";
pub(super) const ADVANCE: &str = "UPDATE ledger_head SET hash = $1 WHERE id = 1";
pub(super) const LEDGER_COLUMNS: &[&str] = &["seq", "at", "actor", "subject", "kind", "body", "prev_hash", "hash"];

/// An open writing transaction. Dropped without [`Tx::commit`], it leaves no trace.
#[derive(Debug)]
pub struct Tx {
    writer: Writer,
    actor: String,
    drafts: Vec<Draft>,
    /// Whether a statement has failed. PostgreSQL has undone everything then, and SQLite only that statement.
    failed: bool,
    written: Arc<watch::Sender<u64>>,
}

impl Tx {
    pub(super) const fn new(writer: Writer, actor: String, written: Arc<watch::Sender<u64>>) -> Self {
        Self { writer, actor, drafts: Vec::new(), failed: false, written }
    }

    /// The connection, for reading what this transaction sees.
    pub fn conn(&mut self) -> Conn<'_> {
        self.writer.conn()
    }

    /// Runs a statement; tells how many rows it touched.
    pub(super) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let touched = self.writer.conn().execute(Statement::new(sql, values)).await;
        self.failed |= touched.is_err();
        touched
    }

    /// Runs a statement that changes the one row `id` of `table`; that there is none means somebody else changed it.
    pub(super) async fn change(
        &mut self,
        sql: &'static str,
        values: Vec<Value>,
        table: &'static str,
        id: impl std::fmt::Display,
    ) -> Result<(), StoreError> {
        match self.execute(sql, values).await? {
            1 => Ok(()),
            _ => Err(StoreError::ChangedMeanwhile { table, id: id.to_string() }),
        }
    }

    /// Writes a batch of rows.
    pub(super) async fn insert(&mut self, insert: Insert) -> Result<(), StoreError> {
        let places = self.writer.conn().places();
        for statement in insert.into_statements(places) {
            let touched = self.writer.conn().execute(statement).await;
            self.failed |= touched.is_err();
            touched?;
        }
        Ok(())
    }

    /// Notes a ledger entry about `subject`; it is numbered and chained at commit, in the order of the calls.
    ///
    /// `body` holds ids, codes and digests, never personal text; it is written as compact JSON with sorted keys.
    pub fn record(&mut self, subject: String, kind: &str, body: &serde_json::Value) -> Result<(), StoreError> {
        self.drafts.push(Draft::new(self.actor.as_str(), subject, kind, body).map_err(StoreError::Ledger)?);
        Ok(())
    }

    /// Chains the entries and makes everything durable. Returns the ledger's newest number (unchanged when nothing was
    /// recorded). The chain's lock is held only from here on. After a failed write there is nothing to commit: an error.
    pub async fn commit(mut self, at: Instant) -> Result<u64, StoreError> {
        if self.failed {
            return Err(StoreError::Failed);
        }
        let drafts = std::mem::take(&mut self.drafts);
        if drafts.is_empty() {
            self.writer.commit().await?;
            return Ok(*self.written.borrow());
        }
        let count = i64::try_from(drafts.len()).unwrap_or(i64::MAX);
        let head: HeadRow =
            self.writer.conn().optional(Statement::new(RESERVE, values![count])).await?.ok_or_else(|| {
                StoreError::Inconsistent {
                    table: "ledger_head",
                    column: "id",
                    id: "1".to_owned(),
                    problem: "the row is missing".to_owned(),
                }
            })?;
        let newest = head.parse()?;
        let mut seq = newest.seq.saturating_sub(drafts.len() as u64);
        let mut prev = newest.hash;
        let mut rows = Insert::new("ledger", LEDGER_COLUMNS);
        for draft in drafts {
            seq += 1;
            let entry = ledger::seal(&prev, &draft, seq, at);
            prev = entry.hash;
            rows.push([
                Value::Int(i64::try_from(entry.seq).unwrap_or(i64::MAX)),
                Value::Int(entry.at.as_micros()),
                Value::Text(entry.actor),
                Value::Text(entry.subject),
                Value::Text(entry.kind),
                Value::Text(entry.body),
                Value::Text(entry.prev_hash.to_string()),
                Value::Text(entry.hash.to_string()),
            ]);
        }
        self.insert(rows).await?;
        self.execute(ADVANCE, values![prev.to_string()]).await?;
        self.writer.commit().await?;
        // Two transactions may report out of order; followers only need to know the largest.
        self.written.send_if_modified(|newest| {
            let grown = seq > *newest;
            *newest = seq.max(*newest);
            grown
        });
        Ok(seq)
    }
}
