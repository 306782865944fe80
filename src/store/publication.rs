//! Publications 热点咨询 and their entries.

use huiyin_domain::id::{EntryId, PublicationId};

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A monthly issue.
    pub struct PublicationRow {
        "id" =>
        /// Its id.
        id: String,
        "month" =>
        /// `YYYY-MM`, unique.
        month: String,
        "stage" =>
        /// Code of `publication::Stage`.
        stage: String,
        "title" =>
        /// Its heading.
        title: String,
        "revision" =>
        /// Number of events so far: the optimistic lock.
        revision: i64,
        "state" =>
        /// The domain's `Publication` as JSON.
        state: String,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
        "published_at" =>
        /// Microseconds UTC.
        published_at: Option<i64>,
    }
}

record! {
    /// An entry of an issue.
    pub struct EntryRow {
        "id" =>
        /// Its id.
        id: String,
        "publication_id" =>
        /// The issue.
        publication_id: String,
        "ordinal" =>
        /// Its place, from one.
        ordinal: i64,
        "item_id" =>
        /// The answered item it was made from.
        item_id: String,
        "unit_id" =>
        /// The unit that answered.
        unit_id: Option<String>,
        "stage" =>
        /// Code of `publication::EntryStage`.
        stage: String,
        "version" =>
        /// The newest version of its text.
        version: i64,
        "revision" =>
        /// Number of events so far: the optimistic lock.
        revision: i64,
        "state" =>
        /// The domain's `Entry` as JSON.
        state: String,
        "asked_at" =>
        /// When the question came, microseconds UTC.
        asked_at: i64,
        "replied_at" =>
        /// When it was answered, microseconds UTC.
        replied_at: i64,
    }
}

record! {
    /// One version of an entry's public text.
    pub struct EntryVersionRow {
        "entry_id" =>
        /// The entry.
        entry_id: String,
        "version" =>
        /// From one.
        version: i64,
        "question" =>
        /// The de-identified question.
        question: String,
        "answer" =>
        /// The de-identified answer.
        answer: String,
        "basis" =>
        /// The legal basis; may be empty.
        basis: String,
        "actor" =>
        /// Who wrote it.
        actor: String,
        "at" =>
        /// Microseconds UTC.
        at: i64,
        "salt" =>
        /// Sixteen bytes in hexadecimal.
        salt: String,
        "digest" =>
        /// Salted SM3 of the text.
        digest: String,
    }
}

pub(super) const COLUMNS: &[&str] =
    &["id", "month", "stage", "title", "revision", "state", "created_at", "published_at"];
pub(super) const ENTRY_COLUMNS: &[&str] = &[
    "id",
    "publication_id",
    "ordinal",
    "item_id",
    "unit_id",
    "stage",
    "version",
    "revision",
    "state",
    "asked_at",
    "replied_at",
];
pub(super) const VERSION_COLUMNS: &[&str] =
    &["entry_id", "version", "question", "answer", "basis", "actor", "at", "salt", "digest"];
pub(super) const BY_ID: &str = "FROM publication WHERE id = $1";
pub(super) const BY_MONTH: &str = "FROM publication WHERE month = $1";
pub(super) const BY_STAGE: &str = "FROM publication WHERE stage = $1 ORDER BY month DESC LIMIT $2";
pub(super) const NEWEST: &str = "FROM publication ORDER BY month DESC LIMIT $1";
pub(super) const UPDATE: &str = "UPDATE publication SET stage = $1, title = $2, revision = $3, state = $4, \
     published_at = $5 WHERE id = $6 AND revision = $7";
pub(super) const ENTRIES: &str = "FROM entry WHERE publication_id = $1 ORDER BY ordinal";
pub(super) const ENTRY_BY_ID: &str = "FROM entry WHERE id = $1";
pub(super) const UPDATE_ENTRY: &str =
    "UPDATE entry SET stage = $1, version = $2, revision = $3, state = $4 WHERE id = $5 AND revision = $6";
pub(super) const VERSIONS: &str = "FROM entry_version WHERE entry_id = $1 ORDER BY version";

/// One issue.
pub async fn by_id(conn: &mut Conn<'_>, id: PublicationId) -> Result<Option<PublicationRow>, StoreError> {
    conn.optional(Statement::select::<PublicationRow>(BY_ID, values![id.to_string()])).await
}

