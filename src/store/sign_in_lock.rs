//! Logins that have to wait after too many wrong attempts. They are known by the digest of what was typed.

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, record, texts, values};
use super::tx::Tx;

record! {
    /// A login that has to wait.
    pub struct LockRow {
        "login_digest" =>
        /// Digest of the login, hexadecimal.
        login_digest: String,
        "locked_until" =>
        /// Until when, microseconds UTC.
        locked_until: i64,
    }
}

pub(super) const COLUMNS: &[&str] = &["login_digest", "locked_until"];
pub(super) const BY_LOGIN: &str = "FROM sign_in_lock WHERE login_digest = $1 AND locked_until > $2";
pub(super) const UNLOCK: &str = "DELETE FROM sign_in_lock WHERE login_digest = $1";
pub(super) const FORGET: &str = "DELETE FROM sign_in_lock WHERE locked_until <= $1";

/// The lock of a login that holds at `now` (µs UTC).
pub async fn by_login(conn: &mut Conn<'_>, login_digest: &str, now: i64) -> Result<Option<LockRow>, StoreError> {
    conn.optional(Statement::select::<LockRow>(BY_LOGIN, values![login_digest, now])).await
}

/// The locks of several logins, over or not, in no particular order.
pub async fn by_logins(conn: &mut Conn<'_>, login_digests: &[String]) -> Result<Vec<LockRow>, StoreError> {
    conn.all(by_logins_statement(login_digests)).await
}

pub(super) fn by_logins_statement(login_digests: &[String]) -> Statement {
    Statement::select_any::<LockRow>("FROM sign_in_lock", "login_digest", texts(login_digests), "")
}

/// Locks a login from `now` on, and forgets the locks that are over (µs UTC).
pub async fn lock(tx: &mut Tx, row: LockRow, now: i64) -> Result<(), StoreError> {
    tx.execute(FORGET, values![now]).await?;
    tx.execute(UNLOCK, values![row.login_digest.as_str()]).await?;
    let mut insert = Insert::new("sign_in_lock", COLUMNS);
    insert.push([row.login_digest.into(), row.locked_until.into()]);
    tx.insert(insert).await
}

/// Unlocks a login; tells whether it was locked.
pub async fn unlock(tx: &mut Tx, login_digest: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(UNLOCK, values![login_digest]).await? > 0)
}
