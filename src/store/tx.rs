//! A writing transaction: rows and ledger entries become durable together or not at all.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join;
use huiyin_domain::ledger::{self, Draft, Entry};
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

/// Entries sealed while those before them are written.
const SEALED_AT_ONCE: usize = 256;

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

    /// Who writes, as the ledger has it.
    pub fn actor(&self) -> &str {
        &self.actor
    }

    /// Runs a statement; tells how many rows it touched.
    pub(super) async fn execute(&mut self, sql: &'static str, values: Vec<Value>) -> Result<u64, StoreError> {
        let touched = self.writer.conn().execute(Statement::new(sql, values)).await;
        self.failed |= touched.is_err();
        touched
    }

    /// Runs a statement that was put together; tells how many rows it touched.
    pub(super) async fn run(&mut self, statement: Statement) -> Result<u64, StoreError> {
        let touched = self.writer.conn().execute(statement).await;
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
        let mut conn = self.writer.conn();
        let written = conn.execute_all(insert.into_statements(conn.places())).await;
        self.failed |= written.is_err();
        written.map(drop)
    }

    /// Notes a ledger entry about `subject`; it is numbered and chained at commit, in the order of the calls.
    ///
    /// `body` holds ids, codes and digests, never personal text; it is written as compact JSON with sorted keys.
    pub fn record(&mut self, subject: String, kind: &str, body: &serde_json::Value) -> Result<(), StoreError> {
        self.drafts.push(Draft::new(self.actor.as_str(), subject, kind, body).map_err(StoreError::Ledger)?);
        Ok(())
    }

    /// Notes entries made beforehand, in their order. They have to be by the one who writes here.
    pub fn note(&mut self, drafts: Vec<Draft>) -> Result<(), StoreError> {
        if let Some(foreign) = drafts.iter().find(|draft| draft.actor() != self.actor) {
            return Err(StoreError::Inconsistent {
                table: "ledger",
                column: "actor",
                id: foreign.subject().to_owned(),
                problem: "the entry is somebody else's".to_owned(),
            });
        }
        self.drafts.extend(drafts);
        Ok(())
    }

    /// Whether all that was noted so far about items is about these, by the subjects of their entries.
    pub fn concerns_only(&self, items: &HashSet<String>) -> bool {
        let mut subjects = self.drafts.iter().map(Draft::subject).filter(|subject| subject.starts_with("item:"));
        subjects.all(|subject| items.contains(subject))
    }

    /// Chains the entries and makes everything durable. Returns the ledger's newest number (unchanged when nothing was
    /// recorded). The chain's lock is held only from here on. After a failed write there is nothing to commit: an error.
    pub async fn commit(self, at: Instant) -> Result<u64, StoreError> {
        self.commit_telling(at, |_, _| {}).await
    }

    /// The same; once all is durable and before anybody is woken by it, `tell` gets the ledger's number before these entries
    /// and that of the last of them. It is not called when nothing was recorded.
    pub async fn commit_telling(mut self, at: Instant, tell: impl FnOnce(u64, u64) + Send) -> Result<u64, StoreError> {
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
        let before = newest.seq.saturating_sub(drafts.len() as u64);
        let mut seq = before;
        let mut prev = newest.hash;
        let mut drafts = drafts.into_iter();
        let mut seal_some = || {
            let mut rows = Insert::new("ledger", LEDGER_COLUMNS);
            for draft in drafts.by_ref().take(SEALED_AT_ONCE) {
                seq += 1;
                let entry = ledger::seal(&prev, &draft, seq, at);
                prev = entry.hash;
                rows.push(values_of(entry));
            }
            rows
        };
        let mut rows = seal_some();
        while !rows.is_empty() {
            // While the database writes some, the next are sealed.
            let (written, sealed) = join(self.insert(rows), async { seal_some() }).await;
            written?;
            rows = sealed;
        }
        self.execute(ADVANCE, values![prev.to_string()]).await?;
        self.writer.commit().await?;
        tell(before, seq);
        // Two transactions may report out of order; followers only need to know the largest.
        self.written.send_if_modified(|newest| {
            let grown = seq > *newest;
            *newest = seq.max(*newest);
            grown
        });
        Ok(seq)
    }
}

fn values_of(entry: Entry) -> [Value; 8] {
    [
        Value::Int(i64::try_from(entry.seq).unwrap_or(i64::MAX)),
        Value::Int(entry.at.as_micros()),
        Value::Text(entry.actor),
        Value::Text(entry.subject),
        Value::Text(entry.kind),
        Value::Text(entry.body),
        Value::Text(entry.prev_hash.to_string()),
        Value::Text(entry.hash.to_string()),
    ]
}
