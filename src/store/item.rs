//! Items 件: one item's state, its units, notes and drafts. Lists are in [`super::item_list`].

use std::collections::BTreeSet;

use huiyin_domain::id::{AccountId, ItemId};

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, Value, record, texts, values};
use super::tx::Tx;

record! {
    /// An item as lists show it.
    pub struct ItemRow {
        "item.id" =>
        /// Its id.
        id: String,
        "item.number" =>
        /// Dense number in the order of arrival, from one; also its key in the search index.
        number: i64,
        "item.message_id" =>
        /// The message it was made from.
        message_id: String,
        "item.source_id" =>
        /// The source of that message.
        source_id: String,
        "item.title" =>
        /// The newest version's subject line.
        title: String,
        "item.fingerprint" =>
        /// Equal for exact repeats.
        fingerprint: String,
        "item.repeat_of" =>
        /// The first item with the same fingerprint.
        repeat_of: Option<String>,
        "item.request_type" =>
        /// Code of `item::RequestType`.
        request_type: String,
        "item.stage" =>
        /// Code of `item::Stage`.
        stage: String,
        "item.open" =>
        /// Whether it still owes somebody something.
        open: bool,
        "item.task" =>
        /// Code of `item::Task`: what it waits for; none once it is not open.
        task: Option<String>,
        "item.lead_unit_id" =>
        /// The lead unit 主办.
        lead_unit_id: Option<String>,
        "item.asked_at" =>
        /// When the citizen wrote (or, where the source does not tell, when it arrived), microseconds UTC.
        asked_at: i64,
        "item.received_at" =>
        /// When it arrived here, microseconds UTC.
        received_at: i64,
        "item.due_at" =>
        /// When the answer is due, microseconds UTC.
        due_at: Option<i64>,
        "item.due_provisional" =>
        /// Whether the due date lies in a year whose calendar is not loaded.
        due_provisional: bool,
        "item.replied_at" =>
        /// When it was answered, microseconds UTC.
        replied_at: Option<i64>,
        "item.revision" =>
        /// Number of events so far: the optimistic lock.
        revision: i64,
        "item.state" =>
        /// The domain's `Item` as JSON; empty where a list tells only facts.
        state: String,
    }
}

record! {
    /// Which units an item concerns.
    pub struct ItemUnitRow {
        "item_id" =>
        /// The item.
        item_id: String,
        "unit_id" =>
        /// The unit.
        unit_id: String,
        "part" =>
        /// `lead` or `assist`.
        part: String,
        "asked_at" =>
        /// As in the item: the order of a unit's list.
        asked_at: i64,
        "number" =>
        /// As in the item.
        number: i64,
        "open" =>
        /// As in the item; [`update`] keeps it so.
        open: bool,
        "due_at" =>
        /// As in the item: the order of what a unit has to answer. [`update`] keeps it so.
        due_at: Option<i64>,
    }
}

record! {
    /// Free text said about an item; the ledger holds its digest.
    pub struct NoteRow {
        "item_id" =>
        /// The item.
        item_id: String,
        "ordinal" =>
        /// From one, within the item.
        ordinal: i64,
        "kind" =>
        /// What it was said for: the code of the event.
        kind: String,
        "actor" =>
        /// Who said it.
        actor: String,
        "at" =>
        /// Microseconds UTC.
        at: i64,
        "text" =>
        /// The text.
        text: String,
        "salt" =>
        /// Sixteen bytes in hexadecimal.
        salt: String,
        "digest" =>
        /// Salted SM3 of the text.
        digest: String,
    }
}

