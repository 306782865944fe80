//! Which unit a source means by a name.

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A name and the unit that was meant by it.
    pub struct AliasRow {
        "word" =>
        /// The name, folded. Possibly a person's.
        word: String,
        "unit_id" =>
        /// The unit.
        unit_id: String,
        "uses" =>
        /// How often the office assigned so, less how often otherwise.
        uses: i64,
        "learned_at" =>
        /// When it was assigned so last, microseconds UTC.
        learned_at: i64,
        "learned_by" =>
        /// Who did, as the ledger writes it.
        learned_by: String,
    }
}

pub(super) const COLUMNS: &[&str] = &["word", "unit_id", "uses", "learned_at", "learned_by"];
pub(super) const UPDATE: &str = "UPDATE unit_alias SET unit_id = $1, uses = $2, learned_at = $3, learned_by = $4 \
     WHERE word = $5";

/// What is known of these names, in no particular order.
pub async fn by_words(conn: &mut Conn<'_>, words: &[String]) -> Result<Vec<AliasRow>, StoreError> {
    conn.all(by_words_statement(words)).await
}

pub(super) fn by_words_statement(words: &[String]) -> Statement {
    Statement::select_any::<AliasRow>("FROM unit_alias", "word", texts(words), "")
}

/// Adds a name.
pub async fn insert(tx: &mut Tx, row: AliasRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("unit_alias", COLUMNS);
    insert.push([row.word.into(), row.unit_id.into(), row.uses.into(), row.learned_at.into(), row.learned_by.into()]);
    tx.insert(insert).await
}

/// Writes what is known of a name now.
pub async fn update(tx: &mut Tx, row: &AliasRow) -> Result<(), StoreError> {
    let values = values![row.unit_id.as_str(), row.uses, row.learned_at, row.learned_by.as_str(), row.word.as_str()];
    tx.change(UPDATE, values, "unit_alias", "-").await
}
