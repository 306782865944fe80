//! Accounts 经办人 and their sessions.

use huiyin_domain::id::{AccountId, SessionId};

use super::StoreError;
use super::db::Conn;
use super::statement::{Insert, Statement, Value, WithNumber, record, texts, values};
use super::tx::Tx;

record! {
    /// An account.
    pub struct AccountRow {
        "account.id" =>
        /// Its id.
        id: String,
        "account.login" =>
        /// What is typed to sign in, unique, lower case.
        login: String,
        "account.name" =>
        /// The name colleagues see.
        name: String,
        "account.unit_id" =>
        /// The unit it belongs to.
        unit_id: String,
        "account.roles" =>
        /// Codes of `access::Role`, separated by spaces.
        roles: String,
        "account.password_hash" =>
        /// Argon2id in PHC string form.
        password_hash: String,
        "account.active" =>
        /// Whether it may sign in.
        active: bool,
        "account.created_at" =>
        /// Microseconds UTC.
        created_at: i64,
        "unit.kind" =>
        /// Code of the unit's `access::UnitKind`.
        unit_kind: String,
    }
}

pub(super) const ACCOUNT_COLUMNS: &[&str] =
    &["id", "login", "name", "unit_id", "roles", "password_hash", "active", "created_at"];
pub(super) const SESSION_COLUMNS: &[&str] =
    &["id", "account_id", "token_digest", "created_at", "expires_at", "revoked_at"];
pub(super) const BY_LOGIN: &str = "FROM account JOIN unit ON unit.id = account.unit_id WHERE account.login = $1";
pub(super) const BY_ID: &str = "FROM account JOIN unit ON unit.id = account.unit_id WHERE account.id = $1";
pub(super) const ALL: &str = "FROM account JOIN unit ON unit.id = account.unit_id ORDER BY account.login";
pub(super) const BY_TOKEN: &str = ", (SELECT seq FROM ledger_head WHERE id = 1) FROM session \
     JOIN account ON account.id = session.account_id \
     JOIN unit ON unit.id = account.unit_id \
     WHERE session.token_digest = $1 AND session.revoked_at IS NULL AND session.expires_at > $2 AND account.active";
pub(super) const REVOKE: &str = "UPDATE session SET revoked_at = $1 WHERE token_digest = $2 AND revoked_at IS NULL";
pub(super) const REVOKE_ALL: &str = "UPDATE session SET revoked_at = $1 WHERE account_id = $2 AND revoked_at IS NULL";

pub(super) const SET_ROLES: &str = "UPDATE account SET roles = $1 WHERE id = $2";

/// One account by what is typed to sign in.
pub async fn by_login(conn: &mut Conn<'_>, login: &str) -> Result<Option<AccountRow>, StoreError> {
    conn.optional(Statement::select::<AccountRow>(BY_LOGIN, values![login])).await
}

/// One account.
pub async fn by_id(conn: &mut Conn<'_>, id: AccountId) -> Result<Option<AccountRow>, StoreError> {
    conn.optional(Statement::select::<AccountRow>(BY_ID, values![id.to_string()])).await
}

/// Several accounts by id, in no particular order.
pub async fn by_ids(conn: &mut Conn<'_>, ids: &[String]) -> Result<Vec<AccountRow>, StoreError> {
    conn.all(by_ids_statement(ids)).await
}

pub(super) fn by_ids_statement(ids: &[String]) -> Statement {
    let from = "FROM account JOIN unit ON unit.id = account.unit_id";
    Statement::select_any::<AccountRow>(from, "account.id", texts(ids), "")
}

/// All accounts in the order of their logins. There are hundreds at the most, so they are not paged.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<AccountRow>, StoreError> {
    conn.all(Statement::select::<AccountRow>(ALL, values![])).await
}

/// The account behind a token that is neither expired nor revoked, and the ledger's newest number at that moment;
/// `token_digest` in hexadecimal, `now` in µs UTC.
pub async fn by_token(
    conn: &mut Conn<'_>,
    token_digest: &str,
    now: i64,
) -> Result<Option<WithNumber<AccountRow>>, StoreError> {
    conn.optional(Statement::select::<WithNumber<AccountRow>>(BY_TOKEN, values![token_digest, now])).await
}

/// Adds an account (`unit_kind` is the unit's and is not written).
pub async fn insert(tx: &mut Tx, row: AccountRow) -> Result<(), StoreError> {
    let mut insert = Insert::new("account", ACCOUNT_COLUMNS);
    insert.push([
        row.id.into(),
        row.login.into(),
        row.name.into(),
        row.unit_id.into(),
        row.roles.into(),
        row.password_hash.into(),
        row.active.into(),
        row.created_at.into(),
    ]);
    tx.insert(insert).await
}

/// Gives an account these roles: codes of `access::Role`, separated by spaces.
pub async fn set_roles(tx: &mut Tx, id: AccountId, roles: &str) -> Result<(), StoreError> {
    match tx.execute(SET_ROLES, values![roles, id.to_string()]).await? {
        1 => Ok(()),
        _ => Err(StoreError::ChangedMeanwhile { table: "account", id: id.to_string() }),
    }
}

/// Adds a session; times in µs UTC.
pub async fn insert_session(
    tx: &mut Tx,
    id: SessionId,
    account: &str,
    token_digest: &str,
    created_at: i64,
    expires_at: i64,
) -> Result<(), StoreError> {
    let mut insert = Insert::new("session", SESSION_COLUMNS);
    insert.push([
        id.to_string().into(),
        account.into(),
        token_digest.into(),
        created_at.into(),
        expires_at.into(),
        Value::MaybeInt(None),
    ]);
    tx.insert(insert).await
}

/// Ends one session; tells whether there was one.
pub async fn revoke(tx: &mut Tx, token_digest: &str, now: i64) -> Result<bool, StoreError> {
    Ok(tx.execute(REVOKE, values![now, token_digest]).await? > 0)
}

/// Ends all sessions of an account; tells how many there were.
pub async fn revoke_all(tx: &mut Tx, account: AccountId, now: i64) -> Result<u64, StoreError> {
    tx.execute(REVOKE_ALL, values![now, account.to_string()]).await
}