record! {
    /// One version of a reply's draft.
    pub struct ReplyRow {
        "item_id" =>
        /// The item it answers.
        item_id: String,
        "reply_id" =>
        /// The reply.
        reply_id: String,
        "version" =>
        /// From one, within the reply.
        version: i64,
        "text" =>
        /// The draft.
        text: String,
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

record! {
    /// What response times are computed from.
    pub struct TimingRow {
        "item.source_id" =>
        /// The source.
        source_id: String,
        "item.request_type" =>
        /// Code of `item::RequestType`.
        request_type: String,
        "item.lead_unit_id" =>
        /// The lead unit.
        lead_unit_id: Option<String>,
        "item.stage" =>
        /// Code of `item::Stage`.
        stage: String,
        "item.asked_at" =>
        /// Microseconds UTC.
        asked_at: i64,
        "item.due_at" =>
        /// Microseconds UTC.
        due_at: Option<i64>,
        "item.replied_at" =>
        /// Microseconds UTC.
        replied_at: Option<i64>,
    }
}

pub(super) const ITEM_COLUMNS: &[&str] = &[
    "id",
    "number",
    "message_id",
    "source_id",
    "title",
    "fingerprint",
    "repeat_of",
    "request_type",
    "stage",
    "open",
    "task",
    "lead_unit_id",
    "asked_at",
    "received_at",
    "due_at",
    "due_provisional",
    "replied_at",
    "revision",
    "state",
];
pub(super) const UNIT_COLUMNS: &[&str] = &["item_id", "unit_id", "part", "asked_at", "number", "open", "due_at"];
pub(super) const NOTE_COLUMNS: &[&str] = &["item_id", "ordinal", "kind", "actor", "at", "text", "salt", "digest"];
pub(super) const REPLY_COLUMNS: &[&str] = &["item_id", "reply_id", "version", "text", "actor", "at", "salt", "digest"];
pub(super) const BY_ID: &str = "FROM item WHERE item.id = $1";
pub(super) const BY_NUMBER: &str = "FROM item WHERE item.number = $1";
pub(super) const BY_MESSAGE: &str = "FROM item WHERE item.message_id = $1";
pub(super) const REPEATS: &str = "FROM item WHERE item.repeat_of = $1 ORDER BY item.number LIMIT $2";
pub(super) const NOTES: &str = "FROM item_note WHERE item_id = $1 ORDER BY ordinal";
pub(super) const REPLIES: &str = "FROM reply_version WHERE item_id = $1 ORDER BY at, version";
pub(super) const RESERVE_NUMBERS: &str = "UPDATE counter SET value = value + $1 WHERE name = 'item' RETURNING value";
pub(super) const HOLD_STILL: &str = "UPDATE item SET revision = $1 WHERE id = $2 AND revision = $3";
pub(super) const UPDATE: &str = "UPDATE item SET title = $1, request_type = $2, stage = $3, open = $4, \
     task = $5, lead_unit_id = $6, due_at = $7, due_provisional = $8, replied_at = $9, revision = $10, state = $11 \
     WHERE id = $12 AND revision = $13";
pub(super) const BARRED_COLUMNS: &[&str] = &["item_id", "account_id"];
pub(super) const UNBAR: &str = "DELETE FROM item_barred WHERE item_id = $1";
pub(super) const UPDATE_PARTS: &str = "UPDATE item_unit SET open = $1, due_at = $2 WHERE item_id = $3";
pub(super) const LEAVE_UNITS: &str = "DELETE FROM item_unit WHERE item_id = $1";
pub(super) const PAGE_BY_NUMBER: &str = "FROM item WHERE item.number > $1 ORDER BY item.number LIMIT $2";
pub(super) const TIMINGS: &str = "FROM item WHERE item.asked_at >= $1 AND item.asked_at < $2";
// Naming both values of `open` lets the (open, due_at, number) index find the range.
pub(super) const TIMINGS_DUE: &str = "FROM item WHERE item.open IN ($1, $2) AND item.due_at >= $3 AND item.due_at < $4";

/// One item.
pub async fn by_id(conn: &mut Conn<'_>, id: ItemId) -> Result<Option<ItemRow>, StoreError> {
    conn.optional(Statement::select::<ItemRow>(BY_ID, values![id.to_string()])).await
}

/// One item by its number.
pub async fn by_number(conn: &mut Conn<'_>, number: i64) -> Result<Option<ItemRow>, StoreError> {
    conn.optional(Statement::select::<ItemRow>(BY_NUMBER, values![number])).await
}

/// The item made from a message.
pub async fn by_message(conn: &mut Conn<'_>, message: &str) -> Result<Option<ItemRow>, StoreError> {
    conn.optional(Statement::select::<ItemRow>(BY_MESSAGE, values![message])).await
}

/// The items made from these messages, in no particular order.
pub async fn by_messages(conn: &mut Conn<'_>, messages: &[String]) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(by_messages_statement(messages)).await
}

pub(super) fn by_messages_statement(messages: &[String]) -> Statement {
    Statement::select_any::<ItemRow>("FROM item", "item.message_id", texts(messages), "")
}

/// Items by their numbers, in no particular order.
pub async fn by_numbers(conn: &mut Conn<'_>, numbers: &[i64]) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(by_numbers_statement(numbers)).await
}

pub(super) fn by_numbers_statement(numbers: &[i64]) -> Statement {
    let list = numbers.iter().copied().map(Value::Int).collect();
    Statement::select_any::<ItemRow>("FROM item", "item.number", list, "")
}

/// Items by their ids, in no particular order.
pub async fn by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(by_ids_statement(ids)).await
}

pub(super) fn by_ids_statement(ids: &[String]) -> Statement {
    Statement::select_any::<ItemRow>("FROM item", "item.id", texts(ids), "")
}

/// Items after a number, in the order of their numbers: for a walk over all of them.
pub async fn page_by_number(conn: &mut Conn<'_>, after: i64, limit: i64) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(Statement::select::<ItemRow>(PAGE_BY_NUMBER, values![after, limit])).await
}

/// The oldest item of each of these fingerprints.
pub async fn first_by_fingerprints(conn: &mut Conn<'_>, fingerprints: &[String]) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(first_by_fingerprints_statement(fingerprints)).await
}

pub(super) fn first_by_fingerprints_statement(fingerprints: &[String]) -> Statement {
    let list = texts(fingerprints);
    Statement::select_any::<ItemRow>("FROM item", "item.fingerprint", list, "AND item.repeat_of IS NULL")
}

/// The repeats of an item, oldest first.
pub async fn repeats(conn: &mut Conn<'_>, first: ItemId, limit: i64) -> Result<Vec<ItemRow>, StoreError> {
    conn.all(Statement::select::<ItemRow>(REPEATS, values![first.to_string(), limit])).await
}

/// The units of these items.
pub async fn units_of(conn: &mut Conn<'_>, items: &[String]) -> Result<Vec<ItemUnitRow>, StoreError> {
    conn.all(units_of_statement(items)).await
}

pub(super) fn units_of_statement(items: &[String]) -> Statement {
    Statement::select_any::<ItemUnitRow>("FROM item_unit", "item_id", texts(items), "")
}

/// What was said about an item, in order.
pub async fn notes(conn: &mut Conn<'_>, item: ItemId) -> Result<Vec<NoteRow>, StoreError> {
    conn.all(Statement::select::<NoteRow>(NOTES, values![item.to_string()])).await
}

/// What was said about several items.
pub async fn notes_of(conn: &mut Conn<'_>, items: &[String]) -> Result<Vec<NoteRow>, StoreError> {
    conn.all(notes_of_statement(items)).await
}

pub(super) fn notes_of_statement(items: &[String]) -> Statement {
    Statement::select_any::<NoteRow>("FROM item_note", "item_id", texts(items), "ORDER BY item_id, ordinal")
}

/// The drafts of an item's replies, in the order in which they were written.
pub async fn replies(conn: &mut Conn<'_>, item: ItemId) -> Result<Vec<ReplyRow>, StoreError> {
    conn.all(Statement::select::<ReplyRow>(REPLIES, values![item.to_string()])).await
}

/// The drafts of several items' replies.
pub async fn replies_of(conn: &mut Conn<'_>, items: &[String]) -> Result<Vec<ReplyRow>, StoreError> {
    conn.all(replies_of_statement(items)).await
}

pub(super) fn replies_of_statement(items: &[String]) -> Statement {
    Statement::select_any::<ReplyRow>("FROM reply_version", "item_id", texts(items), "ORDER BY item_id, at, version")
}

/// What response times of messages asked in `[from, to)` (µs UTC) are computed from.
pub async fn timings(conn: &mut Conn<'_>, from: i64, to: i64) -> Result<Vec<TimingRow>, StoreError> {
    conn.all(Statement::select::<TimingRow>(TIMINGS, values![from, to])).await
}

/// What the on-time rate of answers due in `[from, to)` (µs UTC) is computed from.
pub async fn timings_due(conn: &mut Conn<'_>, from: i64, to: i64) -> Result<Vec<TimingRow>, StoreError> {
    conn.all(Statement::select::<TimingRow>(TIMINGS_DUE, values![false, true, from, to])).await
}

/// Takes `count` consecutive item numbers; returns the first.
pub async fn reserve_numbers(tx: &mut Tx, count: i64) -> Result<i64, StoreError> {
    let last = tx.conn().number(Statement::new(RESERVE_NUMBERS, values![count])).await?;
    Ok(last - count + 1)
}

/// Adds new items.
pub async fn insert(tx: &mut Tx, rows: Vec<ItemRow>) -> Result<(), StoreError> {
    let mut insert = Insert::new("item", ITEM_COLUMNS);
    for row in rows {
        insert.push([
            row.id.into(),
            row.number.into(),
            row.message_id.into(),
            row.source_id.into(),
            row.title.into(),
            row.fingerprint.into(),
            row.repeat_of.into(),
            row.request_type.into(),
            row.stage.into(),
            row.open.into(),
            row.task.into(),
            row.lead_unit_id.into(),
            row.asked_at.into(),
            row.received_at.into(),
            row.due_at.into(),
            row.due_provisional.into(),
            row.replied_at.into(),
            row.revision.into(),
            row.state.into(),
        ]);
    }
    tx.insert(insert).await
}

/// Keeps an item as it was read, at this revision, until the transaction ends: for what depends on it and does not change
/// it. [`StoreError::ChangedMeanwhile`] when it has changed already.
pub async fn hold_still(tx: &mut Tx, id: &str, revision: i64) -> Result<(), StoreError> {
    let touched = tx.execute(HOLD_STILL, values![revision, id, revision]).await?;
    if touched == 1 { Ok(()) } else { Err(StoreError::ChangedMeanwhile { table: "item", id: id.to_owned() }) }
}

/// Writes an item's new state, here and where its units list it, provided nobody changed it since `revision`.
pub async fn update(tx: &mut Tx, row: &ItemRow, revision: i64) -> Result<(), StoreError> {
    let touched = tx
        .execute(
            UPDATE,
            values![
                row.title.as_str(),
                row.request_type.as_str(),
                row.stage.as_str(),
                row.open,
                row.task.clone(),
                row.lead_unit_id.clone(),
                row.due_at,
                row.due_provisional,
                row.replied_at,
                row.revision,
                row.state.as_str(),
                row.id.as_str(),
                revision
            ],
        )
        .await?;
    if touched != 1 {
        return Err(StoreError::ChangedMeanwhile { table: "item", id: row.id.clone() });
    }
    tx.execute(UPDATE_PARTS, values![row.open, row.due_at, row.id.as_str()]).await?;
    Ok(())
}

/// Replaces the units an item concerns.
pub async fn replace_units(tx: &mut Tx, item: &str, rows: Vec<ItemUnitRow>) -> Result<(), StoreError> {
    tx.execute(LEAVE_UNITS, values![item]).await?;
    let mut insert = Insert::new("item_unit", UNIT_COLUMNS);
    for row in rows {
        insert.push([
            row.item_id.into(),
            row.unit_id.into(),
            row.part.into(),
            row.asked_at.into(),
            row.number.into(),
            row.open.into(),
            row.due_at.into(),
        ]);
    }
    tx.insert(insert).await
}

/// Replaces the accounts that may not do what an item waits for.
pub async fn replace_barred(tx: &mut Tx, item: ItemId, accounts: BTreeSet<AccountId>) -> Result<(), StoreError> {
    tx.execute(UNBAR, values![item.to_string()]).await?;
    let mut insert = Insert::new("item_barred", BARRED_COLUMNS);
    for account in accounts {
        insert.push([item.to_string().into(), account.to_string().into()]);
    }
    tx.insert(insert).await
}

/// Adds a note.
pub async fn insert_note(tx: &mut Tx, row: NoteRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("item_note", NOTE_COLUMNS);
    insert.push([
        row.item_id.into(),
        row.ordinal.into(),
        row.kind.into(),
        row.actor.into(),
        row.at.into(),
        row.text.into(),
        row.salt.into(),
        row.digest.into(),
    ]);
    tx.insert(insert).await
}

/// Adds a version of a reply.
pub async fn insert_reply(tx: &mut Tx, row: ReplyRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("reply_version", REPLY_COLUMNS);
    insert.push([
        row.item_id.into(),
        row.reply_id.into(),
        row.version.into(),
        row.text.into(),
        row.actor.into(),
        row.at.into(),
        row.salt.into(),
        row.digest.into(),
    ]);
    tx.insert(insert).await
}
