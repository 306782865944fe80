//! Reading the ledger: its head, an item's history, the rows after a cursor.

use huiyin_domain::ledger::{Entry, Root};
use huiyin_domain::time::Instant;

use super::db::Conn;
use super::statement::{Statement, record, texts, values};
use super::{StoreError, parse_column};

record! {
    /// The ledger's head as stored.
    pub struct HeadRow {
        "seq" =>
        /// The newest sequence number; zero when the ledger is empty.
        seq: i64,
        "hash" =>
        /// The newest hash in hexadecimal.
        hash: String,
    }
}

impl HeadRow {
    pub(super) fn parse(&self) -> Result<Root, StoreError> {
        let hash = parse_column("ledger_head", "hash", "1", &self.hash)?;
        Ok(Root { seq: u64::try_from(self.seq).unwrap_or(0), hash })
    }
}

record! {
    /// A ledger row as stored.
    pub struct EntryRow {
        "seq" =>
        /// Dense, from one.
        seq: i64,
        "at" =>
        /// Microseconds UTC.
        at: i64,
        "actor" =>
        /// Who did it.
        actor: String,
        "subject" =>
        /// What it happened to.
        subject: String,
        "kind" =>
        /// What happened.
        kind: String,
        "body" =>
        /// Compact JSON of ids, codes and digests.
        body: String,
        "prev_hash" =>
        /// The hash of the row before.
        prev_hash: String,
        "hash" =>
        /// The hash of this row.
        hash: String,
    }
}

record! {
    /// What a ledger row is about: all that those who follow the ledger need.
    pub struct SubjectRow {
        "seq" =>
        /// Dense, from one.
        seq: i64,
        "subject" =>
        /// What it happened to.
        subject: String,
    }
}

impl EntryRow {
    /// The entry as the domain verifies it. A hash that is no hash is an inconsistency.
    pub fn into_entry(self) -> Result<Entry, StoreError> {
        let id = self.seq.to_string();
        Ok(Entry {
            seq: u64::try_from(self.seq).unwrap_or(0),
            at: Instant::from_micros(self.at),
            prev_hash: parse_column("ledger", "prev_hash", &id, &self.prev_hash)?,
            hash: parse_column("ledger", "hash", &id, &self.hash)?,
            actor: self.actor,
            subject: self.subject,
            kind: self.kind,
            body: self.body,
        })
    }
}

pub(super) const HEAD: &str = "SELECT seq, hash FROM ledger_head WHERE id = 1";
pub(super) const AFTER: &str = "FROM ledger WHERE seq > $1 ORDER BY seq LIMIT $2";
pub(super) const NEWEST: &str = "FROM ledger WHERE seq = (SELECT seq FROM ledger_head WHERE id = 1)";
pub(super) const OF_SUBJECT: &str = "FROM ledger WHERE subject = $1 AND seq > $2 ORDER BY seq LIMIT $3";

/// The newest number and hash.
pub async fn head(conn: &mut Conn<'_>) -> Result<Root, StoreError> {
    let row: Option<HeadRow> = conn.optional(Statement::new(HEAD, values![])).await?;
    match row {
        Some(row) => row.parse(),
        None => Ok(Root::EMPTY),
    }
}

/// The newest row; `None` when there is none yet.
pub async fn newest(conn: &mut Conn<'_>) -> Result<Option<EntryRow>, StoreError> {
    conn.optional(Statement::select::<EntryRow>(NEWEST, values![])).await
}

/// Up to `limit` rows after `seq`, in order.
pub async fn after(conn: &mut Conn<'_>, seq: u64, limit: u32) -> Result<Vec<EntryRow>, StoreError> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    conn.all(Statement::select::<EntryRow>(AFTER, values![seq, i64::from(limit)])).await
}

/// What up to `limit` rows after `seq` are about, in order.
pub async fn subjects_after(conn: &mut Conn<'_>, seq: u64, limit: u32) -> Result<Vec<SubjectRow>, StoreError> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    conn.all(Statement::select::<SubjectRow>(AFTER, values![seq, i64::from(limit)])).await
}

/// Up to `limit` rows about one subject after `seq`, in order: an item's history.
pub async fn of_subject(conn: &mut Conn<'_>, subject: &str, seq: u64, limit: u32) -> Result<Vec<EntryRow>, StoreError> {
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    conn.all(Statement::select::<EntryRow>(OF_SUBJECT, values![subject, seq, i64::from(limit)])).await
}

/// All rows about several subjects, each subject's in order.
pub async fn of_subjects(conn: &mut Conn<'_>, subjects: &[String]) -> Result<Vec<EntryRow>, StoreError> {
    conn.all(of_subjects_statement(subjects)).await
}

pub(super) fn of_subjects_statement(subjects: &[String]) -> Statement {
    Statement::select_any::<EntryRow>("FROM ledger", "subject", texts(subjects), "ORDER BY subject, seq")
}
