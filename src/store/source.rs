//! Sources 渠道, pulls 采集批次 and the rows held for repair.

use super::StoreError;
use super::db::Conn;
use super::statement::{Conditions, Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A source.
    pub struct SourceRow {
        "id" =>
        /// The connector's id.
        id: String,
        "name" =>
        /// The name people use.
        name: String,
        "channel" =>
        /// The channel it belongs to, such as 12345热线.
        channel: String,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
    }
}

record! {
    /// A pull and its count statement.
    pub struct PullRow {
        "id" =>
        /// Its id.
        id: String,
        "source_id" =>
        /// The source that was read.
        source_id: String,
        "stage" =>
        /// `running`, `finished`, `failed` or `interrupted`.
        stage: String,
        "file_name" =>
        /// The name of the file, without its folder; the host of what was read over the network.
        file_name: String,
        "file_digest" =>
        /// SM3 of the file's bytes, hexadecimal; empty for what is no file.
        file_digest: String,
        "started_at" =>
        /// Microseconds UTC.
        started_at: i64,
        "finished_at" =>
        /// Microseconds UTC; `None` while it runs.
        finished_at: Option<i64>,
        "stated" =>
        /// Rows the source holds.
        stated: i64,
        "accepted" =>
        /// Rows that became items.
        accepted: i64,
        "unchanged" =>
        /// Rows already known.
        unchanged: i64,
        "changed" =>
        /// Rows that gave a known message a new version.
        changed: i64,
        "held" =>
        /// Rows held for repair.
        held: i64,
        "rejected" =>
        /// Rows rejected with a reason.
        rejected: i64,
        "actor" =>
        /// Who started it, as the ledger writes it.
        actor: String,
        "owner" =>
        /// The data directory it runs in.
        owner: String,
        "lease_until" =>
        /// Until when it is known to run, microseconds UTC.
        lease_until: i64,
        "purpose" =>
        /// Why it ran: `file`, `head`, `sweep`, `push`, `form` or `mail`.
        purpose: String,
        "claimed" =>
        /// How many messages the source says it has in all; `None` where it does not say.
        claimed: Option<i64>,
        "met" =>
        /// Distinct messages met in the source's list; 0 for what has no list.
        met: i64,
        "pages" =>
        /// Pages of the list that were read.
        pages: i64,
        "withdrawn" =>
        /// Messages that the source no longer shows.
        withdrawn: i64,
        "returned" =>
        /// Messages that it shows again.
        returned: i64,
        "complete" =>
        /// Whether it went to the end of the list.
        complete: bool,
        "problem_code" =>
        /// Why it ended early, as a stable code; empty when it did not.
        problem_code: String,
        "problem" =>
        /// The same as a sentence, in Chinese; never quotes what was read.
        problem: String,
    }
}

record! {
    /// A row held for repair.
    pub struct HoldRow {
        "id" =>
        /// Its id.
        id: String,
        "pull_id" =>
        /// The pull that met it first.
        pull_id: String,
        "source_id" =>
        /// The source.
        source_id: String,
        "sheet" =>
        /// The sheet's name; empty for csv.
        sheet: String,
        "row_number" =>
        /// The row as the spreadsheet shows it, from one.
        row_number: i64,
        "column_name" =>
        /// The column at fault; empty when it is the whole row.
        column_name: String,
        "reason" =>
        /// Stable code.
        reason: String,
        "message" =>
        /// What is wrong and what to do, in Chinese.
        message: String,
        "raw" =>
        /// The cells as read: JSON array of `[header, text]`.
        raw: String,
        "raw_digest" =>
        /// SM3 of the cells: the same row is held once.
        raw_digest: String,
        "held_at" =>
        /// Microseconds UTC.
        held_at: i64,
        "resolved_at" =>
        /// Microseconds UTC, once it was repaired or rejected.
        resolved_at: Option<i64>,
        "salt" =>
        /// Sixteen bytes in hexadecimal.
        salt: String,
        "digest" =>
        /// Salted SM3 of what was held, as the ledger has it.
        digest: String,
        "resolution" =>
        /// `repaired` or `rejected` by a person, or `superseded` when the source showed it readably; once it is settled.
        resolution: Option<String>,
        "resolved_by" =>
        /// Who settled it, as the ledger writes it.
        resolved_by: Option<String>,
        "item_id" =>
        /// The item it became or belongs to, when it was repaired.
        item_id: Option<String>,
        "note" =>
        /// Why it was rejected.
        note: Option<String>,
        "note_salt" =>
        /// Sixteen bytes in hexadecimal.
        note_salt: Option<String>,
        "note_digest" =>
        /// Salted SM3 of the reason, as the ledger has it.
        note_digest: Option<String>,
        "source_key" =>
        /// The source's own key, where it could be read although the row could not.
        source_key: Option<String>,
        "payload" =>
        /// SM3 of what it stood on, among the payloads of its pull; `None` when that was not kept.
        payload: Option<String>,
    }
}

