//! The desk of one person: the filters they keep, and the words they are typing. Nobody else's is ever read.

use huiyin_domain::id::{AccountId, ItemId, SavedFilterId};

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, values};
use super::tx::Tx;

record! {
    /// A list that somebody keeps.
    pub struct SavedFilterRow {
        "id" =>
        /// Its id.
        id: String,
        "account_id" =>
        /// Whose it is.
        account_id: String,
        "ordinal" =>
        /// Its place among the account's.
        ordinal: i64,
        "name" =>
        /// What it is called, unique within the account.
        name: String,
        "query" =>
        /// The list's canonical query string.
        query: String,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
    }
}

record! {
    /// What somebody is typing about an item.
    pub struct DraftNoteRow {
        "account_id" =>
        /// Whose it is.
        account_id: String,
        "item_id" =>
        /// The item.
        item_id: String,
        "kind" =>
        /// What it is to become: code of `service::desk::DraftKind`.
        kind: String,
        "text" =>
        /// The text so far.
        text: String,
        "base_revision" =>
        /// The item's revision that was on the screen.
        base_revision: i64,
        "saved_at" =>
        /// Microseconds UTC.
        saved_at: i64,
    }
}

pub(super) const FILTER_COLUMNS: &[&str] = &["id", "account_id", "ordinal", "name", "query", "created_at"];
pub(super) const NOTE_COLUMNS: &[&str] = &["account_id", "item_id", "kind", "text", "base_revision", "saved_at"];
pub(super) const FILTERS: &str = "FROM saved_filter WHERE account_id = $1 ORDER BY ordinal, name";
pub(super) const REMOVE_FILTER: &str = "DELETE FROM saved_filter WHERE account_id = $1 AND id = $2";
pub(super) const REPLACE_FILTER: &str = "UPDATE saved_filter SET query = $1 WHERE account_id = $2 AND id = $3";
pub(super) const NOTES_OF_ITEM: &str = "FROM draft_note WHERE account_id = $1 AND item_id = $2 ORDER BY kind";
pub(super) const REMOVE_NOTE: &str = "DELETE FROM draft_note WHERE account_id = $1 AND item_id = $2 AND kind = $3";
pub(super) const REMOVE_NOTES: &str = "DELETE FROM draft_note WHERE item_id = $1";
pub(super) const REPLACE_NOTE: &str = "UPDATE draft_note SET text = $1, base_revision = $2, saved_at = $3 \
     WHERE account_id = $4 AND item_id = $5 AND kind = $6";

/// The filters of an account, in its order.
pub async fn filters(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<SavedFilterRow>, StoreError> {
    conn.all(Statement::select::<SavedFilterRow>(FILTERS, values![account.to_string()])).await
}

/// Adds a filter.
pub async fn insert_filter(tx: &mut Tx, row: SavedFilterRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("saved_filter", FILTER_COLUMNS);
    insert.push([
        row.id.into(),
        row.account_id.into(),
        row.ordinal.into(),
        row.name.into(),
        row.query.into(),
        row.created_at.into(),
    ]);
    tx.insert(insert).await
}

/// Gives a filter of this account another query.
pub async fn replace_filter(tx: &mut Tx, row: &SavedFilterRow) -> Result<(), StoreError> {
    let values = values![row.query.as_str(), row.account_id.as_str(), row.id.as_str()];
    match tx.execute(REPLACE_FILTER, values).await? {
        1 => Ok(()),
        _ => Err(StoreError::ChangedMeanwhile { table: "saved_filter", id: row.id.clone() }),
    }
}

/// Removes a filter of this account; tells whether there was one.
pub async fn remove_filter(tx: &mut Tx, account: AccountId, id: SavedFilterId) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE_FILTER, values![account.to_string(), id.to_string()]).await? > 0)
}

/// What an account is typing about an item.
pub async fn notes_of_item(
    conn: &mut Conn<'_>,
    account: AccountId,
    item: ItemId,
) -> Result<Vec<DraftNoteRow>, StoreError> {
    conn.all(Statement::select::<DraftNoteRow>(NOTES_OF_ITEM, values![account.to_string(), item.to_string()])).await
}

/// Keeps what somebody is typing, in place of what they had typed before.
pub async fn keep_note(tx: &mut Tx, row: DraftNoteRow) -> Result<(), StoreError> {
    let replaced = values![
        row.text.as_str(),
        row.base_revision,
        row.saved_at,
        row.account_id.as_str(),
        row.item_id.as_str(),
        row.kind.as_str()
    ];
    if tx.execute(REPLACE_NOTE, replaced).await? > 0 {
        return Ok(());
    }
    let mut insert = Insert::new("draft_note", NOTE_COLUMNS);
    insert.push([
        row.account_id.into(),
        row.item_id.into(),
        row.kind.into(),
        row.text.into(),
        row.base_revision.into(),
        row.saved_at.into(),
    ]);
    tx.insert(insert).await
}

/// Drops what an account was typing about an item; tells whether there was something.
pub async fn remove_note(tx: &mut Tx, account: AccountId, item: ItemId, kind: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(REMOVE_NOTE, values![account.to_string(), item.to_string(), kind]).await? > 0)
}

/// Drops what anybody was typing about an item: it is not open any more.
pub async fn remove_notes(tx: &mut Tx, item: ItemId) -> Result<(), StoreError> {
    tx.execute(REMOVE_NOTES, values![item.to_string()]).await.map(drop)
}
