//! Personal access tokens for the API.

use huiyin_domain::id::{AccessTokenId, AccountId};

use super::StoreError;
use super::account::{AccountRow, HeldRow, account_width};
use super::db::Conn;
use super::statement::{Cell as _, Cells, Insert, Record, Statement, Value, record, values};
use super::tx::Tx;

record! {
    /// A token; of the token itself only a digest is kept, and it is not read.
    pub struct AccessTokenRow {
        "id" =>
        /// Its id.
        id: String,
        "account_id" =>
        /// Whose it is.
        account_id: String,
        "name" =>
        /// What its owner calls it.
        name: String,
        "scopes" =>
        /// Codes of what it is good for, separated by spaces: `read`, `write`.
        scopes: String,
        "created_at" =>
        /// When it was made, microseconds UTC.
        created_at: i64,
        "expires_at" =>
        /// When it ends, microseconds UTC.
        expires_at: i64,
        "last_used_at" =>
        /// When it was last used, to the minute; microseconds UTC.
        last_used_at: Option<i64>,
    }
}

/// What a request needs of its access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMark {
    /// The token's id.
    pub id: String,
    /// Codes of what it is good for, separated by spaces.
    pub scopes: String,
    /// When it was last used, to the minute; microseconds UTC.
    pub last_used_at: Option<i64>,
}

impl Record for HeldRow<TokenMark> {
    const COLUMNS: &'static str = "";

    fn read(cells: &Cells<'_>) -> Result<Self, StoreError> {
        let next = account_width();
        let by = TokenMark {
            id: String::read(cells, next)?,
            scopes: String::read(cells, next + 1)?,
            last_used_at: Option::<i64>::read(cells, next + 2)?,
        };
        Ok(Self { account: AccountRow::read(cells)?, by })
    }
}

pub(super) const COLUMNS: &[&str] =
    &["id", "account_id", "name", "scopes", "created_at", "expires_at", "last_used_at", "token_digest"];
pub(super) const OF_ACCOUNT: &str = "FROM access_token WHERE account_id = $1 AND revoked_at IS NULL AND expires_at > $2 \
     ORDER BY created_at DESC, id DESC LIMIT 100";
pub(super) const COUNT: &str = "SELECT COUNT(*) AS value FROM access_token WHERE account_id = $1 \
     AND revoked_at IS NULL AND expires_at > $2";
pub(super) const BY_DIGEST: &str = "FROM access_token \
     JOIN account ON account.id = access_token.account_id \
     JOIN unit ON unit.id = account.unit_id \
     WHERE access_token.token_digest = $1 AND access_token.revoked_at IS NULL AND access_token.expires_at > $2 \
     AND account.active";
pub(super) const REVOKE: &str =
    "UPDATE access_token SET revoked_at = $1 WHERE account_id = $2 AND id = $3 AND revoked_at IS NULL";
pub(super) const REVOKE_ALL: &str =
    "UPDATE access_token SET revoked_at = $1 WHERE account_id = $2 AND revoked_at IS NULL";
pub(super) const TOUCH: &str = "UPDATE access_token SET last_used_at = $1 WHERE id = $2";

/// The tokens of an account that are good at `now` (µs UTC), the newest first, a hundred at the most.
pub async fn of_account(conn: &mut Conn<'_>, account: AccountId, now: i64) -> Result<Vec<AccessTokenRow>, StoreError> {
    conn.all(Statement::select::<AccessTokenRow>(OF_ACCOUNT, values![account.to_string(), now])).await
}

/// How many good tokens an account has at `now` (µs UTC).
pub async fn count(conn: &mut Conn<'_>, account: AccountId, now: i64) -> Result<i64, StoreError> {
    conn.number(Statement::new(COUNT, values![account.to_string(), now])).await
}

/// The account behind a token that is neither expired nor revoked; `digest` in hexadecimal, `now` in µs UTC.
pub async fn by_digest(conn: &mut Conn<'_>, digest: &str, now: i64) -> Result<Option<HeldRow<TokenMark>>, StoreError> {
    conn.optional(by_digest_statement(digest, now)).await
}

pub(super) fn by_digest_statement(digest: &str, now: i64) -> Statement {
    let columns = AccountRow::COLUMNS;
    let sql = format!("SELECT {columns}, access_token.id, access_token.scopes, access_token.last_used_at {BY_DIGEST}");
    Statement::assembled(sql, values![digest, now])
}

/// Adds a token, known by its digest (hexadecimal).
pub async fn insert(tx: &mut Tx, row: AccessTokenRow, token_digest: &str) -> Result<(), StoreError> {
    let mut insert = Insert::new("access_token", COLUMNS);
    insert.push([
        row.id.into(),
        row.account_id.into(),
        row.name.into(),
        row.scopes.into(),
        row.created_at.into(),
        row.expires_at.into(),
        Value::MaybeInt(row.last_used_at),
        token_digest.into(),
    ]);
    tx.insert(insert).await
}

/// Notes that a token was used at `now` (µs UTC).
pub async fn touch(tx: &mut Tx, token: &str, now: i64) -> Result<(), StoreError> {
    tx.execute(TOUCH, values![now, token]).await.map(drop)
}

/// Ends one token of an account; tells whether there was one.
pub async fn revoke(tx: &mut Tx, account: AccountId, id: AccessTokenId, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, values![now, account.to_string(), id.to_string()]).await? > 0)
}

/// Ends all tokens of an account; tells how many there were.
pub async fn revoke_all(tx: &mut Tx, account: AccountId, now: i64) -> Result<u64, StoreError> {
    tx.execute(REVOKE_ALL, values![now, account.to_string()]).await
}