record! {
    /// The header of a sheet of a pull that has held rows.
    pub struct SheetRow {
        "pull_id" =>
        /// The pull.
        pull_id: String,
        "sheet" =>
        /// The sheet's name; empty for csv.
        sheet: String,
        "header" =>
        /// The names of its columns: JSON array.
        header: String,
    }
}

pub(super) const COLUMNS: &[&str] = &["id", "name", "channel", "created_at"];
pub(super) const PULL_COLUMNS: &[&str] = &[
    "id",
    "source_id",
    "stage",
    "file_name",
    "file_digest",
    "started_at",
    "finished_at",
    "stated",
    "accepted",
    "unchanged",
    "changed",
    "held",
    "rejected",
    "actor",
    "owner",
    "lease_until",
    "purpose",
    "claimed",
    "met",
    "pages",
    "withdrawn",
    "returned",
    "complete",
    "problem_code",
    "problem",
];
pub(super) const HOLD_COLUMNS: &[&str] = &[
    "id",
    "pull_id",
    "source_id",
    "sheet",
    "row_number",
    "column_name",
    "reason",
    "message",
    "raw",
    "raw_digest",
    "held_at",
    "resolved_at",
    "salt",
    "digest",
    "source_key",
    "payload",
];
pub(super) const SHEET_COLUMNS: &[&str] = &["pull_id", "sheet", "header"];
pub(super) const ALL: &str = "FROM source ORDER BY id";
pub(super) const BY_ID: &str = "FROM source WHERE id = $1";
pub(super) const PULLS_BY_STAGE: &str = "FROM pull WHERE stage = $1 ORDER BY started_at";
pub(super) const COUNT_PULL: &str = "UPDATE pull SET stage = $1, finished_at = $2, stated = $3, accepted = $4, \
     unchanged = $5, changed = $6, held = $7, rejected = $8, lease_until = $9, claimed = $10, met = $11, pages = $12, \
     withdrawn = $13, returned = $14, complete = $15, problem_code = $16, problem = $17 \
     WHERE id = $18 AND stage = 'running'";
pub(super) const BY_ID_PULL: &str = "FROM pull WHERE id = $1";
/// The newest pull that has read a file to its end.
pub(super) const READ_FILE: &str = "FROM pull WHERE source_id = $1 AND file_digest = $2 AND stage = 'finished' \
     ORDER BY id DESC LIMIT 1";
pub(super) const RENEW: &str = "UPDATE pull SET lease_until = $1 WHERE id = $2 AND stage = 'running'";
/// Only what nobody holds any more: its lease has run out, or its owner, who asks, knows that it is not running.
pub(super) const INTERRUPT: &str = "UPDATE pull SET stage = 'interrupted', finished_at = $1 \
     WHERE id = $2 AND stage = 'running' AND (lease_until <= $3 OR owner = $4)";
pub(super) const SHEET: &str = "FROM pull_sheet WHERE pull_id = $1 AND sheet = $2";
pub(super) const HOLDS_AFTER: &str = "FROM hold WHERE id > $1 ORDER BY id LIMIT $2";

/// All sources in the order of their ids. There are nine or so, so they are not paged.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<SourceRow>, StoreError> {
    conn.all(Statement::select::<SourceRow>(ALL, values![])).await
}

/// One source.
pub async fn by_id(conn: &mut Conn<'_>, id: &str) -> Result<Option<SourceRow>, StoreError> {
    conn.optional(Statement::select::<SourceRow>(BY_ID, values![id])).await
}

/// All pulls in one stage.
pub async fn pulls_in_stage(conn: &mut Conn<'_>, stage: &str) -> Result<Vec<PullRow>, StoreError> {
    conn.all(Statement::select::<PullRow>(PULLS_BY_STAGE, values![stage])).await
}

/// A page of all held rows, in the order of their ids: for verification.
pub async fn holds_after(conn: &mut Conn<'_>, id: &str, limit: i64) -> Result<Vec<HoldRow>, StoreError> {
    conn.all(Statement::select::<HoldRow>(HOLDS_AFTER, values![id, limit])).await
}

/// Which of these raw digests the source already holds.
pub async fn known_holds(conn: &mut Conn<'_>, source: &str, digests: &[String]) -> Result<Vec<HoldRow>, StoreError> {
    conn.all(known_holds_statement(source, digests)).await
}

/// The open held rows of a source that have one of these keys of its own.
pub async fn open_holds_by_keys(
    conn: &mut Conn<'_>,
    source: &str,
    keys: &[String],
) -> Result<Vec<HoldRow>, StoreError> {
    conn.all(open_holds_by_keys_statement(source, keys)).await
}

pub(super) fn open_holds_by_keys_statement(source: &str, keys: &[String]) -> Statement {
    let mut conditions = Conditions::default();
    conditions.add("source_id = ?", values![source]);
    conditions.add("resolved_at IS NULL", values![]);
    conditions.add_any("source_key", texts(keys));
    let (filter, values) = conditions.into_parts();
    Statement::select::<HoldRow>(&format!("FROM hold {filter}"), values)
}