/// The issue of a month (`YYYY-MM`).
pub async fn by_month(conn: &mut Conn<'_>, month: &str) -> Result<Option<PublicationRow>, StoreError> {
    conn.optional(Statement::select::<PublicationRow>(BY_MONTH, values![month])).await
}

/// Issues in one stage, newest month first.
pub async fn in_stage(conn: &mut Conn<'_>, stage: &str, limit: i64) -> Result<Vec<PublicationRow>, StoreError> {
    conn.all(Statement::select::<PublicationRow>(BY_STAGE, values![stage, limit])).await
}

/// All issues, newest month first.
pub async fn newest(conn: &mut Conn<'_>, limit: i64) -> Result<Vec<PublicationRow>, StoreError> {
    conn.all(Statement::select::<PublicationRow>(NEWEST, values![limit])).await
}

/// An issue's entries in their order.
pub async fn entries(conn: &mut Conn<'_>, publication: PublicationId) -> Result<Vec<EntryRow>, StoreError> {
    conn.all(Statement::select::<EntryRow>(ENTRIES, values![publication.to_string()])).await
}

/// One entry.
pub async fn entry_by_id(conn: &mut Conn<'_>, id: EntryId) -> Result<Option<EntryRow>, StoreError> {
    conn.optional(Statement::select::<EntryRow>(ENTRY_BY_ID, values![id.to_string()])).await
}

/// All versions of an entry, oldest first.
pub async fn entry_versions(conn: &mut Conn<'_>, id: EntryId) -> Result<Vec<EntryVersionRow>, StoreError> {
    conn.all(Statement::select::<EntryVersionRow>(VERSIONS, values![id.to_string()])).await
}

/// All versions of several entries.
pub async fn versions_of(conn: &mut Conn<'_>, entries: &[String]) -> Result<Vec<EntryVersionRow>, StoreError> {
    conn.all(versions_of_statement(entries)).await
}

pub(super) fn versions_of_statement(entries: &[String]) -> Statement {
    Statement::select_any::<EntryVersionRow>("FROM entry_version", "entry_id", texts(entries), "ORDER BY version")
}

/// Adds an issue.
pub async fn insert(tx: &mut Tx, row: PublicationRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("publication", COLUMNS);
    insert.push([
        row.id.into(),
        row.month.into(),
        row.stage.into(),
        row.title.into(),
        row.revision.into(),
        row.state.into(),
        row.created_at.into(),
        row.published_at.into(),
    ]);
    tx.insert(insert).await
}

/// Writes an issue's new state, provided nobody changed it since `revision`.
pub async fn update(tx: &mut Tx, row: &PublicationRow, revision: i64) -> Result<(), StoreError> {
    let touched = tx
        .execute(
            UPDATE,
            values![
                row.stage.as_str(),
                row.title.as_str(),
                row.revision,
                row.state.as_str(),
                row.published_at,
                row.id.as_str(),
                revision
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "publication", id: row.id.clone() }) }
}

/// Adds an entry.
pub async fn insert_entry(tx: &mut Tx, row: EntryRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("entry", ENTRY_COLUMNS);
    insert.push([
        row.id.into(),
        row.publication_id.into(),
        row.ordinal.into(),
        row.item_id.into(),
        row.unit_id.into(),
        row.stage.into(),
        row.version.into(),
        row.revision.into(),
        row.state.into(),
        row.asked_at.into(),
        row.replied_at.into(),
    ]);
    tx.insert(insert).await
}

/// Writes an entry's new state, provided nobody changed it since `revision`.
pub async fn update_entry(tx: &mut Tx, row: &EntryRow, revision: i64) -> Result<(), StoreError> {
    let touched = tx
        .execute(
            UPDATE_ENTRY,
            values![row.stage.as_str(), row.version, row.revision, row.state.as_str(), row.id.as_str(), revision],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "entry", id: row.id.clone() }) }
}

/// Adds a version of an entry's text.
pub async fn insert_entry_version(tx: &mut Tx, row: EntryVersionRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("entry_version", VERSION_COLUMNS);
    insert.push([
        row.entry_id.into(),
        row.version.into(),
        row.question.into(),
        row.answer.into(),
        row.basis.into(),
        row.actor.into(),
        row.at.into(),
        row.salt.into(),
        row.digest.into(),
    ]);
    tx.insert(insert).await
}
