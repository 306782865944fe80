//! The second factor of an account: the secret its codes are made of, and its recovery codes.

use huiyin_domain::id::AccountId;

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, Value, record, values};
use super::tx::Tx;

record! {
    /// A second factor, confirmed or waiting to be.
    pub struct FactorRow {
        "account_id" =>
        /// Whose it is.
        account_id: String,
        "secret" =>
        /// The shared secret in base32 (RFC 4648), without padding.
        secret: String,
        "last_step" =>
        /// The step of thirty seconds since 1970 of the last code that was used: none is taken twice.
        last_step: i64,
        "confirmed_at" =>
        /// When it was first used, microseconds UTC; until then it is not asked for.
        confirmed_at: Option<i64>,
    }
}

pub(super) const COLUMNS: &[&str] = &["account_id", "secret", "last_step", "confirmed_at"];
pub(super) const RECOVERY_COLUMNS: &[&str] = &["account_id", "code_digest", "used_at"];
pub(super) const OF_ACCOUNT: &str = "FROM second_factor WHERE account_id = $1";
pub(super) const REMOVE: &str = "DELETE FROM second_factor WHERE account_id = $1";
pub(super) const REMOVE_WAITING: &str = "DELETE FROM second_factor WHERE account_id = $1 AND confirmed_at IS NULL";
pub(super) const REMOVE_RECOVERY: &str = "DELETE FROM recovery_code WHERE account_id = $1";
pub(super) const CONFIRM: &str =
    "UPDATE second_factor SET confirmed_at = $1 WHERE account_id = $2 AND confirmed_at IS NULL";
pub(super) const USE_STEP: &str = "UPDATE second_factor SET last_step = $1 WHERE account_id = $2 AND last_step < $1";
pub(super) const USE_RECOVERY: &str =
    "UPDATE recovery_code SET used_at = $1 WHERE account_id = $2 AND code_digest = $3 AND used_at IS NULL";
pub(super) const RECOVERY_LEFT: &str =
    "SELECT COUNT(*) AS value FROM recovery_code WHERE account_id = $1 AND used_at IS NULL";

/// The second factor of an account.
pub async fn of_account(conn: &mut Conn<'_>, account: AccountId) -> Result<Option<FactorRow>, StoreError> {
    conn.optional(Statement::select::<FactorRow>(OF_ACCOUNT, values![account.to_string()])).await
}

/// How many recovery codes an account has left.
pub async fn recovery_left(conn: &mut Conn<'_>, account: AccountId) -> Result<i64, StoreError> {
    conn.number(Statement::new(RECOVERY_LEFT, values![account.to_string()])).await
}

/// Puts a secret that waits to be confirmed in the place of one that waited. Where one is confirmed the place is taken.
pub async fn begin(tx: &mut Tx, account: AccountId, secret: &str) -> Result<(), StoreError> {
    tx.execute(REMOVE_WAITING, values![account.to_string()]).await?;
    let mut insert = Insert::new("second_factor", COLUMNS);
    insert.push([account.to_string().into(), secret.into(), 0_i64.into(), Value::MaybeInt(None)]);
    tx.insert(insert).await
}

/// Confirms the second factor and gives these recovery codes (digests, hexadecimal); tells whether one was waiting.
pub async fn confirm(tx: &mut Tx, account: AccountId, codes: &[String], now: i64) -> Result<bool, StoreError> {
    if tx.execute(CONFIRM, values![now, account.to_string()]).await? == 0 {
        return Ok(false);
    }
    let mut insert = Insert::new("recovery_code", RECOVERY_COLUMNS);
    for code in codes {
        insert.push([account.to_string().into(), code.as_str().into(), Value::MaybeInt(None)]);
    }
    tx.insert(insert).await?;
    Ok(true)
}

/// Uses the code of a step; tells whether neither it nor a later one was used before.
pub async fn use_step(tx: &mut Tx, account: AccountId, step: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_STEP, values![step, account.to_string()]).await? == 1)
}

/// Uses a recovery code (digest, hexadecimal); tells whether there was one that had not been used.
pub async fn use_recovery(tx: &mut Tx, account: AccountId, digest: &str, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(USE_RECOVERY, values![now, account.to_string(), digest]).await? == 1)
}

/// Takes the second factor away, with its recovery codes; tells whether there was one.
pub async fn remove(tx: &mut Tx, account: AccountId) -> Result<bool, StoreError> {
    tx.execute(REMOVE_RECOVERY, values![account.to_string()]).await?;
    Ok(tx.execute(REMOVE, values![account.to_string()]).await? > 0)
}