/// Several pulls by id, in no particular order.
pub async fn pulls_by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<PullRow>, StoreError> {
    conn.all(pulls_by_ids_statement(ids)).await
}

pub(super) fn pulls_by_ids_statement(ids: &[String]) -> Statement {
    Statement::select_any::<PullRow>("FROM pull", "id", texts(ids), "")
}

pub(super) fn known_holds_statement(source: &str, digests: &[String]) -> Statement {
    let mut conditions = Conditions::default();
    conditions.add("source_id = ?", values![source]);
    conditions.add_any("raw_digest", texts(digests));
    let (filter, values) = conditions.into_parts();
    Statement::select::<HoldRow>(&format!("FROM hold {filter}"), values)
}

/// Adds a source.
pub async fn insert(tx: &mut Tx, row: SourceRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("source", COLUMNS);
    insert.push([row.id.into(), row.name.into(), row.channel.into(), row.created_at.into()]);
    tx.insert(insert).await
}

/// Adds a pull.
pub async fn insert_pull(tx: &mut Tx, row: PullRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("pull", PULL_COLUMNS);
    insert.push([
        row.id.into(),
        row.source_id.into(),
        row.stage.into(),
        row.file_name.into(),
        row.file_digest.into(),
        row.started_at.into(),
        row.finished_at.into(),
        row.stated.into(),
        row.accepted.into(),
        row.unchanged.into(),
        row.changed.into(),
        row.held.into(),
        row.rejected.into(),
        row.actor.into(),
        row.owner.into(),
        row.lease_until.into(),
        row.purpose.into(),
        row.claimed.into(),
        row.met.into(),
        row.pages.into(),
        row.withdrawn.into(),
        row.returned.into(),
        row.complete.into(),
        row.problem_code.into(),
        row.problem.into(),
    ]);
    tx.insert(insert).await
}

/// Writes the stage, the counts and the lease of a pull that is running. One that was given up meanwhile is left alone:
/// [`StoreError::ChangedMeanwhile`].
pub async fn update_pull(tx: &mut Tx, row: &PullRow) -> Result<(), StoreError> {
    let touched = tx
        .execute(
            COUNT_PULL,
            values![
                row.stage.as_str(),
                row.finished_at,
                row.stated,
                row.accepted,
                row.unchanged,
                row.changed,
                row.held,
                row.rejected,
                row.lease_until,
                row.claimed,
                row.met,
                row.pages,
                row.withdrawn,
                row.returned,
                row.complete,
                row.problem_code.as_str(),
                row.problem.as_str(),
                row.id.as_str()
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "pull", id: row.id.clone() }) }
}

/// One pull.
pub async fn pull(conn: &mut Conn<'_>, id: &str) -> Result<Option<PullRow>, StoreError> {
    conn.optional(Statement::select::<PullRow>(BY_ID_PULL, values![id])).await
}

/// The newest pull of a source that has read the file with these bytes (SM3, hexadecimal) to its end.
pub async fn read_file(conn: &mut Conn<'_>, source: &str, digest: &str) -> Result<Option<PullRow>, StoreError> {
    conn.optional(Statement::select::<PullRow>(READ_FILE, values![source, digest])).await
}

/// Says that a pull still runs. Tells whether it was still marked so.
pub async fn renew(tx: &mut Tx, id: &str, until: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(RENEW, values![until, id]).await? == 1)
}

/// Marks a running pull as interrupted if its lease has run out at `now`, or if it belongs to `owner`.
pub async fn interrupt(tx: &mut Tx, id: &str, now: i64, owner: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(INTERRUPT, values![Some(now), id, now, owner]).await? == 1)
}

/// The header of a sheet; `None` when no row of it was held.
pub async fn sheet(conn: &mut Conn<'_>, pull: &str, sheet: &str) -> Result<Option<SheetRow>, StoreError> {
    conn.optional(Statement::select::<SheetRow>(SHEET, values![pull, sheet])).await
}

/// Adds the header of a sheet.
pub async fn insert_sheet(tx: &mut Tx, row: SheetRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("pull_sheet", SHEET_COLUMNS);
    insert.push([row.pull_id.into(), row.sheet.into(), row.header.into()]);
    tx.insert(insert).await
}

/// Adds held rows.
pub async fn insert_holds(tx: &mut Tx, rows: Vec<HoldRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("hold", HOLD_COLUMNS);
    for row in rows {
        insert.push([
            row.id.into(),
            row.pull_id.into(),
            row.source_id.into(),
            row.sheet.into(),
            row.row_number.into(),
            row.column_name.into(),
            row.reason.into(),
            row.message.into(),
            row.raw.into(),
            row.raw_digest.into(),
            row.held_at.into(),
            row.resolved_at.into(),
            row.salt.into(),
            row.digest.into(),
            row.source_key.into(),
            row.payload.into(),
        ]);
    }
    tx.insert(insert).await
}
