//! Responsible units 责任单位.

use huiyin_domain::id::UnitId;

use super::db::Conn;
use super::statement::{Insert, Statement, record, texts, values};
use super::tx::Tx;
use super::{StoreError, parse_column};

record! {
    /// A unit.
    pub struct UnitRow {
        "id" =>
        /// Its id.
        id: String,
        "code" =>
        /// A short stable code, unique.
        code: String,
        "name" =>
        /// The name people use.
        name: String,
        "kind" =>
        /// Code of `access::UnitKind`.
        kind: String,
        "active" =>
        /// Whether items can be assigned to it.
        active: bool,
        "created_at" =>
        /// Microseconds UTC.
        created_at: i64,
    }
}

impl UnitRow {
    /// The id, parsed.
    pub fn unit_id(&self) -> Result<UnitId, StoreError> {
        parse_column("unit", "id", &self.id, &self.id)
    }
}

pub(super) const COLUMNS: &[&str] = &["id", "code", "name", "kind", "active", "created_at"];
pub(super) const ALL: &str = "FROM unit ORDER BY code";
pub(super) const BY_ID: &str = "FROM unit WHERE id = $1";
pub(super) const RENAME: &str = "UPDATE unit SET name = $1 WHERE id = $2";
pub(super) const SET_ACTIVE: &str = "UPDATE unit SET active = $1 WHERE id = $2";
pub(super) const BY_CODE: &str = "FROM unit WHERE code = $1";

/// All units, in the order of their codes. There are tens of them, so they are not paged.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<UnitRow>, StoreError> {
    conn.all(Statement::select::<UnitRow>(ALL, values![])).await
}

/// One unit.
pub async fn by_id(conn: &mut Conn<'_>, id: UnitId) -> Result<Option<UnitRow>, StoreError> {
    conn.optional(Statement::select::<UnitRow>(BY_ID, values![id.to_string()])).await
}

/// One unit by its code.
pub async fn by_code(conn: &mut Conn<'_>, code: &str) -> Result<Option<UnitRow>, StoreError> {
    conn.optional(Statement::select::<UnitRow>(BY_CODE, values![code])).await
}

/// Several units by id, in no particular order.
pub async fn by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<UnitRow>, StoreError> {
    conn.all(by_ids_statement(ids)).await
}

pub(super) fn by_ids_statement(ids: &[String]) -> Statement {
    Statement::select_any::<UnitRow>("FROM unit", "id", texts(ids), "")
}

/// Gives a unit this name.
pub async fn rename(tx: &mut Tx, id: UnitId, name: &str) -> Result<(), StoreError> {
    tx.change(RENAME, values![name, id.to_string()], "unit", id).await
}

/// Sets whether items can be assigned to a unit.
pub async fn set_active(tx: &mut Tx, id: UnitId, active: bool) -> Result<(), StoreError> {
    tx.change(SET_ACTIVE, values![active, id.to_string()], "unit", id).await
}

/// Adds a unit.
pub async fn insert(tx: &mut Tx, row: UnitRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("unit", COLUMNS);
    insert.push([
        row.id.into(),
        row.code.into(),
        row.name.into(),
        row.kind.into(),
        row.active.into(),
        row.created_at.into(),
    ]);
    tx.insert(insert).await
}
